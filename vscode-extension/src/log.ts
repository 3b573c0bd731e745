import * as vscode from "vscode";

/** The output channel; its level is set with "Developer: Set Log Level". */
export const log = vscode.window.createOutputChannel("coderepair", { log: true });

/** What went wrong, as one line. */
export function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
