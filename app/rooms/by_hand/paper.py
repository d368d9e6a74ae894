"""What the work sheet and the picture both print: the steps in order, and numbers as they stand on paper."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from app.rooms.by_hand.examples import Example
from app.text import translate
from model.measure.worked import Worked

TOKENS = ("x₁", "x₂", "x₃", "x₄")
GIVEN = ("x", "q", "k", "v", "o")
STACKED = ("dots", "scaled", "masked", "pattern")  # one matrix for each head


@dataclass(frozen=True, eq=False)
class Table:
    """A matrix on paper; `rows` and `columns` are its tokens' names, empty where it has none."""

    name: str  # "x", "w_q" ... for what is given, else the step
    values: np.ndarray
    rows: tuple[str, ...]
    columns: tuple[str, ...] = ()
    head: int | None = None  # of several


def given(example: Example) -> list[Table]:
    """X and the weights."""
    return [
        Table("x" if name == "x" else f"w_{name}", getattr(example, name), TOKENS if name == "x" else ())
        for name in GIVEN
    ]


def steps(example: Example, worked: Worked) -> Iterator[Table]:
    """Every result, in the order of calculation."""
    for name, values in vars(worked).items():
        if name not in STACKED:
            yield Table(name, values, TOKENS)
            continue
        for head in range(example.heads):
            yield Table(name, values[head], TOKENS, TOKENS, head if example.heads > 1 else None)


def formula(example: Example, name: str, lang: str) -> str:
    """How the step `name` is calculated; the division with its number, or that there is none."""
    if name == "scaled":
        return f"÷ √d = ÷ √{example.width}" if example.scaling else "× 1"
    return translate(lang, f"by_hand.part.formula.{name}")


def number(value: float, name: str = "") -> str:
    """As on the page: weights to three decimals, everything else to at most two."""
    if not np.isfinite(value):
        return "−∞"
    text = f"{value:.3f}" if name == "pattern" and value else f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "0") else text.replace("-", "−")
