"""`python -m model generate PROMPT`: a continuation, printed as it comes."""

from __future__ import annotations

import argparse

from ..generate import generate
from .common import add_prompt, load_model, print_json, read_prompt


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `generate`."""
    add_prompt(parser)
    parser.add_argument(
        "--max-new-tokens", type=int, default=100, metavar="N", help="stop after this many tokens (default: 100)"
    )
    parser.add_argument(
        "--temperature",
        type=float,
        default=0.8,
        metavar="T",
        help="below 1 bolder, above 1 wilder, 0 always the most probable (default: 0.8)",
    )
    parser.add_argument(
        "--top-k",
        type=int,
        default=40,
        metavar="K",
        help="draw from the K most probable tokens; 0 from all (default: 40)",
    )
    parser.add_argument(
        "--top-p",
        type=float,
        default=0.95,
        metavar="P",
        help="of those, from the fewest that reach probability P (default: 0.95)",
    )
    parser.add_argument(
        "--min-p",
        type=float,
        default=0.0,
        metavar="P",
        help="of those, from the ones at least P times as probable as the best (default: 0, all)",
    )
    parser.add_argument("--seed", type=int, metavar="S", help="makes the draws repeatable")


def run(args: argparse.Namespace) -> int:
    """Print the prompt and what follows; 0."""
    prompt, lm = read_prompt(args), load_model(args)
    steps = generate(
        lm,
        prompt,
        max_new_tokens=args.max_new_tokens,
        temperature=args.temperature,
        top_k=args.top_k,
        top_p=args.top_p,
        min_p=args.min_p,
        seed=args.seed,
    )
    if args.json:
        made = list(steps)
        tokens = [
            {"token": lm.tokenizer.piece(step.id), "id": step.id, "probability": step.probability, "rank": step.rank}
            for step in made
        ]
        print_json({"model": lm.name, "prompt": prompt, "text": "".join(step.text for step in made), "tokens": tokens})
        return 0
    print(_harmless(prompt), end="", flush=True)
    for step in steps:
        print(_harmless(step.text), end="", flush=True)
    print()
    return 0


def _harmless(text: str) -> str:
    """Without control characters: a terminal would obey them."""
    return "".join(c for c in text if c.isprintable() or c in "\n\t")
