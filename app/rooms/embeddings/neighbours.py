"""Tokens with a measure from 0 to 1 as bars; each row is a button that chooses its token."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from app.kit.component import declare

_neighbours = declare(__file__, "neighbours", front=("dom", "events", "token_rows"))


def neighbours(
    rows: Sequence[tuple[int, str, float, str]],
    labels: dict[str, str],
    *,
    typical: float,
    colours: dict[str, str],
    on_choose: Callable[[int], None],
    key: str = "neighbours",
) -> None:
    """Draw the rows.

    Args:
        rows: token id, token as shown to people, measure, and the measure as text.
        labels: "rank", "token", "measure", "choose" (with {token}) and "group", plain text.
        typical: the measure of a typical token: a line through all bars.
        colours: "bar", "grid" and "typical".
        on_choose: called with the token id of a clicked row, before the next run.
    """

    data = {"rows": [list(row) for row in rows], "labels": labels, "typical": typical, "colours": colours}
    _neighbours.draw(key, data, choose=lambda value: on_choose(int(value)))
