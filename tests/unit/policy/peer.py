"""A small OpenAI-compatible server, the network peer of the HTTP tests, over a real policy."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from coderepair.contracts import Policy
from coderepair.errors import ContextOverflow
from coderepair.model import Completion, Message, Request


@dataclass
class Peer:
    """What the server does, and what it was asked."""

    policy: Policy
    one_sample: bool = False
    """Ignores n, as some servers do."""
    refuses_n: bool = False
    """Answers 400 to n > 1, as others do."""
    failures: list[tuple[int, dict[str, str], bytes]] = field(default_factory=list)
    """Status, headers and body of the next answers to POST, before it works."""
    key: str = ""
    pages: dict[str, Any] = field(default_factory=dict)
    """Answers to GET and POST by path, beside the OpenAI ones."""
    bodies: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""

    def answer(self, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        if path in self.pages:
            return 200, self.pages[path]
        self.bodies.append(body)
        n = body.get("n", 1)
        if self.refuses_n and n > 1:
            return 400, {"error": {"message": "only one completion choice is allowed"}}
        try:
            found = self.policy.complete([_request(body, 1 if self.one_sample else n)])[0]
        except ContextOverflow as error:
            return 400, {"error": {"message": f"the prompt exceeds the context: {error}"}}
        return 200, _document(found, "messages" in body)


def _request(body: dict[str, Any], n: int) -> Request:
    messages = tuple(Message(m["role"], m["content"]) for m in body.get("messages", ()))
    return Request(
        messages=messages,
        text=body.get("prompt", ""),
        n=n,
        max_tokens=body["max_tokens"],
        temperature=body["temperature"],
        top_p=body["top_p"],
        stop=tuple(body.get("stop", ())),
        seed=body["seed"],
    )


def _document(found: list[Completion], chat: bool) -> dict[str, Any]:
    choices = [
        {
            "index": index,
            "finish_reason": completion.finish_reason,
            **({"message": {"content": completion.text}} if chat else {"text": completion.text}),
        }
        for index, completion in enumerate(found)
    ]
    return {
        # Servers promise no order.
        "choices": choices[::-1],
        "usage": {
            "completion_tokens": sum(completion.tokens for completion in found),
            "prompt_tokens": sum(completion.prompt_tokens for completion in found),
        },
    }


@contextmanager
def serving(peer: Peer) -> Iterator[Peer]:
    """Runs the peer on a free port of the loopback interface."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args: Any) -> None:
            pass

        def do_GET(self) -> None:
            if self.path in peer.pages:
                self.reply(200, {}, json.dumps(peer.pages[self.path]).encode())
            else:
                self.reply(404, {}, b'{"error": {"message": "not found"}}')

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if peer.key and self.headers.get("Authorization") != f"Bearer {peer.key}":
                self.reply(401, {}, b'{"error": {"message": "bad key"}}')
            elif peer.failures:
                self.reply(*peer.failures.pop(0))
            else:
                status, document = peer.answer(self.path, body)
                self.reply(status, {}, json.dumps(document).encode())

        def reply(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    ThreadingHTTPServer.request_queue_size = 64
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    peer.url = f"http://127.0.0.1:{server.server_address[1]}"
    peer.pages.setdefault("/v1/models", {"data": [{"id": "tiny", "max_model_len": 2048}]})
    try:
        yield peer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
