"""Muon for the matrices, Adam for the rest, on float32 masters of bfloat16 weights.

Muon: Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks"; the quintic
Newton-Schulz coefficients are theirs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

_COEFFICIENTS = (3.4445, -4.7750, 2.0315)
_ITERATIONS = 4


@dataclass(frozen=True, slots=True)
class Rates:
    """Peak step sizes."""

    matrices: float = 0.02
    rest: float = 0.01
    momentum: float = 0.95
    betas: tuple[float, float] = (0.9, 0.95)
    decay: float = 0.01
    """Decoupled weight decay of the matrices, relative to the step size."""


class Optimiser:
    """Steps a model whose weights are bfloat16; `masters` are what is averaged and saved."""

    def __init__(self, model: nn.Module, rates: Rates) -> None:
        self.rates = rates
        named = list(model.named_parameters())
        self.weights = [weight for _, weight in named]
        self.masters = [weight.detach().float().clone() for weight in self.weights]
        self.is_matrix = [weight.ndim == 2 and "embedding" not in name for name, weight in named]
        self.first = [torch.zeros_like(master) for master in self.masters]
        self.second = [
            torch.zeros_like(master) if not matrix else torch.zeros(0)
            for master, matrix in zip(self.masters, self.is_matrix, strict=True)
        ]
        self.steps = 0

    def step(self, scale: float) -> None:
        """One step with the gradients there are, at `scale` (0 to 1) of the peak rates."""
        self.steps += 1
        matrices: dict[torch.Size, list[int]] = {}
        for index, weight in enumerate(self.weights):
            if weight.grad is None:
                continue
            if self.is_matrix[index]:
                matrices.setdefault(weight.shape, []).append(index)
            else:
                self._adam(index, weight.grad.float(), scale)
        for indices in matrices.values():
            self._muon(indices, scale)
        for weight in self.weights:
            weight.grad = None
        self.publish()

    def publish(self) -> None:
        """Copies the masters into the model's weights."""
        with torch.no_grad():
            for weight, master in zip(self.weights, self.masters, strict=True):
                weight.copy_(master)

    def state(self) -> dict[str, Any]:
        """What a checkpoint holds."""
        return {
            "masters": self.masters,
            "first": self.first,
            "second": self.second,
            "steps": self.steps,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Continues from a checkpoint."""
        for name in ("masters", "first", "second"):
            _copy_all(getattr(self, name), state[name])
        self.steps = state["steps"]
        self.publish()

    def _adam(self, index: int, gradient: Tensor, scale: float) -> None:
        one, two = self.rates.betas
        first = self.first[index].lerp_(gradient, 1 - one)
        second = self.second[index].lerp_(gradient.square(), 1 - two)
        step = first / (1 - one**self.steps)
        step /= (second / (1 - two**self.steps)).sqrt_().add_(1e-10)
        self.masters[index].add_(step, alpha=-self.rates.rest * scale)

    def _muon(self, indices: list[int], scale: float) -> None:
        """Nesterov momentum, made orthogonal; matrices of one shape in one batch."""
        momentum = self.rates.momentum
        updates = []
        for index in indices:
            gradient = self.weights[index].grad
            assert gradient is not None
            velocity = self.first[index].lerp_(gradient.float(), 1 - momentum)
            updates.append(gradient.float().lerp_(velocity, momentum))
        stacked = _orthogonal(torch.stack(updates))
        rows, columns = stacked.shape[1:]
        rate = self.rates.matrices * scale * max(1.0, rows / columns) ** 0.5
        for index, update in zip(indices, stacked, strict=True):
            self.masters[index].mul_(1 - rate * self.rates.decay).add_(update, alpha=-rate)


def _copy_all(targets: Iterable[Tensor], sources: Iterable[Tensor]) -> None:
    for target, source in zip(targets, sources, strict=True):
        target.copy_(source)


def _orthogonal(matrices: Tensor) -> Tensor:
    """The nearest matrices with singular values about 1, for a batch (N, rows, columns)."""
    a, b, c = _COEFFICIENTS
    x = matrices.bfloat16()
    wide = x.shape[1] <= x.shape[2]
    if not wide:
        x = x.transpose(1, 2)
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(_ITERATIONS):
        gram = x @ x.transpose(1, 2)
        x = a * x + (b * gram + c * (gram @ gram)) @ x
    return (x if wide else x.transpose(1, 2)).float()
