"""Generating on the page: token after token, until the limit or a click on anything."""

from __future__ import annotations

import html

import streamlit as st

from app.kit import frame, runtime, session
from app.kit.frame import Room

LIMIT = 40  # tokens of one press


def continuation(room: Room) -> None:
    """Stream what the model writes after the prompt, then start the page anew with it.

    Any click stops it, because Streamlit then ends this run at the next thing it draws;
    what was written until then is kept, and undo takes all of it back at once.
    """
    view, lm = room.view, room.lm
    ids = list(room.trace.ids[: room.position + 1])
    limit = min(LIMIT, runtime.PROMPT_TOKENS - len(ids))
    status, paper = st.empty(), st.empty()
    before, written = lm.tokenizer.decode(ids), ""
    settings = {"temperature": view.temperature, "top_k": view.top_k, "top_p": view.top_p, "seed": view.seed}
    for done, step in enumerate(runtime.generate(lm, list(ids), max_new_tokens=limit, **settings), start=1):
        ids.append(step.id)
        session.change_later(**frame.spelled(lm, ids))
        written += step.text
        status.markdown(room.translate("output.writing", done=done, limit=limit))
        paper.html(f'<div class="written"><span>{_markup(before)}</span><b>{_markup(written)}</b></div>')
    st.rerun()


def _markup(text: str) -> str:
    return html.escape(text).replace("\n", "<br>")
