/** A repair from request to the applied edit. */
import { randomUUID } from "node:crypto";
import * as path from "node:path";
import * as vscode from "vscode";
import { type LanguageClient, ProgressType, type WorkspaceEdit } from "vscode-languageclient/node";
import type { Server } from "./client";
import { log, textOf } from "./log";
import type { Answer, RepairAnswer, RunEvent } from "./protocol";
import type { Status } from "./status";
import type { Texts } from "./texts";
import type { TreeView } from "./tree";

const REVIEWING = "coderepair.reviewing";
const APPLY = "Apply";
const DISCARD = "Discard";
const CANCELLED = -32800;

export interface Target {
  uri: string;
  function?: string;
  /** A line of the document, for whatever function or test stands there; counted from 0. */
  line?: number;
}

export class Repairs implements vscode.Disposable {
  private shown: { id: string; uri: vscode.Uri; repaired: vscode.Uri } | undefined;
  private last: { id: string; uri: vscode.Uri } | undefined;
  private readonly tabs: vscode.Disposable;

  constructor(
    private readonly server: Server,
    private readonly status: Status,
    private readonly texts: Texts,
    private readonly tree: TreeView,
  ) {
    this.tabs = vscode.window.tabGroups.onDidChangeTabs(({ closed }) => this.forget(closed));
  }

  dispose(): void {
    this.tabs.dispose();
  }

  /** Asks the server, with a notification that shows how far it is and can cancel. */
  async ask<T extends Answer>(method: string, title: string, params: object): Promise<T | undefined> {
    const client = await this.server.get();
    if (!client) {
      return undefined;
    }
    const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
    const work = vscode.window.withProgress(options, (progress, cancel) =>
      this.send<T>(client, method, params, progress, cancel),
    );
    const answer = await this.status.busy(title, Promise.resolve(work));
    if (answer) {
      log.info(`${method}: ${answer.status}: ${answer.message}`);
    }
    return answer;
  }

  private async send<T>(
    client: LanguageClient,
    method: string,
    params: object,
    progress: vscode.Progress<{ message?: string; increment?: number }>,
    cancel: vscode.CancellationToken,
  ): Promise<T | undefined> {
    const partialResultToken = randomUUID();
    let done = 0;
    const listening = client.onProgress(new ProgressType<RunEvent>(), partialResultToken, (event) => {
      const now = Math.min(100, (100 * (event.seconds ?? 0)) / (event.limit ?? Number.POSITIVE_INFINITY));
      progress.report({ message: headline(event), increment: Math.max(0, now - done) });
      done = Math.max(done, now);
      if (event.names) {
        this.status.proposers(event.names);
      }
      this.tree.take(event);
    });
    try {
      return await client.sendRequest<T>(method, { ...params, partialResultToken }, cancel);
    } catch (error) {
      if (cancel.isCancellationRequested || (error as { code?: number }).code === CANCELLED) {
        log.info(`${method}: cancelled`);
        return undefined;
      }
      log.error(`${method}: ${textOf(error)}`);
      void vscode.window.showErrorMessage(`coderepair: ${textOf(error)}`);
      return undefined;
    } finally {
      listening.dispose();
    }
  }

  async repair(target: Target): Promise<RepairAnswer | undefined> {
    this.tree.begin();
    const title = `Repairing ${target.function || "the code"}`;
    const answer = await this.ask<RepairAnswer>("coderepair/repair", title, target);
    if (!answer) {
      return undefined;
    }
    if (answer.status === "repair_available" && answer.repair && answer.uri) {
      await this.review(answer);
    } else if (answer.status === "already_passing") {
      void vscode.window.showInformationMessage(`coderepair: ${answer.message}`);
    } else {
      void vscode.window.showWarningMessage(`coderepair: ${answer.message}`);
    }
    return answer;
  }

