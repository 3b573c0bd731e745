"""Settings to compare, as they are given on the command line."""

import dataclasses

import pytest

from coderepair.bench.settings import Plan, Setting, parse, parse_all
from coderepair.bench.suites import Protocol
from coderepair.config import Settings
from coderepair.errors import UsageError

PLAN = Plan(Protocol.ALL, 200, 30.0)


def test_a_setting_names_what_differs():
    setting = parse(
        "base=strategy:greedy,C:2.5,proposers:operators+chat,model:none,max-tokens-total:9"
    )
    assert setting == Setting(
        "base",
        Settings(
            strategy="greedy",
            c=2.5,
            proposers=("operators", "chat"),
            model="none",
            max_tokens_total=9,
        ),
    )
    assert setting.changed()["proposers"] == ("operators", "chat")


def test_values_may_hold_colons():
    assert (
        parse("e=endpoint:http://127.0.0.1:8080/v1").settings.endpoint == "http://127.0.0.1:8080/v1"
    )


def test_without_settings_the_defaults_are_measured(monkeypatch):
    monkeypatch.setenv("CODEREPAIR_STRATEGY", "greedy")
    assert parse_all([]) == [Setting("default", Settings())]
    assert parse("default").changed() == {}


@pytest.mark.parametrize(
    ("spec", "complaint"),
    [
        ("", "NAME=KEY:VALUE"),
        ("a=", "NAME=KEY:VALUE"),
        ("a=strategy", "not KEY:VALUE"),
        ("a=stratgy:greedy", "did you mean strategy"),
        ("a=strategy:gredy", "did you mean greedy"),
        ("a=c:much", "--settings a: c must be a number"),
        ("a=seed:3", "use --seed"),
        ("a=timeout:3", "use --seconds"),
        ("a=max-candidates:3", "use --evaluations"),
    ],
)
def test_what_cannot_be_measured_is_one_clear_line(spec, complaint):
    with pytest.raises(UsageError, match=complaint) as caught:
        parse(spec)
    assert "\n" not in str(caught.value)


def test_names_are_unique():
    with pytest.raises(UsageError, match="name a is given twice"):
        parse_all(["a=c:2", "b=c:2", "a=c:3"])


def test_a_fingerprint_changes_with_the_conditions_and_not_with_the_name():
    setting = parse("a=c:2")
    same = PLAN.fingerprint("suite", setting)
    assert PLAN.fingerprint("suite", parse("b=c:2")) == same
    others = [
        PLAN.fingerprint("other", setting),
        PLAN.fingerprint("suite", parse("a=c:3")),
        *(
            dataclasses.replace(PLAN, **change).fingerprint("suite", setting)
            for change in (
                {"protocol": Protocol.PUBLIC},
                {"evaluations": 201},
                {"seconds": 31.0},
                {"named": True},
                {"references": True},
                {"jobs": 2},
            )
        ),
    ]
    assert len({same, *others}) == 1 + len(others)
