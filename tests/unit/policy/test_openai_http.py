"""The HTTP backend against a real server on the loopback interface: what goes out, what comes back."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator, Sequence

import pytest
from peer import Peer, serving

from coderepair.errors import ContextOverflow, EndpointError, PolicyError, UsageError
from coderepair.model import Completion, Message, Request
from coderepair.policy.openai_http import OpenAIPolicy
from coderepair.policy.scripted import ScriptedPolicy

ASK = Request(messages=(Message("user", "hello"),), n=3, max_tokens=9, seed=5, stop=("STOP",))


@pytest.fixture
def peer() -> Iterator[Peer]:
    with serving(Peer(ScriptedPolicy({"": ["a", "b", "c", "d"]}))) as running:
        yield running


def texts(policy: OpenAIPolicy, request: Request = ASK) -> list[str]:
    return [completion.text for completion in policy.complete([request])[0]]


def test_what_is_sent(peer: Peer) -> None:
    assert texts(OpenAIPolicy(peer.url)) == ["b", "c", "d"]
    assert peer.bodies == [
        {
            "model": "tiny",
            "messages": [{"role": "user", "content": "hello"}],
            "n": 3,
            "max_tokens": 9,
            "temperature": 0.8,
            "top_p": 0.95,
            "seed": 5,
            "stop": ["STOP"],
        }
    ]


def test_plain_text_goes_to_the_completions_of_text(peer: Peer) -> None:
    peer.policy = ScriptedPolicy({"once upon": ["a time"]})
    assert texts(OpenAIPolicy(peer.url), Request(text="once upon")) == ["a time"]


@pytest.mark.parametrize("trouble", ["one_sample", "refuses_n"])
def test_servers_without_n_are_asked_for_each_sample(peer: Peer, trouble: str) -> None:
    setattr(peer, trouble, True)
    policy = OpenAIPolicy(peer.url)
    assert texts(policy) == ["b", "c", "d"]
    assert sorted(body["seed"] for body in peer.bodies if "n" not in body)[-2:] == [6, 7]


def test_the_address_may_lack_v1(peer: Peer) -> None:
    for url in (peer.url, peer.url + "/", peer.url + "/v1", peer.url + "/v1/"):
        assert texts(OpenAIPolicy(url)) == ["b", "c", "d"]


def test_the_key_comes_from_the_environment(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    peer.key = "secret"
    monkeypatch.setenv("OPENAI_API_KEY", "other")
    with pytest.raises(EndpointError, match="set CODEREPAIR_API_KEY"):
        texts(OpenAIPolicy(peer.url))
    monkeypatch.setenv("CODEREPAIR_API_KEY", "secret")
    assert texts(OpenAIPolicy(peer.url)) == ["b", "c", "d"]


def test_usage_is_shared_out(peer: Peer) -> None:
    samples = OpenAIPolicy(peer.url).complete([ASK])[0]
    assert [each.tokens for each in samples] == [1, 1, 1]
    assert samples[0].prompt_tokens > 0
    assert [each.prompt_tokens for each in samples[1:]] == [0, 0]


def test_a_busy_server_is_asked_again(peer: Peer) -> None:
    peer.failures = [(503, {"Retry-After": "0"}, b"busy"), (429, {"Retry-After": "0"}, b"{}")]
    assert texts(OpenAIPolicy(peer.url)) == ["b", "c", "d"]


def test_patience_ends(peer: Peer) -> None:
    peer.failures = [(503, {"Retry-After": "0"}, b'{"error": {"message": "loading model"}}')] * 9
    with pytest.raises(EndpointError, match="answers 503: loading model"):
        texts(OpenAIPolicy(peer.url))
    assert len(peer.failures) == 6


class HeldPolicy(ScriptedPolicy):
    """Answers when it is let go."""

    def __init__(self) -> None:
        super().__init__({"": ["a"]})
        self.let_go = threading.Event()

    def complete(self, requests: Sequence[Request]) -> list[list[Completion]]:
        self.let_go.wait(60)
        return super().complete(requests)


def test_a_stop_does_not_wait_for_an_answer(peer: Peer) -> None:
    policy = OpenAIPolicy(peer.url)
    texts(policy)
    peer.policy = held = HeldPolicy()
    policy.should_stop = iter([False, False, *[True] * 1000]).__next__
    samples = policy.complete([ASK])[0]
    assert [each.finish_reason for each in samples] == ["cancelled"] * 3
    assert not held.let_go.is_set()
    held.let_go.set()


def test_a_stop_does_not_wait_for_a_busy_server(peer: Peer) -> None:
    policy = OpenAIPolicy(peer.url)
    texts(policy)
    peer.failures = [(503, {"Retry-After": "60"}, b"busy")] * 9
    start = time.monotonic()
    policy.should_stop = lambda: time.monotonic() - start > 0.2
    samples = policy.complete([ASK])[0]
    assert time.monotonic() - start < 60
    assert [each.finish_reason for each in samples] == ["cancelled"] * 3


def test_errors_are_the_same_with_a_stop_check(peer: Peer) -> None:
    policy = OpenAIPolicy(peer.url, timeout=0.3)
    policy.should_stop = lambda: False
    assert texts(policy) == ["b", "c", "d"]
    peer.failures = [(403, {}, b"")]
    with pytest.raises(EndpointError, match="set CODEREPAIR_API_KEY"):
        texts(policy)
    peer.policy = ScriptedPolicy({"": ["a"]}, delay=1)
    with pytest.raises(EndpointError, match=r"did not answer within 0.3 s"):
        texts(policy)


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (404, b'{"error": {"message": "model x not found"}}', "model x not found.*endpoint-model"),
        (403, b"", "set CODEREPAIR_API_KEY"),
        (400, b'{"error": "bad request"}', "answers 400: bad request"),
        (200, b"<html>hello</html>", "no JSON"),
        (200, b'{"choices": []}', "no choices"),
        (200, b'{"detail": "?"}', "no choices"),
        (200, b"[1, 2]", "no choices"),
        (200, b'{"choices": [{"message": null}]}', "no choices"),
    ],
)
def test_nonsense_is_one_clear_line(peer: Peer, status: int, body: bytes, message: str) -> None:
    policy = OpenAIPolicy(peer.url)
    peer.failures = [(status, {}, body)] * 2
    with pytest.raises(EndpointError, match=message) as caught:
        texts(policy, Request(messages=ASK.messages))
    assert "\n" not in str(caught.value)


def test_the_servers_own_overflow_is_an_overflow(peer: Peer) -> None:
    peer.pages["/v1/models"] = {"data": [{"id": "tiny"}]}
    peer.policy = ScriptedPolicy({"": ["a"]}, context=100)
    with pytest.raises(ContextOverflow, match="100 tokens"):
        texts(OpenAIPolicy(peer.url), Request(messages=(Message("user", "x" * 999),)))


def test_a_null_content_is_an_empty_reply(peer: Peer) -> None:
    peer.failures = [(200, {}, json.dumps({"choices": [{"message": {"content": None}}]}).encode())]
    assert texts(OpenAIPolicy(peer.url), Request(messages=ASK.messages)) == [""]


def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(EndpointError, match=r"nothing answers at .*check --endpoint"):
        texts(OpenAIPolicy(f"http://127.0.0.1:{port}", model="m", context=99))


def test_a_server_that_never_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(EndpointError, match=r"did not answer within 0.2 s"):
            texts(OpenAIPolicy(url, model="m", context=99, timeout=0.2))


def test_offline_refuses_other_machines() -> None:
    with pytest.raises(UsageError, match="not on this machine"):
        OpenAIPolicy("https://api.example.com/v1", offline=True)
    for url in ("http://localhost:1", "http://127.0.0.1:1", "http://[::1]:1"):
        OpenAIPolicy(url, offline=True)
    with pytest.raises(UsageError, match="no http"):
        OpenAIPolicy("localhost:8080")


def test_it_cannot_score(peer: Peer) -> None:
    with pytest.raises(PolicyError, match="cannot score"):
        OpenAIPolicy(peer.url).score("a", ["b"])


@pytest.mark.parametrize(
    ("pages", "size"),
    [
        ({"/props": {"default_generation_settings": {"n_ctx": 4097}}}, 4097),
        ({"/v1/models": {"data": [{"id": "tiny", "max_model_len": 777}]}}, 777),
        ({"/v1/models": {"data": [{"id": "tiny", "context_length": 778}]}}, 778),
        ({"/api/version": {}, "/api/ps": {"models": [{"name": "tiny", "context_length": 5}]}}, 5),
        ({"/api/version": {}, "/api/ps": {}, "/api/show": {"parameters": "num_ctx   9\n"}}, 9),
        ({"/api/version": {}, "/api/ps": {}, "/api/show": {"parameters": ""}}, 4096),
        ({}, 0),
        ({"/props": ["?"], "/api/version": 1, "/api/ps": {"models": 3}}, 0),
    ],
)
def test_the_context_that_is_in_force(peer: Peer, pages: dict[str, object], size: int) -> None:
    peer.pages["/v1/models"] = {"data": [{"id": "tiny"}]}
    peer.pages |= pages
    assert OpenAIPolicy(peer.url).context_size() == size
