"""Writes a GGUF file of a tiny Qwen2 model with random weights: a real model for the real engine."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
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
) -> Path:
    """A byte-level BPE vocabulary and weights drawn from a normal distribution.

    `spread` scales the output: larger means that next tokens are less uniform.
    """
    tokens, types = _vocabulary(merges)
    writer = gguf.GGUFWriter(path, "qwen2")
    writer.add_name("tiny")
    writer.add_context_length(context)
    writer.add_embedding_length(width)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(2 * width)
    writer.add_head_count(4)
    writer.add_head_count_kv(2)
    writer.add_rope_freq_base(10000.0)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_file_type(0)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_token_merges(list(merges))
    writer.add_eos_token_id(tokens.index("<|im_end|>"))
    writer.add_add_bos_token(False)
    if dialect:
        writer.add_string("coderepair.dialect", dialect)
    if chat_template:
        writer.add_chat_template(chat_template)
    for name, tensor in _weights(len(tokens), layers, width, seed, spread).items():
        writer.add_tensor(name, tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _vocabulary(merges: tuple[str, ...]) -> tuple[list[str], list[int]]:
    plain = [*_byte_alphabet(), *(merge.replace(" ", "") for merge in merges)]
    types = [gguf.TokenType.NORMAL] * len(plain) + [gguf.TokenType.CONTROL] * len(SPECIAL)
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
