"""A map of a whole vocabulary: one dot for each token, some of them marked and named.

Two pieces, because they change at different times: `token_map` is large and the same for
every prompt, so a browser receives it once for each model; `map_marks` is a short legend
that tells the map what to mark.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from app.kit.component import declare, pack

_map = declare(__file__, "token_map", front=("dom", "arrays", "events"))
_marks = declare(__file__, "map_marks", front=("dom", "events"))

STEPS = 65535  # places along each axis: finer than any screen


def encoded(points: np.ndarray, tokens: Sequence[str]) -> dict:
    """The heavy part of the map's data: places as 16-bit whole numbers, tokens as one text.

    Args:
        points: (V, 2), one unit on both axes.
        tokens: V tokens as shown to people, none with a line break.

    Raises:
        ValueError: if the lengths do not fit, or a token has a line break.
    """
    if points.shape != (len(tokens), 2) or any("\n" in token for token in tokens):
        raise ValueError(f"{len(tokens)} tokens, none with a line break, do not fit points of shape {points.shape}.")
    low = points.min(axis=0)
    span = float(np.ptp(points, axis=0).max()) or 1.0
    places = np.rint((points - low) / span * STEPS).astype("<u2")
    return {
        "places": pack(places),
        "low": low.tolist(),
        "unit": span / STEPS,
        "tokens": "\n".join(tokens),
    }


def token_map(
    cloud: dict,
    labels: dict[str, str],
    *,
    colours: dict[str, str],
    height: int,
    on_choose: Callable[[int], None],
    key: str = "token_map",
) -> None:
    """Draw the map.

    Args:
        cloud: from `encoded`; the same object for the same vocabulary.
        labels: "group", "hint", "reset", "closer", "farther", "x" and "y", plain text.
        colours: "dot", "paper", "ink", "faint", "grid", "chosen", "near" and "prompt".
        height: px, or more on a tall screen.
        on_choose: called with the token id of a clicked dot, before the next run.
    """

    _map.draw(
        key,
        {"cloud": cloud, "labels": labels, "colours": colours, "height": height},
        choose=lambda value: on_choose(int(value)),
    )


def map_marks(
    marks: Sequence[tuple[int, str]],
    legend: Sequence[tuple[str, str]],
    *,
    colours: dict[str, str],
    key: str = "map_marks",
) -> None:
    """Draw the map's legend, and mark tokens on it.

    Args:
        marks: token id and kind ("chosen", "near" or "prompt"), the most important first.
        legend: kind and what it means, plain text.
        colours: as for `token_map`.
    """
    _marks.draw(
        key,
        {"marks": [list(mark) for mark in marks], "legend": [list(entry) for entry in legend], "colours": colours},
    )
