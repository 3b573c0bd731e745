"""Checkpoint to GGUF, as llama.cpp's `qwen2`, quantised to Q8_0, and a check that it still says the same.

The file carries the tokenizer, the edit dialect's name and where the weights come from.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from coderepair.prompt.edit_dialect import DIALECT, SPECIAL_TOKENS
from coderepair_training.model import Decoder, ModelConfig
from coderepair_training.tokenizer import END_ID, PRE_TOKENIZER

if TYPE_CHECKING:
    from gguf import GGUFWriter
    from tokenizers import Tokenizer

NAME = "coderepair embedded"
LICENSE = "Apache-2.0"
_NORMAL, _USER_DEFINED = 1, 4
_TENSORS = {
    "attention.q_proj": "attn_q",
    "attention.k_proj": "attn_k",
    "attention.v_proj": "attn_v",
    "attention.o_proj": "attn_output",
    "attention_norm": "attn_norm",
    "feed_forward_norm": "ffn_norm",
    "gate": "ffn_gate",
    "up": "ffn_up",
    "down": "ffn_down",
}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where weights come from; goes into the file's metadata."""

    tokens: int = 0
    """Training tokens seen."""
    data: str = ""
    """Hash over the shards trained on."""


def write(path: Path, model: Decoder, tokenizer: Tokenizer, origin: Origin) -> None:
    """Writes the f16 file."""
    from gguf import GGUFWriter

    writer = GGUFWriter(str(path), "qwen2")
    _describe(writer, model.config, origin)
    _add_tokenizer(writer, tokenizer)
    for name, weight in model.state_dict().items():
        array = weight.float().numpy()
        matrix = array.ndim == 2
        writer.add_tensor(_tensor_name(name), array.astype(np.float16 if matrix else np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _describe(writer: GGUFWriter, config: ModelConfig, origin: Origin) -> None:
    writer.add_name(NAME)
    writer.add_license(LICENSE)
    writer.add_description("Proposes and ranks edits of failing Python functions.")
    writer.add_context_length(config.context)
    writer.add_embedding_length(config.hidden)
    writer.add_block_count(config.layers)
    writer.add_feed_forward_length(config.feed_forward)
    writer.add_head_count(config.heads)
    writer.add_head_count_kv(config.kv_heads)
    writer.add_rope_freq_base(config.rope_theta)
    writer.add_layer_norm_rms_eps(config.norm_epsilon)
    writer.add_string("coderepair.dialect", DIALECT)
    writer.add_uint64("coderepair.training.tokens", origin.tokens)
    writer.add_string("coderepair.training.data", origin.data)


def _add_tokenizer(writer: GGUFWriter, tokenizer: Tokenizer) -> None:
    model = json.loads(tokenizer.to_str())["model"]
    tokens = sorted(model["vocab"], key=model["vocab"].__getitem__)
    special = len(SPECIAL_TOKENS)
    merges = [item if isinstance(item, str) else " ".join(item) for item in model["merges"]]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(PRE_TOKENIZER)
    writer.add_token_list(tokens)
    writer.add_token_types([_USER_DEFINED] * special + [_NORMAL] * (len(tokens) - special))
    writer.add_token_merges(merges)
    writer.add_eos_token_id(END_ID)
    writer.add_pad_token_id(END_ID)
    writer.add_add_bos_token(False)


def _tensor_name(name: str) -> str:
    """llama.cpp's name of one of our weights."""
    if name == "embedding.weight":
        return "token_embd.weight"
    if name == "norm.weight":
        return "output_norm.weight"
    _, block, inner = name.split(".", 2)
    part, _, kind = inner.rpartition(".")
    return f"blk.{block}.{_TENSORS[part]}.{kind}"


def quantise(source: Path, target: Path) -> None:
    """Q8_0 by llama.cpp. RuntimeError if it refuses."""
    import llama_cpp

    options = llama_cpp.llama_model_quantize_default_params()
    options.ftype = llama_cpp.LLAMA_FTYPE_MOSTLY_Q8_0
    options.nthread = 2
    code = llama_cpp.llama_model_quantize(str(source).encode(), str(target).encode(), options)
    if code:
        raise RuntimeError(f"llama.cpp could not quantise {source}: {code}")


def load_checkpoint(path: Path) -> tuple[Decoder, Origin]:
    """The float32 model of a training checkpoint, and where it comes from."""
    state: Mapping[str, Any] = torch.load(path, weights_only=True)
    model = Decoder(ModelConfig(**state["model"]))
    masters: Sequence[Tensor] = state["optimiser"]["masters"]
    with torch.no_grad():
        for weight, master in zip(model.parameters(), masters, strict=True):
            weight.copy_(master)
    digest = hashlib.sha256(json.dumps(state["data"], sort_keys=True).encode()).hexdigest()[:16]
    return model.eval(), Origin(state["tokens"] * state["ranks"], digest)


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far a GGUF file is from the torch model."""

    same_tokens: int
    """Texts that llama.cpp tokenises as the training tokenizer does."""
    texts: int
    largest_difference: float
    """Of any logit, over the positions compared."""
    top_agreement: float
    """Share of positions with the same most likely token."""
    divergence: float
    """Mean Kullback-Leibler divergence in nats."""


def compare(
    path: Path, model: Decoder, tokenizer: Tokenizer, texts: Sequence[str], scored: int = 8
) -> Agreement:
    """Tokens of all texts, logits of the first `scored` ones."""
    import llama_cpp

    engine = llama_cpp.Llama(
        str(path), n_ctx=2048, n_threads=1, logits_all=True, verbose=False, type_k=0, type_v=0
    )
    same = sum(
        engine.tokenize(text.encode(), add_bos=False, special=True) == tokenizer.encode(text).ids
        for text in texts
    )
    rows = [_logits(engine, model, tokenizer.encode(text).ids) for text in texts[:scored]]
    ours, theirs = torch.cat([a for a, _ in rows]), torch.cat([b for _, b in rows])
    engine.close()
    divergence = torch.nn.functional.kl_div(
        theirs.log_softmax(-1), ours.log_softmax(-1), reduction="none", log_target=True
    )
    return Agreement(
        same,
        len(texts),
        float((ours - theirs).abs().max()),
        float((ours.argmax(-1) == theirs.argmax(-1)).float().mean()),
        float(divergence.sum(-1).mean()),
    )


def _logits(engine: Any, model: Decoder, tokens: list[int]) -> tuple[Tensor, Tensor]:
    engine.reset()
    engine.eval(tokens)
    theirs = torch.tensor(np.array(engine.scores[: len(tokens)]))
    with torch.no_grad():
        ours = model.logits(model.features(torch.tensor([tokens])))[0]
    return ours, theirs


def read_texts(path: Path, count: int) -> Iterator[str]:
    """Prompts with their replies from a file of samples."""
    with path.open(encoding="utf-8") as lines:
        for _, line in zip(range(count), lines, strict=False):
            sample = json.loads(line)
            yield sample["prompt"] + sample["reply"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; prints the agreement of the shipped file with the checkpoint."""
    from coderepair_training.tokenizer import load

    parser = argparse.ArgumentParser(prog="coderepair_training.export", description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--texts", type=Path, required=True, help="samples to compare on")
    parser.add_argument("--out", type=Path, required=True, help=".gguf, Q8_0")
    options = parser.parse_args(arguments)
    model, origin = load_checkpoint(options.checkpoint)
    tokenizer = load(options.tokenizer)
    half = options.out.with_suffix(".f16.gguf")
    write(half, model, tokenizer, origin)
    quantise(half, options.out)
    texts = list(read_texts(options.texts, 200))
    for path in (half, options.out):
        sys.stdout.write(f"{path.name}: {compare(path, model, tokenizer, texts)}\n")
    half.unlink()
    sys.stdout.write(f"{options.out.stat().st_size} bytes, {origin}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
