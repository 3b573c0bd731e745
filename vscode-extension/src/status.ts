import * as vscode from "vscode";

/** The entry in the language status of Python files: ready, busy, or in trouble. */
export class Status implements vscode.Disposable {
  private readonly item = vscode.languages.createLanguageStatusItem("coderepair", { language: "python" });
  private running = 0;
  private model = "";

  constructor() {
    this.item.name = "coderepair";
    this.ready();
  }

  ready(): void {
    this.item.severity = vscode.LanguageStatusSeverity.Information;
    this.item.text = vscode.workspace.isTrusted ? "coderepair" : "coderepair: waits for trust";
    this.item.detail = this.model || "model: loaded when a repair needs it";
    this.item.command = { command: "coderepair.modelStatus", title: "Model status" };
  }

  trouble(text: string): void {
    this.item.severity = vscode.LanguageStatusSeverity.Error;
    this.item.text = `coderepair: ${text}`;
    this.item.detail = "";
    this.item.command = { command: "coderepair.showLogs", title: "Show logs" };
  }

  /** Who proposes in the run that goes on. */
  proposers(names: string[]): void {
    const models = names.filter((each) => each !== "operators");
    this.item.detail = models.length > 0 ? `model: ${models.join(", ")} in use` : "model: none in use";
  }

  /** Shows work for as long as the promise takes. */
  async busy<T>(text: string, work: Promise<T>): Promise<T> {
    this.running += 1;
    this.item.busy = true;
    this.item.text = text;
    try {
      return await work;
    } finally {
      this.running -= 1;
      if (this.running === 0) {
        this.item.busy = false;
        this.ready();
      }
    }
  }

  dispose(): void {
    this.item.dispose();
  }
}
