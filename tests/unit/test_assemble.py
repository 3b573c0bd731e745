from __future__ import annotations

import json
from pathlib import Path

import pytest

from coderepair.assemble import open_proposers
from coderepair.config import Settings
from coderepair.errors import PolicyError, UsageError
from tests.worlds import report


def never() -> bool:
    return False


def chat(tmp_path: Path, **changes: object) -> Settings:
    script = tmp_path / "replies.json"
    script.write_text(json.dumps(["nothing"]))
    return Settings(model=f"scripted:{script}", **changes)  # type: ignore[arg-type]


def test_operators_need_no_model() -> None:
    with open_proposers(Settings(model="none"), never) as found:
        assert list(found.by_name) == ["operators"]
        assert (found.metered, found.warnings) == (frozenset(), ())


def test_a_chat_model_is_metered(tmp_path: Path) -> None:
    settings = chat(tmp_path, proposers=("operators", "chat"))
    with open_proposers(settings, never) as found:
        assert list(found.by_name) == ["operators", "chat"]
        assert (found.metered, found.batched) == ({"chat"}, {"chat"})
        assert found.warnings == ()


@pytest.mark.parametrize(
    ("setting", "passed", "wanted"),
    [("auto", 0, True), ("auto", 1, False), ("on", 1, True), ("off", 0, False)],
)
def test_the_arm_that_rewrites_is_for_programs_that_pass_nothing(
    tmp_path: Path, setting: str, passed: int, wanted: bool
) -> None:
    with open_proposers(chat(tmp_path, rewrite_arm=setting), never) as found:
        assert found.rewrite(report(passed)) is wanted


def test_only_a_model_rewrites_by_default() -> None:
    with open_proposers(Settings(model="none"), never) as found:
        assert not found.rewrite(report(0))


def test_a_model_that_was_named_and_is_not_there_is_an_error() -> None:
    with pytest.raises(PolicyError, match="no-such"):
        open_proposers(Settings(model="no-such"), never)


def test_no_proposer_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="none of the proposers chat"):
        open_proposers(Settings(model="none", proposers=("chat",)), never)
