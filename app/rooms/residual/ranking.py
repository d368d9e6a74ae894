"""Heads in order of their effect; each row leads to that head on the attention page."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from app.kit.component import declare

_ranking = declare(__file__, "ranking", front=("dom", "events"))


def ranking(
    rows: Sequence[tuple[int, int, float, str]],
    labels: dict[str, str],
    *,
    colours: dict[str, str],
    on_open: Callable[[int, int], None],
    key: str = "ranking",
) -> None:
    """Draw the rows.

    Args:
        rows: layer, head, effect, and the effect as text.
        labels: "name" and "open" (with {layer} and {head}) and "group", plain text.
        colours: "faint", "grid", "negative" and "positive".
        on_open: called with the layer and head of a clicked row, before the next run.
    """
    most = max((abs(effect) for _, _, effect, _ in rows), default=0.0) or 1.0
    data = {
        "rows": [
            {"layer": layer, "head": head, "share": effect / most, "text": text} for layer, head, effect, text in rows
        ],
        "labels": labels,
        "colours": colours,
    }
    _ranking.draw(key, data, open=lambda head: on_open(int(head["layer"]), int(head["head"])))
