"""Where one head looked from one token: the text before, each token as dark as its weight."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.kit.component import declare

_looks = declare(__file__, "looks", front=("dom", "colour", "events"))


def looks(
    cells: Sequence[dict[str, Any]], label: str, *, scale: Sequence[tuple[float, str]], key: str = "looks"
) -> None:
    """Draw the text.

    Args:
        cells: one for each token from the first on, with "token", "weight" (0..1) and "shown" (the weight as text).
        label: what the picture shows, for screen readers.
        scale: places 0..1 and their colours, "#RRGGBB".
    """
    _looks.draw(key, {"cells": list(cells), "label": label, "scale": [list(stop) for stop in scale]})
