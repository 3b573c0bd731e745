// A workspace that is not trusted: nothing of it runs until it is.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { PATIENCE_MS, extension, freePort, home, openPage, serve, workspace } from "./harness.mjs";

const settings = { "security.workspace.trust.enabled": true, "security.workspace.trust.startupPrompt": "never" };
const { folder, root, data, extensions } = workspace("trust", settings);
const entry = path.join(home, "vscode/node_modules/code-server/out/node/entry.js");
const places = ["--user-data-dir", data, "--extensions-dir", extensions];
const vsix = path.join(extension, "dist/coderepair.vsix");
execFileSync(process.execPath, [entry, ...places, "--install-extension", vsix], { stdio: "inherit" });
const port = await freePort();
const quiet = ["--disable-telemetry", "--disable-update-check", "--disable-getting-started-override"];
const server = await serve([entry, "--bind-addr", `127.0.0.1:${port}`, "--auth", "none", ...places, ...quiet, root], port);
const { chrome, page } = await openPage(`http://127.0.0.1:${port}/?folder=${encodeURIComponent(root)}`);
const running = () => {
  const found = execFileSync("ps", ["-eo", "args"], { encoding: "utf8" }).split("\n");
  return found.filter((each) => each.includes(path.join(extensions, "coderepair"))).length;
};
await page.locator(".explorer-folders-view .monaco-list-row", { hasText: "solution.py" }).first().dblclick();
await page.locator('.tab.active[data-resource-name$="solution.py"]').waitFor();
await page.locator(".statusbar-item", { hasText: "Restricted Mode" }).first().waitFor();
await pause(5000);
await page.screenshot({ path: path.join(folder, "restricted.png") });
assert.equal(running(), 0, "a server runs in a workspace that is not trusted");
await page.locator(".statusbar-item", { hasText: "Restricted Mode" }).first().click();
await page.locator(".workspace-trust-buttons-row .monaco-button", { hasText: /^Trust/ }).first().click();
const deadline = Date.now() + PATIENCE_MS;
while (running() === 0) {
  assert.ok(Date.now() < deadline, "no server once the workspace is trusted");
  await pause(200);
}
await page.screenshot({ path: path.join(folder, "trusted.png") });
console.log("ok   nothing runs before the workspace is trusted, and the server starts once it is");
await chrome.close();
await server.stop();
process.exit(0);
