/** Entry point: finds and starts the server, registers the commands. Repairs nothing itself. */
import * as vscode from "vscode";
import { Server } from "./client";
import { Commands } from "./commands";
import { log, textOf } from "./log";
import { onInterpreterChange } from "./python";
import { Repairs } from "./repair";
import { Status } from "./status";
import { SCHEME, Texts } from "./texts";
import { TreeView } from "./tree";

const NEEDS_RESTART = ["serverPython", "importStrategy", "path"].map((name) => `coderepair.${name}`);
const PAUSE_MS = 500;

/** What other extensions and the tests may use. */
export interface Api {
  ready(): Promise<boolean>;
}

export async function activate(context: vscode.ExtensionContext): Promise<Api> {
  const status = new Status();
  const texts = new Texts();
  const tree = new TreeView();
  const server = new Server(context, status);
  const repairs = new Repairs(server, status, texts, tree);
  const commands = new Commands(context, server, repairs, texts, tree);
  context.subscriptions.push(log, status, tree, server, repairs);
  context.subscriptions.push(vscode.workspace.registerTextDocumentContentProvider(SCHEME, texts));
  for (const [name, command] of Object.entries(commands.all())) {
    const told = (...args: unknown[]) => report(name, Promise.resolve(command(...(args as never[]))));
    context.subscriptions.push(vscode.commands.registerCommand(`coderepair.${name}`, told));
  }
  const restart = debounced(() => report("restart", server.restart()));
  context.subscriptions.push(
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (NEEDS_RESTART.some((name) => event.affectsConfiguration(name))) {
        restart();
      }
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(() => {
      status.ready();
      void server.get();
    }),
  );
  if (vscode.workspace.isTrusted) {
    context.subscriptions.push(...(await onInterpreterChange(restart)));
    void server.get();
  }
  return { ready: async () => (await server.get()) !== undefined };
}

async function report<T>(name: string, work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    log.error(`${name}: ${textOf(error)}`);
    void vscode.window.showErrorMessage(`coderepair: ${textOf(error)}`);
    return undefined;
  }
}

function debounced(work: () => unknown): () => void {
  let timer: NodeJS.Timeout | undefined;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(work, PAUSE_MS);
  };
}
