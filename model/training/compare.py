"""Short runs of one model, alike but for one thing: which optimiser and rate, and why experts win or lose.

    python -m model.training.compare --run FOLDER --tokens N
    python -m model.training.compare --run FOLDER --tokens N --trials

The first trains `storyteller` anew for each of `CHOICES` on N tokens of what `python -m model
train` prepared in FOLDER, and writes each one's loss on the held-out texts to
assets/models/choices.csv.  The second does so for each of `TRIALS`, and writes its bits per byte
on both parts of validation to assets/models/trials.csv; a tenth of a storyteller's length, 1.9
million tokens, is the least that says something.  The model card shows the first.  What was trained is
kept in FOLDER: a comparison that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..config import DenseConfig, ModelConfig
from ..errors import BadInput
from ..files.catalog import MODELS
from ..footprint import MOST_KEPT, keep_memory
from ..language_model import LanguageModel
from . import elsewhere, evaluate, loop, recipes
from .folder import TrainingFolder, finished

CHOICES: list[tuple[recipes.Optimiser, float, int]] = [  # optimiser, rate, sequences a step
    ("muon", 3e-3, 8),
    ("adamw", 3e-3, 8),
    ("muon", 6e-3, 8),
    ("adamw", 1e-3, 8),
    ("muon", 1.2e-2, 8),
]
TEXTS = 20  # held-out documents of each kind to judge by
FIELDS = ["optimiser", "rate", "batch", "tokens", "nats"]

_STORYTELLER = recipes.CONFIGS["storyteller"]


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What one short run has of its own: an architecture, and parts of the schedule."""

    config: ModelConfig = _STORYTELLER
    schedule: Mapping[str, Any] = field(default_factory=dict)


def _experts(**own: Any) -> ModelConfig:
    return replace(_STORYTELLER, feed_forward=replace(_STORYTELLER.experts, **own))


# Each but the first two differs from the first in one thing.  The work for a token is the same in all but "1 of 8".
TRIALS = {
    "storyteller": Trial(),
    "one dense network": Trial(config=replace(_STORYTELLER, feed_forward=DenseConfig(hidden=384))),
    "4 experts twice as wide, 1 chosen": Trial(
        config=_experts(
            n_routed_experts=4, num_experts_per_tok=1, moe_intermediate_size=256, shared_intermediate_size=128
        )
    ),
    "16 experts half as wide, 4 chosen": Trial(
        config=_experts(
            n_routed_experts=16, num_experts_per_tok=4, moe_intermediate_size=64, shared_intermediate_size=128
        )
    ),
    "1 of 8 chosen": Trial(config=_experts(num_experts_per_tok=1)),
    "weights do not decay": Trial(schedule={"weight_decay": 0.0}),
    "weights decay three times as fast": Trial(schedule={"weight_decay": 0.3}),
    "balanced ten times as fast": Trial(schedule={"bias_rate": 1e-2}),
    "balanced ten times as slowly": Trial(schedule={"bias_rate": 1e-4}),
    "twice the rate": Trial(schedule={"rate": 6e-3}),
    "another order of the text": Trial(schedule={"seed": 1}),  # and other first weights: what chance alone does
    "no passages said again": Trial(schedule={"lines": 4, "again": 0}),
}
PARTS = ("own", "other")  # sources: the training text's own, and others


def trained(folder: TrainingFolder, name: str, config: ModelConfig, schedule: recipes.Schedule) -> LanguageModel:
    """The model of a short run, whose warm-up is a tenth of it."""
    schedule = replace(schedule, warm_up=max(1, schedule.steps // 10))
    run = loop.Run(config, schedule, folder.tokens)
    loop.train(run, folder.state(name), name)
    return finished(run, "storyteller", folder.tokenizer)


def loss(folder: TrainingFolder, optimiser: recipes.Optimiser, rate: float, batch: int, tokens: int) -> float:
    """Nats per token on held-out texts, all kinds alike, of `storyteller` after `tokens` tokens."""
    schedule = recipes.Schedule(tokens=tokens, optimiser=optimiser, rate=rate, batch=batch, lines=0, again=0)
    lm = trained(folder, f"choice-{optimiser}-{rate}-{batch}", _STORYTELLER, schedule)
    scores = [evaluate.score(lm, texts[:TEXTS]) for texts in folder.validation.values()]
    return float(np.mean([each.nats / each.tokens for each in scores]))


def bits(folder: TrainingFolder, name: str, tokens: int) -> dict[str, float]:
    """Bits per byte of that one of `TRIALS` after `tokens` tokens: "own python", "other python" and so on."""
    trial = TRIALS[name]
    label = f"trial-{name.replace(' ', '-').replace(',', '')}-{tokens}"
    lm = trained(folder, label, trial.config, recipes.Schedule(tokens=tokens, **trial.schedule))
    found = {}
    for part, texts in zip(PARTS, (folder.validation, elsewhere.texts()), strict=True):
        for kind, own in texts.items():
            found[f"{part} {kind}"] = round(evaluate.score(lm, own[:TEXTS]).bits_per_byte, 4)
    return found


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    """A table of what has been measured so far."""
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)


def main() -> None:
    """Train every choice, or every trial, and write the table."""
    parser = argparse.ArgumentParser(prog="python -m model.training.compare", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--run", type=Path, required=True, metavar="FOLDER", help="the folder of `python -m model train`"
    )
    parser.add_argument("--tokens", type=int, required=True, metavar="N", help="tokens for each choice")
    parser.add_argument("--trials", action="store_true", help="compare architectures and schedules, on both parts")
    args = parser.parse_args()
    try:
        folder = TrainingFolder.of_a_run(args.run)
    except BadInput as error:
        parser.error(str(error))
    keep_memory(MOST_KEPT)
    rows: list[dict[str, Any]] = []
    if args.trials:
        for name in TRIALS:
            rows.append({"trial": name, "tokens": args.tokens} | bits(folder, name, args.tokens))
            write(MODELS / "trials.csv", rows)
        return
    for choice in CHOICES:
        own = dict(zip(FIELDS, (*choice, args.tokens), strict=False))
        rows.append(own | {"nats": round(loss(folder, *choice, args.tokens), 4)})
        write(MODELS / "choices.csv", rows)


if __name__ == "__main__":
    main()
