"""How many tokens a server really reads: each kind of server says it in a place of its own.

Servers that are asked for more truncate in silence, so the number that is in force is looked for, not
the one the model was trained with.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from coderepair.errors import PolicyError
from coderepair.policy.http_client import HttpClient

OLLAMA_DEFAULT = 4096
"""Tokens that Ollama reads unless it is configured otherwise."""


def context_of(client: HttpClient, model: str) -> int:
    """Tokens of prompt and reply together; 0 if the server does not say."""
    for ask in (_llama_server, _listed, _ollama):
        if size := _tried(ask, client, model):
            return size
    return 0


def _tried(ask: Callable[[HttpClient, str], int], client: HttpClient, model: str) -> int:
    try:
        return ask(client, model)
    except (PolicyError, AttributeError, KeyError, TypeError, ValueError):
        return 0


def _llama_server(client: HttpClient, _model: str) -> int:
    """`/props` of llama-server: the context of one slot."""
    settings = client.get(f"{client.root}/props")["default_generation_settings"]
    return int(settings["n_ctx"])


def _listed(client: HttpClient, model: str) -> int:
    """`/v1/models`: vLLM's `max_model_len`, `context_length` or LM Studio's loaded length."""
    entries: list[dict[str, Any]] = client.get(f"{client.base}/models")["data"]
    for entry in entries:
        if entry.get("id") == model:
            for key in (
                "max_model_len",
                "loaded_context_length",
                "context_length",
                "context_window",
            ):
                if entry.get(key):
                    return int(entry[key])
    return 0


def _ollama(client: HttpClient, model: str) -> int:
    """What the loaded model was given, the model's own `num_ctx`, or the default."""
    client.get(f"{client.root}/api/version")
    for entry in client.get(f"{client.root}/api/ps").get("models", ()):
        if model in (entry.get("name"), entry.get("model")) and entry.get("context_length"):
            return int(entry["context_length"])
    shown = client.post(f"{client.root}/api/show", {"model": model})
    match = re.search(r"^num_ctx\s+(\d+)", str(shown.get("parameters", "")), re.MULTILINE)
    return int(match[1]) if match else OLLAMA_DEFAULT
