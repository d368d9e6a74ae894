"""Every head of a layer as a small picture; a click chooses it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from app.kit.component import declare, pack

_heads = declare(__file__, "heads", front=("dom", "colour", "arrays"))


def heads(
    pictures: np.ndarray,
    *,
    selected: int,
    label: str,
    name: str,
    colours: dict,
    on_choose: Callable[[int], None],
    key: str = "heads",
) -> None:
    """Draw the row of heads.

    Args:
        pictures: (H, t, t) uint8, 255 for a weight of 1.
        selected: the head that is shown large.
        label: what the row is, for screen readers.
        name: of one head, with {head}.
        colours: "probability", a scale of (position, "#rrggbb").
        on_choose: called with the head that was clicked, before the next run.
    """
    count, side, _ = pictures.shape
    data = {
        "pictures": pack(pictures),
        "count": count,
        "side": side,
        "selected": selected,
        "label": label,
        "name": name,
        "colours": colours,
    }

    _heads.draw(key, data, choose=lambda value: on_choose(int(value)))
