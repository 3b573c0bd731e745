"""A starting point from which copying need not be discovered.

An edit is mostly a copy of the line it replaces. From random weights the circuit that copies, "the
token that followed the last time these tokens were here" (Olsson et al. 2022, "In-context learning
and induction heads"), appears only after millions of tokens. Here it is written into the first two
blocks and left to training: block 0 has heads that look one, two and three tokens back, by rotary
phase alone, and note what they see; block 1 has heads that compare these notes with the present
context and copy what came next.

The embedding starts in the first half of the hidden dimensions, the notes in the other one.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from coderepair_training.model import Decoder

_BACK_PAIRS = 6
"""Fastest rotary pairs, which tell neighbours apart."""
_BACK_SIZE = 6.0
"""Sharpness with which a head of block 0 picks its one token."""
_SLOW_ANGLE = 0.003
"""Pairs that turn by less than this a token compare contents; at 300 tokens they have turned by 0.9."""
_MATCH_SIZE = 2.5
"""Sharpness of the comparison in block 1."""
_EMBEDDING_SIZE = 1.0
"""Root mean square of the stream at the start. Steps of Muon are made for about 1: at the usual 0.02
the first dozen of them wipe the circuit out."""
_NOTE_SIZE, _COPY_SIZE = 1.0, 3.5
"""Relative to that."""
_OUTPUT_SIZE = 0.06
"""Gain of the last norm, for an `_EMBEDDING_SIZE` of 1."""


def plant(model: Decoder, seed: int = 0) -> None:
    """Overwrites the weights of the first two blocks' attention and of the embedding.

    Needs one key-value head; with three query heads the context compared is three tokens long.
    """
    config = model.config
    if config.kv_heads != 1 or config.heads < 2 or config.layers < 2:
        raise ValueError("the circuit needs one key-value head, two heads and two blocks")
    generator = torch.Generator().manual_seed(seed)
    half, size = config.hidden // 2, config.head_size
    note = half // config.heads
    with torch.no_grad():
        model.embedding.weight.normal_(std=math.sqrt(2) * _EMBEDDING_SIZE, generator=generator)
        model.embedding.weight[:, half:] = 0
        model.norm.weight.fill_(_OUTPUT_SIZE / _EMBEDDING_SIZE)
        for block in model.blocks:
            block.attention.o_proj.weight.zero_()
            block.down.weight.zero_()
        reader = _orthogonal_rows(min(note, size), half, generator)
        _look_back(model, reader, note)
        _match(model, reader, note)
        _copy(model, _orthogonal_rows(size, half, generator))


def _angles(model: Decoder) -> Tensor:
    size = model.config.head_size
    steps = torch.arange(0, size, 2, dtype=torch.float32) / size
    angles: Tensor = model.config.rope_theta**-steps
    return angles


def _orthogonal_rows(rows: int, columns: int, generator: torch.Generator) -> Tensor:
    return torch.linalg.qr(torch.randn(columns, rows, generator=generator))[0].T


def _look_back(model: Decoder, reader: Tensor, note: int) -> None:
    """Head h of block 0 attends h + 1 tokens back and notes `reader` of the embedding there."""
    attention = model.blocks[0].attention
    size, half = model.config.head_size, model.config.hidden // 2
    angles = _angles(model)
    for projection in (attention.q_proj, attention.k_proj):
        projection.weight.mul_(0.1)
    attention.k_proj.bias[:_BACK_PAIRS] = _BACK_SIZE
    attention.v_proj.weight.zero_()
    attention.v_proj.weight[: len(reader), :half] = reader
    for head in range(model.config.heads):
        start, phase = head * size, angles[:_BACK_PAIRS] * (head + 1)
        attention.q_proj.bias[start : start + _BACK_PAIRS] = _BACK_SIZE * phase.cos()
        second = start + size // 2
        attention.q_proj.bias[second : second + _BACK_PAIRS] = -_BACK_SIZE * phase.sin()
        place = half + head * note
        for row in range(len(reader)):
            attention.o_proj.weight[place + row, start + row] = _NOTE_SIZE * _EMBEDDING_SIZE


def _match(model: Decoder, reader: Tensor, note: int) -> None:
    """Head h of block 1 compares its last h + 1 tokens with those before each earlier position."""
    attention = model.blocks[1].attention
    config, half = model.config, model.config.hidden // 2
    size = config.head_size
    slow = [index for index, angle in enumerate(_angles(model)) if angle < _SLOW_ANGLE]
    places = [*slow, *(index + size // 2 for index in slow)]
    attention.q_proj.weight.mul_(0.1)
    attention.k_proj.weight.mul_(0.1)
    for number, place in enumerate(places):
        depth, row = number % config.heads, number // config.heads
        if row >= len(reader):
            break
        attention.k_proj.weight[place] = 0
        attention.k_proj.weight[place, half + depth * note + row] = _MATCH_SIZE
        for head in range(config.heads):
            attention.q_proj.weight[head * size + place] = 0
            if depth <= head:
                weight = attention.q_proj.weight[head * size + place]
                if depth == 0:
                    weight[:half] = reader[row] * _MATCH_SIZE
                else:
                    weight[half + (depth - 1) * note + row] = _MATCH_SIZE


def _copy(model: Decoder, reader: Tensor) -> None:
    """What block 1 attends to is written back as an embedding."""
    attention = model.blocks[1].attention
    config, half = model.config, model.config.hidden // 2
    attention.v_proj.weight.zero_()
    attention.v_proj.weight[: len(reader), :half] = reader
    for head in range(config.heads):
        start = head * config.head_size
        attention.o_proj.weight[:half, start : start + len(reader)] = (
            reader.T * _COPY_SIZE * _EMBEDDING_SIZE
        )
