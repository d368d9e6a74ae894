"""A query and a key as hands of clocks, one clock for each pair that turns, and their score by distance."""

from __future__ import annotations

import numpy as np

from app.kit.component import declare, pack
from app.rooms.positions.analysis import Pairs

_hands = declare(__file__, "hands", front=("dom", "arrays", "events", "numbers"))


def hands(
    pairs: Pairs,
    farthest: int,
    labels: dict[str, str],
    *,
    colours: dict[str, str],
    height: int,
    key: str = "hands",
) -> None:
    """Draw the clocks and the curve; the browser turns the hands itself.

    Args:
        farthest: the largest distance of the curve and the slider.
        labels: "clocks", "curve", "distance" (with {distance}), "here" (with {distance} and {score}), "pair" (with
            {pair}, {period} and {score}), "play", "pause", "true", "content", "x", "y" and "point", plain text.
        colours: "query", "key", "attention", "accent", "faint", "grid", "ink" and "paper".
        height: px of the curve.
    """
    query, other = (np.stack([side.real, side.imag], axis=1).astype("<f4") for side in (pairs.query, pairs.key))
    data = {
        "query": pack(query),
        "key": pack(other),
        "rates": pack(pairs.rates.astype("<f4")),
        "scores": pack(pairs.scores(np.arange(farthest + 1)).astype("<f4")),
        "scale": pairs.scale,
        "content": pairs.content,
        "distance": pairs.distance,
        "labels": labels,
        "colours": colours,
        "height": height,
    }
    _hands.draw(key, data)
