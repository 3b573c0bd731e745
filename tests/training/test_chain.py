"""The whole chain on a tiny model: samples, tokenizer, shards, training, resumption, export, use."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from coderepair_training.problems import bank_problems
from coderepair_training.samples import executed_samples, plain_samples

from coderepair.model import Request
from coderepair.prompt.edit_dialect import DIALECT, END, SPECIAL_TOKENS

pytestmark = [
    pytest.mark.train,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]

RECIPE = Path(__file__).parents[2] / "training" / "recipes" / "smoke.toml"


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "samples.jsonl"
    rng = Random(0)
    problems = [problem for problem, _ in zip(bank_problems(), range(12), strict=False)]
    with path.open("w", encoding="utf-8") as out:
        for problem in problems:
            found = [*executed_samples(problem, rng, 4)]
            found += plain_samples(problem.reference, problem.id, rng, 6)
            for sample in found:
                line = {"prompt": sample.prompt, "reply": sample.reply, "kind": sample.kind}
                out.write(json.dumps(line) + "\n")
    return path


@pytest.fixture(scope="module")
def workshop(samples: Path) -> Path:
    """A folder with tokenizer, shard and a trained checkpoint."""
    from coderepair_training import shards, tokenizer
    from coderepair_training.pretrain import load_recipe, train

    folder = samples.parent
    tokenizer.main([str(samples), "--vocabulary", "512", "--out", str(folder / "tokenizer.json")])
    (folder / "shards").mkdir()
    shards.main(
        [str(samples), "--tokenizer", f"{folder}/tokenizer.json", "--out", f"{folder}/shards/a.npz"]
    )
    train(load_recipe(RECIPE), folder / "shards", folder / "run")
    return folder


def test_samples_hold_real_failures_and_replies_in_the_dialect(samples: Path) -> None:
    lines = [json.loads(line) for line in samples.read_text().splitlines()]
    kinds = {line["kind"] for line in lines}
    assert kinds == {"plain", "executed", "written"}
    for line in lines:
        assert line["reply"].endswith(END)
        filled = "<|fail|><|call|>" in line["prompt"]
        assert filled == (line["kind"] != "plain")


def test_loss_falls_and_a_run_resumes_where_it_stopped(workshop: Path) -> None:
    from coderepair_training.pretrain import load_recipe, train

    log = workshop / "run" / "log.jsonl"
    before = [json.loads(line) for line in log.read_text().splitlines()]
    assert before[-1]["prompt_loss"] < before[0]["prompt_loss"]
    recipe = load_recipe(RECIPE)
    longer = replace(recipe.training, minutes=recipe.training.minutes * 1.5)
    train(replace(recipe, training=longer), workshop / "shards", workshop / "run")
    after = [json.loads(line) for line in log.read_text().splitlines()]
    assert after[len(before)]["step"] == before[-1]["step"] + recipe.training.average_every
    assert after[len(before)]["seconds"] > before[-1]["seconds"]
    assert after[-1]["tokens"] > before[-1]["tokens"]


AWKWARD = [
    "\tx\r\n  y",
    "é ü 漢字 🙂",
    "a\x00b",
    "<|end|><|i3|>x",
    "'ll don't",
    "1234 56.7e-8",
    " \n \n",
]


@pytest.fixture(scope="module")
def exported(workshop: Path) -> Path:
    """`half.gguf` and `whole.gguf` (Q8_0) of the trained checkpoint."""
    pytest.importorskip("llama_cpp")
    from coderepair_training.export import load_checkpoint, quantise, write
    from coderepair_training.tokenizer import load

    model, origin = load_checkpoint(workshop / "run" / "checkpoint.pt")
    write(workshop / "half.gguf", model, load(workshop / "tokenizer.json"), origin)
    quantise(workshop / "half.gguf", workshop / "whole.gguf")
    return workshop


def test_exported_model_says_in_llama_cpp_what_it_says_in_torch(exported: Path) -> None:
    from coderepair_training.export import compare, load_checkpoint, read_texts
    from coderepair_training.tokenizer import load

    model, origin = load_checkpoint(exported / "run" / "checkpoint.pt")
    tokenizer = load(exported / "tokenizer.json")
    texts = [*read_texts(exported / "samples.jsonl", 150), *AWKWARD]
    half = compare(exported / "half.gguf", model, tokenizer, texts)
    assert half.same_tokens == half.texts
    assert half.largest_difference < 0.05
    assert compare(exported / "whole.gguf", model, tokenizer, texts).divergence < 0.01
    assert origin.tokens > 0 and origin.data


def test_exported_model_is_read_by_the_policy(exported: Path) -> None:
    from coderepair.policy.llama_cpp import LlamaCppPolicy

    policy = LlamaCppPolicy(exported / "whole.gguf")
    assert policy.dialect == DIALECT
    scores = policy.score("<|edit|>", [f"<|delete|><|{line}|>{END}" for line in (1, 2)])
    assert all(score < 0 for score in scores)
    completion = policy.complete([Request(text="<|edit|>", max_tokens=4, stop=(END,))])[0][0]
    assert completion.tokens <= 4
    policy.close()


def test_planted_circuit_copies_before_any_training() -> None:
    import torch
    from coderepair_training.induction import plant
    from coderepair_training.model import Decoder, ModelConfig

    torch.manual_seed(0)
    model = Decoder(ModelConfig())
    random = torch.randint(100, 4096, (2, 100))
    twice = torch.cat([random, random], dim=1)

    def loss() -> float:
        with torch.no_grad():
            logits = model.logits(model.features(twice))[:, 120:-1]
        return float(
            torch.nn.functional.cross_entropy(logits.flatten(0, 1), twice[:, 121:].flatten())
        )

    before = loss()
    plant(model)
    assert before > 8 and loss() < 2


def test_every_special_token_has_one_id(workshop: Path) -> None:
    from coderepair_training.tokenizer import load

    tokenizer = load(workshop / "tokenizer.json")
    for index, token in enumerate(SPECIAL_TOKENS):
        assert tokenizer.encode(f"a{token}b").ids[1:-1] == [index]
