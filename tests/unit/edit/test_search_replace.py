"""Search/replace replies."""

from __future__ import annotations

import pytest
from replies import CLASS_FILE, FUNCTION_FILE

from coderepair.edit.regions import program_of, region_text
from coderepair.edit.search_replace import parse
from coderepair.errors import EditError
from coderepair.model import Program


def block(search: str, replacement: str) -> str:
    return f"<<<<<<< SEARCH\n{search}\n=======\n{replacement}\n>>>>>>> REPLACE\n"


def edited(reply: str) -> Program:
    return parse(reply, program_of(FUNCTION_FILE, ("mean",)), "mean", 0, ("mean",))


def test_one_block_with_prose() -> None:
    reply = "Fix:\n" + block(
        "    return total / (len(values) - 1)", "    return total / len(values)"
    )
    program = edited(reply + "Done.")
    assert region_text(program).endswith("return total / len(values)")
    assert program.source.endswith("return max(values) - min(values)\n")


def test_several_blocks_in_order() -> None:
    reply = block("    total = 0", "    total = 1\n    total = 2") + block("    total = 2", "")
    assert "total = 1\n    for" in region_text(edited(reply))


def test_an_empty_replacement_deletes() -> None:
    reply = block("    total = 0", "    total = 5") + block(
        '    """Average of some numbers."""', ""
    )
    assert region_text(edited(reply)).startswith("def mean(values):\n    total = 5")


def test_indentation_may_be_off_as_a_whole() -> None:
    reply = block(
        "for v in values:\n    total += v", "for v in values:\n    if v:\n        total += v"
    )
    expected = "    for v in values:\n        if v:\n            total += v\n"
    assert expected in region_text(edited(reply))


def test_methods() -> None:
    base = program_of(CLASS_FILE, ("Stack.pop",))
    reply = block("return self.items.pop(0)  # FIXME", "return self.items.pop()")
    assert region_text(parse(reply, base, "Stack.pop", 0, ("Stack.pop",))).endswith(
        "        return self.items.pop()"
    )


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        ("no block", "no search/replace block"),
        (block("return 5", "return 6"), "not in the function: return 5"),
        (block("    return max(values) - min(values)", "    pass"), "not in the function"),
        (block("", "x = 1"), "searches for nothing"),
        (block("    total = 0", "    total = 0"), "change nothing"),
        (block("    total = 0", "    total = = 0"), "not valid Python"),
        (
            block("    total = 0", "    x = 1\n    x = 1") + block("    x = 1", "    y"),
            "occur 2 times",
        ),
    ],
)
def test_refused(reply: str, message: str) -> None:
    with pytest.raises(EditError, match=message):
        edited(reply)


def test_a_file_that_does_not_parse_is_one_region() -> None:
    broken = FUNCTION_FILE.replace("for v in values:", "for v in values")
    base = program_of(broken, ("mean",))
    reply = block("    for v in values", "    for v in values:")
    program = parse(reply, base, "mean", 0, ("mean",))
    assert program.source == FUNCTION_FILE
    assert region_text(program).startswith("def mean")
