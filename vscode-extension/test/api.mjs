// Runs test/api/index.js inside the extension host of VS Code's own server.
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { PATIENCE_MS, extension, freePort, here, home, openPage, serve, workspace } from "./harness.mjs";

const { folder, root, data } = workspace("api");
const port = await freePort();
const result = path.join(folder, "result.json");
const main = path.join(home, "vscode/node_modules/code-server/lib/vscode/out/server-main.js");
// The payload is honoured with the smoke test driver only.
const options = ["--enable-smoke-test-driver", "--without-connection-token", "--accept-server-license-terms"];
const places = ["--server-data-dir", data, "--extensions-dir", path.join(data, "ext"), "--telemetry-level", "off"];
const server = await serve([main, ...options, "--host", "127.0.0.1", "--port", String(port), ...places], port, {
  E2E_RESULT: result,
  E2E_WORKSPACE: root,
});
const remote = (file) => `vscode-remote://127.0.0.1:${port}${file}`;
const payload = JSON.stringify([
  ["extensionDevelopmentPath", remote(extension)],
  ["extensionTestsPath", remote(path.join(here, "api/index.js"))],
]);
const query = `folder=${encodeURIComponent(root)}&payload=${encodeURIComponent(payload)}`;
const { chrome, page } = await openPage(`http://127.0.0.1:${port}/?${query}`);
const deadline = Date.now() + 4 * PATIENCE_MS;
while (!existsSync(result) && Date.now() < deadline) {
  await pause(200);
}
await page.screenshot({ path: path.join(folder, "end.png") });
await chrome.close();
await server.stop();
const results = existsSync(result) ? JSON.parse(readFileSync(result, "utf8")) : [];
for (const each of results) {
  console.log(`${each.ok ? "ok  " : "FAIL"} ${each.name} (${each.ms} ms)${each.ok ? "" : `\n${each.error}`}`);
}
const failed = results.filter((each) => !each.ok).length;
console.log(`${results.length - failed} of ${results.length} passed in VS Code's extension host`);
process.exit(results.length > 0 && failed === 0 ? 0 : 1);
