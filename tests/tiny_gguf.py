"""Writes a GGUF file of a tiny Qwen2 model with random weights: a real model for the real engine."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
_NORMAL, _CONTROL = 1, 3
"""Token types."""
MERGES = (
    "r e", "re t", "ret u", "retu r", "retur n", "d e", "de f", "Ġ Ġ", "ĠĠ ĠĠ", "i n", "o r", "e l",
    "s e", "Ġ =", "( )", "l e", "n d", "a n", "t h", "Ġ return",
)  # fmt: skip


def write_tiny(
    path: Path,
    *,
    seed: int = 0,
    layers: int = 2,
    width: int = 64,
    context: int = 2048,
    dialect: str = "",
    chat_template: str = "",
    merges: tuple[str, ...] = MERGES,
    spread: float = 3.0,
    metadata: dict[str, Any] | None = None,
) -> Path:
    """A byte-level BPE vocabulary and weights drawn from a normal distribution.

    `spread` scales the output: larger means that next tokens are less uniform. `metadata` replaces
    entries of the file's own; None takes one out.
    """
    tokens, types = _vocabulary(merges)
    entries: dict[str, Any] = {
        "general.architecture": "qwen2",
        "general.name": "tiny",
        "qwen2.context_length": context,
        "qwen2.embedding_length": width,
        "qwen2.block_count": layers,
        "qwen2.feed_forward_length": 2 * width,
        "qwen2.attention.head_count": 4,
        "qwen2.attention.head_count_kv": 2,
        "qwen2.rope.freq_base": 10000.0,
        "qwen2.attention.layer_norm_rms_epsilon": 1e-6,
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "qwen2",
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.token_type": types,
        "tokenizer.ggml.merges": list(merges),
        "tokenizer.ggml.eos_token_id": tokens.index("<|im_end|>"),
        "tokenizer.ggml.add_bos_token": False,
    }
    if dialect:
        entries["coderepair.dialect"] = dialect
    if chat_template:
        entries["tokenizer.chat_template"] = chat_template
    entries |= metadata or {}
    entries = {key: value for key, value in entries.items() if value is not None}
    return write_gguf(path, entries, _weights(len(tokens), layers, width, seed, spread))


def write_gguf(path: Path, metadata: dict[str, Any], tensors: dict[str, np.ndarray]) -> Path:
    """A GGUF file of version 3 with 32-bit tensors."""
    data = bytearray(b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(metadata)))
    for key, value in metadata.items():
        data += _string(key) + _typed(value)
    offset = 0
    for name, tensor in tensors.items():
        shape = tensor.shape[::-1]
        data += _string(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, 0, offset)
        offset += -(-tensor.nbytes // 32) * 32
    for tensor in tensors.values():
        data += b"\0" * (-len(data) % 32) + tensor.astype("<f4").tobytes()
    data += b"\0" * (-len(data) % 32)
    path.write_bytes(data)
    return path


def _string(text: str) -> bytes:
    encoded = text.encode("utf-8")
    return struct.pack("<Q", len(encoded)) + encoded


def _typed(value: Any) -> bytes:
    """A metadata value behind the number of its type."""
    if isinstance(value, list):
        # Token types are the one list of numbers, and those are signed.
        kind = struct.pack("<I", 5) if isinstance(value[0], int) else _typed(value[0])[:4]
        return (
            struct.pack("<I", 9)
            + kind
            + struct.pack("<Q", len(value))
            + b"".join(_typed(item)[4:] for item in value)
        )
    if isinstance(value, bool):
        return struct.pack("<I?", 7, value)
    if isinstance(value, int):
        return struct.pack("<II", 4, value)
    if isinstance(value, float):
        return struct.pack("<If", 6, value)
    return struct.pack("<I", 8) + _string(value)


def _vocabulary(merges: tuple[str, ...]) -> tuple[list[str], list[int]]:
    plain = [*_byte_alphabet(), *(merge.replace(" ", "") for merge in merges)]
    types = [_NORMAL] * len(plain) + [_CONTROL] * len(SPECIAL)
    return [*plain, *SPECIAL], types


def _byte_alphabet() -> list[str]:
    """GPT-2's printable stand-ins for the 256 bytes."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    stand_ins = {byte: chr(byte) for byte in printable}
    hidden = [byte for byte in range(256) if byte not in stand_ins]
    stand_ins |= {byte: chr(256 + index) for index, byte in enumerate(hidden)}
    return [stand_ins[byte] for byte in range(256)]


def _weights(
    vocabulary: int, layers: int, width: int, seed: int, spread: float
) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)

    def normal(*shape: int, scale: float = 1.0) -> np.ndarray:
        return (random.standard_normal(shape) * scale / np.sqrt(shape[-1])).astype(np.float32)

    ones = np.ones(width, np.float32)
    weights = {
        "token_embd.weight": normal(vocabulary, width, scale=np.sqrt(width)),
        "output.weight": normal(vocabulary, width, scale=spread),
        "output_norm.weight": ones,
    }
    for layer in range(layers):
        prefix = f"blk.{layer}."
        weights |= {
            prefix + "attn_norm.weight": ones,
            prefix + "ffn_norm.weight": ones,
            prefix + "attn_output.weight": normal(width, width),
            prefix + "ffn_gate.weight": normal(2 * width, width),
            prefix + "ffn_up.weight": normal(2 * width, width),
            prefix + "ffn_down.weight": normal(width, 2 * width),
        }
        for part, rows in (("q", width), ("k", width // 2), ("v", width // 2)):
            weights[f"{prefix}attn_{part}.weight"] = normal(rows, width)
            weights[f"{prefix}attn_{part}.bias"] = np.zeros(rows, np.float32)
    return weights
