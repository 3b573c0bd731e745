/** The commands of the palette, of menus and of the walkthrough. */
import { mkdir, writeFile } from "node:fs/promises";
import * as path from "node:path";
import * as vscode from "vscode";
import type { Server } from "./client";
import { log } from "./log";
import type { CheckAnswer, SetupAnswer, TextAnswer, TreeAnswer } from "./protocol";
import { executableIn, interpreterFor, serverPython } from "./python";
import type { Repairs, Target } from "./repair";
import type { Texts } from "./texts";
import type { TreeView } from "./tree";

const MODEL_SUBJECTS = ["llama.cpp", "model", "endpoint"];
const RUNTIME = ["llama-cpp-python>=0.3.16", "tree-sitter>=0.22,<0.27", "tree-sitter-python>=0.21,<0.26"];

export class Commands {
  constructor(
    private readonly context: vscode.ExtensionContext,
    private readonly server: Server,
    private readonly repairs: Repairs,
    private readonly texts: Texts,
    private readonly tree: TreeView,
  ) {}

  /** Every command by its id. */
  all(): Record<string, (...args: never[]) => unknown> {
    return {
      check: (uri?: string) => this.check(uri),
      repair: (uri?: string, name?: string) => this.repairs.repair(uri ? target(uri, name) : atCursor()),
      repairFile: () => this.repairs.repair({ uri: atCursor().uri }),
      repairTest: (item?: unknown) => this.repairTest(item),
      explain: (uri?: string, name?: string) => this.explain(uri ? target(uri, name) : atCursor()),
      apply: (id: string) => this.repairs.apply(id),
      applyShown: () => this.repairs.applyShown(),
      discardShown: () => this.repairs.discard(),
      undo: () => this.repairs.undo(),
      showTree: (run?: string) => this.showTree(run),
      modelStatus: () => this.setup(MODEL_SUBJECTS),
      checkSetup: () => this.setup(),
      installModel: () => this.installModel(),
      openExample: () => this.openExample(),
      restart: () => this.server.restart(),
      showLogs: () => log.show(),
      debugInformation: () => this.debugInformation(),
    };
  }

  private async check(uri?: string): Promise<CheckAnswer | undefined> {
    const at = uri ? { uri } : { uri: atCursor().uri };
    const answer = await this.repairs.ask<CheckAnswer>("coderepair/check", "Running the tests", at);
    if (answer && answer.status !== "failing" && answer.status !== "passing") {
      void vscode.window.showWarningMessage(`coderepair: ${answer.message}`);
    } else if (answer) {
      vscode.window.setStatusBarMessage(`coderepair: ${answer.message}`, 8000);
    }
    return answer;
  }

  private async repairTest(item: unknown): Promise<unknown> {
    const found = item as { uri?: vscode.Uri; range?: vscode.Range; test?: { uri?: vscode.Uri; range?: vscode.Range } };
    const test = found?.uri ? found : found?.test;
    if (!test?.uri) {
      void vscode.window.showInformationMessage("coderepair: choose a test that belongs to a file.");
      return undefined;
    }
    const line = test.range?.start.line;
    return this.repairs.repair({ uri: test.uri.toString(), ...(line === undefined ? {} : { line }) });
  }

  private async explain(at: Target): Promise<void> {
    const answer = await this.repairs.ask<TextAnswer>("coderepair/explain", "Explaining the failure", at);
    if (answer?.markdown) {
      await this.texts.preview("Why it fails.md", answer.markdown);
    } else if (answer) {
      void vscode.window.showInformationMessage(`coderepair: ${answer.message}`);
    }
  }

  private async showTree(run = ""): Promise<void> {
    const answer = await this.repairs.ask<TreeAnswer>("coderepair/tree", "Reading the run", { ...maybeUri(), run });
    if (answer?.nodes) {
      const shown = answer.nodes.length < (answer.total ?? 0) ? `, the first ${answer.nodes.length} shown` : "";
      this.tree.show(`run ${answer.run_id}: ${answer.total} programs${shown}`, answer.nodes);
    } else if (answer) {
      void vscode.window.showInformationMessage(`coderepair: ${answer.message}`);
    }
  }

