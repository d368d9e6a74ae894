"""Side A, side B and A − B beside each other: the cell under the mouse is marked in all three, a click chooses it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from app.kit.component import declare, pack
from app.rooms.compare.tables import Compared, Names

_sheets = declare(
    __file__, "sheets", front=("dom", "colour", "arrays", "numbers", "events"), scripts=("plan.js", "sheets.js")
)

LONG = 32  # columns from which on most weights of a row are pale
LEAST = 1e-4  # of the largest number: a smaller difference does not get the whole scale


def ranges(made: Compared) -> tuple[tuple[float, float], float]:
    """How far the scale of A, of B and of the difference reaches; never 0.

    A and B have one scale, unless nothing of them can be subtracted: then each has its own.
    """
    each = [float(np.abs(side[np.isfinite(side)]).max(initial=0.0)) or 1.0 for side in (made.a, made.b)]
    if made.picture.scale == "probability":
        each = [1.0, 1.0]
    elif made.apart is not None:
        each = [max(each)] * 2
    apart = 0.0 if made.farthest is None else abs(made.farthest.apart)
    return (each[0], each[1]), max(apart, LEAST * max(each))


def sheets(
    made: Compared,
    *,
    panel: str,
    pin: tuple[int, int] | None,
    chosen: int | None,
    labels: dict[str, str],
    colours: dict,
    on_choose: Callable[[dict], None],
    on_panel: Callable[[str], None],
    key: str = "sheets",
) -> None:
    """Draw the three pictures.

    Args:
        made: the tables; a joint axis where there is a difference.
        panel: "all", or the one of "a", "b" and "difference" that is enlarged.
        pin: row and column of the pinned cell, on the joint axes.
        chosen: entry of the chosen token, on the axis of tokens.
        labels: sentences by name, placeholders open; see app/text/en/compare.toml, "sheet.*".
        on_choose: called with {row, column, tile}: places on side A, -1 where A has none.
        on_panel: called with the panel whose heading was clicked, "all" where it was the only one.
    """
    most, apart = ranges(made)
    _sheets.draw(
        key,
        {
            "tiles": [len(made.a), len(made.b)],
            "rows": _axis(made.rows),
            "columns": _axis(made.columns),
            "joined": made.apart is not None,
            "a": pack(made.a.astype("<f4")),
            "b": pack(made.b.astype("<f4")),
            "zero": made.picture.empty_is_zero,
            "scale": made.picture.scale,
            "most": list(most),
            "apart": apart,
            "root": made.picture.scale == "probability"
            and made.columns.along == "token"
            and len(made.columns.a) > LONG,
            "square": made.rows.along == made.columns.along == "token",
            "panel": panel if made.apart is not None or panel != "difference" else "all",
            "pin": None if pin is None else list(pin),
            "chosen": chosen,
            "labels": labels,
            "colours": colours,
        },
        choose=on_choose,
        panel=on_panel,
    )


def _axis(names: Names) -> dict:
    """Labels of both sides; and of each entry of a joint axis its place on A, and on B, -1 where there is none."""
    made: dict = {"along": names.along, "a": names.a, "b": names.b}
    if names.axis is not None:
        made |= {"at": names.axis.a.tolist(), "there": names.axis.b.tolist(), "same": names.axis.same.tolist()}
    return made
