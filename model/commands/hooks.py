"""`python -m model hooks`: every tensor of a model that can be seen or changed."""

from __future__ import annotations

import argparse

from ..measure.hooks import LETTERS, hooks_of, written
from .common import add_json, add_model, load_model, print_json, table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `hooks`."""
    add_model(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Print name, shape in letters, shape in this model's numbers and meaning of each hook; 0."""
    lm = load_model(args)
    hooks = hooks_of(lm.transformer)
    used = {letter for hook, _ in hooks for letter in hook.shape}
    letters = {letter: meaning for letter, meaning in LETTERS.items() if letter in used}
    if args.json:
        rows = [
            {"name": hook.name, "shape": list(hook.shape), "size": list(size), "meaning": hook.meaning}
            for hook, size in hooks
        ]
        print_json({"model": lm.name, "letters": letters, "hooks": rows})
        return 0
    lines = [["HOOK", "SHAPE", "HERE", "MEANING"]]
    lines += [[hook.name, written(hook.shape), written(size), hook.meaning] for hook, size in hooks]
    print(table(lines, right=set()))
    print()
    print(table([["LETTER", "STANDS FOR"], *([letter, meaning] for letter, meaning in letters.items())], right=set()))
    return 0
