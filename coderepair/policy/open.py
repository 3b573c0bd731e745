"""From a setting to a policy: `embedded`, a model file, a backend by name or dotted path."""

from __future__ import annotations

import importlib
import importlib.util
import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, cast

from coderepair.errors import ModelFileError, PolicyError, UsageError
from coderepair.policy.base import CHAT, TEXT, ModelPolicy, StopCheck

if TYPE_CHECKING:
    from coderepair.config import Settings
    from coderepair.policy.llama_cpp import LlamaCppPolicy
    from coderepair.policy.openai_http import OpenAIPolicy
    from coderepair.policy.replay import ReplayPolicy
    from coderepair.policy.scripted import ScriptedPolicy

    # The type checker holds every backend to the contract.
    _KEPT_BY: tuple[type[ModelPolicy], ...] = (
        LlamaCppPolicy,
        OpenAIPolicy,
        ReplayPolicy,
        ScriptedPolicy,
    )

BACKENDS = {
    "llama.cpp": "coderepair.policy.llama_cpp.LlamaCppPolicy",
    "openai": "coderepair.policy.openai_http.OpenAIPolicy",
    "replay": "coderepair.policy.replay.ReplayPolicy",
    "scripted": "coderepair.policy.scripted.ScriptedPolicy",
}
"""Backend -> dotted path of a callable that makes a policy from one text argument."""

EMBEDDED = "embedded"
NONE = "none"
INSTALL_LLAMA = "pip install 'coderepair[llama]'"


@dataclass(frozen=True, slots=True)
class Policies:
    """The policies of a run, by how they are asked."""

    edit: ModelPolicy | None = None
    """Speaks an edit dialect: proposes edits and scores those of the operators."""
    chat: ModelPolicy | None = None
    """Writes whole functions."""
    warnings: tuple[str, ...] = ()
    """What a default run goes without, one line each, with the command that mends it."""

    def stop_when(self, should_stop: StopCheck | None) -> None:
        """Ends completions between two tokens once `should_stop()` is true."""
        for policy in (self.edit, self.chat):
            if policy is not None:
                policy.should_stop = should_stop

    def close(self) -> None:
        for policy in (self.edit, self.chat):
            if policy is not None:
                policy.close()


def open_policies(settings: Settings) -> Policies:
    """The policies that the settings name; nothing is loaded before the first question.

    The embedded model is a default, so where it cannot be had a warning says why and the run goes
    on without. A model or endpoint that was asked for raises `PolicyError` or `UsageError`.
    """
    warnings: list[str] = []
    named = settings.model not in (EMBEDDED, NONE)
    model = open_policy(settings.model) if named else None
    chat = model if model is not None and model.dialect == CHAT else None
    edit = model if model is not None and model.dialect not in (CHAT, TEXT) else None
    if model is not None and model.dialect == TEXT:
        raise PolicyError(
            f"{model.name} has no chat template and no edit dialect; use an instruct model"
        )
    if settings.endpoint:
        if chat is not None:
            raise UsageError("--model names a chat model and --endpoint another; choose one")
        chat = _endpoint(settings)
    if edit is None and settings.model != NONE:
        try:
            edit = open_policy(EMBEDDED)
        except PolicyError as error:
            warnings.append(f"going on without the embedded model: {error}")
    return Policies(edit, chat, tuple(warnings))


def open_policy(model: str, *, threads: int = 0) -> ModelPolicy:
    """A policy for `embedded`, a GGUF file, an installed model's name, or `BACKEND[:ARGUMENT]`.

    BACKEND is a key of `BACKENDS` or a dotted path to a callable. Threads: 0 lets the backend choose.
    Raises `ModelFileError` for a file that is no usable model and `PolicyError` where the backend's
    package is not installed.
    """
    name, _, argument = model.partition(":")
    if name in BACKENDS or _is_dotted_path(name, model):
        return cast("ModelPolicy", load(name)(*([argument] if argument else [])))
    path = resolve_model(model)
    if importlib.util.find_spec("llama_cpp") is None:
        raise PolicyError(f"llama-cpp-python is not installed; install it with: {INSTALL_LLAMA}")
    ours = model == EMBEDDED
    make = load("llama.cpp")
    policy = make(path, name=EMBEDDED if ours else path.name, threads=threads, trusted=ours)
    return cast("ModelPolicy", policy)


def resolve_model(model: str) -> Path:
    """Path of a model file: the embedded one, a path, or a name below `models_dir()`."""
    if model == EMBEDDED:
        path = Path(str(resources.files("coderepair").joinpath("data/embedded.gguf")))
        if not path.is_file():
            raise ModelFileError(f"this installation has no embedded model ({path} is missing)")
        return path
    path = Path(model).expanduser()
    if path.exists() or path.suffix == ".gguf" or os.sep in model:
        return path
    installed = models_dir() / f"{model}.gguf"
    if installed.is_file():
        return installed
    raise ModelFileError(
        f"there is no model {model!r}; `coderepair model list` shows what there is"
    )


def models_dir() -> Path:
    """Where models that were pulled or added live."""
    data = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(data).expanduser() / "coderepair" / "models"


def load(backend: str) -> Callable[..., object]:
    """The callable behind a backend's name or dotted path. Raises `PolicyError` if there is none."""
    module_name, _, attribute = BACKENDS.get(backend, backend).rpartition(".")
    try:
        found = getattr(importlib.import_module(module_name), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise PolicyError(f"there is no policy {backend!r}: {error}") from error
    return cast("Callable[..., object]", found)


def _is_dotted_path(name: str, model: str) -> bool:
    looks = "." in name and all(part.isidentifier() for part in name.split("."))
    return looks and not model.endswith(".gguf") and not Path(model).exists()


def _endpoint(settings: Settings) -> ModelPolicy:
    make = load("openai")
    policy = make(settings.endpoint, model=settings.endpoint_model, offline=settings.offline)
    return cast("ModelPolicy", policy)
