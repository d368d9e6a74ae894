"""Which optimiser, learning rate and batch: short runs of one model, alike but for these.

    python -m model.training.compare --run FOLDER --tokens N

trains `storyteller` anew for each of `CHOICES` on N tokens of what `python -m model train`
prepared in FOLDER, and writes each one's loss on the held-out texts to
assets/models/choices.csv, which the model card shows.
"""

from __future__ import annotations

import argparse
import csv
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..errors import BadInput
from ..files.catalog import MODELS
from ..footprint import MOST_KEPT, keep_memory
from . import evaluate, loop, recipes
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


def loss(folder: TrainingFolder, optimiser: recipes.Optimiser, rate: float, batch: int, tokens: int) -> float:
    """Nats per token on held-out texts, all kinds alike, of `storyteller` after `tokens` tokens."""
    schedule = recipes.Schedule(tokens=tokens, optimiser=optimiser, rate=rate, batch=batch)
    schedule = replace(schedule, warm_up=max(1, schedule.steps // 10), lines=0, again=0)
    run = loop.Run(recipes.CONFIGS["storyteller"], schedule, folder.tokens)
    loop.train(run, folder.state(f"choice-{optimiser}-{rate}-{batch}"), f"{optimiser} {rate} {batch}")
    lm = finished(run, "storyteller", folder.tokenizer)
    scores = [evaluate.score(lm, texts[:TEXTS]) for texts in folder.validation.values()]
    return float(np.mean([each.nats / each.tokens for each in scores]))


def main() -> None:
    """Train every choice, write the table."""
    parser = argparse.ArgumentParser(prog="python -m model.training.compare", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--run", type=Path, required=True, metavar="FOLDER", help="the folder of `python -m model train`"
    )
    parser.add_argument("--tokens", type=int, required=True, metavar="N", help="tokens for each choice")
    args = parser.parse_args()
    try:
        folder = TrainingFolder.of_a_run(args.run)
    except BadInput as error:
        parser.error(str(error))
    keep_memory(MOST_KEPT)
    rows = []
    for optimiser, rate, batch in CHOICES:
        nats = round(loss(folder, optimiser, rate, batch, args.tokens), 4)
        rows.append({"optimiser": optimiser, "rate": rate, "batch": batch, "tokens": args.tokens, "nats": nats})
        with (MODELS / "choices.csv").open("w", newline="", encoding="utf-8") as file:
            table = csv.DictWriter(file, FIELDS)
            table.writeheader()
            table.writerows(rows)


if __name__ == "__main__":
    main()
