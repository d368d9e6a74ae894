"""Numbers to take along: any matrix of a page as CSV, NumPy's .npy, SVG or PNG, and a link to what is shown.

Nothing is computed or sent before somebody opens the row, and a file only when it is asked for.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from app.kit.component import declare
from app.kit.frame import Room
from app.kit.picture import heat_map

DRAWN_TO = 1024  # rows or columns; a vocabulary is taken as numbers only

_buttons = declare(__file__, "take", front=("dom",))


@dataclass(frozen=True, eq=False)
class Matrix:
    """Numbers that a page shows, with what its rows and columns are."""

    values: np.ndarray  # (R, C) or (n,), as computed: NaN or minus infinity where there is no number
    rows: Sequence[str] = ()  # names, such as tokens; none: counted from 0
    columns: Sequence[str] = ()
    probability: bool = False  # drawn on the scale of 0..1, else on the signed one

    @property
    def table(self) -> np.ndarray:
        """(R, C): a vector is one column."""
        return self.values if self.values.ndim == 2 else self.values[:, None]


def take(
    room: Room,
    matrices: Mapping[str, Matrix | Callable[[], Matrix]],
    *,
    about: Sequence[str] = (),
    of: str | None = None,
    key: str = "take",
) -> None:
    """A row, closed at first, with a choice of the page's matrices and what each can be taken as.

    Args:
        matrices: by the name that people choose from, or how to compute one when it is chosen.
        about: what belongs in a picture's title beside prompt and model, such as "layer 2" and "head 3".
        of: what was calculated with, where that is not the prompt.
    """
    st.fragment(_take)(room, matrices, about, room.trace.prompt if of is None else of, key)


def _take(
    room: Room, matrices: Mapping[str, Matrix | Callable[[], Matrix]], about: Sequence[str], of: str, key: str
) -> None:
    translate = room.translate
    expander = st.expander(translate("common.take"), icon=":material/file_download:", key=key, on_change="rerun")
    if not expander.open:
        return
    with expander, st.container(horizontal=True, vertical_alignment="center", gap="small"):
        name = st.selectbox(
            translate("common.take.matrix"),
            list(matrices),
            key=f"{key}_matrix",
            label_visibility="collapsed",
            width=260,
        )
        chosen = matrices[name]
        matrix = chosen if isinstance(chosen, Matrix) else chosen()
        stem = file_stem(room.lm.name, *about, name)
        title = " · ".join([name, room.lm.name, *about])

        drawable = max(matrix.table.shape) <= DRAWN_TO

        def drawn() -> str:
            return heat_map(
                matrix.table,
                matrix.rows,
                matrix.columns,
                title=title,
                subtitle=of,
                probability=matrix.probability,
            )

        kinds: list[tuple[str, str, Callable[[], str | bytes]]] = [
            ("csv", "text/csv", lambda: as_csv(matrix)),
            ("npy", "application/octet-stream", lambda: as_npy(matrix)),
            *([("svg", "image/svg+xml", drawn)] if drawable else []),
        ]
        for kind, mime, made in kinds:
            st.download_button(
                kind.upper(), made, f"{stem}.{kind}", mime, key=f"{key}_{kind}", on_click="ignore", width="content"
            )
        names = ("png", "link", "copied", "failed")
        _buttons.draw(
            f"{key}_buttons",
            {
                "svg": drawn() if drawable else None,
                "file": f"{stem}.png",
                "labels": {n: translate(f"common.take.{n}") for n in names},
            },
        )


def layer_and_head(room: Room) -> tuple[str, str]:
    """The layer and head that the view shows, for a title."""
    return f"{room.translate('common.layer')} {room.view.layer}", f"{room.translate('common.head')} {room.view.head}"


def file_stem(*parts: str) -> str:
    """A file name of these parts that every system takes: letters, digits and dashes."""
    return "-".join(filter(None, (re.sub(r"[^\w]+", "-", part.split("/")[-1]).strip("-") for part in parts)))


def as_csv(matrix: Matrix) -> str:
    """A line of column names, then a line for each row, its name first; every digit of a number, nothing where none is.

    Repeated names, such as a token that comes twice, stay as they are: lines and columns are in order.
    """
    table = matrix.table
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    columns = list(matrix.columns) or [str(column) for column in range(table.shape[1])]
    writer.writerow(["", *columns])
    for row, values in enumerate(table):
        name = matrix.rows[row] if len(matrix.rows) else str(row)
        writer.writerow([name, *("" if np.isnan(value) else str(value) for value in values)])
    return text.getvalue()


def as_npy(matrix: Matrix) -> bytes:
    """The array as it is: `numpy.load` reads it."""
    data = io.BytesIO()
    np.save(data, np.ascontiguousarray(matrix.values), allow_pickle=False)
    return data.getvalue()
