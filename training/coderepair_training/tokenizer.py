"""The byte-level BPE tokenizer of the embedded model, with one id for each token of the dialect.

The pre-tokenizer is Qwen2's, so that llama.cpp splits text the same way (`tokenizer.ggml.pre` is
`qwen2`). Ids: the dialect's special tokens first, then bytes and merges.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from coderepair.prompt.edit_dialect import END, SPECIAL_TOKENS

if TYPE_CHECKING:
    from tokenizers import Tokenizer

PRE_TOKENIZER = "qwen2"
PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_SPECIAL = re.compile(r"<\|[a-z0-9]+\|>")
END_ID = SPECIAL_TOKENS.index(END)


def train(texts: Iterator[str], vocabulary: int) -> Tokenizer:
    """A tokenizer of exactly `vocabulary` ids, unless the texts are too few for as many merges."""
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PATTERN), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def load(path: Path) -> Tokenizer:
    """A tokenizer that was saved. ValueError if its special tokens are not this dialect's."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(path))
    if [tokenizer.token_to_id(token) for token in SPECIAL_TOKENS] != list(
        range(len(SPECIAL_TOKENS))
    ):
        raise ValueError(f"{path} is not a tokenizer of this dialect")
    return tokenizer


def sample_texts(paths: Sequence[Path], limit: int) -> Iterator[str]:
    """Prompts and replies of up to `limit` samples of each file, in the pieces between special tokens
    (left in, they would fill the vocabulary with merges that never apply)."""
    for path in paths:
        with path.open(encoding="utf-8") as lines:
            for _, line in zip(range(limit), lines, strict=False):
                sample = json.loads(line)
                yield from filter(None, _SPECIAL.split(sample["prompt"] + sample["reply"]))


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="coderepair_training.tokenizer", description=__doc__)
    parser.add_argument("samples", type=Path, nargs="+", help="JSON Lines of samples")
    parser.add_argument("--vocabulary", type=int, default=4096)
    parser.add_argument("--limit", type=int, default=8000, help="samples read of each file")
    parser.add_argument("--out", type=Path, required=True, help="tokenizer.json")
    options = parser.parse_args(arguments)
    tokenizer = train(sample_texts(options.samples, options.limit), options.vocabulary)
    tokenizer.save(str(options.out))
    sys.stdout.write(f"{tokenizer.get_vocab_size()} ids\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
