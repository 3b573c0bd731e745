"""What a GGUF file says about itself, and whether it is whole, read without llama.cpp.

llama.cpp aborts the process on some broken files, so everything that can be checked from the
header is checked here first: magic, version, counts, metadata, and that every tensor lies inside
the file. Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md (versions 2 and 3).
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from coderepair.errors import ModelFileError
from coderepair.policy.base import CHAT, TEXT

DIALECT_KEY = "coderepair.dialect"
_SCALARS = {
    0: "B",
    1: "b",
    2: "H",
    3: "h",
    4: "I",
    5: "i",
    6: "f",
    7: "?",
    10: "Q",
    11: "q",
    12: "d",
}
_STRING, _ARRAY = 8, 9
_MAX_STRING = 16 << 20
_MAX_DIMENSIONS = 4
_DEFAULT_ALIGNMENT = 32
_VERSIONS = (2, 3)

_BLOCKS: dict[int, tuple[str, int, int]] = {
    0: ("F32", 1, 4), 1: ("F16", 1, 2), 2: ("Q4_0", 32, 18), 3: ("Q4_1", 32, 20),
    6: ("Q5_0", 32, 22), 7: ("Q5_1", 32, 24), 8: ("Q8_0", 32, 34), 9: ("Q8_1", 32, 40),
    10: ("Q2_K", 256, 84), 11: ("Q3_K", 256, 110), 12: ("Q4_K", 256, 144), 13: ("Q5_K", 256, 176),
    14: ("Q6_K", 256, 210), 15: ("Q8_K", 256, 292), 16: ("IQ2_XXS", 256, 66), 17: ("IQ2_XS", 256, 74),
    18: ("IQ3_XXS", 256, 98), 19: ("IQ1_S", 256, 50), 20: ("IQ4_NL", 32, 18), 21: ("IQ3_S", 256, 110),
    22: ("IQ2_S", 256, 82), 23: ("IQ4_XS", 256, 136), 24: ("I8", 1, 1), 25: ("I16", 1, 2),
    26: ("I32", 1, 4), 27: ("I64", 1, 8), 28: ("F64", 1, 8), 29: ("IQ1_M", 256, 56),
    30: ("BF16", 1, 2), 34: ("TQ1_0", 256, 54), 35: ("TQ2_0", 256, 66), 39: ("MXFP4", 32, 17),
}  # fmt: skip
"""Tensor type -> name, elements a block, bytes a block (ggml.h)."""


@dataclass(frozen=True, slots=True)
class Tensor:
    name: str
    shape: tuple[int, ...]
    type: int
    offset: int
    """From the start of the data section, in bytes."""

    @property
    def elements(self) -> int:
        return prod(self.shape)

    @property
    def bytes(self) -> int:
        """Size in the file; 0 for a type that is not known here."""
        _, elements, size = _BLOCKS.get(self.type, ("", 1, 0))
        return -(-self.elements // elements) * size


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What `coderepair model info` shows."""

    path: Path
    size: int
    """Of the file, in bytes."""
    metadata: dict[str, Any]
    """Single values by key; arrays are left out, their lengths are in `lengths`."""
    lengths: dict[str, int]
    tensors: tuple[Tensor, ...]

    @property
    def architecture(self) -> str:
        return str(self.metadata.get("general.architecture", ""))

    @property
    def parameters(self) -> int:
        return sum(tensor.elements for tensor in self.tensors)

    @property
    def quantisation(self) -> str:
        """Name of the tensor type that holds most of the weights."""
        share: dict[int, int] = {}
        for tensor in self.tensors:
            share[tensor.type] = share.get(tensor.type, 0) + tensor.elements
        largest = max(share, key=lambda kind: share[kind], default=-1)
        return _BLOCKS[largest][0] if largest in _BLOCKS else f"type {largest}"

    @property
    def context(self) -> int:
        """Tokens the model was made for; 0 if the file does not say."""
        return self.number("context_length")

    @property
    def vocabulary(self) -> int:
        return self.lengths.get("tokenizer.ggml.tokens", 0)

    @property
    def chat_template(self) -> str:
        return str(self.metadata.get("tokenizer.chat_template", ""))

    @property
    def dialect(self) -> str:
        """How the model wants to be asked: an edit dialect, `chat` or `text`."""
        return str(self.metadata.get(DIALECT_KEY) or (CHAT if self.chat_template else TEXT))

    @property
    def kv_bytes_per_token(self) -> int:
        """Of a 16-bit cache; an upper bound where layers differ."""
        heads = self.number("attention.head_count") or 1
        width = self.number("embedding_length")
        kv_heads = self.number("attention.head_count_kv") or heads
        key = self.number("attention.key_length") or width // heads
        value = self.number("attention.value_length") or width // heads
        return 2 * self.number("block_count") * kv_heads * (key + value)

    def number(self, key: str) -> int:
        """A number of the model's architecture, 0 if it is missing or an array."""
        value = self.metadata.get(f"{self.architecture}.{key}", 0)
        return int(value) if isinstance(value, int) else 0


