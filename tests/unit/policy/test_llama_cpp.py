"""The engine against a tiny model: exact scores, parallel samples, stops, bad model files."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coderepair.errors import ContextOverflow, ModelFileError, PolicyError
from coderepair.model import Message, Request
from coderepair.policy import gguf

llama_cpp = pytest.importorskip("llama_cpp")

import numpy as np  # noqa: E402

from coderepair.policy.llama_cpp import LlamaCppPolicy  # noqa: E402
from tests.tiny_gguf import CHATML, write_gguf, write_tiny  # noqa: E402

PROMPT = "def f(x):\n    total = 0\n    "
TAILS = [f"return {a} {op} {b}" for a in "xyz" for op in "+-*" for b in ("1", "x", "total", "f(x)")]


@pytest.fixture(scope="module")
def policy(chat_gguf: Path) -> Iterator[LlamaCppPolicy]:
    policy = LlamaCppPolicy(chat_gguf, trusted=True)
    yield policy
    policy.close()


@pytest.fixture(scope="module")
def reference(chat_gguf: Path) -> Iterator[llama_cpp.Llama]:
    """The library's own high-level class, one sequence at a time."""
    model = llama_cpp.Llama(
        str(chat_gguf), n_ctx=512, n_threads=1, n_threads_batch=1, logits_all=True, verbose=False
    )
    yield model
    model.close()


def log_probability(model: llama_cpp.Llama, prompt: str, tail: str) -> float:
    """log P(tail | prompt) by evaluating the two together."""
    first = model.tokenize(prompt.encode(), add_bos=True, special=True)
    rest = model.tokenize(tail.encode(), add_bos=False, special=True)
    model.reset()
    model.eval(first + rest)
    rows = np.array(model.scores[len(first) - 1 : len(first) + len(rest) - 1], np.float64)
    total = 0.0
    for row, token in zip(rows, rest, strict=True):
        total += row[token] - row.max() - math.log(np.exp(row - row.max()).sum())
    return total


def test_scores_are_those_of_the_library(
    policy: LlamaCppPolicy, reference: llama_cpp.Llama
) -> None:
    scores = policy.score(PROMPT, TAILS)
    expected = [log_probability(reference, PROMPT, tail) for tail in TAILS]
    assert scores == pytest.approx(expected, abs=2e-3)
    assert max(scores) - min(scores) > 1


def test_scoring_together_is_scoring_one_by_one(policy: LlamaCppPolicy) -> None:
    """More continuations than one wave holds, of very different lengths, some the prefix of others."""
    tails = [tail + " " * (i % 7) for i, tail in enumerate(TAILS * 12)]
    tails += ["", "r", "return", PROMPT * 9]
    together = policy.score(PROMPT, tails)
    apart = [policy.score(PROMPT, [tail])[0] for tail in tails[-12:]]
    assert together[-12:] == pytest.approx(apart, abs=2e-3)
    assert together[-4] == 0.0


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tails=st.lists(st.text("ab (", max_size=12), max_size=12))
def test_the_order_of_continuations_does_not_matter(
    policy: LlamaCppPolicy, tails: list[str]
) -> None:
    forward = policy.score(PROMPT, tails)
    backward = policy.score(PROMPT, tails[::-1])
    assert backward[::-1] == pytest.approx(forward, abs=2e-3)


def test_a_sample_has_the_likelihood_that_scoring_gives_it(policy: LlamaCppPolicy) -> None:
    request = Request(text=PROMPT, n=16, max_tokens=4, seed=3, top_p=1.0)
    checked = 0
    for sample in policy.complete([request])[0]:
        # Only texts that the tokenizer reads as the tokens they were drawn as can be compared.
        if sample.finish_reason == "length" and sample.text.isascii():
            score = policy.score(PROMPT, [sample.text])[0]
            if abs(score - (sample.logprob or 0.0)) < 2e-3:
                checked += 1
    assert checked > 0


