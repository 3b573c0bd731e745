"""Models in GGUF files, in process: parallel samples and batched scoring over one shared prompt."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from coderepair.errors import ModelFileError, PolicyError
from coderepair.model import Completion, Message, Request
from coderepair.policy import gguf
from coderepair.policy.base import CHAT, TEXT, StopCheck, overflow
from coderepair.policy.probe import probe

if TYPE_CHECKING:
    from coderepair.policy.llama_engine import Engine

MAX_SLOTS = 64
"""Samples drawn at the same time; the rest of a larger request takes the places of finished ones."""
SCORE_NODES = 128
"""Tokens of a prefix tree that are evaluated together; attention over more costs more than it saves."""
_NO_DECODER = ("bert", "t5", "clip", "wav", "mmproj")


class LlamaCppPolicy:
    """A GGUF file through llama-cpp-python. Loads nothing before the first question.

    Parameters:
        path: the file; its header is read and checked at once (`ModelFileError`).
        name: what people are told it is; the file's name by default.
        threads: 0 takes one thread for models below 100 M parameters, all physical cores above.
        context: tokens to read and write together at most; 0 = what the model was trained for.
        memory: bytes that may be used; None = what the system has free.
        trusted: the file is known to load, so it is not tried in another process first.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        name: str = "",
        threads: int = 0,
        context: int = 0,
        memory: int | None = None,
        trusted: bool = False,
    ) -> None:
        self.info = gguf.read(path)
        self.name = name or self.info.path.name
        self.should_stop: StopCheck | None = None
        self._threads, self._memory = threads, memory
        self._trusted = trusted
        self._context = min(context or self.info.context, self.info.context)
        self._engine: Engine | None = None
        self._closed = False
        self._lock = threading.Lock()
        _check_kind(self.info)

    @property
    def dialect(self) -> str:
        return self.info.dialect

    def context_size(self) -> int:
        return self._context

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Exact; loads the model."""
        with self._lock:
            return len(self._prompt(self._open(), Request(messages=tuple(messages))))

    def complete(self, requests: Sequence[Request]) -> list[list[Completion]]:
        """Samples of one request share its prompt and are drawn in parallel, each with its own seed."""
        with self._lock:
            engine = self._open()
            try:
                return [self._sample(engine, request) for request in requests]
            except BaseException:
                engine.forget()
                raise

    def score(self, prompt: str, continuations: Sequence[str]) -> list[float]:
        """Exact sums over tokens; common beginnings of the continuations are evaluated once.

        Prompt and continuations are tokenised apart; no end-of-text token is added, so a
        continuation that must be complete ends with the dialect's own end marker.
        """
        from coderepair.policy.llama_score import score

        with self._lock:
            engine = self._open()
            tokens = self._text_tokens(engine, prompt)
            tails = [tuple(engine.tokenize(c, special=True, start=False)) for c in continuations]
            self._check_fits(len(tokens), max(map(len, tails), default=0))
            try:
                return score(engine, tokens, tails, SCORE_NODES)
            except BaseException:
                engine.forget()
                raise

    def close(self) -> None:
        """Frees the model; a second call does nothing."""
        with self._lock:
            self._closed = True
            if self._engine is not None:
                self._engine.close()
                self._engine = None

    def _open(self) -> Engine:
        from coderepair.policy.llama_engine import Engine

        if self._closed:
            raise PolicyError("the policy is closed")
        if self._engine is None:
            if not self._trusted:
                probe(self.info.path)
                self._trusted = True
            self._engine = Engine(self.info, threads=self._threads, memory=self._memory)
        return self._engine

    def _sample(self, engine: Engine, request: Request) -> list[Completion]:
        from coderepair.policy.llama_sample import Sampler

        tokens = self._prompt(engine, request)
        self._check_fits(len(tokens), request.max_tokens)
        special = self.dialect not in (CHAT, TEXT)
        return Sampler(engine, request, special, self.should_stop).run(tokens)

    def _check_fits(self, prompt: int, reply: int) -> None:
        if prompt + reply > self._context:
            raise overflow(self.name, prompt, reply, self._context)

    def _prompt(self, engine: Engine, request: Request) -> list[int]:
        if request.text:
            return self._text_tokens(engine, request.text)
        if not self.info.chat_template:
            raise PolicyError(f"{self.name} has no chat template; use an instruct model")
        from coderepair.policy.chat_template import segments

        template, bos, eos = self.info.chat_template, engine.marker("bos"), engine.marker("eos")
        tokens: list[int] = []
        for text, trusted in segments(template, request.messages, bos, eos):
            tokens += engine.tokenize(text, special=trusted, start=not tokens)
        # Templates write the BOS themselves that the tokenizer has just added.
        if bos and len(tokens) > 1 and tokens[0] == tokens[1] == engine.bos:
            del tokens[0]
        return tokens

    @staticmethod
    def _text_tokens(engine: Engine, text: str) -> list[int]:
        tokens = engine.tokenize(text, special=True, start=True)
        if not tokens:
            raise PolicyError("the prompt is empty")
        return tokens


def _check_kind(info: gguf.ModelInfo) -> None:
    """Refuses files that llama.cpp loads but that write no text, and those it would die of."""
    kind = info.metadata.get("general.type", "model")
    if kind != "model" or info.architecture.startswith(_NO_DECODER):
        what = kind if kind != "model" else f"{info.architecture} encoder"
        raise ModelFileError(f"{info.path} is a {what}, not a model that writes text")
    names = {tensor.name for tensor in info.tensors}
    missing = [
        what
        for what, there in (
            ("an architecture", info.architecture),
            ("a number of layers", info.number("block_count")),
            ("a context length", info.context),
            ("a vocabulary", info.vocabulary),
            ("weights", "token_embd.weight" in names),
        )
        if not there
    ]
    if missing:
        raise ModelFileError(f"{info.path} is no complete model: it lacks {missing[0]}")
