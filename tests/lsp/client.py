"""A client of the language server over its standard streams, as strict about framing as an editor."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any, BinaryIO

CAPABILITIES = json.loads(
    Path(__file__).with_name("vscode-1.139-capabilities.json").read_text(encoding="utf-8")
)
"""What a real VS Code 1.139 with vscode-languageclient 11 announces."""
PATIENCE_S = 120.0
"""Wall seconds to wait for anything: a shared machine may be slow, a hang is still found."""

Message = dict[str, Any]


class Broken(Exception):
    """The server wrote something that is no message, or ended."""


class Client(AbstractContextManager["Client"]):
    """Starts a server in a folder and speaks the protocol with it."""

    def __init__(
        self,
        root: Path,
        *,
        options: Mapping[str, Any] | None = None,
        capabilities: Mapping[str, Any] = CAPABILITIES,
        settings: Mapping[str, Any] | None = None,
        folders: Iterable[Path] = (),
        command: Iterable[str] = (sys.executable, "-m", "coderepair_lsp"),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.root = root
        self.settings: dict[str, Any] = {"interpreter": sys.executable, **(settings or {})}
        self.received: list[Message] = []
        self.answers: dict[str, Callable[[Any], Any]] = {
            "workspace/configuration": self._configuration,
            "window/workDoneProgress/create": lambda _: None,
            "client/registerCapability": lambda _: None,
            "workspace/codeLens/refresh": lambda _: None,
            "workspace/applyEdit": self._apply,
        }
        self.texts: dict[str, str] = {}
        self.versions: dict[str, int] = {}
        self._inbox: queue.Queue[Message | Broken] = queue.Queue()
        self._responses: dict[int, Message] = {}
        self._next = 0
        self.process = subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=root,
            env={**os.environ, **(environment or {})},
        )
        self.errors = b""
        self._threads = [
            threading.Thread(target=run, daemon=True) for run in (self._read, self._drain)
        ]
        for thread in self._threads:
            thread.start()
        uris = [{"uri": each.as_uri(), "name": each.name} for each in (folders or (root,))]
        self.server = self.request(
            "initialize",
            {
                "processId": os.getpid(),
                "rootUri": root.as_uri(),
                "capabilities": capabilities,
                "workspaceFolders": uris,
                "initializationOptions": {
                    "settings": {"interpreter": sys.executable, **(settings or {})},
                    **(options or {}),
                },
            },
        )
        self.notify("initialized", {})

    # -- messages -------------------------------------------------------------------------------------

    def request(self, method: str, params: Any, timeout: float = PATIENCE_S) -> Any:
        """Sends a request and waits for its result. Raises `RuntimeError` with the server's error."""
        return self.result(self.send(method, params), timeout)

    def send(self, method: str, params: Any) -> int:
        """Sends a request and returns its id."""
        self._next += 1
        self._write({"id": self._next, "method": method, "params": params})
        return self._next

    def notify(self, method: str, params: Any) -> None:
        self._write({"method": method, "params": params})

    def result(self, number: int, timeout: float = PATIENCE_S) -> Any:
        """Waits for the answer to a request."""
        self._pump(lambda: number in self._responses, timeout)
        answer = self._responses.pop(number)
        if "error" in answer:
            raise RuntimeError(answer["error"]["code"], answer["error"]["message"])
        return answer["result"]

    def wait_for(
        self,
        method: str,
        wanted: Callable[[Any], bool] = lambda _: True,
        timeout: float = PATIENCE_S,
    ) -> Any:
        """Parameters of the first message of this method that is as wanted; it is taken out."""

        def found() -> bool:
            return any(
                each["method"] == method and wanted(each.get("params")) for each in self.received
            )

        self._pump(found, timeout)
        for message in self.received:
            if message["method"] == method and wanted(message.get("params")):
                self.received.remove(message)
                return message.get("params")
        raise AssertionError

    def settle(self, seconds: float) -> None:
        """Takes what comes for a while."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self._take(max(deadline - time.monotonic(), 0.001))

    def _pump(self, done: Callable[[], bool], timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while not done():
            if time.monotonic() > deadline:
                raise TimeoutError(f"nothing for {timeout} s; {self.errors.decode()}")
            self._take(1.0)

    def _take(self, timeout: float) -> None:
        try:
            message = self._inbox.get(timeout=timeout)
        except queue.Empty:
            return
        if isinstance(message, Broken):
            raise message
        if "method" not in message:
            self._responses[message["id"]] = message
        elif "id" in message:
            result = self.answers[message["method"]](message.get("params"))
            self._write({"id": message["id"], "result": result})
            self.received.append(message)
        else:
            self.received.append(message)

    def _write(self, message: Message) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        stream = self.process.stdin
        assert stream is not None
        stream.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        stream.flush()

    def _read(self) -> None:
        stream = self.process.stdout
        assert stream is not None
        try:
            while True:
                self._inbox.put(_message(stream))
        except (Broken, ValueError, OSError) as error:
            self._inbox.put(error if isinstance(error, Broken) else Broken(repr(error)))

    def _drain(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.errors += line

    # -- documents ------------------------------------------------------------------------------------

    def open(self, path: Path, text: str | None = None) -> str:
        """Opens a document, with a text other than the disk's if one is given; returns its URI."""
        uri = path.as_uri()
        self.texts[uri] = path.read_bytes().decode() if text is None else text
        self.versions[uri] = 1
        document = {"uri": uri, "languageId": "python", "version": 1, "text": self.texts[uri]}
        self.notify("textDocument/didOpen", {"textDocument": document})
        return uri

    def edit(self, uri: str, edits: Iterable[Mapping[str, Any]]) -> None:
        """Applies edits as an editor does and tells the server, one change each."""
        changes = sorted(edits, key=lambda each: _key(each["range"]["start"]), reverse=True)
        self.versions[uri] += 1
        for change in changes:
            self.texts[uri] = applied(self.texts[uri], change)
        told = [{"range": each["range"], "text": each["newText"]} for each in changes]
        self._changed(uri, told)

    def replace(self, uri: str, text: str) -> None:
        """Gives a document a whole new text."""
        self.versions[uri] += 1
        self.texts[uri] = text
        self._changed(uri, [{"text": text}])

    def close(self, uri: str) -> None:
        self.notify("textDocument/didClose", {"textDocument": {"uri": uri}})

    def actions(self, uri: str, line: int, **context: Any) -> list[Message]:
        """Code actions at a line."""
        where = {"line": line, "character": 0}
        params = {
            "textDocument": {"uri": uri},
            "range": {"start": where, "end": where},
            "context": {"diagnostics": [], **context},
        }
        found: list[Message] = self.request("textDocument/codeAction", params)
        return found

    def diagnostics(
        self, uri: str, wanted: Callable[[Any], bool] = lambda _: True
    ) -> list[Message]:
        """The next pushed diagnostics of a document that are as wanted."""
        found: list[Message] = self.wait_for(
            "textDocument/publishDiagnostics",
            lambda params: params["uri"] == uri and wanted(params["diagnostics"]),
        )["diagnostics"]
        return found

    def _changed(self, uri: str, changes: list[Message]) -> None:
        document = {"uri": uri, "version": self.versions[uri]}
        self.notify("textDocument/didChange", {"textDocument": document, "contentChanges": changes})

    def _configuration(self, params: Any) -> list[Any]:
        return [self.settings for _ in params["items"]]

    def _apply(self, params: Any) -> Message:
        for change in params["edit"]["documentChanges"]:
            uri, version = change["textDocument"]["uri"], change["textDocument"]["version"]
            if version not in (None, self.versions[uri]):
                return {"applied": False, "failureReason": "version"}
            self.edit(uri, change["edits"])
        return {"applied": True}

    # -- the end --------------------------------------------------------------------------------------

    def stop(self) -> int:
        """Ends the server as the protocol wants it; returns its exit code."""
        self.request("shutdown", None)
        self.notify("exit", None)
        return self.process.wait(PATIENCE_S)

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self._hang_up()
            self.process.wait(PATIENCE_S)
        self._hang_up()
        for thread in self._threads:
            thread.join(PATIENCE_S)
        for stream in (self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()

    def _hang_up(self) -> None:
        assert self.process.stdin is not None
        with suppress(OSError):
            self.process.stdin.close()


def applied(text: str, change: Mapping[str, Any]) -> str:
    """A text after one edit, whose columns count UTF-16 units."""
    start, end = (_offset(text, change["range"][name]) for name in ("start", "end"))
    new: str = change["newText"]
    return text[:start] + new + text[end:]


def _offset(text: str, position: Mapping[str, int]) -> int:
    start = 0
    for _ in range(position["line"]):
        ends = [text.find(sign, start) for sign in ("\n", "\r")]
        found = min((each for each in ends if each >= 0), default=-1)
        if found < 0:
            return len(text)
        start = found + (2 if text.startswith("\r\n", found) else 1)
    units = text[start:].encode("utf-16-le")[: 2 * position["character"]]
    return start + len(units.decode("utf-16-le"))


def _key(position: Mapping[str, int]) -> tuple[int, int]:
    return position["line"], position["character"]


def _message(stream: BinaryIO) -> Message:
    """Reads a message; anything that is none is an error, as it is for an editor."""
    length = -1
    while True:
        line = stream.readline()
        if not line:
            raise Broken("the server ended")
        if line == b"\r\n":
            break
        name, colon, value = line.partition(b": ")
        if not colon or name not in (b"Content-Length", b"Content-Type"):
            raise Broken(f"no header: {line!r}")
        if name == b"Content-Length":
            length = int(value)
    if length < 0:
        raise Broken("Header must provide a Content-Length property")
    loaded: Message = json.loads(stream.read(length))
    return loaded
