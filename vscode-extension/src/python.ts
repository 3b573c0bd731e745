/** Interpreters: the one that runs the tests, and the one that runs the server. */
import { execFile } from "node:child_process";
import { access, constants } from "node:fs/promises";
import * as path from "node:path";
import { promisify } from "node:util";
import * as vscode from "vscode";
import { log, textOf } from "./log";

const run = promisify(execFile);
const PYTHON = "ms-python.python";
const ENVIRONMENTS = "ms-python.vscode-python-envs";
const WINDOWS = process.platform === "win32";
const VERSION = "import sys; print('%d.%d' % sys.version_info[:2])";
const LEAST = [3, 11] as const;

/** The part of the Python extension's API that is used. */
interface PythonApi {
  environments: {
    getActiveEnvironmentPath(resource?: vscode.Uri): { path: string };
    resolveEnvironment(environment: { path: string }): Promise<{ executable: { uri?: vscode.Uri } } | undefined>;
    onDidChangeActiveEnvironmentPath(listener: () => void): vscode.Disposable;
  };
}

/** The part of the Python Environments extension's API that is used. */
interface EnvironmentsApi {
  getEnvironment(scope: vscode.Uri | undefined): Promise<{ execInfo?: { run: { executable: string } } } | undefined>;
  onDidChangeEnvironment(listener: () => void): vscode.Disposable;
}

async function apiOf<T>(id: string): Promise<T | undefined> {
  const extension = vscode.extensions.getExtension<T>(id);
  if (!extension) {
    return undefined;
  }
  try {
    return await extension.activate();
  } catch (error) {
    log.warn(`${id} does not start: ${textOf(error)}`);
    return undefined;
  }
}

/** Python of the tests for a resource, and who named it; undefined leaves the choice to the server. */
export async function interpreterFor(resource?: vscode.Uri): Promise<{ path: string; origin: string } | undefined> {
  const set = vscode.workspace.getConfiguration("coderepair", resource).get("interpreter", "").trim();
  if (set) {
    return { path: substitute(set, resource), origin: "coderepair.interpreter" };
  }
  const chosen = (await fromEnvironments(resource)) ?? (await fromPythonExtension(resource));
  return chosen ?? (await fromFolder(resource));
}

async function fromEnvironments(resource?: vscode.Uri) {
  const api = await apiOf<EnvironmentsApi>(ENVIRONMENTS);
  const found = await api?.getEnvironment(resource).catch(() => undefined);
  const executable = found?.execInfo?.run.executable;
  return executable ? { path: executable, origin: ENVIRONMENTS } : undefined;
}

async function fromPythonExtension(resource?: vscode.Uri) {
  const api = await apiOf<PythonApi>(PYTHON);
  if (!api?.environments) {
    return undefined;
  }
  const active = api.environments.getActiveEnvironmentPath(resource);
  const resolved = await api.environments.resolveEnvironment(active).catch(() => undefined);
  const executable = resolved?.executable.uri?.fsPath;
  return executable ? { path: executable, origin: PYTHON } : undefined;
}

async function fromFolder(resource?: vscode.Uri) {
  const folder = resource ? vscode.workspace.getWorkspaceFolder(resource) : vscode.workspace.workspaceFolders?.[0];
  for (const name of folder ? [".venv", "venv"] : []) {
    const python = executableIn(path.join(folder?.uri.fsPath ?? "", name));
    if (await isExecutable(python)) {
      return { path: python, origin: name };
    }
  }
  return undefined;
}

/** Tells of every change of the chosen interpreter that other extensions tell of. */
export async function onInterpreterChange(listener: () => void): Promise<vscode.Disposable[]> {
  const environments = await apiOf<EnvironmentsApi>(ENVIRONMENTS);
  const python = await apiOf<PythonApi>(PYTHON);
  return [
    environments?.onDidChangeEnvironment?.(listener),
    python?.environments?.onDidChangeActiveEnvironmentPath(listener),
  ].filter((each) => each !== undefined);
}

/** Path of the Python in a virtual environment. */
export function executableIn(environment: string): string {
  return WINDOWS ? path.join(environment, "Scripts", "python.exe") : path.join(environment, "bin", "python");
}

/** A Python that can run the server, or undefined. `own` is the environment that has the model runtime. */
export async function serverPython(own: string): Promise<string | undefined> {
  const set = vscode.workspace.getConfiguration("coderepair").get("serverPython", "").trim();
  if (set) {
    return substitute(set);
  }
  const names = ["python3.14", "python3.13", "python3.12", "python3.11", "python3", "python"];
  const candidates = [executableIn(own), ...names];
  for (const candidate of candidates) {
    if (await isRecent(candidate)) {
      return candidate;
    }
  }
  const chosen = await interpreterFor(vscode.workspace.workspaceFolders?.[0]?.uri);
  return chosen && (await isRecent(chosen.path)) ? chosen.path : undefined;
}

async function isRecent(python: string): Promise<boolean> {
  try {
    const { stdout } = await run(python, ["-I", "-c", VERSION], { timeout: 10_000 });
    const [major = 0, minor = 0] = stdout.trim().split(".").map(Number);
    return major > LEAST[0] || (major === LEAST[0] && minor >= LEAST[1]);
  } catch {
    return false;
  }
}

async function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}

function substitute(text: string, resource?: vscode.Uri): string {
  const folder = (resource && vscode.workspace.getWorkspaceFolder(resource)) ?? vscode.workspace.workspaceFolders?.[0];
  return text.replace(/\$\{workspaceFolder\}/g, folder?.uri.fsPath ?? "").replace(/^~(?=[/\\])/, process.env["HOME"] ?? "~");
}
