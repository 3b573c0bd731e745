"""The chat and the embedded model as proposers, over scripted and real policies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from coderepair.edit.regions import program_of, region_text
from coderepair.errors import ContextOverflow, PolicyError
from coderepair.model import (
    CheckResult,
    Completion,
    Failure,
    Outcome,
    Task,
    TestReport,
)
from coderepair.policy.scripted import ScriptedPolicy
from coderepair.prompt import edit_dialect
from coderepair.propose.model import ChatProposer, EmbeddedProposer
from coderepair.search.tree import Tree

SOURCE = (
    "import os\n\n\ndef total(xs):\n    s = 1\n    for x in xs:\n        s += x\n    return s\n"
)
TASK = Task("/x/m.py", SOURCE, ("total",), (), "/x", "/usr/bin/python", statement="Adds up.")
FAILED = CheckResult(
    "t", Outcome.FAIL, failure=Failure("assertion", call="total([2])", expected="2", got="3")
)
FIXED = "```python\ndef total(xs):\n    return sum(xs)\n```"


@pytest.fixture
def tree() -> Tree:
    return Tree(program_of(SOURCE, ("total",)), TestReport((FAILED,)), ("chat",), rewrite=True)


def test_replies_become_programs_and_nonsense_becomes_errors(tree: Tree) -> None:
    policy = ScriptedPolicy([FIXED, "Sorry.", "def sum_up(xs): return 0"])
    found = ChatProposer(policy).propose(TASK, tree, tree.root, 0, 3)
    assert found[0].program is not None
    assert region_text(found[0].program) == "def total(xs):\n    return sum(xs)"
    assert found[0].description == "line 5: s = 1 -> return sum(xs)"
    assert [each.program for each in found[1:]] == [None, None]
    assert "no definition of total" in found[1].error
    assert "sum_up instead of total" in found[2].error


def test_one_call_a_pull_and_all_its_tokens(tree: Tree) -> None:
    replies = [Completion(FIXED, tokens=7, prompt_tokens=50), Completion("?", tokens=2)]
    found = ChatProposer(ScriptedPolicy(replies)).propose(TASK, tree, tree.root, 0, 2)
    assert [each.calls for each in found] == [1, 0]
    assert [each.tokens for each in found] == [57, 2]


def test_a_function_that_was_cut_off_is_refused_even_if_it_is_valid(tree: Tree) -> None:
    cut = Completion(FIXED[:30], tokens=9, finish_reason="length")
    talked_on = Completion(f"{FIXED}\nThis sums", finish_reason="length")
    found = ChatProposer(ScriptedPolicy([cut, talked_on])).propose(TASK, tree, tree.root, 0, 2)
    assert found[0].error == "the reply was cut off after 9 tokens"
    assert found[1].program is not None


def test_a_long_function_is_asked_for_in_blocks_and_either_format_is_read(tree: Tree) -> None:
    body = "".join(f"    x{i} = {i}  # a line that takes some room\n" for i in range(99))
    source = f"def total(xs):\n{body}    return 1\n"
    task = replace(TASK, source=source)
    long = Tree(program_of(source, ("total",)), TestReport((FAILED,)), ("chat",))
    blocks = "<<<<<<< SEARCH\n    return 1\n=======\n    return sum(xs)\n>>>>>>> REPLACE"
    policy = ScriptedPolicy([blocks, FIXED, blocks[:40]])
    found = ChatProposer(policy).propose(task, long, long.root, 0, 3)
    assert "search/replace blocks" in policy.requests[0].messages[1].content
    assert found[0].program is not None
    assert found[0].program.source == source.replace("return 1", "return sum(xs)")
    assert found[1].program is not None
    assert found[2].error
    short = ScriptedPolicy([blocks.replace("    return 1", "    s = 1")])
    (one,) = ChatProposer(short).propose(TASK, tree, tree.root, 0, 1)
    assert "search/replace" not in short.requests[0].messages[1].content
    assert one.program is not None


def test_the_prompt_shows_function_and_failure(tree: Tree) -> None:
    policy = ScriptedPolicy([FIXED])
    ChatProposer(policy).propose(TASK, tree, tree.root, 0, 1)
    text = policy.requests[0].messages[1].content
    for part in ("Adds up.", "import os", "s += x", "`total([2])` must give `2`, but gives `3`"):
        assert part in text


def test_the_rewrite_arm_shows_no_body(tree: Tree) -> None:
    policy = ScriptedPolicy([FIXED])
    (found,) = ChatProposer(policy).propose(TASK, tree, tree.node(1), 0, 1)
    text = policy.requests[0].messages[1].content
    assert "Write this function" in text
    assert "s += x" not in text
    assert "gives `3`" not in text
    assert found.program is not None
    assert found.program.source == SOURCE[: SOURCE.index("def")] + (
        "def total(xs):\n    return sum(xs)\n"
    )


def test_seeds_depend_on_node_and_rank_and_temperature_rises(tree: Tree) -> None:
    policy = ScriptedPolicy({"": ["?"]})
    chat = ChatProposer(policy, seed=3)
    for node, rank in ((0, 0), (0, 8), (1, 0), (0, 0), (0, 80)):
        chat.propose(TASK, tree, tree.node(node), rank, 2)
    seeds = [request.seed for request in policy.requests]
    assert seeds[0] == seeds[3]
    assert len(set(seeds)) == 4
    temperatures = [request.temperature for request in policy.requests]
    assert temperatures[0] < temperatures[1] < temperatures[4] == 1.0
    ChatProposer(policy, seed=4).propose(TASK, tree, tree.root, 0, 2)
    assert policy.requests[-1].seed != seeds[0]


def test_a_small_context_trims_and_a_tiny_one_refuses(tree: Tree) -> None:
    policy = ScriptedPolicy({"": ["?"]}, context=480)
    chat = ChatProposer(policy)
    chat.propose(TASK, tree, tree.root, 0, 1)
    assert "imports" in chat.trimmed
    request = policy.requests[0]
    assert policy.count_tokens(request.messages) + request.max_tokens <= 480
    with pytest.raises(ContextOverflow, match=r"leaves \d+ for it"):
        ChatProposer(ScriptedPolicy({"": ["?"]}, context=100)).propose(TASK, tree, tree.root, 0, 1)


def test_chances_are_probabilities_that_fall(tree: Tree) -> None:
    for proposer in (ChatProposer(ScriptedPolicy()), EmbeddedProposer(edit_policy([]))):
        chances = [proposer.chance(tree, tree.root, rank) for rank in range(90)]
        assert all(0.0 < chance < 1.0 for chance in chances)
        assert chances == sorted(chances, reverse=True)


def edit_policy(replies: list[Completion]) -> ScriptedPolicy:
    return ScriptedPolicy({"": replies or [Completion("?")]}, dialect=edit_dialect.DIALECT)


def edit(number: int, text: str, logprob: float, level: int = 1) -> Completion:
    return Completion(f"<|replace|><|{number}|><|i{level}|>{text}", logprob=logprob)


def test_edits_come_likeliest_first_and_once(tree: Tree) -> None:
    replies = [
        edit(2, "s = 5", -3.0),
        edit(2, "s = 0", -2.0),
        edit(4, "s += 2 * x", -2.5, level=2),
        edit(2, "s  =  5", -2.0),
        edit(2, "s = 1", -0.1),
        Completion("<|replace|><|99|><|i0|>x", logprob=-0.2),
        edit(2, "s = = 0", -0.3),
        Completion("<|replace|><|2|><|i1|>s = 7", logprob=-0.1, finish_reason="length"),
    ]
    proposer = EmbeddedProposer(edit_policy(replies), samples=len(replies), rounds=1)
    found = proposer.propose(TASK, tree, tree.root, 0, 9)
    texts = [region_text(each.program).split("\n") for each in found if each.program]
    # s = 5 was drawn twice in two layouts: log(e^-3 + e^-2) = -1.69.
    assert [text[1].strip() for text in texts] == ["s = 5", "s = 0", "s = 1"]
    assert texts[2][3].strip() == "s += 2 * x"
    assert found[1].description == "line 5: s = 1 -> s = 0"
    assert [(each.calls, each.tokens, each.error) for each in found] == [(0, 0, "")] * 3


def test_a_file_that_does_not_parse_is_edited_as_a_whole() -> None:
    source = "def total(xs)\n    return sum(xs)\n"
    task = replace(TASK, source=source)
    broken = Tree(program_of(source, ("total",)), TestReport((FAILED,)), ("embedded",))
    policy = edit_policy([edit(1, "def total(xs):", -1.0, level=0)])
    (found,) = EmbeddedProposer(policy, rounds=1).propose(task, broken, broken.root, 0, 1)
    assert found.program == program_of("def total(xs):\n    return sum(xs)\n", ("total",))
    assert found.program is not None
    assert found.program.regions


def test_ranks_are_stable_and_rounds_end(tree: Tree) -> None:
    replies = [edit(2, f"s = {n}", -float(n)) for n in range(2, 14)]
    policy = edit_policy(replies)
    proposer = EmbeddedProposer(policy, samples=4, rounds=3)
    first = proposer.propose(TASK, tree, tree.root, 0, 2)
    assert len(policy.requests) == 1
    everything = proposer.propose(TASK, tree, tree.root, 0, 99)
    assert everything[:2] == first
    assert len(policy.requests) == 3
    assert proposer.propose(TASK, tree, tree.root, len(everything), 1) == []
    assert len({each.program.key for each in everything if each.program}) == len(everything)
    assert proposer.chance(tree, tree.root, 4 * 3) == 0.0


def test_a_resumed_run_draws_the_same_edits(tree: Tree) -> None:
    replies = [edit(2, f"s = {n}", -float(n)) for n in range(2, 14)]
    once = EmbeddedProposer(edit_policy(replies), samples=4)
    step_by_step = [once.propose(TASK, tree, tree.root, rank, 1) for rank in range(6)]
    at_once = EmbeddedProposer(edit_policy(replies), samples=4).propose(TASK, tree, tree.root, 0, 6)
    assert [each for step in step_by_step for each in step] == at_once


def test_the_embedded_model_writes_nothing_from_nothing(tree: Tree) -> None:
    proposer = EmbeddedProposer(edit_policy([]))
    assert proposer.chance(tree, tree.node(1), 0) == 0.0
    assert proposer.propose(TASK, tree, tree.node(1), 0, 4) == []


def test_a_model_of_another_dialect_is_refused() -> None:
    with pytest.raises(PolicyError, match="speaks chat, not edit-v1"):
        EmbeddedProposer(ScriptedPolicy())


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[object]:
    pytest.importorskip("llama_cpp")
    from coderepair.policy.llama_cpp import LlamaCppPolicy
    from tests.tiny_gguf import CHATML, write_tiny

    policy = LlamaCppPolicy(write_tiny(tmp_path / "tiny.gguf", chat_template=CHATML), trusted=True)
    yield policy
    policy.close()


def test_a_real_model_that_writes_nonsense_gives_errors_and_no_exception(
    tree: Tree, tiny: ScriptedPolicy
) -> None:
    found = ChatProposer(tiny).propose(TASK, tree, tree.root, 0, 3)
    assert len(found) == 3
    assert all(each.program is None and each.error for each in found)
    assert found[0].tokens > 100
