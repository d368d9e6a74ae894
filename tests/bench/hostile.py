"""python -m tests.bench.hostile: thousands of hostile prompts, addresses, links, names and lessons, and page draws.

What tests/test_hostile.py does with a few hundred of each. The exit status is 1 where something broke; each line
names the kind and the seed, with which `tests.hostile.run` does it again.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections import Counter
from importlib import import_module

from tqdm import tqdm

import model
from app.kit.stations import STATIONS
from tests import hostile


def main() -> int:
    """Run every check on every seed; 1 where one failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.hostile", description=__doc__)
    parser.add_argument("--count", type=int, default=10_000, help="of each kind of input (default %(default)s)")
    parser.add_argument("--draws", type=int, default=30, help="whole pages of each room (default %(default)s)")
    asked = parser.parse_args()
    os.environ["GLASSFORMER_ALLOW_PATHS"] = "1"
    logging.disable(logging.WARNING)  # Streamlit's, of every call outside a page
    for station in STATIONS:
        import_module(f"app.rooms.{station.folder}.page")
    models = [model.load(name) for name in hostile.MODELS]
    broken: Counter[str] = Counter()
    for kind in hostile.CHECKS:
        for seed in tqdm(range(asked.count), desc=kind):
            try:
                hostile.run(kind, seed, models)
            except Exception as error:  # whatever it is, it is what is looked for here
                _say(broken, kind, seed, error)
    for station in STATIONS:
        for seed in tqdm(range(asked.draws), desc=station.address):
            try:
                hostile.draw(station.folder, seed)
            except Exception as error:
                _say(broken, station.folder, seed, error)
    total = asked.count * len(hostile.CHECKS) + asked.draws * len(STATIONS)
    print(f"{total:,} inputs, {sum(broken.values())} broke something {dict(broken) or ''}")
    return 1 if broken else 0


def _say(broken: Counter[str], kind: str, seed: int, error: Exception) -> None:
    broken[kind] += 1
    print(ascii(f"{kind} {seed}: {type(error).__name__}: {str(error)[:300]}"))


if __name__ == "__main__":
    sys.exit(main())
