// Plain Node with the framing of VS Code (vscode-jsonrpc): check, repair, cancel, shutdown.
// node client.mjs VSCODE_JSONRPC ROOT PYTHON -> one line of JSON on standard output
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { readFileSync } from "node:fs";
import path from "node:path";

const [library, root, python] = process.argv.slice(2);
const rpc = createRequire(path.join(library, "package.json"))("vscode-jsonrpc/node");
const server = spawn(python, ["-m", "coderepair_lsp"], { cwd: root, stdio: ["pipe", "pipe", "inherit"] });
const connection = rpc.createMessageConnection(
  new rpc.StreamMessageReader(server.stdout),
  new rpc.StreamMessageWriter(server.stdin),
);
const errors = [];
connection.onError(([error]) => errors.push(String(error)));
connection.onRequest("workspace/configuration", ({ items }) => items.map(() => ({ interpreter: python })));
connection.listen();

const uriOf = (name) => pathToFileURL(path.join(root, name)).href;
const open = async (name) => {
  const text = readFileSync(path.join(root, name), "utf8");
  const textDocument = { uri: uriOf(name), languageId: "python", version: 1, text };
  await connection.sendNotification("textDocument/didOpen", { textDocument });
};
await connection.sendRequest("initialize", {
  processId: process.pid,
  rootUri: pathToFileURL(root).href,
  capabilities: { workspace: { configuration: true } },
});
await connection.sendNotification("initialized", {});
await open("solution.py");
const check = await connection.sendRequest("coderepair/check", { uri: uriOf("solution.py") });
const repair = await connection.sendRequest("coderepair/repair", { uri: uriOf("solution.py"), function: "total" });

await open("hopeless.py");
const source = new rpc.CancellationTokenSource();
const running = new Promise((resolve) => connection.onProgress(new rpc.ProgressType(), "p", resolve));
const long = connection.sendRequest(
  "coderepair/repair",
  { uri: uriOf("hopeless.py"), partialResultToken: "p" },
  source.token,
);
await running;
source.cancel();
const cancelled = await long.then(
  () => 0,
  (error) => error.code,
);
await connection.sendRequest("shutdown");
const ended = new Promise((resolve) => server.once("exit", resolve));
await connection.sendNotification("exit");
const code = await ended;
process.stdout.write(JSON.stringify({ check: check.status, repair: repair.status, cancelled, code, errors }) + "\n");
process.exit(0);
