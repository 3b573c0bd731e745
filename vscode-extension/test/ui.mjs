// The packaged extension, installed into code-server, driven as a person would in headless Chromium.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { PATIENCE_MS, extension, freePort, home, openPage, serve, workspace } from "./harness.mjs";

const { folder, root, data, extensions } = workspace("ui", { "workbench.colorTheme": "Default Dark Modern" });
const entry = path.join(home, "vscode/node_modules/code-server/out/node/entry.js");
const places = ["--user-data-dir", data, "--extensions-dir", extensions];
const vsix = path.join(extension, "dist/coderepair.vsix");
execFileSync(process.execPath, [entry, ...places, "--install-extension", vsix], { stdio: "inherit" });
const port = await freePort();
const quiet = ["--disable-telemetry", "--disable-update-check", "--disable-workspace-trust", "--disable-getting-started-override"];
const server = await serve([entry, "--bind-addr", `127.0.0.1:${port}`, "--auth", "none", ...places, ...quiet, root], port);
const { chrome, page } = await openPage(`http://127.0.0.1:${port}/?folder=${encodeURIComponent(root)}`);
const started = Date.now();
let shots = 0;

async function step(name, work) {
  const begun = Date.now();
  try {
    await work();
    console.log(`ok   ${name} (${Date.now() - begun} ms)`);
  } catch (error) {
    await shot("failed");
    console.log(`FAIL ${name}\n${error.stack}`);
    await chrome.close();
    await server.stop();
    process.exit(1);
  }
}

const shot = (name) => page.screenshot({ path: path.join(folder, `${String(++shots).padStart(2, "0")}-${name}.png`) });
const saved = (name) => readFileSync(path.join(root, name), "utf8");
const toast = (text) => page.locator(".notification-toast", { hasText: text }).first();
/** The text of the active editor; blanks are U+00A0 there. */
const shown = async () => (await page.locator(".editor-group-container.active .view-lines").first().innerText()).replaceAll("\u00a0", " ");

async function open(name) {
  await page.locator(".explorer-folders-view .monaco-list-row", { hasText: new RegExp(`^${name}$`) }).dblclick();
  await page.locator(`.tab.active[data-resource-name="${name}"]`).waitFor();
}

/** From the palette; it does not list what is registered while it is open, so it is opened again. */
async function command(title, category = "coderepair: ") {
  const row = page.locator(".quick-input-list .monaco-list-row", { hasText: title }).first();
  const found = () => row.waitFor({ timeout: 5000 }).then(() => true, () => false);
  await until(title, async () => {
    await page.keyboard.press("Escape");
    await page.keyboard.press("F1");
    await page.locator(".quick-input-widget input").first().fill(`>${category}${title}`);
    return found();
  });
  await page.keyboard.press("Enter");
}

async function until(what, check) {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await check())) {
    assert.ok(Date.now() < deadline, `waited in vain for ${what}`);
    await pause(100);
  }
}

/** Puts the cursor into a line of the active editor. */
const clickLine = (text) => page.locator(".editor-group-container.active .view-line", { hasText: text }).first().click();

async function quickFix(title) {
  const row = page.locator(".action-widget .monaco-list-row", { hasText: title }).first();
  await until(title, async () => {
    await page.keyboard.press("Control+.");
    return row.waitFor({ timeout: 5000 }).then(() => true, () => false);
  });
  await shot("quick-fix");
  await page.keyboard.press("Enter"); // it is the first, and so the chosen one
}

await step("opens a file and stays quiet", async () => {
  await page.locator(".explorer-folders-view .monaco-list-row").first().waitFor();
  await open("solution.py");
  await page.locator("#status\\.languageStatus").first().waitFor(); // the extension is up
  await pause(1000);
  assert.equal(await page.locator(".squiggly-error").count(), 0);
});
await step("marks failing functions after a check", async () => {
  await command("Check This File Against Its Tests");
  await page.locator(".squiggly-error").first().waitFor();
  await page.locator(".codelens-decoration a", { hasText: "failing test" }).first().waitFor();
  await shot("marks-dark");
});
await step("repairs from the quick fix and shows the difference", async () => {
  await clickLine("result");
  await quickFix("Repair `total` to pass 1 failing test");
  await toast("Repairing").waitFor();
  await shot("progress");
  await page.locator(".notification-toast", { hasText: "repaired" }).first().waitFor();
  await page.locator(".monaco-diff-editor").first().waitFor();
  await shot("difference-dark");
  assert.match(saved("solution.py"), /result -= price/);
});
await step("applies it", async () => {
  await toast("repaired").getByRole("button", { name: "Apply" }).click();
  await until("the edit", async () => /result \+= price/.test(await shown()));
  await until("one mark", async () => (await page.locator(".squiggly-error").count()) === 1);
  await shot("applied");
});
await step("undoes it in one step, and does it again", async () => {
  await page.locator(".editor-group-container.active .view-lines").first().click();
  await page.keyboard.press("Control+z");
  await until("the old text", async () => /result -= price/.test(await shown()));
  await page.keyboard.press("Control+Shift+z");
  await until("the new text", async () => /result \+= price/.test(await shown()));
  await page.keyboard.press("Control+s");
  await until("the file on disk", () => /result \+= price/.test(saved("solution.py")));
  assert.match(saved("solution.py"), /len\(order\) > 3/);
});
await step("cancels a repair that finds nothing", async () => {
  await open("hopeless.py");
  await command("Repair File");
  const running = toast("Repairing");
  await running.filter({ hasText: "programs run" }).waitFor();
  await shot("cancel");
  const pressed = Date.now();
  await running.getByRole("button", { name: "Cancel" }).click();
  await running.waitFor({ state: "detached" });
  console.log(`     gone ${Date.now() - pressed} ms after the click`);
  assert.equal(saved("hopeless.py"), "def f(x):\n    return x\n");
});
await step("shows the tree of the run, for keys and for eyes", async () => {
  await command("Show the Tree of the Last Run");
  const frame = page.frameLocator("iframe.webview").last().frameLocator("#active-frame");
  await frame.getByRole("treeitem").nth(1).waitFor();
  await frame.getByRole("treeitem").first().focus();
  await page.keyboard.press("ArrowDown");
  await shot("tree-dark");
});
await step("looks right in light colours", async () => {
  await command("Toggle between Light/Dark Themes", "Preferences: ");
  await page.locator(".monaco-workbench.vs").waitFor();
  await shot("tree-light");
  await open("solution.py");
  await page.locator(".squiggly-error").first().waitFor();
  await shot("marks-light");
});
await step("tells its state in the language status", async () => {
  await page.locator("#status\\.languageStatus").first().click();
  await page.locator(".hover-language-status", { hasText: "coderepair" }).first().waitFor();
  await shot("status");
});
console.log(`driven in ${Math.round((Date.now() - started) / 1000)} s; screenshots in ${folder}`);
await chrome.close();
await server.stop();
process.exit(0);
