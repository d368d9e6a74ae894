"""`python -m model list`: the models that have a name."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from ..files.catalog import catalog
from .common import add_json, print_json, table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `list`."""
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Print every model of the catalog; 0."""
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
