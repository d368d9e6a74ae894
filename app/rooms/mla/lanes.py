"""Tensors of one prompt as heat maps in the order of computation: lanes of boxes with arrows between."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from app.kit.component import declare, pack

_lanes = declare(__file__, "lanes", front=("dom", "colour", "arrays", "events", "numbers"))


@dataclass(frozen=True)
class Box:
    """One tensor: rows are tokens."""

    name: str
    hook: str  # where it was read; shown beside its numbers
    values: np.ndarray  # (N, C) or (N, heads, C / heads) float32; NaN where there is no number
    shape: str  # of the whole tensor, as shown
    cached: bool = False
    probability: bool = False  # coloured on 0..1, else signed around 0
    head: int | None = None  # of the heads, the one that is marked
    columns: str = "entries"  # a key of labels: what a column is
    first: int = 0  # columns of a first part with a colour scale of its own; 0: all are one part


@dataclass(frozen=True)
class Step:
    """What leads to some boxes, and the boxes."""

    by: str  # such as the weight that is multiplied with; empty at the beginning
    boxes: Sequence[Box]


@dataclass(frozen=True)
class Lane:
    """One way, from left to right."""

    name: str
    steps: Sequence[Step]


def lanes(
    drawn: Sequence[Lane],
    tokens: Sequence[str],
    labels: dict[str, str],
    *,
    first: int,
    selected: int,
    height: int,
    colours: dict,
    on_choose: Callable[[int], None],
    key: str = "lanes",
) -> None:
    """Draw the lanes; every box has one row for each of the N tokens.

    Args:
        tokens: N, as shown to people; the first is token `first` of the prompt.
        labels: "point", "cached", "masked", and the words around a cell's numbers: "entries" with
            {column}, "keys" with {token}, "heads" with {head} and {column}; plain text.
        selected: index in the prompt of the row that is framed.
        height: px of a box's picture.
        colours: "signed" and "probability" scales, "masked", "accent", "ink", "cached".
        on_choose: called with the index of a clicked row's token, before the next run.

    Raises:
        ValueError: if a box has not one row for each token.
    """
    boxes = [box for lane in drawn for step in lane.steps for box in step.boxes]
    wrong = [box.name for box in boxes if len(box.values) != len(tokens)]
    if wrong:
        raise ValueError(f"{len(tokens)} tokens do not fit the rows of {wrong}.")

    data = {
        "lanes": [
            {
                "name": lane.name,
                "steps": [{"by": step.by, "boxes": [_packed(box) for box in step.boxes]} for step in lane.steps],
            }
            for lane in drawn
        ],
        "tokens": list(tokens),
        "labels": labels,
        "first": first,
        "selected": selected,
        "height": height,
        "colours": colours,
    }
    _lanes.draw(key, data, choose=lambda value: on_choose(int(value)))


def _packed(box: Box) -> dict:
    flat = box.values.reshape(len(box.values), -1)
    parts = np.split(flat, [box.first], axis=1) if box.first else [flat]
    return {
        "name": box.name,
        "hook": box.hook,
        "shape": box.shape,
        "values": pack(flat.astype("<f4", copy=False)),
        "width": flat.shape[1],
        "heads": box.values.shape[1] if box.values.ndim == 3 else 1,
        "head": box.head,
        "parts": [{"columns": part.shape[1], "limit": float(np.nanmax(np.abs(part))) or 1.0} for part in parts],
        "cached": box.cached,
        "probability": box.probability,
        "columns": box.columns,
    }
