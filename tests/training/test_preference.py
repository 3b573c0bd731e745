"""Replies that share a prompt are scored as if each stood alone, and tuning prefers what mends."""

from __future__ import annotations

from random import Random

import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.train

from coderepair_training.model import Decoder, ModelConfig  # noqa: E402
from coderepair_training.optim import Optimiser, Rates  # noqa: E402
from coderepair_training.preference import (  # noqa: E402
    OTHERS,
    Pool,
    drawn,
    preference_loss,
    reply_losses,
)

CONFIG = ModelConfig(
    vocabulary=128, hidden=64, layers=2, heads=2, kv_heads=1, feed_forward=64, context=64
)
PROMPT = [3, 17, 9, 44, 5]
REPLIES = [[7, 8, 2], [7, 9, 10, 2], [11, 2]]


def _alone(model: Decoder, reply: list[int]) -> float:
    tokens = torch.tensor([PROMPT + reply])
    logits = model.logits(model.features(tokens))[0, len(PROMPT) - 1 : -1]
    return float(torch.nn.functional.cross_entropy(logits, torch.tensor(reply), reduction="sum"))


def test_replies_behind_one_prompt_do_not_see_each_other() -> None:
    torch.manual_seed(0)
    model = Decoder(CONFIG)
    with torch.no_grad():
        together = reply_losses(model, PROMPT, REPLIES).tolist()
        alone = [_alone(model, reply) for reply in REPLIES]
    assert together == pytest.approx(alone, rel=1e-4)


def test_tuning_moves_likelihood_to_the_mending_edit() -> None:
    torch.manual_seed(0)
    model = Decoder(CONFIG).bfloat16()
    optimiser = Optimiser(model, Rates())

    def step() -> float:
        losses = reply_losses(model, PROMPT, REPLIES)
        preferred, _ = preference_loss(losses, 1, [len(reply) for reply in REPLIES])
        preferred.backward()
        optimiser.step(0.2)
        return float(preferred.detach())

    values = [step() for _ in range(12)]
    assert values[-1] < values[0] / 3


def test_a_step_sees_the_mending_edits_and_those_that_the_linear_ranker_likes() -> None:
    others = [[1] * (1 + index % 4) + [index] for index in range(100)]
    linear = [9.0] * OTHERS + [-9.0] * (100 - OTHERS)
    pool = Pool(PROMPT, [[50, 2]], others, linear)
    replies, mending = drawn(pool, Random(0))
    assert mending == 1
    assert replies[0] == [50, 2]
    assert sorted(replies[1:]) == sorted(others[:OTHERS])
