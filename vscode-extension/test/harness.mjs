// What both ways of driving VS Code need: a workspace, a server that is up, a browser page.
import { spawn } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { chromium } from "playwright-core";

export const here = path.dirname(new URL(import.meta.url).pathname);
export const home = process.env.E2E_HOME;
export const extension = path.dirname(here);
export const PATIENCE_MS = Number(process.env.E2E_PATIENCE_S ?? 180) * 1000;

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, () => process.exit(1)); // and what was started ends with it
}
process.setMaxListeners(100);

const SOLUTION = `"""Shop."""


def total(prices):
    result = 0
    for price in prices:
        result -= price
    return result


def is_large(order):
    return len(order) > 3
`;
const FILES = {
  "solution.py": SOLUTION,
  "test_solution.py":
    "import solution\n\n\ndef test_total():\n    assert solution.total([1, 2]) == 3\n    assert solution.total([]) == 0\n\n\n" +
    'def test_large():\n    assert solution.is_large("abc")\n    assert not solution.is_large("ab")\n',
  "hopeless.py": "def f(x):\n    return x\n",
  "test_hopeless.py":
    "import zlib\nimport hopeless\n\n\ndef test_f():\n" +
    '    assert [hopeless.f(i) for i in range(50)] == [zlib.crc32(b"%d" % i) for i in range(50)]\n',
  "crlf.py": SOLUTION.replace("Shop.", "\u{1F6D2} shop").split("\n\n\ndef is_large")[0].concat("\n").replaceAll("\n", "\r\n"),
  "test_crlf.py": "import crlf\n\n\ndef test_total():\n    assert crlf.total([1, 2]) == 3\n",
  "pyproject.toml": "[tool.coderepair]\nmodel = 'none'\n",
};
const SETTINGS = {
  "chat.disableAIFeatures": true,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "files.hotExit": "off",
  "files.autoSave": "off",
  "workbench.startupEditor": "none",
  "security.workspace.trust.enabled": false,
  "telemetry.telemetryLevel": "off",
  "git.enabled": false,
};

/** A fresh folder with the projects and VS Code's settings. */
export function workspace(name, settings = {}) {
  const folder = path.join(home, "runs", name);
  rmSync(folder, { recursive: true, force: true });
  const root = path.join(folder, "workspace");
  mkdirSync(root, { recursive: true });
  for (const [file, text] of Object.entries(FILES)) {
    writeFileSync(path.join(root, file), text);
  }
  const all = { ...SETTINGS, "coderepair.interpreter": process.env.E2E_PYTHON, ...settings };
  for (const place of ["User", "Machine", "data/User", "data/Machine"]) {
    mkdirSync(path.join(folder, "data", place), { recursive: true });
    writeFileSync(path.join(folder, "data", place, "settings.json"), JSON.stringify(all));
  }
  return { folder, root, data: path.join(folder, "data"), extensions: path.join(folder, "extensions") };
}

export async function freePort() {
  const server = net.createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address();
  server.close();
  return port;
}

/** Starts a process and waits until its port answers. Code-server gives up after ten seconds on a busy machine. */
export async function serve(args, port, env = {}) {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const server = start(args, env);
    if (await answers(server.child, port, deadline)) {
      return { ...server, stop: () => stop(server.child) };
    }
    if (Date.now() > deadline) {
      throw new Error(`VS Code does not come up: ${server.output()}`);
    }
  }
}

function start(args, env) {
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let output = "";
  child.stdout.on("data", (data) => (output += data));
  child.stderr.on("data", (data) => (output += data));
  process.once("exit", () => end(child, "SIGKILL"));
  return { child, output: () => output };
}

/** Whether the port answers before the process ends. */
async function answers(child, port, deadline) {
  while (child.exitCode === null && Date.now() < deadline) {
    const up = await fetch(`http://127.0.0.1:${port}/healthz`, { redirect: "manual" }).then(() => true, () => false);
    if (up) {
      return true;
    }
    await pause(200);
  }
  return false;
}

async function stop(child) {
  const ended = new Promise((resolve) => child.once("exit", resolve));
  end(child, "SIGTERM");
  await Promise.race([ended, pause(3000)]);
  end(child, "SIGKILL");
}

/** The process and its group; there may be none left. */
function end(child, signal) {
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    if (error.code !== "ESRCH") {
      throw error;
    }
  }
}

/** A page of a headless Chromium that is as patient as a busy machine needs. */
export async function openPage(url, options = {}) {
  const executablePath = process.env.CHROMIUM;
  const chrome = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"] });
  const context = await chrome.newContext({ viewport: { width: 1300, height: 800 }, ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  await page.goto(url, { waitUntil: "domcontentloaded" });
  return { chrome, page };
}
