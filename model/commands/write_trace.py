"""`python -m model trace PROMPT --out FILE.npz`: every number that the model computed, as a numpy file."""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

import numpy as np

from ..errors import BadInput
from ..trace import Trace, run_trace
from .common import add_prompt, load_model, print_json, read_prompt, table


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
    _check_place(args.out)
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


def _check_place(path: Path) -> None:
    """Refuse a place that can't be written, before time goes into computing."""
    if path.is_dir():
        raise _bad_place(path, "it is a folder")
    if not path.absolute().parent.is_dir():
        raise _bad_place(path, f"there is no folder {path.absolute().parent}")


def _write(trace: Trace, path: Path) -> None:
    """Write under another name first: a file under the right name is always whole."""
    try:
        with tempfile.NamedTemporaryFile(
            dir=path.absolute().parent, prefix=f".{path.name[:40]}-", delete=False
        ) as file:
            try:
                np.savez_compressed(file, tokens=np.array(trace.tokens), ids=np.array(trace.ids), **trace)
                file.close()
                os.replace(file.name, path)
            except BaseException:
                os.unlink(file.name)
                raise
    except OSError as error:
        raise _bad_place(path, error.strerror or str(error)) from error


def _bad_place(path: Path, reason: str) -> BadInput:
    return BadInput(
        "cannot_write",
        f"{path} cannot be written ({reason}): give --out another file name.",
        path=str(path),
        reason=reason,
    )
