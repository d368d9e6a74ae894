"""What several subcommands share: the prompt and model arguments, tables, percentages."""

from __future__ import annotations

import argparse
import json
import os
import sys
import unicodedata
from pathlib import Path
from typing import Any

from ..errors import BadInput
from ..files.catalog import WEIGHTS, default_name, load
from ..language_model import LanguageModel


def add_prompt(parser: argparse.ArgumentParser) -> None:
    """Declare PROMPT, --model and --json."""
    parser.add_argument(
        "prompt",
        metavar="PROMPT",
        help="the text to read; - reads it from standard input, and -- goes before one that begins with a dash",
    )
    add_model(parser)
    add_json(parser)


def add_model(parser: argparse.ArgumentParser) -> None:
    """Declare --model and --weights."""
    parser.add_argument(
        "--model",
        metavar="NAME_OR_PATH",
        help="a name from `python -m model list`, a Hugging Face folder or a .gguf file "
        "(default: the first built-in model)",
    )
    parser.add_argument(
        "--weights",
        choices=list(WEIGHTS),
        default="fp32",
        help="how the weights are kept in memory: bf16 takes half and computes coarser (default: fp32)",
    )


def add_json(parser: argparse.ArgumentParser) -> None:
    """Declare --json."""
    parser.add_argument("--json", action="store_true", help="print JSON")


def read_prompt(args: argparse.Namespace) -> str:
    """The prompt as text; bytes that are no UTF-8 become U+FFFD."""
    if args.prompt == "-":
        return sys.stdin.buffer.read().decode(errors="replace")
    # Python hands on such bytes of the command line as lone surrogates.
    return os.fsencode(args.prompt).decode(errors="replace")


def load_model(args: argparse.Namespace) -> LanguageModel:
    """The model that --model names, or the default."""
    return load(args.model or default_name(), weights=args.weights)


def at_least(value: int, least: int, option: str) -> int:
    """`value`, refused below `least`."""
    if value < least:
        raise BadInput("bad_count", f"{option} must be {least} or more, not {value}.", option=option, value=value)
    return value


def check_place(path: Path) -> None:
    """Refuse a place for --out that can't be written, before time goes into computing.

    Raises:
        BadInput: "cannot_write".
    """
    folder = path.absolute().parent
    if path.is_dir():
        raise bad_place(path, "it is a folder")
    if not folder.is_dir():
        raise bad_place(path, f"there is no folder {folder}")
    if not os.access(path if path.exists() else folder, os.W_OK):
        raise bad_place(path, "it is write-protected")


def bad_place(path: Path, reason: str) -> BadInput:
    """The error for a place that can't be written."""
    return BadInput(
        "cannot_write",
        f"{path} cannot be written ({reason}): give --out another file name.",
        path=str(path),
        reason=reason,
    )


def print_json(data: Any) -> None:
    """Print `data`, in ASCII so that no terminal can garble it."""
    print(json.dumps(data, indent=2, allow_nan=False))


def percent(probability: float) -> str:
    """A probability for people: two decimals, and never a false zero."""
    return "< 0.01 %" if probability < 0.0001 else f"{100 * probability:.2f} %"


def table(rows: list[list[str]], right: set[int]) -> str:
    """`rows` in aligned columns, those in `right` flush right, the first row a heading."""
    widths = [max(map(_columns, column)) for column in zip(*rows, strict=True)]

    def line(row: list[str]) -> str:
        cells = [
            " " * (width - _columns(cell)) + cell if i in right else cell + " " * (width - _columns(cell))
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        return "  ".join(cells).rstrip()

    return "\n".join(map(line, rows))


def _columns(text: str) -> int:
    """Cells that `text` takes in a terminal: two for a Chinese character or an emoji, none for a combining mark."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
