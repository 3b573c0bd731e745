"""JSON over HTTP with the standard library, every failure turned into one line for people."""

from __future__ import annotations

import json
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from http.client import HTTPException
from threading import Thread
from typing import Any, TypeVar
from urllib.parse import urlsplit

from coderepair.errors import ContextOverflow, EndpointError, UsageError
from coderepair.policy.base import StopCheck

RETRY_STATUS = (408, 429, 500, 502, 503, 504)
_DELAYS_S = (0.5, 2.0)
_MAX_DELAY_S = 20.0
_MAX_ANSWER = 64 << 20
_POLL_S = 0.1
_T = TypeVar("_T")
_LOOPBACK = ("localhost", "::1")


class Stopped(EndpointError):
    """Whoever asked does not want the answer any more."""


class HttpClient:
    """One server. `timeout` in seconds for each request; requests that may succeed later are retried."""

    def __init__(self, base: str, *, api_key: str, timeout: float, offline: bool) -> None:
        parts = urlsplit(base)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError(f"the endpoint {base!r} is no http:// or https:// address")
        self.loopback = parts.hostname in _LOOPBACK or parts.hostname.startswith("127.")
        if offline and not self.loopback:
            raise UsageError(f"--offline refuses the endpoint {base}, which is not on this machine")
        self.root = f"{parts.scheme}://{parts.netloc}"
        path = parts.path.rstrip("/")
        self.base = self.root + (path or "/v1")
        self.should_stop: StopCheck | None = None
        self._headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if api_key:
            self._headers["Authorization"] = f"Bearer {api_key}"
        self._timeout = timeout
        # A proxy from the environment cannot reach this machine's own servers.
        handlers = [urllib.request.ProxyHandler({})] if self.loopback else []
        self._opener = urllib.request.build_opener(*handlers)

    def post(self, url: str, body: dict[str, Any]) -> Any:
        """The parsed answer. Raises `EndpointError`, or `ContextOverflow` if the server names it."""
        return self._send(url, json.dumps(body).encode("utf-8"), self._timeout, _DELAYS_S)

    def get(self, url: str, timeout: float = 5.0) -> Any:
        """The parsed answer; no retries. Raises `EndpointError`."""
        return self._send(url, None, timeout, ())

    def _send(self, url: str, data: bytes | None, timeout: float, delays: tuple[float, ...]) -> Any:
        for delay in (*delays, None):
            request = urllib.request.Request(url, data, self._headers)
            try:
                return _parsed(self._unless_stopped(partial(self._fetch, request, timeout)), url)
            except urllib.error.HTTPError as error:
                with error:
                    wait, failure = _retry_after(error, delay), _status_error(error, url)
                if wait is None or error.code not in RETRY_STATUS:
                    raise failure from error
            except (OSError, HTTPException) as error:
                refused = isinstance(getattr(error, "reason", error), ConnectionRefusedError)
                if delay is None or refused or _is_timeout(error):
                    raise _connection_error(error, url, timeout) from error
                wait = delay
            self._unless_stopped(partial(time.sleep, wait))
        raise AssertionError("the last attempt returns or raises")

    def _fetch(self, request: urllib.request.Request, timeout: float) -> bytes:
        with self._opener.open(request, timeout=timeout) as answer:
            data: bytes = answer.read(_MAX_ANSWER)
            return data

    def _unless_stopped(self, work: Callable[[], _T]) -> _T:
        """What `work` returns. A stop does not wait for it: its thread is left to end by itself."""
        if self.should_stop is None:
            return work()
        found: Future[_T] = Future()
        Thread(target=_resolve, args=(found, work), daemon=True).start()
        while True:
            try:
                return found.result(_POLL_S)
            except TimeoutError:
                # The work's own timeout is a TimeoutError too, of a future that is done.
                if found.done():
                    return found.result()
                if self.should_stop():
                    raise Stopped("stopped while waiting for the server") from None


def _resolve(found: Future[_T], work: Callable[[], _T]) -> None:
    try:
        found.set_result(work())
    except BaseException as error:
        found.set_exception(error)


def _parsed(data: bytes, url: str) -> Any:
    try:
        return json.loads(data)
    except ValueError as error:
        text = data[:60].decode("utf-8", "replace")
        raise EndpointError(f"{url} answers with something that is no JSON: {text!r}") from error


def _retry_after(error: urllib.error.HTTPError, delay: float | None) -> float | None:
    """Seconds to wait before the next attempt; None if there is none."""
    if delay is None:
        return None
    try:
        return min(_MAX_DELAY_S, max(0.0, float(error.headers.get("Retry-After", delay))))
    except ValueError:
        return delay


def _status_error(error: urllib.error.HTTPError, url: str) -> EndpointError | ContextOverflow:
    text = _server_message(error)
    lower = text.lower()
    if (
        error.code in (400, 413, 500)
        and "context" in lower
        and ("exceed" in lower or "maximum" in lower)
    ):
        return ContextOverflow(f"the prompt is longer than the server's context: {text}")
    if error.code in (401, 403):
        return EndpointError(f"{url} refuses the API key ({error.code}); set CODEREPAIR_API_KEY")
    if error.code == 404:
        return EndpointError(
            f"{url} is not there (404: {text}); check --endpoint and --endpoint-model"
        )
    return EndpointError(f"{url} answers {error.code}: {text}")


def _server_message(error: urllib.error.HTTPError) -> str:
    try:
        data = error.read(4096)
    except (OSError, HTTPException):
        data = b""
    try:
        found = json.loads(data)
        found = found.get("error", found) if isinstance(found, dict) else found
        text = found.get("message", found) if isinstance(found, dict) else found
    except ValueError:
        text = data.decode("utf-8", "replace")
    return " ".join(str(text).split())[:200] or error.reason


def _is_timeout(error: Exception) -> bool:
    return isinstance(error, TimeoutError) or isinstance(
        getattr(error, "reason", None), TimeoutError
    )


def _connection_error(error: Exception, url: str, timeout: float) -> EndpointError:
    reason = getattr(error, "reason", error)
    if _is_timeout(error):
        return EndpointError(f"{url} did not answer within {timeout:g} s; raise the time limit")
    if isinstance(reason, ConnectionRefusedError):
        return EndpointError(f"nothing answers at {url}; start the server or check --endpoint")
    if isinstance(reason, socket.gaierror):
        return EndpointError(f"the host of {url} is unknown; check --endpoint")
    return EndpointError(f"the connection to {url} failed: {reason}")
