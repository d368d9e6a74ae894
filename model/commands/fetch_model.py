"""`python -m model fetch smollm2`: bring a model's weights onto this machine."""

from __future__ import annotations

import argparse

from tqdm import tqdm

from ..files.fetch import fetch_smollm2
from .common import add_json, print_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `fetch`."""
    parser.add_argument(
        "name", choices=["smollm2"], help="the model to fetch: SmolLM2-135M-Instruct, a download of 93 MB"
    )
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Fetch with a progress bar on standard error, then print the path; 0."""
    with tqdm(total=None, unit="B", unit_scale=True, desc=args.name) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        path = fetch_smollm2(show)
    print_json({"model": args.name, "path": str(path)}) if args.json else print(path)
    return 0
