"""A decoder-only transformer in the Qwen2 architecture, small enough to read and to train on a CPU.

Pre-norm blocks, rotary positions, grouped-query attention with biases on q, k and v, SwiGLU, tied
embeddings: what llama.cpp runs as `qwen2`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

HIDDEN = -1e4
"""Added to the attention to what must not be seen."""


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """Sizes. `hidden` and `feed_forward` should be multiples of 32 for Q8_0, of 256 for K-quants."""

    vocabulary: int = 4096
    hidden: int = 192
    layers: int = 5
    heads: int = 3
    kv_heads: int = 1
    feed_forward: int = 512
    context: int = 2048
    rope_theta: float = 1e6
    norm_epsilon: float = 1e-6

    @property
    def head_size(self) -> int:
        return self.hidden // self.heads


class Layout(NamedTuple):
    """Where the tokens of a sequence stand and which see which."""

    positions: Tensor
    """(T,) int64, below T."""
    mask: Tensor
    """(T, T), 0 where row sees column and `HIDDEN` where not."""


class Attention(nn.Module):
    """Causal grouped-query attention."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        size = config.head_size
        self.q_proj = nn.Linear(config.hidden, config.heads * size)
        self.k_proj = nn.Linear(config.hidden, config.kv_heads * size)
        self.v_proj = nn.Linear(config.hidden, config.kv_heads * size)
        self.o_proj = nn.Linear(config.heads * size, config.hidden, bias=False)

    def forward(self, x: Tensor, cosine: Tensor, sine: Tensor, mask: Tensor) -> Tensor:
        batch, length, _ = x.shape
        shape = (batch, length, -1, self.config.head_size)
        q = _rotate(self.q_proj(x).view(shape).transpose(1, 2), cosine, sine)
        k = _rotate(self.k_proj(x).view(shape).transpose(1, 2), cosine, sine)
        v = self.v_proj(x).view(shape).transpose(1, 2)
        groups = self.config.heads // self.config.kv_heads
        k, v = k.repeat_interleave(groups, 1), v.repeat_interleave(groups, 1)
        mixed = _masked_attention(q, k, v, mask)
        out: Tensor = self.o_proj(mixed.transpose(1, 2).reshape(batch, length, -1))
        return out


class Block(nn.Module):
    """Attention and feed-forward, each behind its norm and added to the stream."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.attention = Attention(config)
        self.attention_norm = nn.RMSNorm(config.hidden, config.norm_epsilon)
        self.feed_forward_norm = nn.RMSNorm(config.hidden, config.norm_epsilon)
        self.gate = nn.Linear(config.hidden, config.feed_forward, bias=False)
        self.up = nn.Linear(config.hidden, config.feed_forward, bias=False)
        self.down = nn.Linear(config.feed_forward, config.hidden, bias=False)

    def forward(self, x: Tensor, cosine: Tensor, sine: Tensor, mask: Tensor) -> Tensor:
        x = x + self.attention(self.attention_norm(x), cosine, sine, mask)
        y = self.feed_forward_norm(x)
        out: Tensor = x + self.down(nnf.silu(self.gate(y)) * self.up(y))
        return out


class Decoder(nn.Module):
    """The whole model. `features` gives hidden states (B, T, hidden), `logits` turns rows into scores."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocabulary, config.hidden)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.norm = nn.RMSNorm(config.hidden, config.norm_epsilon)
        self._initialise()

    def _initialise(self) -> None:
        nn.init.normal_(self.embedding.weight, std=0.02)
        residual = 1 / math.sqrt(2 * self.config.layers)
        for name, weight in self.named_parameters():
            if weight.ndim == 2 and "embedding" not in name:
                scale = residual if name.endswith(("o_proj.weight", "down.weight")) else 1.0
                nn.init.normal_(weight, std=scale / math.sqrt(weight.shape[1]))
            elif name.endswith("bias"):
                nn.init.zeros_(weight)

    def features(self, tokens: Tensor, layout: Layout | None = None) -> Tensor:
        """Hidden states behind the last norm, for token ids of shape (B, T); causal by default."""
        length = tokens.shape[1]
        cosine, sine = rotation(self.config, length)
        mask = causal_mask(length)
        if layout is not None:
            cosine, sine, mask = cosine[layout.positions], sine[layout.positions], layout.mask
        x = self.embedding(tokens)
        for block in self.blocks:
            x = block(x, cosine.to(x.dtype), sine.to(x.dtype), mask.to(x.dtype))
        out: Tensor = self.norm(x)
        return out

    def logits(self, features: Tensor) -> Tensor:
        """Scores over the vocabulary for features of shape (..., hidden)."""
        return nnf.linear(features, self.embedding.weight)

    def parameter_count(self) -> int:
        """Number of weights, the tied embedding counted once."""
        return sum(weight.numel() for weight in self.parameters())


def rotation(config: ModelConfig, length: int) -> tuple[Tensor, Tensor]:
    """Cosine and sine of the rotary angles, (length, head_size), halves not interleaved."""
    half = torch.arange(0, config.head_size, 2, dtype=torch.float32) / config.head_size
    angles = torch.outer(torch.arange(length, dtype=torch.float32), config.rope_theta**-half)
    angles = torch.cat([angles, angles], dim=-1)
    return angles.cos(), angles.sin()


def causal_mask(length: int) -> Tensor:
    """Hides what comes later, (length, length)."""
    return torch.full((length, length), HIDDEN).triu_(1)


def _masked_attention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
    """Softmax attention over (B, heads, T, size), written out.

    torch's fused CPU kernel took twice as long at these sizes (T of 256, heads of 64).
    """
    batch, heads, length, size = q.shape
    scores = torch.baddbmm(
        mask.expand(batch * heads, length, length),
        q.flatten(0, 1),
        k.flatten(0, 1).transpose(1, 2),
        alpha=1 / math.sqrt(size),
    )
    return torch.bmm(scores.softmax(-1), v.flatten(0, 1)).view(batch, heads, length, size)


def _rotate(x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    first, second = x.chunk(2, dim=-1)
    return x * cosine + torch.cat([-second, first], dim=-1) * sine
