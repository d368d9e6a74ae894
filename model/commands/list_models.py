"""`python -m model list`: the models that have a name; `list PATH`: what a folder or file is, before it is loaded."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from ..files.catalog import catalog
from ..footprint import gigabytes
from ..measure.check import check
from .common import add_json, print_json, table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `list`."""
    parser.add_argument(
        "path",
        nargs="?",
        metavar="PATH",
        help="a Hugging Face folder or a .gguf file: say its family, sizes, memory, and whether it can be loaded",
    )
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Print every model of the catalog; 0."""
    if args.path is not None:
        return _check(args)
    entries = catalog()
    if args.json:
        print_json([asdict(entry) for entry in entries])
        return 0
    rows = [["NAME", "HERE", "PARAMETERS", "ATTENTION", "FEED-FORWARD", "ABOUT"]]
    rows += [
        [e.name, "yes" if e.available else "no", f"{e.parameters:,}", e.attention, e.feed_forward, e.description]
        for e in entries
    ]
    print(table(rows, right={2}))
    missing = [entry.name for entry in entries if not entry.available]
    if missing:
        print(f"\nTo bring what is not here yet: python -m model fetch {missing[0]}")
    return 0


def _check(args: argparse.Namespace) -> int:
    """Print what PATH is; 0 where it can be loaded, else 2."""
    found = check(args.path)
    if args.json:
        print_json(asdict(found))
        return 0 if found.supported else 2
    rows = [["family", found.family or "unknown"]]
    if found.parameters is not None and found.bytes_fp32 is not None and found.bytes_bf16 is not None:
        rows += [
            ["layers", f"{found.layers:,}, {found.attention}, {found.feed_forward}"],
            ["tokens", f"{found.tokens:,} in its vocabulary, reads at most {found.context:,}"],
            ["parameters", f"{found.parameters:,}"],
            ["memory", f"{gigabytes(found.bytes_fp32)}, or {gigabytes(found.bytes_bf16)} with --weights bf16"],
        ]
    if found.free_bytes is not None:
        rows.append(["free here", gigabytes(found.free_bytes)])
    if found.passed_over:
        rows.append(["passed over", ", ".join(found.passed_over) + " (they leave the result alone)"])
    rows.append(["supported", "yes" if found.supported else f"no. {found.reason}"])
    print(table(rows, right=set()))
    return 0 if found.supported else 2
