"""llama.cpp through its C interface: one model, one context, many sequences over one prompt.

Sequence 0 holds the prompt; sequences 1 to 255 share its cells and hold what follows it. A batch may
put one token into several sequences at once, which is how a prefix tree is evaluated.
"""

from __future__ import annotations

import ctypes
import os
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from coderepair.errors import ModelFileError, PolicyError
from coderepair.policy.base import StopCheck
from coderepair.policy.gguf import ModelInfo
from coderepair.policy.memory import available_bytes
from coderepair.policy.sampling import Array

MAX_FOLLOWERS = 255
"""Sequences beside the prompt; llama.cpp has 256 in all."""
PROMPT_CHUNK = 256
"""A prompt is evaluated, and reused, in whole chunks, so its numbers do not depend on what was there."""
_BATCH = 512
_LOGITS_BYTES = 64 << 20
_OVERHEAD_BYTES = 96 << 20
_MIN_CELLS = 2048
_SMALL_MODEL = 100_000_000
"""Parameters below which a second thread costs more than it brings."""

_ERROR = 4
"""GGML_LOG_LEVEL_ERROR."""
_messages: deque[str] = deque(maxlen=8)
_log_callback: Any = None


class Engine:
    """A loaded model. Not thread-safe. Raises `ModelFileError` if it cannot be loaded."""

    def __init__(self, info: ModelInfo, *, threads: int = 0, memory: int | None = None) -> None:
        self._lc = lc = library()
        self.info = info
        self._memory = memory if memory is not None else available_bytes()
        self._check_memory(_MIN_CELLS)
        self._threads = threads or (1 if info.parameters < _SMALL_MODEL else _physical_cores())
        _messages.clear()
        self._model = lc.llama_model_load_from_file(
            os.fsencode(info.path), lc.llama_model_default_params()
        )
        if not self._model:
            raise ModelFileError(f"llama.cpp cannot load {info.path}: {_first_message()}")
        self._vocab = lc.llama_model_get_vocab(self._model)
        self.vocabulary: int = lc.llama_vocab_n_tokens(self._vocab)
        self.bos: int = lc.llama_vocab_bos(self._vocab)
        self.rows: int = max(32, min(_BATCH, _LOGITS_BYTES // (4 * self.vocabulary)))
        """Rows of logits that one batch may ask for; more would abort the process."""
        self.followers: int = min(MAX_FOLLOWERS, self.rows - 1)
        """Sequences beside the prompt; fewer rows than sequences would abort the process too."""
        self._context: Any = None
        self._pieces: dict[tuple[int, bool], bytes] = {}
        self._cells = 0
        self._batch = _Batch(lc)
        self._prompt: tuple[int, ...] = ()
        self._logits: Array | None = None
        self._followers = 0

    def close(self) -> None:
        """Frees the context, then the model; a second call does nothing."""
        self._free_context()
        if self._model:
            self._batch.free()
            self._lc.llama_model_free(self._model)
            self._model = None

    # Text

    def tokenize(self, text: str, *, special: bool, start: bool) -> list[int]:
        """Token ids; `special`: text of special tokens means them; `start`: a BOS if the model has one."""
        data = text.encode("utf-8", "replace")
        room = len(data) + 2
        tokens = (self._lc.llama_token * room)()
        count = self._lc.llama_tokenize(self._vocab, data, len(data), tokens, room, start, special)
        if count < 0:
            raise PolicyError("the model's tokenizer cannot read the prompt")
        return list(tokens[:count])

    def piece(self, token: int, *, special: bool) -> bytes:
        """The bytes a token stands for."""
        key = token, special
        if key not in self._pieces:
            self._pieces[key] = self._piece(token, special, 64)
        return self._pieces[key]

    def _piece(self, token: int, special: bool, room: int) -> bytes:
        buffer = ctypes.create_string_buffer(room)
        size = self._lc.llama_token_to_piece(self._vocab, token, buffer, room, 0, special)
        return self._piece(token, special, -size) if size < 0 else buffer.raw[:size]

    def is_end(self, token: int) -> bool:
        return bool(self._lc.llama_vocab_is_eog(self._vocab, token))

    def marker(self, which: str) -> str:
        """Text of the `bos` or `eos` token, empty if the model has none."""
        token = getattr(self._lc, f"llama_vocab_{which}")(self._vocab)
        text = self._lc.llama_vocab_get_text(self._vocab, token) if token >= 0 else b""
        return (text or b"").decode("utf-8", "replace")

    # Evaluation

    def room(self, prompt: int) -> int:
        """Cells that memory allows behind a prompt of that many tokens."""
        if self._memory is None:
            return 1 << 20
        spare = self._memory - self.info.size - _OVERHEAD_BYTES
        return int(spare * 0.5) // max(1, self.info.kv_bytes_per_token) - prompt

    def hold(
        self, prompt: Sequence[int], behind: int, should_stop: StopCheck | None = None
    ) -> tuple[Array, int] | None:
        """Puts the prompt into sequence 0, with room for `behind` tokens after it.

        Returns the logits behind its last token, shape (vocabulary,), and how many of its tokens
        were evaluated for it (what an earlier prompt shares is reused); None if it was stopped.
        """
        self._reserve(len(prompt) + behind)
        wanted = tuple(prompt)
        if wanted == self._prompt and self._logits is not None:
            self.clear_followers()
            return self._logits, 0
        kept = self._keep_prefix(wanted)
        self._prompt, self._logits = (), None
        for start in range(kept, len(wanted), PROMPT_CHUNK):
            if should_stop is not None and should_stop():
                self.forget()
                return None
            chunk = wanted[start : start + PROMPT_CHUNK]
            last = start + len(chunk) == len(wanted)
            wants = [last and i == len(chunk) - 1 for i in range(len(chunk))]
            rows = self.decode(chunk, range(start, start + len(chunk)), [(0,)] * len(chunk), wants)
            if last:
                self._logits = rows[0].copy()
        self._prompt, self._followers = wanted, 0
        assert self._logits is not None
        return self._logits, len(wanted) - kept

    def follow(self, count: int) -> None:
        """Lets sequences 1 to `count` share the prompt."""
        for sequence in range(self._followers + 1, count + 1):
            self._lc.llama_memory_seq_cp(self._cache, 0, sequence, -1, -1)
        self._followers = max(self._followers, count)

    def clear_followers(self) -> None:
        """Forgets everything behind the prompt, in all sequences."""
        self._lc.llama_memory_seq_rm(self._cache, -1, len(self._prompt), -1)

    def clear_follower(self, sequence: int) -> None:
        """Forgets what one sequence holds behind the prompt."""
        self._lc.llama_memory_seq_rm(self._cache, sequence, len(self._prompt), -1)

    def forget(self) -> None:
        """Empties the cache, after an error or an interrupt in the middle of a batch."""
        if self._context:
            self._lc.llama_memory_clear(self._cache, True)
        self._prompt, self._logits, self._followers = (), None, 0

    def decode(
        self,
        tokens: Sequence[int],
        positions: Sequence[int],
        sequences: Sequence[Sequence[int]],
        wants: Sequence[bool],
    ) -> Array:
        """Evaluates one batch. Returns the wanted rows of logits, valid until the next call."""
        count = sum(wants)
        if len(tokens) > _BATCH or count > self.rows:
            raise ValueError(f"a batch of {len(tokens)} tokens and {count} rows is too large")
        self._batch.fill(tokens, positions, sequences, wants)
        status = self._lc.llama_decode(self._context, self._batch.struct)
        if status != 0:
            self.forget()
            raise PolicyError(f"llama.cpp could not evaluate a batch (status {status})")
        if count == 0:
            return np.empty((0, self.vocabulary), np.float32)
        pointer = self._lc.llama_get_logits(self._context)
        rows: Array = np.ctypeslib.as_array(pointer, shape=(count, self.vocabulary))
        return rows

    def _keep_prefix(self, wanted: tuple[int, ...]) -> int:
        """Drops what the cache does not share with `wanted`; returns the tokens that stay."""
        shared = 0
        for old, new in zip(self._prompt, wanted[:-1], strict=False):
            if old != new:
                break
            shared += 1
        kept = shared // PROMPT_CHUNK * PROMPT_CHUNK
        # A recurrent model cannot forget its last tokens; then nothing is kept.
        if kept and self._lc.llama_memory_seq_rm(self._cache, -1, kept, -1):
            self._lc.llama_memory_seq_keep(self._cache, 0)
            return kept
        self.forget()
        return 0

    def _reserve(self, cells: int) -> None:
        if self._context and cells <= self._cells:
            return
        cells = max(_MIN_CELLS, -(-cells // 1024) * 1024)
        self._check_memory(cells)
        self._free_context()
        lc = self._lc
        params = lc.llama_context_default_params()
        params.n_ctx = cells
        params.n_batch = params.n_ubatch = _BATCH
        params.n_seq_max = self.followers + 1
        params.kv_unified = True
        params.n_threads = params.n_threads_batch = self._threads
        params.n_outputs_max = self.rows
        params.n_outputs_max_per_seq = self.rows
        # On a processor flash attention is slower; elsewhere the library decides.
        params.flash_attn_type = -1 if lc.llama_supports_gpu_offload() else 0
        _messages.clear()
        self._context = lc.llama_init_from_model(self._model, params)
        if not self._context:
            raise PolicyError(
                f"llama.cpp cannot make a context of {cells} tokens: {_first_message()}"
            )
        self._cache = lc.llama_get_memory(self._context)
        self._cells = cells

    def _free_context(self) -> None:
        if self._context:
            self._lc.llama_free(self._context)
        self._context, self._cells = None, 0
        self._prompt, self._logits, self._followers = (), None, 0

    def _check_memory(self, cells: int) -> None:
        needed = self.info.size + cells * self.info.kv_bytes_per_token + _OVERHEAD_BYTES
        if self._memory is not None and needed > self._memory:
            raise ModelFileError(
                f"{self.info.path} with {cells:,} tokens of context needs about "
                f"{needed / 2**30:.1f} GiB of memory, {self._memory / 2**30:.1f} GiB are free; "
                "use a smaller model or quantisation"
            )


class _Batch:
    """A llama_batch whose arrays are filled through numpy views."""

    def __init__(self, lc: Any) -> None:
        self._lc = lc
        self.struct = lc.llama_batch_init(_BATCH, 0, MAX_FOLLOWERS)
        self._tokens = np.ctypeslib.as_array(self.struct.token, (_BATCH,))
        self._positions = np.ctypeslib.as_array(self.struct.pos, (_BATCH,))
        self._counts = np.ctypeslib.as_array(self.struct.n_seq_id, (_BATCH,))
        self._wants = np.ctypeslib.as_array(self.struct.logits, (_BATCH,))

    def fill(
        self,
        tokens: Sequence[int],
        positions: Sequence[int],
        sequences: Sequence[Sequence[int]],
        wants: Sequence[bool],
    ) -> None:
        size = len(tokens)
        self._tokens[:size] = tokens
        self._positions[:size] = positions
        self._wants[:size] = wants
        for index, ids in enumerate(sequences):
            self._counts[index] = len(ids)
            row = self.struct.seq_id[index]
            for place, sequence in enumerate(ids):
                row[place] = sequence
        self.struct.n_tokens = size

    def free(self) -> None:
        self._lc.llama_batch_free(self.struct)


def library() -> Any:
    """The package llama_cpp, silenced. Raises `PolicyError` where it is not installed or does not load."""
    global _log_callback
    # libgomp reads this when it loads: two spinning threads on a busy machine are 10 times slower.
    before = os.environ.get("GOMP_SPINCOUNT")
    os.environ.setdefault("GOMP_SPINCOUNT", "0")
    try:
        import llama_cpp
    except (ImportError, OSError, RuntimeError) as error:
        raise PolicyError(f"llama-cpp-python cannot be loaded: {error}") from error
    finally:
        if before is None:
            del os.environ["GOMP_SPINCOUNT"]
    if _log_callback is None:
        # ctypes does not keep the callback alive, the C side calls it until the process ends.
        _log_callback = llama_cpp.llama_log_callback(_on_log)
        llama_cpp.llama_log_set(_log_callback, ctypes.c_void_p(0))
        llama_cpp.llama_backend_init()
    return llama_cpp


def _on_log(level: int, text: bytes, _data: Any) -> None:
    if level == _ERROR:
        _messages.append(text.decode("utf-8", "replace").strip())


def _first_message() -> str:
    """Why the library failed: the first complaint says so, later ones say that it failed."""
    first = next((text for text in _messages if text), "no reason given")
    return first.rpartition("error loading model: ")[2].replace("\n", " ")


def _physical_cores() -> int:
    """Cores this process may use, not counting hardware threads twice."""
    try:
        usable = os.sched_getaffinity(0)
        siblings = set()
        for cpu in usable:
            topology = Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list")
            siblings.add(topology.read_text(encoding="ascii").strip())
        return max(1, len(siblings))
    except (OSError, AttributeError):
        return max(1, (os.cpu_count() or 2) // 2)
