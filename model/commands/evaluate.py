"""`python -m model evaluate NAME`: how well a model predicts texts, given ones or those of other sources that ship."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ..errors import BadInput
from ..files.catalog import load
from ..training import elsewhere, evaluate
from .common import add_json, print_json, table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `evaluate`."""
    parser.add_argument("name", metavar="NAME", help="a model's name or path")
    parser.add_argument(
        "--data",
        nargs="+",
        type=Path,
        metavar="FILE",
        help="UTF-8 text files (default: assets/texts/elsewhere, of sources that no storyteller was trained on)",
    )
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Print bits per byte and top-1 accuracy of each file, and what the experts did; 0."""
    texts = {str(path): [read_text(path)] for path in args.data} if args.data else elsewhere.texts()
    lm = load(args.name)
    scores = {path: evaluate.score(lm, own, label=path) for path, own in texts.items()}
    if args.json:
        files: dict[str, dict[str, Any]] = {}
        for path, score in scores.items():
            files[path] = {
                "bits_per_byte": score.bits_per_byte,
                "top1": score.top1,
                "bytes": score.bytes,
                "tokens": score.tokens,
            }
            if score.load:
                files[path]["expert_load"] = {
                    str(layer): (counts / counts.sum()).tolist() for layer, counts in sorted(score.load.items())
                }
        print_json({"model": lm.name, "files": files})
        return 0
    rows = [["FILE", "BITS PER BYTE", "TOP-1", "BYTES", "TOKENS"]]
    rows += [
        [path, f"{score.bits_per_byte:.3f}", f"{100 * score.top1:.1f} %", f"{score.bytes:,}", f"{score.tokens:,}"]
        for path, score in scores.items()
    ]
    print(table(rows, right={1, 2, 3, 4}))
    for path, score in scores.items():
        if score.load:
            experts = [["LAYER", *(f"E{expert}" for expert in range(lm.config.experts.n_routed_experts))]]
            experts += [
                [str(layer), *(f"{100 * share:.0f} %" for share in counts / counts.sum())]
                for layer, counts in sorted(score.load.items())
            ]
            print(f"\nload of each expert on {path}\n{table(experts, right=set(range(len(experts[0]))))}")
    return 0


def read_text(path: Path) -> str:
    """The text of a file.

    Raises:
        BadInput: if it cannot be read, is not UTF-8, or is empty.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise BadInput("unreadable_text", f"{path} cannot be read: {error.strerror}.", path=str(path)) from error
    except UnicodeDecodeError as error:
        raise BadInput("unreadable_text", f"{path} is not UTF-8 text: convert it first.", path=str(path)) from error
    if not text:
        raise BadInput("unreadable_text", f"{path} is empty: give a file with text.", path=str(path))
    return text
