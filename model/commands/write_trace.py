"""`python -m model trace PROMPT --out FILE.npz`: every number that the model computed, as a numpy file."""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

from ..files.whole import put_in_place
from ..trace import Trace, run_trace
from .common import add_prompt, bad_place, check_place, load_model, print_json, read_prompt, table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `trace`."""
    add_prompt(parser)
    parser.add_argument(
        "--out",
        required=True,
        type=Path,
        metavar="FILE.npz",
        help="where to write; numpy.load reads it, by hook name and 'tokens'",
    )


def run(args: argparse.Namespace) -> int:
    """Run the model on the prompt, write the file, say what is in it; 0."""
    check_place(args.out)
    prompt, lm = read_prompt(args), load_model(args)
    trace = run_trace(lm, prompt)
    _write(trace, args.out)
    shapes = {name: list(array.shape) for name, array in trace.items()}
    if args.json:
        tokens = [lm.tokenizer.piece(token) for token in trace.ids]
        print_json({"model": trace.model, "prompt": prompt, "tokens": tokens, "file": str(args.out), "arrays": shapes})
        return 0
    print(
        table(
            [["ARRAY", "SHAPE"], *([name, " x ".join(map(str, shape))] for name, shape in shapes.items())], right=set()
        )
    )
    print(f"\n{len(shapes)} arrays of {len(trace.ids)} tokens in {args.out} ({os.path.getsize(args.out):,} bytes)")
    return 0


def _write(trace: Trace, path: Path) -> None:
    """Write under another name first: a file under the right name is always whole."""
    try:
        with tempfile.NamedTemporaryFile(
            dir=path.absolute().parent, prefix=f".{path.name[:40]}-", delete=False
        ) as file:
            try:
                trace.save(file)
                file.close()
                put_in_place(Path(file.name), path)
            except BaseException:
                os.unlink(file.name)
                raise
    except OSError as error:
        raise bad_place(path, error.strerror or str(error)) from error
