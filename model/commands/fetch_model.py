"""`python -m model fetch NAME`: bring a model's weights onto this machine."""

from __future__ import annotations

import argparse
import sys

from tqdm import tqdm

from ..files.fetch import fetch, fetched_path
from ..files.fetchable import MODELS
from .common import add_json, print_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `fetch`."""
    about = "; ".join(
        f"{name}: {model.title}, a download of {model.download_bytes / 1e6:.0f} MB, under {model.licence}"
        for name, model in MODELS.items()
    )
    parser.add_argument("name", choices=list(MODELS), metavar="NAME", help=f"the model to fetch: {about}")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Fetch with a progress bar on standard error, then print the path; 0."""
    model = MODELS[args.name]
    if fetched_path(args.name) is None:
        print(
            f"{model.title}: {model.download_bytes / 1e6:.0f} MB, under {model.licence}. Stop with Ctrl-C.",
            file=sys.stderr,
        )
    with tqdm(total=None, unit="B", unit_scale=True, desc=args.name) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        path = fetch(args.name, show)
    print_json({"model": args.name, "path": str(path)}) if args.json else print(path)
    return 0
