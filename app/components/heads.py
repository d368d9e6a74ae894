"""Every head of a layer as a small picture; a click chooses it."""

from __future__ import annotations

import base64
from collections.abc import Callable

import numpy as np
import streamlit as st

from app.components import declare

_heads = declare("heads")


def heads(
    pictures: np.ndarray,
    *,
    selected: int,
    label: str,
    name: str,
    colours: dict,
    on_choose: Callable[[int], None],
    key: str = "heads",
) -> None:
    """Draw the row of heads.

    Args:
        pictures: (H, t, t) uint8, 255 for a weight of 1.
        selected: the head that is shown large.
        label: what the row is, for screen readers.
        name: of one head, with {head}.
        colours: "probability", a scale of (position, "#rrggbb").
        on_choose: called with the head that was clicked, before the next run.
    """
    count, side, _ = pictures.shape
    data = {
        "pictures": base64.b64encode(np.ascontiguousarray(pictures)).decode("ascii"),
        "count": count,
        "side": side,
        "selected": selected,
        "label": label,
        "name": name,
        "colours": colours,
    }

    def clicked() -> None:
        on_choose(int(st.session_state[key]["choose"]))

    _heads(key=key, data=data, on_choose_change=clicked)
