"""What the model had expected, word by word, beside what the class had."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from app.kit.component import declare

_shown = declare(__file__, "shown", front=("dom",))


@dataclass(frozen=True)
class Row:
    """One word."""

    token: str  # as shown to people
    rank: str
    model: float  # probabilities
    model_text: str
    ours: float
    ours_text: str
    real: bool  # it is the one that came


def shown(rows: Sequence[Row], labels: Mapping[str, str], *, colours: Mapping[str, str], key: str = "shown") -> None:
    """Draw the table.

    Args:
        labels: "rank", "token", "model", "ours", "caption" and "real", plain text.
        colours: "own", "query", "accent", "grid" and "faint".
    """
    _shown.draw(key, {"rows": [asdict(row) for row in rows], "labels": dict(labels), "colours": dict(colours)})
