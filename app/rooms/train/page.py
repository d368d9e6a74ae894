"""Watch a model learn: a text, a size, a kind; then its curves, its words and its heads while it trains."""

from __future__ import annotations

import streamlit as st

from app.kit import frame, session
from app.kit.source import source
from app.rooms.train.line import shown
from app.rooms.train.live import live
from app.rooms.train.setup import setup
from model.training.loop import Run
from model.training.ngram import KneserNey


def show() -> None:
    """Draw the page."""
    room = frame.enter()
    training = shown(room)
    if training is None:
        if room.view.learn_run:
            st.info(room.translate("train.gone"), icon=":material/info:")
            session.change_later(learn_run="")
        setup(room)
    else:
        # Only while something moves does the browser ask again, and then for this part alone.
        st.fragment(live, run_every=None if training.over else 1.0)(room, training, training.over)
    source(room, Run.advance, KneserNey.surprise)