def read(path: str | Path) -> ModelInfo:
    """Reads and checks a file's header. Raises `ModelFileError` with one line that says what is wrong."""
    path = Path(path)
    try:
        size = path.stat().st_size
        if path.is_dir():
            raise ModelFileError(f"{path} is a folder, not a model file")
        with path.open("rb") as file:
            if size < _HEADER.size or file.read(4) != b"GGUF":
                raise ModelFileError(f"{path} is no GGUF file")
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return _Reader(path, data, size).read()
    except FileNotFoundError:
        raise ModelFileError(f"there is no model file {path}") from None
    except OSError as error:
        raise ModelFileError(f"cannot read the model file {path}: {error.strerror}") from error


_HEADER = struct.Struct("<4sIQQ")


class _Reader:
    """A cursor over the mapped file; every step is checked against the file's size."""

    def __init__(self, path: Path, data: mmap.mmap, size: int) -> None:
        self.path, self.data, self.size, self.at = path, data, size, _HEADER.size

    def read(self) -> ModelInfo:
        _, version, tensor_count, key_count = _HEADER.unpack_from(self.data, 0)
        if version not in _VERSIONS:
            raise ModelFileError(
                f"{self.path} is a GGUF file of version {version}; 2 or 3 is needed"
            )
        # Each entry takes at least 12 bytes, which bounds the loops below for a corrupt count.
        if (tensor_count + key_count) * 12 > self.size:
            raise self._truncated()
        metadata: dict[str, Any] = {}
        lengths: dict[str, int] = {}
        for _ in range(key_count):
            key = self._string()
            kind = self._unpack("I")
            if kind == _ARRAY:
                lengths[key] = self._skip_array()
            else:
                metadata[key] = self._value(kind)
        tensors = tuple(self._tensor() for _ in range(tensor_count))
        self._check_extent(tensors, metadata)
        return ModelInfo(self.path, self.size, metadata, lengths, tensors)

    def _unpack(self, code: str) -> Any:
        size = struct.calcsize("<" + code)
        if self.at + size > self.size:
            raise self._truncated()
        (value,) = struct.unpack_from("<" + code, self.data, self.at)
        self.at += size
        return value

    def _string(self) -> str:
        length = self._unpack("Q")
        if length > _MAX_STRING or self.at + length > self.size:
            raise self._truncated()
        text = self.data[self.at : self.at + length].decode("utf-8", "replace")
        self.at += length
        return text

    def _value(self, kind: int) -> Any:
        if kind == _STRING:
            return self._string()
        if kind not in _SCALARS:
            raise self._corrupt(f"metadata of type {kind}")
        return self._unpack(_SCALARS[kind])

    def _skip_array(self) -> int:
        kind, length = int(self._unpack("I")), int(self._unpack("Q"))
        if length > self.size:
            raise self._truncated()
        if kind in _SCALARS:
            self.at += length * struct.calcsize("<" + _SCALARS[kind])
        elif kind == _STRING:
            self._skip_strings(length)
        else:
            raise self._corrupt(f"an array of type {kind}")
        if self.at > self.size:
            raise self._truncated()
        return length

    def _skip_strings(self, count: int) -> None:
        """A vocabulary has 150,000 of them, so this loop does no more than it must."""
        at, data, last, unpack = self.at, self.data, self.size - 8, struct.Struct("<Q").unpack_from
        for _ in range(count):
            if at > last:
                raise self._truncated()
            at += 8 + unpack(data, at)[0]
        self.at = at

    def _tensor(self) -> Tensor:
        name = self._string()
        dimensions = self._unpack("I")
        if dimensions > _MAX_DIMENSIONS:
            raise self._corrupt(f"a tensor of {dimensions} dimensions")
        shape = tuple(self._unpack("Q") for _ in range(dimensions))
        return Tensor(name, shape, self._unpack("I"), self._unpack("Q"))

    def _check_extent(self, tensors: tuple[Tensor, ...], metadata: dict[str, Any]) -> None:
        alignment = metadata.get("general.alignment", _DEFAULT_ALIGNMENT)
        if not isinstance(alignment, int) or alignment < 1:
            raise self._corrupt("its alignment")
        start = -(-self.at // alignment) * alignment
        needed = max((start + tensor.offset + tensor.bytes for tensor in tensors), default=start)
        if needed > self.size:
            raise ModelFileError(
                f"{self.path} is truncated: {self.size:,} of at least {needed:,} bytes are there; "
                "fetch it again"
            )

    def _truncated(self) -> ModelFileError:
        return ModelFileError(
            f"{self.path} is truncated or corrupt at byte {self.at:,}; fetch it again"
        )

    def _corrupt(self, what: str) -> ModelFileError:
        return ModelFileError(f"{self.path} is corrupt: its header has {what}")
