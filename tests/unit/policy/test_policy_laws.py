"""What every backend promises, over all backends that can complete: scripted, in process, HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from peer import Peer, serving

from coderepair.errors import ContextOverflow, PolicyError
from coderepair.model import Completion, Message, Request
from coderepair.policy.base import ModelPolicy
from coderepair.policy.llama_cpp import LlamaCppPolicy
from coderepair.policy.openai_http import OpenAIPolicy
from coderepair.policy.scripted import ScriptedPolicy

BACKENDS = ("scripted", "llama.cpp", "http", "http-one-sample", "http-refuses-n")
SCRIPT = {"one": [f"one {i}" for i in range(9)], "two": [f"two {i}" for i in range(9)]}


@pytest.fixture(params=BACKENDS)
def policy(request: pytest.FixtureRequest) -> Iterator[ModelPolicy]:
    if request.param == "scripted":
        yield ScriptedPolicy(SCRIPT, context=2048)
        return
    path: Path = request.getfixturevalue("chat_gguf")
    model = LlamaCppPolicy(path, trusted=True)
    if request.param == "llama.cpp":
        yield model
    else:
        peer = Peer(
            model,
            one_sample=request.param == "http-one-sample",
            refuses_n=request.param == "http-refuses-n",
        )
        with serving(peer):
            yield OpenAIPolicy(peer.url)
    model.close()


def ask(content: str, n: int = 1, seed: int = 0, max_tokens: int = 6) -> Request:
    return Request(messages=(Message("user", content),), n=n, seed=seed, max_tokens=max_tokens)


def words(completions: list[Completion]) -> list[tuple[str, int, str]]:
    return [(each.text, each.tokens, each.finish_reason) for each in completions]


def test_answers_come_in_the_order_of_the_requests(policy: ModelPolicy) -> None:
    together = policy.complete([ask("one", 2), ask("two", 2)])
    assert words(together[0]) == words(policy.complete([ask("one", 2)])[0])
    assert words(together[1]) == words(policy.complete([ask("two", 2)])[0])
    assert words(together[0]) != words(together[1])


@pytest.mark.parametrize("n", [1, 3, 9])
def test_as_many_samples_as_were_asked_for(policy: ModelPolicy, n: int) -> None:
    assert len(policy.complete([ask("one", n)])[0]) == n


def test_no_request_no_answer(policy: ModelPolicy) -> None:
    assert policy.complete([]) == []


def test_the_same_seed_gives_the_same_samples(policy: ModelPolicy) -> None:
    first = words(policy.complete([ask("one", 4, seed=7)])[0])
    policy.complete([ask("two", 2, seed=1)])
    assert words(policy.complete([ask("one", 4, seed=7)])[0]) == first


def test_seeds_and_samples_differ(policy: ModelPolicy) -> None:
    seven = [text for text, *_ in words(policy.complete([ask("one", 4, seed=7)])[0])]
    twelve = [text for text, *_ in words(policy.complete([ask("one", 4, seed=12)])[0])]
    assert len(set(seven)) > 1
    assert seven != twelve


def test_tokens_are_counted(policy: ModelPolicy) -> None:
    samples = policy.complete([ask("one, which was not asked before", 3)])[0]
    assert all(sample.tokens > 0 for sample in samples)
    assert sum(sample.prompt_tokens for sample in samples) > 0


def test_a_prompt_longer_than_the_context_is_refused_with_the_numbers(policy: ModelPolicy) -> None:
    assert policy.context_size() == 2048
    with pytest.raises(ContextOverflow, match="2048"):
        policy.complete([ask("one " * 8000)])


def test_longer_messages_have_more_tokens(policy: ModelPolicy) -> None:
    short = policy.count_tokens([Message("user", "return x")])
    assert 0 < short < policy.count_tokens([Message("user", "return x\n" * 20)])


def test_closing_twice_is_closing_and_nothing_is_answered_after_it(policy: ModelPolicy) -> None:
    policy.complete([ask("one")])
    policy.close()
    policy.close()
    with pytest.raises(PolicyError, match="closed"):
        policy.complete([ask("one")])