def test_greedy_is_the_likeliest_token(policy: LlamaCppPolicy, reference: llama_cpp.Llama) -> None:
    reference.reset()
    reference.eval(reference.tokenize(PROMPT.encode(), add_bos=True, special=True))
    best = int(np.argmax(reference.scores[reference.n_tokens - 1]))
    request = Request(text=PROMPT, n=2, max_tokens=1, temperature=0.0)
    expected = reference.detokenize([best]).decode("utf-8", "replace")
    assert [each.text for each in policy.complete([request])[0]] == [expected] * 2


def test_samples_beyond_the_slots_take_the_places_of_finished_ones(
    policy: LlamaCppPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = Request(text=PROMPT, n=10, max_tokens=5, seed=2)
    wide = policy.complete([request])[0]
    monkeypatch.setattr("coderepair.policy.llama_cpp.MAX_SLOTS", 3)
    narrow = policy.complete([request])[0]
    assert len(narrow) == 10
    assert [each.text for each in narrow[:3]] == [each.text for each in wide[:3]]
    assert all(each.finish_reason for each in narrow)


def test_more_samples_keep_the_first_ones(policy: LlamaCppPolicy) -> None:
    few = policy.complete([Request(text=PROMPT, n=2, max_tokens=5, seed=4)])[0]
    many = policy.complete([Request(text=PROMPT, n=5, max_tokens=5, seed=4)])[0]
    assert [each.text for each in many[:2]] == [each.text for each in few]


def test_the_prompt_is_paid_for_once_and_not_again(policy: LlamaCppPolicy) -> None:
    request = Request(text=f"# new\n{PROMPT}", n=3, max_tokens=2)
    first, again = policy.complete([request])[0], policy.complete([request])[0]
    assert [each.prompt_tokens > 0 for each in first] == [True, False, False]
    assert [each.prompt_tokens for each in again] == [0, 0, 0]


def test_a_stop_string_ends_the_text_in_front_of_it(policy: LlamaCppPolicy) -> None:
    whole = policy.complete([Request(text=PROMPT, max_tokens=12, seed=1)])[0][0]
    stop = whole.text[4:6]
    cut = policy.complete([Request(text=PROMPT, max_tokens=12, seed=1, stop=(stop,))])[0][0]
    assert cut.text == whole.text[: whole.text.index(stop)]
    assert cut.finish_reason == "stop"
    assert cut.tokens < whole.tokens


def test_the_limit_of_tokens_is_kept(policy: LlamaCppPolicy) -> None:
    sample = policy.complete([Request(text=PROMPT, max_tokens=3, seed=1)])[0][0]
    assert (sample.tokens, sample.finish_reason) == (3, "length")


def test_a_stop_between_two_tokens_cancels(chat_gguf: Path) -> None:
    policy = LlamaCppPolicy(chat_gguf, trusted=True)
    asked = []
    policy.should_stop = lambda: bool(asked.append(1)) or len(asked) > 5
    samples = policy.complete([Request(text=PROMPT, n=3, max_tokens=50)])[0]
    assert [each.finish_reason for each in samples] == ["cancelled"] * 3
    assert all(0 < each.tokens < 50 for each in samples)
    policy.should_stop = lambda: True
    prompt_only = policy.complete([Request(text=PROMPT * 9, n=3, max_tokens=50)])[0]
    assert [(each.finish_reason, each.tokens) for each in prompt_only] == [("cancelled", 0)] * 3
    policy.close()


def test_an_interrupt_leaves_the_policy_usable(policy: LlamaCppPolicy) -> None:
    before = policy.complete([Request(text=PROMPT, max_tokens=4, seed=9)])[0][0].text

    def interrupt() -> bool:
        raise KeyboardInterrupt

    policy.should_stop = interrupt
    with pytest.raises(KeyboardInterrupt):
        policy.complete([Request(text=PROMPT + "x", n=3, max_tokens=50)])
    policy.should_stop = None
    after = policy.complete([Request(text=PROMPT, max_tokens=4, seed=9)])[0][0].text
    assert after == before


def test_special_tokens_in_user_code_do_not_end_a_message(policy: LlamaCppPolicy) -> None:
    plain = policy.count_tokens([Message("user", "x")])
    special = policy.count_tokens([Message("user", "<|im_end|>")])
    assert special > plain, "the text of a special token must be read as text"


def test_the_chat_template_of_the_file_is_used(policy: LlamaCppPolicy) -> None:
    message = Message("user", "return x")
    rendered = "<|im_start|>user\nreturn x<|im_end|>\n<|im_start|>assistant\n"
    chat = policy.complete([Request(messages=(message,), max_tokens=6, seed=5)])[0][0]
    text = policy.complete([Request(text=rendered, max_tokens=6, seed=5)])[0][0]
    assert chat.text == text.text


def test_overflow_has_the_numbers(policy: LlamaCppPolicy) -> None:
    with pytest.raises(ContextOverflow, match=r"reply may take 2048, but chat\.gguf reads 2048"):
        policy.complete([Request(text=PROMPT, max_tokens=2048)])
    with pytest.raises(ContextOverflow, match="reads 2048 tokens"):
        policy.score(PROMPT, ["x" * 3000])


def test_dialects_are_read_from_the_file(chat_gguf: Path, edit_gguf: Path, tmp_path: Path) -> None:
    assert LlamaCppPolicy(chat_gguf, trusted=True).dialect == "chat"
    assert LlamaCppPolicy(edit_gguf).dialect == "edit-v1"
    plain = LlamaCppPolicy(write_tiny(tmp_path / "plain.gguf"), trusted=True)
    assert plain.dialect == "text"
    with pytest.raises(PolicyError, match="no chat template"):
        plain.complete([Request(messages=(Message("user", "x"),))])
    plain.close()


def test_a_template_that_refuses_system_messages(tmp_path: Path) -> None:
    template = (
        "{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}"
        + CHATML
    )
    policy = LlamaCppPolicy(
        write_tiny(tmp_path / "strict.gguf", chat_template=template), trusted=True
    )
    both = (Message("system", "be good"), Message("user", "x"))
    merged = (Message("user", "be good\n\nx"),)
    assert policy.count_tokens(both) == policy.count_tokens(merged)
    policy.close()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda _: b"", "is no GGUF file"),
        (lambda _: b"not a model at all, only text " * 9, "is no GGUF file"),
        (lambda data: data[:100], "truncated"),
        (lambda data: data[: len(data) // 2], "truncated"),
        (lambda data: data[:-64], "truncated"),
        (lambda data: data[:4] + struct.pack("<I", 99) + data[8:], "version 99"),
        (lambda data: data[:8] + struct.pack("<Q", 2**60) + data[16:], "truncated or corrupt"),
        (lambda data: data[:16] + struct.pack("<Q", 2**60) + data[24:], "truncated or corrupt"),
        (lambda data: data[:24] + struct.pack("<Q", 2**50) + data[32:], "truncated or corrupt"),
    ],
)
def test_damaged_files_are_refused_in_one_line(
    chat_gguf: Path, tmp_path: Path, damage: object, message: str
) -> None:
    path = tmp_path / "damaged.gguf"
    path.write_bytes(damage(chat_gguf.read_bytes()))  # type: ignore[operator]
    with pytest.raises(ModelFileError, match=message) as caught:
        LlamaCppPolicy(path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_flipped_byte_in_the_header_never_raises_anything_else(
    chat_gguf: Path, tmp_path: Path, data: st.DataObject
) -> None:
    content = bytearray(chat_gguf.read_bytes())
    position = data.draw(st.integers(0, 9000))
    content[position] = data.draw(st.integers(0, 255))
    path = tmp_path / "flipped.gguf"
    path.write_bytes(content)
    try:
        gguf.read(path)
    except ModelFileError as error:
        assert "\n" not in str(error)


def test_files_of_another_kind_are_refused(tmp_path: Path, chat_gguf: Path) -> None:
    with pytest.raises(ModelFileError, match="there is no model file"):
        LlamaCppPolicy(tmp_path / "missing.gguf")
    with pytest.raises(ModelFileError, match="is a folder"):
        LlamaCppPolicy(tmp_path)
    adapter = {"general.architecture": "qwen2", "general.type": "adapter"}
    with pytest.raises(ModelFileError, match="is a adapter"):
        LlamaCppPolicy(write_gguf(tmp_path / "adapter.gguf", adapter, {}))
    encoder = {"general.architecture": "bert"}
    with pytest.raises(ModelFileError, match="bert encoder"):
        LlamaCppPolicy(write_gguf(tmp_path / "bert.gguf", encoder, {}))
    empty = {
        "general.architecture": "qwen2",
        "qwen2.block_count": 2,
        "qwen2.context_length": 9,
    }
    with pytest.raises(ModelFileError, match="lacks a vocabulary"):
        LlamaCppPolicy(write_gguf(tmp_path / "empty.gguf", empty, {}))


def test_an_architecture_that_llama_cpp_does_not_know(tmp_path: Path) -> None:
    metadata = {
        "general.architecture": "nonsense",
        "nonsense.block_count": 1,
        "nonsense.context_length": 9,
        "tokenizer.ggml.tokens": ["a", "b"],
    }
    weights = {"token_embd.weight": np.zeros((2, 32), np.float32)}
    policy = LlamaCppPolicy(write_gguf(tmp_path / "nonsense.gguf", metadata, weights))
    with pytest.raises(ModelFileError, match=r"cannot load .*nonsense"):
        policy.complete([Request(text="x")])


def test_a_model_that_lacks_weights_is_an_error_and_no_abort(tmp_path: Path) -> None:
    path = write_tiny(tmp_path / "whole.gguf")
    info = gguf.read(path)
    content = path.read_bytes().replace(b"blk.1.ffn_up.weight", b"blk.1.ffn_xx.weight")
    path.write_bytes(content)
    assert info.parameters == gguf.read(path).parameters
    with pytest.raises(ModelFileError, match="cannot load"):
        LlamaCppPolicy(path).complete([Request(text="x")])


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"qwen2.block_count": 9}, "blk.2.* not found"),
        ({"qwen2.attention.head_count": 3}, "wrong shape"),
        ({"tokenizer.ggml.merges": None}, "merges"),
        ({"tokenizer.ggml.tokens": ["a"] * 279}, "GGML_ASSERT"),
        ({"tokenizer.ggml.pre": "nonsense"}, "nonsense"),
        ({"qwen2.context_length": 0}, "lacks a context length"),
        ({"qwen2.block_count": 2**32 - 1}, "GiB of memory"),
    ],
)
def test_metadata_that_do_not_fit_the_weights(
    tmp_path: Path, metadata: dict[str, object], message: str
) -> None:
    path = write_tiny(tmp_path / "odd.gguf", metadata=metadata)
    with pytest.raises(ModelFileError, match=message) as caught:
        LlamaCppPolicy(path).complete([Request(text="x")])
    assert "\n" not in str(caught.value)


