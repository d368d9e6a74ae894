"""The way from logits to the draw as a table: a row for each of the best candidates, a column for each step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from app.kit.component import declare

_way = declare(__file__, "way", front=("dom",))


@dataclass(frozen=True)
class Row:
    """One candidate's way."""

    id: int
    token: str  # as shown to people
    cells: list[str]  # a number for each column that it reaches: a candidate that was cut has fewer
    share: float  # its probability at the end, 0..1
    marks: list[str]  # "greedy", "sampled"


def way(
    columns: Sequence[dict[str, str]],
    rows: Sequence[Row],
    labels: dict[str, str],
    *,
    colours: dict[str, str],
    on_choose: Callable[[int], None],
    key: str = "way",
) -> None:
    """Draw the table.

    Args:
        columns: of each column "name", and "left", "mass" and "cut": what is left after that step, or "".
        labels: "token", "cut" (for a cell of a candidate that is out), "greedy", "sampled", "append" (with
            {token}), "left", "mass", "removed" and "group", plain text.
        colours: "own", "drawn", "accent", "faint" and "grid".
        on_choose: called with the token id of a clicked row, before the next run.
    """
    data = {"columns": list(columns), "rows": [asdict(row) for row in rows], "labels": labels, "colours": colours}
    _way.draw(key, data, choose=lambda value: on_choose(int(value)))
