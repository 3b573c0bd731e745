/** Finds the server, starts it, starts it again. */
import * as path from "node:path";
import * as vscode from "vscode";
import {
  CloseAction,
  ErrorAction,
  LanguageClient,
  type LanguageClientOptions,
  RevealOutputChannelOn,
  type ServerOptions,
  State,
} from "vscode-languageclient/node";
import { log, textOf } from "./log";
import { interpreterFor, serverPython } from "./python";
import type { Status } from "./status";

const MAX_CRASHES = 4;
const CRASH_WINDOW_MS = 180_000;
/** Runs the installed package if there is one, else the bundled one. */
const EITHER = `
import importlib.util, runpy, sys
if importlib.util.find_spec("coderepair_lsp"):
    from coderepair_lsp.server import main
    main()
else:
    sys.argv = sys.argv[1:]
    runpy.run_path(sys.argv[0], run_name="__main__")
`;

export class Server implements vscode.Disposable {
  private client: LanguageClient | undefined;
  private starting: Promise<LanguageClient | undefined> | undefined;
  private crashes: number[] = [];
  /** The command line, for the debug information. */
  command: string[] = [];

  constructor(
    private readonly context: vscode.ExtensionContext,
    private readonly status: Status,
  ) {}

  /** Environment that the model runtime is installed into, if none is chosen. */
  get ownEnvironment(): string {
    return path.join(this.context.globalStorageUri.fsPath, "runtime");
  }

  /** The running client; starts it if need be. Undefined (and told) if that cannot be done. */
  async get(): Promise<LanguageClient | undefined> {
    if (!vscode.workspace.isTrusted) {
      void vscode.window.showWarningMessage("coderepair runs tests, so it waits until this workspace is trusted.");
      return undefined;
    }
    if (this.client?.isRunning()) {
      return this.client;
    }
    this.starting ??= this.start().finally(() => {
      this.starting = undefined;
    });
    return this.starting;
  }

  async restart(): Promise<void> {
    await this.stop();
    this.crashes = [];
    await this.get();
  }

  async stop(): Promise<void> {
    await this.starting;
    const client = this.client;
    this.client = undefined;
    await client?.dispose(2000).catch((error: unknown) => log.warn(`stopping: ${textOf(error)}`));
  }

  dispose(): void {
    void this.stop();
  }

  private async start(): Promise<LanguageClient | undefined> {
    const options = await this.serverOptions();
    if (!options) {
      this.status.trouble("no Python 3.11 or newer");
      const choice = await vscode.window.showErrorMessage(
        "coderepair needs Python 3.11 or newer to run its server; none was found.",
        "Open Settings",
      );
      if (choice) {
        await vscode.commands.executeCommand("workbench.action.openSettings", "coderepair.serverPython");
      }
      return undefined;
    }
    const client = new LanguageClient("coderepair", "coderepair", options, this.clientOptions());
    client.onDidChangeState((change) => {
      if (change.newState === State.Stopped && this.client === client) {
        this.status.trouble("the server has stopped");
      } else if (change.newState === State.Running) {
        this.status.ready();
      }
    });
    this.client = client;
    try {
      await client.start();
      return client;
    } catch (error) {
      this.client = undefined;
      this.status.trouble(textOf(error));
      void vscode.window.showErrorMessage(`coderepair's server does not start: ${textOf(error)}`);
      return undefined;
    }
  }

  private async serverOptions(): Promise<ServerOptions | undefined> {
    const settings = vscode.workspace.getConfiguration("coderepair");
    const own = settings.get<string[]>("path", []);
    const bundled = this.context.asAbsolutePath(path.join("dist", "server", "run.py"));
    if (own.length > 0) {
      this.command = [...own];
    } else {
      const python = await serverPython(this.ownEnvironment);
      if (!python) {
        return undefined;
      }
      const bundle = settings.get("importStrategy") !== "fromEnvironment";
      this.command = bundle ? [python, "-P", bundled] : [python, "-P", "-c", EITHER, bundled];
    }
    const [command = "", ...args] = this.command;
    log.info(`server: ${this.command.join(" ")}`);
    return { command, args };
  }

  private clientOptions(): LanguageClientOptions {
    return {
      documentSelector: [{ scheme: "file", language: "python" }],
      outputChannel: log,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      initializationOptions: { trusted: vscode.workspace.isTrusted, clientCommands: true },
      middleware: {
        workspace: {
          configuration: async (params, token, next) => {
            const sections = await next(params, token);
            if (!Array.isArray(sections)) {
              return sections;
            }
            return Promise.all(
              params.items.map(async (item, index) => {
                const resource = item.scopeUri ? vscode.Uri.parse(item.scopeUri) : undefined;
                const interpreter = await interpreterFor(resource);
                return { ...(sections[index] as object), interpreter: interpreter?.path ?? "" };
              }),
            );
          },
        },
      },
      errorHandler: {
        error: () => ({ action: ErrorAction.Continue }),
        closed: () => this.crashed(),
      },
    };
  }

  /** Starts the server again after a crash, but not for ever. */
  private crashed() {
    const now = Date.now();
    this.crashes = [...this.crashes.filter((each) => now - each < CRASH_WINDOW_MS), now];
    if (this.crashes.length <= MAX_CRASHES) {
      log.warn("the server ended unexpectedly and is started again");
      return { action: CloseAction.Restart, handled: true };
    }
    return {
      action: CloseAction.DoNotRestart,
      message: "coderepair's server keeps ending. See the command 'coderepair: Show Logs'.",
    };
  }
}
