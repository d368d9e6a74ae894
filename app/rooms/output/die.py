"""The die: all candidates side by side on a line from 0 to 1, and where the number fell."""

from __future__ import annotations

from collections.abc import Sequence

from app.kit.component import declare

_die = declare(__file__, "die", front=("dom",))


def die(
    pieces: Sequence[dict], number: float, labels: dict[str, str], *, colours: dict[str, str], key: str = "die"
) -> None:
    """Draw the line.

    Args:
        pieces: from 0 to 1 without a gap, each with "label" (plain text), "text" (said on hover), "low", "high",
            "hit" (whether the number fell on it) and "many" (whether it stands for several tokens).
        number: where the die fell, 0..1.
        labels: "group" and "fell", plain text.
        colours: "own", "drawn", "faint", "paper", "ink" and "grid".
    """
    _die.draw(key, {"pieces": list(pieces), "number": number, "labels": labels, "colours": colours})
