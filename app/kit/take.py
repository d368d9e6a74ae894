"""Numbers to take along: any matrix of a page as CSV, NumPy's .npy, SVG or PNG.

Nothing is computed or sent before somebody opens the row, and a file only when it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from app.kit.component import declare
from app.kit.files import Matrix, as_csv, as_npy, file_stem
from app.kit.frame import Room
from app.kit.picture import heat_map

DRAWN_TO = 1024  # rows or columns; a vocabulary is taken as numbers only

_png = declare(__file__, "take", front=("dom", "files"))


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
        if drawable:
            data = {"svg": drawn(), "file": f"{stem}.png", "label": translate("common.take.png")}
            _png.draw(f"{key}_png", data)


def layer_and_head(room: Room) -> tuple[str, str]:
    """The layer and head that the view shows, for a title."""
    return f"{room.translate('common.layer')} {room.view.layer}", f"{room.translate('common.head')} {room.view.head}"
