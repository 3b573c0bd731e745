/** The tree of a run: every program that was tried, under the one it was made from. */
import { randomBytes } from "node:crypto";
import * as vscode from "vscode";
import type { RunEvent, TreeNode } from "./protocol";

const STYLE = `
body { font-family: var(--vscode-font-family); font-size: var(--vscode-font-size); color: var(--vscode-foreground); }
#head { padding: 4px 0 8px; color: var(--vscode-descriptionForeground); }
[role=treeitem] { display: flex; gap: 8px; padding: 1px 4px; white-space: nowrap; outline: none; }
[role=treeitem]:focus { background: var(--vscode-list-activeSelectionBackground); color: var(--vscode-list-activeSelectionForeground); }
[role=treeitem] .share { flex: 0 0 84px; align-self: center; height: 8px; border: 1px solid var(--vscode-descriptionForeground); }
[role=treeitem] .share i { display: block; height: 100%; background: var(--vscode-charts-blue); }
[role=treeitem].all .share i { background: var(--vscode-charts-green); }
`;
/** Runs in the page: draws what it is sent, best children first, and moves with the arrow keys. */
const SCRIPT = `
const list = document.getElementById("tree"), head = document.getElementById("head");
const nodes = new Map(); let drawn = false;
const best = (a, b) => (b.score ?? 0) - (a.score ?? 0) || a.id - b.id;
function row(node, level) {
  const item = document.createElement("div");
  item.setAttribute("role", "treeitem"); item.setAttribute("aria-level", level); item.tabIndex = -1;
  item.dataset.id = node.id; item.style.paddingLeft = Math.min(level, 20) * 14 + "px";
  item.setAttribute("aria-label", node.passed + " of " + node.total + " checks pass: " + (node.description || "the program"));
  if (node.total && node.passed === node.total) item.className = "all";
  const share = document.createElement("span"), fill = document.createElement("i"), text = document.createElement("span");
  share.className = "share"; share.setAttribute("aria-hidden", "true");
  fill.style.width = 100 * (node.score ?? 0) + "%"; share.append(fill);
  text.textContent = node.passed + "/" + node.total + "  " + node.description;
  item.append(share, text); return item;
}
function draw() {
  drawn = false;
  const focused = document.activeElement?.dataset?.id, below = new Map(), rows = [];
  for (const node of nodes.values()) below.set(node.parent, [...(below.get(node.parent) ?? []), node]);
  const visit = (parent, level) => { for (const node of (below.get(parent) ?? []).sort(best)) {
    if (rows.length < 1000) rows.push(row(node, level)); visit(node.id, level + 1); } };
  visit(null, 1); list.replaceChildren(...rows);
  const again = rows.find((each) => each.dataset.id === focused) ?? rows[0];
  if (again) { again.tabIndex = 0; if (focused !== undefined) again.focus(); }
}
list.addEventListener("keydown", (event) => {
  const rows = [...list.children], at = rows.indexOf(document.activeElement);
  const step = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[event.key];
  if (event.key === "ArrowLeft") {
    const level = Number(rows[at]?.getAttribute("aria-level"));
    rows.slice(0, at).reverse().find((each) => Number(each.getAttribute("aria-level")) < level)?.focus();
  } else if (rows[step]) rows[step].focus(); else return;
  event.preventDefault();
});
addEventListener("message", ({ data }) => {
  if (data.clear) nodes.clear();
  for (const node of data.nodes ?? []) nodes.set(node.id, node);
  if (data.head !== undefined) head.textContent = data.head;
  if (!drawn) { drawn = true; requestAnimationFrame(draw); }
});
acquireVsCodeApi().postMessage("ready");
`;

export class TreeView implements vscode.Disposable {
  private panel: vscode.WebviewPanel | undefined;
  private nodes: TreeNode[] = [];
  private head = "no run yet";

  /** A new run: the tree is empty. */
  begin(): void {
    this.nodes = [];
    this.head = "";
    this.post({ clear: true, head: "" });
  }

  take(event: RunEvent): void {
    if (event.event !== "progress") {
      return;
    }
    this.nodes.push(...(event.nodes ?? []));
    this.head = `${event.run_id ?? ""}  ${event.stage ?? ""}  ${event.evaluations ?? 0} programs run`;
    this.post({ nodes: event.nodes ?? [], head: this.head });
  }

  /** Shows a whole tree, or the one of the run that goes on. */
  show(head?: string, nodes?: TreeNode[]): void {
    if (nodes) {
      this.nodes = nodes;
      this.head = head ?? "";
    }
    if (this.panel) {
      this.panel.reveal();
      this.all();
      return;
    }
    const options = { enableScripts: true, localResourceRoots: [], retainContextWhenHidden: false };
    this.panel = vscode.window.createWebviewPanel("coderepair.tree", "Repair tree", vscode.ViewColumn.Beside, options);
    this.panel.webview.onDidReceiveMessage(() => this.all());
    this.panel.onDidDispose(() => {
      this.panel = undefined;
    });
    this.panel.webview.html = page();
  }

  dispose(): void {
    this.panel?.dispose();
  }

  private all(): void {
    this.post({ clear: true, nodes: this.nodes, head: this.head });
  }

  private post(message: object): void {
    void this.panel?.webview.postMessage(message);
  }
}

function page(): string {
  const nonce = randomBytes(16).toString("hex");
  const policy = `default-src 'none'; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'`;
  return `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}"><title>Repair tree</title><style nonce="${nonce}">${STYLE}</style></head>
<body><div id="head" role="status"></div><div id="tree" role="tree" aria-label="Programs that were tried"></div>
<script nonce="${nonce}">${SCRIPT}</script></body></html>`;
}
