"""`python -m model next PROMPT`: the most probable next tokens."""

from __future__ import annotations

import argparse

import numpy as np

from ..cache import make_cache
from ..generate import next_logits
from ..sampling import distribution
from .common import add_prompt, at_least, load_model, percent, print_json, read_prompt, table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `next`."""
    add_prompt(parser)
    parser.add_argument("--top", type=int, default=10, metavar="N", help="how many candidates to print (default: 10)")


def run(args: argparse.Namespace) -> int:
    """Print the candidates with their probabilities over the whole vocabulary; 0."""
    top = at_least(args.top, 1, "--top")
    prompt, lm = read_prompt(args), load_model(args)
    ids = lm.read_prompt(prompt)
    probabilities = distribution(next_logits(lm, ids, make_cache(lm.config)))
    best = np.argsort(-probabilities, kind="stable")[:top].tolist()
    if args.json:
        candidates = [
            {"token": lm.tokenizer.piece(token), "id": token, "probability": float(probabilities[token]), "rank": rank}
            for rank, token in enumerate(best, 1)
        ]
        print_json(
            {
                "model": lm.name,
                "prompt": prompt,
                "tokens": [lm.tokenizer.piece(token) for token in ids],
                "next": candidates,
            }
        )
        return 0
    rows = [["RANK", "TOKEN", "PROBABILITY", "ID"]]
    rows += [
        [str(rank), lm.tokenizer.shown(token), percent(probabilities[token]), str(token)]
        for rank, token in enumerate(best, 1)
    ]
    print(table(rows, right={0, 2, 3}))
    if not lm.trained:
        print(f"\n{lm.name} is untrained: its probabilities mean nothing yet.")
    return 0