  /** Shows the difference; nothing is changed before it is applied. */
  private async review(answer: RepairAnswer): Promise<void> {
    const uri = vscode.Uri.parse(answer.uri ?? "");
    const id = answer.repair ?? "";
    const name = path.basename(uri.fsPath);
    const repaired = this.texts.put(`${id}/${name}`, answer.newText ?? "");
    this.shown = { id, uri, repaired };
    await vscode.commands.executeCommand("setContext", REVIEWING, true);
    await vscode.commands.executeCommand("vscode.diff", uri, repaired, `${name}: verified repair`, { preview: true });
    const text = `${answer.message}${answer.edits?.length ? `: ${answer.edits.join("; ")}` : ""}`;
    void vscode.window.showInformationMessage(`coderepair: ${text}`, APPLY, DISCARD).then(async (choice) => {
      if (choice === APPLY) {
        await this.apply(id);
      } else if (choice === DISCARD) {
        await this.discard();
      }
    });
  }

  async applyShown(): Promise<boolean> {
    return this.shown ? this.apply(this.shown.id) : false;
  }

  /** Applies a verified repair as one undo step, if the text is still the one it was made for. */
  async apply(id: string): Promise<boolean> {
    const client = await this.server.get();
    const answer = await client?.sendRequest<Answer & { edit?: WorkspaceEdit; uri?: string }>("coderepair/edit", {
      repair: id,
    });
    if (!client || !answer?.edit || !answer.uri) {
      void vscode.window.showWarningMessage(`coderepair: ${answer?.message ?? "the server does not run"}`);
      return false;
    }
    const uri = vscode.Uri.parse(answer.uri);
    const applied = await this.put(client, answer.edit);
    if (applied) {
      this.last = { id, uri };
      await this.discard();
      await vscode.window.showTextDocument(uri);
    }
    return applied;
  }

  async discard(): Promise<void> {
    const shown = this.shown;
    this.shown = undefined;
    await vscode.commands.executeCommand("setContext", REVIEWING, false);
    const tabs = shown ? tabsOf(shown.repaired) : [];
    await vscode.window.tabGroups.close(tabs);
  }

  async undo(): Promise<void> {
    const client = await this.server.get();
    const answer =
      this.last &&
      (await client?.sendRequest<Answer & { edit?: WorkspaceEdit }>("coderepair/edit", {
        repair: this.last.id,
        undo: true,
      }));
    if (!client || !answer?.edit) {
      void vscode.window.showInformationMessage("coderepair: there is no repair in this text to undo.");
      return;
    }
    await this.put(client, answer.edit);
  }

  private async put(client: LanguageClient, edit: WorkspaceEdit): Promise<boolean> {
    const versions = new Map((edit.documentChanges ?? []).flatMap(documentVersion));
    const open = vscode.workspace.textDocuments.filter((each) => versions.has(each.uri.toString()));
    const stale = open.some((each) => (versions.get(each.uri.toString()) ?? each.version) !== each.version);
    const converted = await client.protocol2CodeConverter.asWorkspaceEdit(edit);
    const applied = !stale && converted !== undefined && (await vscode.workspace.applyEdit(converted));
    if (!applied) {
      const reason = stale ? "the file was edited meanwhile" : "the editor does not take the edit (is the file read-only?)";
      void vscode.window.showWarningMessage(`coderepair: nothing was changed: ${reason}.`);
    }
    return applied;
  }

  /** Closing the difference discards the repair. */
  private forget(closed: readonly vscode.Tab[]): void {
    const { repaired } = this.shown ?? {};
    if (repaired && closed.some((tab) => shows(tab, repaired))) {
      this.shown = undefined;
      void vscode.commands.executeCommand("setContext", REVIEWING, false);
    }
  }
}

function documentVersion(change: unknown): [string, number | null][] {
  const document = (change as { textDocument?: { uri: string; version: number | null } }).textDocument;
  return document ? [[vscode.Uri.parse(document.uri).toString(), document.version]] : [];
}

function tabsOf(repaired: vscode.Uri): vscode.Tab[] {
  return vscode.window.tabGroups.all.flatMap((group) => group.tabs).filter((tab) => shows(tab, repaired));
}

function shows(tab: vscode.Tab, repaired: vscode.Uri): boolean {
  const { input } = tab;
  return input instanceof vscode.TabInputTextDiff && input.modified.toString() === repaired.toString();
}

function headline(event: RunEvent): string {
  const parts = [event.stage ?? event.message ?? ""];
  if (event.evaluations) {
    parts.push(`${event.evaluations} programs run`);
  }
  if (event.best) {
    parts.push(`best ${event.best.passed} of ${event.best.total}`);
  }
  return parts.filter(Boolean).join(", ");
}
