"""How far a position turns each pair of a query's and key's entries: one clock for each pair."""

from __future__ import annotations

import numpy as np

from app.kit.component import declare
from app.kit.theme import Look

_clocks = declare(__file__, "clocks", front=("dom",))


def clocks(radians: np.ndarray, position: int, look: Look, *, hover: str, alt: str, key: str = "clocks") -> None:
    """Draw a hand for each pair: it points right at position 0 and has turned by `position` times `radians`.

    Args:
        radians: (P,) turned per position.
        position: of the token, 0 the first.
        hover: words for a clock, with ``{pair}``, ``{radians}``, ``{angle}`` and ``{period}``.
        alt: what they show, for those who do not see it.
    """
    colours = {name: getattr(look, name) for name in ("ink", "faint", "paper", "attention", "query")}
    _clocks.draw(key, {"clocks": turned(radians, position, hover), "alt": alt, "colours": colours})


def turned(radians: np.ndarray, position: int, hover: str) -> list[dict]:
    """For each clock its angle in radians, that in degrees as written below it, and the words for the mouse.

    Raises:
        ValueError: if `radians` is not a vector, or `position` is negative.
    """
    if radians.ndim != 1 or position < 0:
        raise ValueError(f"radians must be (P,) and position 0 or more, not {radians.shape} and {position}.")
    made = []
    for pair, rate in enumerate(radians.tolist()):
        angle = rate * position
        degrees = f"{np.degrees(angle):.0f}°" if angle > 0.0175 or angle == 0 else f"{np.degrees(angle):.2g}°"
        words = hover.format(pair=pair, radians=f"{rate:.4g}", angle=f"{angle:.4g}", period=f"{2 * np.pi / rate:,.1f}")
        made.append({"angle": angle, "degrees": degrees, "words": words})
    return made