  private async setup(subjects?: string[]): Promise<SetupAnswer | undefined> {
    const answer = await this.repairs.ask<SetupAnswer>("coderepair/setup", "Looking at the setup", maybeUri());
    if (!answer?.findings) {
      void (answer && vscode.window.showWarningMessage(`coderepair: ${answer.message}`));
      return answer;
    }
    const wanted = answer.findings.filter((each) => subjects?.includes(each.subject) ?? true);
    const rows = wanted.map((each) => {
      const mend = each.ok || !each.mend ? "" : ` Mend it with: \`${each.mend}\``;
      return `| ${each.ok ? "✔" : "✘"} | ${each.subject} | ${each.text.replaceAll("|", "\\|")}${mend} |`;
    });
    const loaded = answer.repairing?.length
      ? "A repair is going on, so the model is loaded."
      : "No repair is going on, so no model is loaded; it is loaded for a repair and released with it.";
    const text = ["# coderepair", loaded, ["|  | what | finding |", "|---|---|---|", ...rows].join("\n")];
    await this.texts.preview(subjects ? "Model status.md" : "Setup.md", text.join("\n\n"));
    return answer;
  }

  /** Makes an environment of our own with llama.cpp in it; the server runs there from the next start on. */
  private async installModel(): Promise<void> {
    const own = this.server.ownEnvironment;
    const python = await serverPython(own);
    if (!python) {
      void vscode.window.showErrorMessage("coderepair: no Python 3.11 or newer was found.");
      return;
    }
    const quoted = [executableIn(own), "-m", "pip", "install", ...RUNTIME].map((each) => `"${each}"`).join(" ");
    const command = `"${python}" -m venv "${own}" && ${quoted}`;
    const task = new vscode.Task(
      { type: "coderepair" },
      vscode.TaskScope.Workspace,
      "Install the model runtime",
      "coderepair",
      new vscode.ShellExecution(command),
    );
    const ended = new Promise<number | undefined>((resolve) => {
      const listening = vscode.tasks.onDidEndTaskProcess((event) => {
        if (event.execution.task.name === task.name) {
          listening.dispose();
          resolve(event.exitCode);
        }
      });
    });
    await vscode.tasks.executeTask(task);
    if ((await ended) === 0) {
      await this.server.restart();
      void vscode.window.showInformationMessage("coderepair: the model runtime is installed.");
    }
  }

  private async openExample(): Promise<void> {
    const folder = path.join(this.context.globalStorageUri.fsPath, "example");
    await mkdir(folder, { recursive: true });
    for (const name of ["orders.py", "test_orders.py"]) {
      const original = this.context.asAbsolutePath(path.join("media", "example", name));
      const text = await vscode.workspace.fs.readFile(vscode.Uri.file(original));
      await writeFile(path.join(folder, name), text);
    }
    await vscode.window.showTextDocument(vscode.Uri.file(path.join(folder, "orders.py")));
  }

  private async debugInformation(): Promise<void> {
    const resource = vscode.window.activeTextEditor?.document.uri;
    const interpreter = await interpreterFor(resource);
    const settings = vscode.workspace.getConfiguration("coderepair", resource);
    const facts = {
      extension: (this.context.extension.packageJSON as { version: string }).version,
      vscode: vscode.version,
      platform: `${process.platform} ${process.arch}, Node ${process.version}`,
      trusted: vscode.workspace.isTrusted,
      server: this.server.command,
      interpreter: interpreter ?? "left to the server",
      settings,
    };
    const document = await vscode.workspace.openTextDocument({
      language: "json",
      content: JSON.stringify(facts, undefined, 2),
    });
    await vscode.window.showTextDocument(document);
  }
}

function target(uri: string, name?: string): Target {
  return name ? { uri, function: name } : { uri };
}

/** The active document and the line of its cursor. */
function atCursor(): Target {
  const editor = vscode.window.activeTextEditor;
  return { uri: editor?.document.uri.toString() ?? "", line: editor?.selection.active.line ?? 0 };
}

function maybeUri(): { uri?: string } {
  const editor = vscode.window.activeTextEditor;
  return editor?.document.uri.scheme === "file" ? { uri: editor.document.uri.toString() } : {};
}
