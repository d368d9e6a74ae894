"""Published models as squares: all parameters, and in the corner those that are active for a token."""

from __future__ import annotations

from collections.abc import Sequence

from app.kit.component import declare
from app.kit.theme import Look

_squares = declare(__file__, "squares", front=("dom",))


def squares(models: Sequence[tuple[str, int, int, str]], alt: str, look: Look, *, key: str) -> None:
    """Draw a square for each model with the area of all its parameters, and in it one of the active ones.

    Args:
        models: name, total, active, and lines of plain text below.
        alt: what they are, for those who do not see it.

    Raises:
        ValueError: where more parameters are active than there are.
    """
    if any(not 0 < active <= total for _, total, active, _ in models):
        raise ValueError("Each model needs 0 < active <= total parameters.")
    largest = max(total for _, total, _, _ in models)
    drawn = [
        {"name": name, "side": (total / largest) ** 0.5, "inner": (active / total) ** 0.5, "text": text}
        for name, total, active, text in models
    ]
    colours = {name: getattr(look, name) for name in ("masked", "own", "faint")}
    _squares.draw(key, {"models": drawn, "alt": alt, "colours": colours})
