"""The text view: the prompt in a line, and what each token, or the next one, attends to."""

from __future__ import annotations

import numpy as np
import streamlit as st

from app.kit import frame, session
from app.kit.frame import Room
from app.kit.source import source
from app.rooms.attention.lines import lines
from model import Trace


def reading(room: Room, pattern: np.ndarray) -> None:
    """Draw this part of the page.

    Args:
        pattern: (H, T, T), of the layer.
    """
    count, look = len(pattern), room.look
    heads = tuple(head for head in room.view.mean if head < count) or (room.view.head,)
    expected = int(room.trace.logits[-1].argmax())
    st.markdown(f"#### {room.translate('attention.text.heading', layer=room.view.layer)}")
    st.markdown(room.translate("attention.text.look"))
    lines(
        room.trace.tokens,
        pattern[list(heads)].mean(0),
        count,
        expected=room.lm.tokenizer.shown(expected),
        chosen=room.view.query,
        heads=heads,
        labels=room.templates("attention.text.part."),
        colours={name: getattr(look, name) for name in ("ink", "faint", "query", "attention")},
        on_choose=lambda position: session.change(query=None if position == room.view.query else position),
        on_heads=lambda on: session.change(mean=on),
        on_append=lambda: frame.rewrite(room.lm, [*room.trace.ids, expected]),
    )
    source(room, Trace.pattern)
