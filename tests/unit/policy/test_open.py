"""From settings to policies."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from coderepair.config import Settings
from coderepair.errors import ModelFileError, PolicyError, UsageError
from coderepair.model import Completion, Request
from coderepair.policy import BACKENDS, open_policies, open_policy
from coderepair.policy.open import load, models_dir, resolve_model

pytest.importorskip("llama_cpp")


def test_every_backend_is_there() -> None:
    assert all(callable(load(name)) for name in BACKENDS)


def test_a_model_file_is_asked_as_its_metadata_say(chat_gguf: Path, edit_gguf: Path) -> None:
    chat = open_policies(Settings(model=str(chat_gguf)))
    assert chat.chat is not None
    assert chat.chat.name == "chat.gguf"
    edit = open_policies(Settings(model=str(edit_gguf)))
    assert edit.edit is not None
    assert (edit.edit.name, edit.chat) == ("edit.gguf", None)


def test_none_means_no_model() -> None:
    policies = open_policies(Settings(model="none"))
    assert (policies.edit, policies.chat, policies.warnings) == (None, None, ())


def test_an_endpoint_is_a_chat_model() -> None:
    policies = open_policies(
        Settings(model="none", endpoint="http://127.0.0.1:9", endpoint_model="m")
    )
    assert policies.chat is not None
    assert policies.chat.name == "m"


def test_a_chat_model_and_an_endpoint_are_one_too_many(chat_gguf: Path) -> None:
    with pytest.raises(UsageError, match="choose one"):
        open_policies(Settings(model=str(chat_gguf), endpoint="http://127.0.0.1:9"))


def test_offline_reaches_the_endpoint() -> None:
    with pytest.raises(UsageError, match="not on this machine"):
        open_policies(Settings(model="none", endpoint="http://example.com", offline=True))


def test_a_model_without_a_way_to_ask_it(tmp_path: Path) -> None:
    from tests.tiny_gguf import write_tiny

    with pytest.raises(PolicyError, match="no chat template and no edit dialect"):
        open_policies(Settings(model=str(write_tiny(tmp_path / "base.gguf"))))


def test_a_missing_file_is_an_error_that_names_it() -> None:
    with pytest.raises(ModelFileError, match=r"there is no model file /nowhere/x\.gguf"):
        open_policies(Settings(model="/nowhere/x.gguf"))
    with pytest.raises(ModelFileError, match="coderepair model list"):
        open_policies(Settings(model="qwen"))


def test_installed_models_go_by_name(edit_gguf: Path) -> None:
    models_dir().mkdir(parents=True)
    (models_dir() / "mine.gguf").symlink_to(edit_gguf)
    assert resolve_model("mine") == models_dir() / "mine.gguf"
    assert open_policy("mine").dialect == "edit-v1"


def test_without_llama_cpp_a_named_model_is_an_error_and_the_default_a_warning(
    chat_gguf: Path, edit_gguf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(PolicyError, match=r"pip install 'coderepair\[llama\]'"):
        open_policies(Settings(model=str(chat_gguf)))
    monkeypatch.setattr("coderepair.policy.open.resolve_model", lambda _model: edit_gguf)
    policies = open_policies(Settings())
    assert policies.edit is None
    assert "pip install" in policies.warnings[0]


def test_backends_by_name_and_by_dotted_path(tmp_path: Path) -> None:
    script = tmp_path / "script.json"
    script.write_text(json.dumps(["one", "two"]))
    for name in ("scripted", "coderepair.policy.scripted.ScriptedPolicy"):
        policy = open_policy(f"{name}:{script}")
        assert policy.complete([Request(text="x", n=2)])[0][1].text == "two"
    with pytest.raises(PolicyError, match="there is no policy"):
        open_policy("coderepair.policy.nothing.Here:x")


def test_a_callable_of_the_users_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_policy.py").write_text(
        "from coderepair.policy.scripted import ScriptedPolicy\n"
        "def make(): return ScriptedPolicy(['mine'])\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    found = open_policy("my_policy.make").complete([Request(text="x")])[0]
    assert [each.text for each in found] == ["mine"]


def test_opening_loads_nothing_heavy(chat_gguf: Path) -> None:
    import subprocess

    code = (
        "import sys; from coderepair.policy import open_policy;"
        f"open_policy({str(chat_gguf)!r}); print(sorted({{'llama_cpp','numpy','jinja2'}} & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


def test_the_script_says_when_it_is_used_up() -> None:
    policy = load("scripted")(["one", Completion("two", tokens=7), ValueError("no")])
    assert policy.complete([Request(text="x", n=2)])[0][1].tokens == 7  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="no"):
        policy.complete([Request(text="x")])  # type: ignore[attr-defined]
    with pytest.raises(PolicyError, match="used up after 3 replies"):
        policy.complete([Request(text="x")])  # type: ignore[attr-defined]