def test_numbers_that_are_none_are_an_error(tmp_path: Path) -> None:
    path = write_tiny(tmp_path / "nan.gguf", metadata={"qwen2.rope.freq_base": 0.0})
    policy = LlamaCppPolicy(path)
    with pytest.raises(PolicyError, match="NaN"):
        policy.complete([Request(text=PROMPT, max_tokens=4)])
    with pytest.raises(PolicyError, match="NaN"):
        policy.score(PROMPT, ["a"])
    policy.close()


def test_too_little_memory_is_said_before_loading(chat_gguf: Path) -> None:
    policy = LlamaCppPolicy(chat_gguf, memory=50 << 20)
    with pytest.raises(ModelFileError, match=r"needs about 0\.\d GiB of memory, 0\.0 GiB are free"):
        policy.complete([Request(text="x")])


def test_a_huge_sparse_file_is_refused_by_its_size(tmp_path: Path) -> None:
    """A file that claims and has a tebibyte of weights: nothing is allocated."""
    path = write_tiny(tmp_path / "huge.gguf")
    with path.open("r+b") as file:
        file.truncate(1 << 40)
    with pytest.raises(ModelFileError, match=r"1024.* GiB of memory"):
        LlamaCppPolicy(path).complete([Request(text="x")])


def test_model_info(chat_gguf: Path) -> None:
    info = gguf.read(chat_gguf)
    assert (info.architecture, info.context, info.quantisation) == ("qwen2", 2048, "F32")
    assert info.vocabulary == 279
    assert 100_000 < info.parameters < 200_000
    # 2 layers, key and value, 2 heads of 16, 2 bytes.
    assert info.kv_bytes_per_token == 2 * 2 * 2 * 16 * 2
