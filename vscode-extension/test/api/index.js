// Runs inside VS Code's extension host, on the extension as it is built. Results go to $E2E_RESULT.
const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const vscode = require("vscode");

const PATIENCE_MS = Number(process.env.E2E_PATIENCE_S ?? 180) * 1000;
const root = process.env.E2E_WORKSPACE;
const uriOf = (name) => vscode.Uri.file(path.join(root, name));

async function until(what, check) {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const found = await check();
    if (found) {
      return found;
    }
    assert.ok(Date.now() < deadline, `waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const ours = (uri) => vscode.languages.getDiagnostics(uri).filter((each) => each.source === "coderepair");
const open = async (name) => (await vscode.window.showTextDocument(uriOf(name))).document;
const at = (line) => new vscode.Range(line, 0, line, 0);
const actions = (uri, line) => vscode.commands.executeCommand("vscode.executeCodeActionProvider", uri, at(line), undefined, 10);
const run = (command, ...args) => vscode.commands.executeCommand(`coderepair.${command}`, ...args);

/** Ids of the server processes below this extension host. */
function servers() {
  return fs
    .readdirSync("/proc")
    .filter((each) => /^\d+$/.test(each))
    .filter((each) => {
      try {
        const stat = fs.readFileSync(`/proc/${each}/stat`, "utf8").split(") ").pop().split(" ");
        const command = fs.readFileSync(`/proc/${each}/cmdline`, "utf8");
        return stat[0] !== "Z" && Number(stat[1]) === process.pid && command.includes("server/run.py");
      } catch {
        return false;
      }
    })
    .map(Number);
}

const tests = {
  async "activates and starts its server"() {
    const extension = vscode.extensions.getExtension("coderepair.coderepair");
    await open("solution.py");
    const api = await extension.activate();
    assert.equal(await api.ready(), true);
  },
  async "is quiet until asked"() {
    assert.deepEqual(ours(uriOf("solution.py")), []);
  },
  async "marks failing functions and asserts"() {
    const answer = await run("check", uriOf("solution.py").toString());
    assert.equal(answer.status, "failing");
    await until("marks", () => ours(uriOf("solution.py")).length === 2 && ours(uriOf("test_solution.py")).length === 2);
    assert.deepEqual(ours(uriOf("solution.py")).map((each) => each.range.start.line).sort(), [10, 3]);
  },
  async "offers quick fixes and lenses"() {
    const started = Date.now();
    const titles = (await actions(uriOf("solution.py"), 4)).map((each) => each.title);
    console.log(`quick fixes after ${Date.now() - started} ms`);
    assert.deepEqual(titles.slice(0, 2), ["Repair `total` to pass 1 failing test", "Explain why this fails"]);
    const lenses = await vscode.commands.executeCommand("vscode.executeCodeLensProvider", uriOf("solution.py"), 10);
    assert.equal(lenses.length, 4);
  },
  async "repairs into a difference, applies it as one undo step"() {
    const document = await open("solution.py");
    const before = document.getText();
    const answer = await run("repair", document.uri.toString(), "total");
    assert.equal(answer.status, "repair_available");
    assert.equal(document.getText(), before);
    const tab = vscode.window.tabGroups.activeTabGroup.activeTab;
    assert.ok(tab.input instanceof vscode.TabInputTextDiff);
    assert.equal(await run("applyShown"), true);
    assert.match(document.getText(), /result \+= price/);
    await until("fewer marks", () => ours(document.uri).length === 1);
    await vscode.window.showTextDocument(document);
    await vscode.commands.executeCommand("undo");
    assert.equal(document.getText(), before);
    await until("all marks", () => ours(document.uri).length === 2);
    await vscode.commands.executeCommand("redo");
    assert.match(document.getText(), /result \+= price/);
    await run("undo");
    assert.equal(document.getText(), before);
  },
  async "discards a repair and leaves the text alone"() {
    const document = await open("solution.py");
    const before = document.getText();
    await run("repair", document.uri.toString(), "is_large");
    await run("discardShown");
    assert.equal(document.getText(), before);
    const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
    assert.ok(!tabs.some((each) => each.input instanceof vscode.TabInputTextDiff));
  },
  async "applies a verified repair from the code actions, resolved lazily"() {
    const document = await open("solution.py");
    const found = (await actions(document.uri, 11)).find((each) => each.title.startsWith("Apply the verified repair"));
    assert.ok(found?.edit, "no edit was resolved");
    assert.equal(await vscode.workspace.applyEdit(found.edit), true);
    assert.doesNotMatch(document.getText(), /len\(order\) > 3/);
    await vscode.commands.executeCommand("undo");
  },
  async "repairs from a test item of the test explorer"() {
    const item = { uri: uriOf("test_solution.py"), range: at(3) };
    const answer = await run("repairTest", item);
    assert.deepEqual(answer.targets, ["total"]);
    await run("discardShown");
  },
  async "explains, shows the tree, the setup and the debug information"() {
    await open("solution.py");
    await run("explain", uriOf("solution.py").toString(), "total");
    await run("showTree");
    const setup = await run("checkSetup");
    assert.equal(setup.status, "setup");
    await run("debugInformation");
    assert.match(vscode.window.activeTextEditor.document.getText(), /"trusted": true/);
    const labels = vscode.window.tabGroups.all.flatMap((group) => group.tabs).map((each) => each.label);
    assert.ok(labels.includes("Repair tree"), labels.join());
    await vscode.commands.executeCommand("workbench.action.revertAndCloseActiveEditor");
    await vscode.commands.executeCommand("workbench.action.closeAllEditors");
  },
  async "keeps CRLF and characters beyond the first plane"() {
    const document = await open("crlf.py");
    await run("check", document.uri.toString());
    await until("marks", () => ours(document.uri).length === 1);
    await run("repair", document.uri.toString(), "total");
    assert.equal(await run("applyShown"), true);
    await document.save();
    const text = fs.readFileSync(document.uri.fsPath, "utf8");
    assert.match(text, /result \+= price/);
    assert.equal(text.split("\n").length - 1, text.split("\r\n").length - 1);
  },
  async "declines a notebook cell and an untitled file"() {
    const document = await vscode.workspace.openTextDocument({ language: "python", content: "def f():\n    pass\n" });
    const answer = await run("repair", document.uri.toString());
    assert.equal(answer.status, "refused");
  },
  async "starts again after the server was killed, and nothing is lost"() {
    const document = await open("solution.py");
    const edit = new vscode.WorkspaceEdit();
    edit.insert(document.uri, new vscode.Position(0, 0), "# unsaved\n");
    await vscode.workspace.applyEdit(edit);
    const killed = servers();
    assert.equal(killed.length, 1);
    process.kill(killed[0], "SIGKILL");
    await until("another server", () => servers().some((each) => each !== killed[0]));
    const answer = await until("its answer", () => run("check", document.uri.toString()));
    assert.equal(answer.status, "failing");
    assert.match(document.getText(), /^# unsaved/);
    await until("marks below the new line", () => ours(document.uri).some((each) => each.range.start.line === 4));
    await vscode.commands.executeCommand("workbench.action.files.revert");
  },
  async "restarts on command"() {
    const before = servers();
    await run("restart");
    await until("another server", () => servers().some((each) => !before.includes(each)));
  },
};

exports.run = async () => {
  const results = [];
  const only = process.env.E2E_ONLY ?? "";
  for (const [name, test] of Object.entries(tests)) {
    if (only && !new RegExp(only).test(name) && !name.startsWith("activates")) {
      continue;
    }
    const started = Date.now();
    try {
      await test();
      results.push({ name, ok: true, ms: Date.now() - started });
    } catch (error) {
      results.push({ name, ok: false, ms: Date.now() - started, error: String(error.stack ?? error) });
    }
  }
  fs.writeFileSync(process.env.E2E_RESULT, JSON.stringify(results));
};
