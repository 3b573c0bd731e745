"""Model files for the policy tests, written once a session."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="session")
def chat_gguf(models: Path) -> Path:
    pytest.importorskip("llama_cpp")
    from tests.tiny_gguf import CHATML, write_tiny

    return write_tiny(models / "chat.gguf", chat_template=CHATML)


@pytest.fixture(scope="session")
def edit_gguf(models: Path) -> Path:
    pytest.importorskip("llama_cpp")
    from tests.tiny_gguf import write_tiny

    return write_tiny(models / "edit.gguf", dialect="edit-v1", seed=1)
