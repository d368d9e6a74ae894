"""Mixtures of experts: active parameters of a token, kinds of text per expert."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.kit.charts import Axis, Bars, Cells, Chart
from app.kit.theme import Look

ROW, APART, FOOT = 44, 16, 44  # px: a kind of text, the room before the last row, the names of experts
WRITTEN = 16  # experts up to which percentages stand in the cells


@dataclass(frozen=True)
class Piece:
    """A stretch of a layer's bar."""

    kind: str  # a legend's key
    size: int
    hover: str  # plain text


def stacked(
    rows: Sequence[tuple[str, Sequence[Piece]]], legend: dict[str, tuple[str, str]], look: Look, *, x: str, height: int
) -> Chart:
    """Bars of pieces laid end to end, the first row on top.

    Args:
        rows: label and pieces.
        legend: kind -> (name, colour), in the order of the legend.
        x: title of the axis of sizes.

    Raises:
        ValueError: for a piece of a kind that the legend lacks.
    """
    missing = {piece.kind for _, pieces in rows for piece in pieces} - set(legend)
    if missing:
        raise ValueError(f"The legend has no kind {sorted(missing)}.")
    sizes = [np.array([piece.size for piece in pieces]) for _, pieces in rows]
    ends = np.concatenate([size.cumsum() for size in sizes])
    every = [piece for _, pieces in rows for piece in pieces]
    bars = Bars(
        np.repeat(np.arange(len(rows)), [len(size) for size in sizes]),
        ends,
        [legend[piece.kind][1] for piece in every],
        starts=ends - np.concatenate(sizes),
        outlines=[look.paper] * len(every),
        texts=[piece.hover for piece in every],
    )
    return Chart(
        look,
        [bars],
        x=Axis(title=x, low=0, form="short"),
        y=Axis(labels=[label for label, _ in rows]),
        height=height,
        rows=True,
        apart=True,
        legend=list(legend.values()),
    )


def shares(
    rows: Sequence[str], values: np.ndarray, experts: Sequence[str], look: Look, *, hover: str
) -> tuple[Chart, ...]:
    """How much each expert is used by each kind of text, as heat maps over 0..1; the last row stands apart.

    Args:
        rows: N labels.
        values: (N, E) in 0..1.
        experts: E names of the columns.
        hover: with ``{row}``, ``{expert}`` and ``{percent}``.

    Raises:
        ValueError: if the shapes do not fit.
    """
    if values.shape != (len(rows), len(experts)):
        raise ValueError(f"{len(rows)} rows of {len(experts)} experts do not fit values of shape {values.shape}.")
    said = hover.format(row="{row}", expert="{column}", percent="{value}")

    def part(own: slice, height: int) -> Chart:
        table, names = values[own], rows[own]
        words = [[f"{100 * value:.0f} %" for value in row] for row in table] if len(experts) <= WRITTEN else []
        cells = Cells(table, look.probability, 0, 1, form="percent", words=words, hover=said)
        return Chart(look, [cells], x=Axis(labels=experts), y=Axis(labels=names), height=height)

    last = len(rows) - 1
    below = part(slice(last, None), ROW + FOOT)
    return (part(slice(0, last), ROW * last + APART), below) if last else (below,)
