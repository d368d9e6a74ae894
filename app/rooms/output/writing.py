"""Generating on the page: token after token, until the limit, the end of the text, or a click on anything."""

from __future__ import annotations

import html
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.kit import frame, runtime, session
from app.kit.frame import Room
from app.kit.limits import limits

LIMIT = 40  # tokens of one press
GO_ON = "_go_on"  # session: the next run generates without a press of the button
_ENDED = "_ended"  # session: how the last generation came to its end


@dataclass(frozen=True)
class Ended:
    """A generation that ended before its limit."""

    ids: tuple[int, ...]  # the prompt and what was written
    count: int  # tokens written
    full: bool  # there was no room for more, else the model ended the text


def most(room: Room) -> int:
    """Tokens that a prompt of this model may have on these pages."""
    return min(limits().prompt_tokens, room.lm.config.context)


def writing(room: Room, place: DeltaGenerator, asked: bool) -> None:
    """Generate where that was asked for, else say why the last generation ended. The last thing that a page calls.

    The rest of the page stands already, so that it is whole however this run ends.

    Args:
        place: of the page, for the text while it grows, and for the reason.
    """
    with place:
        if asked:
            with runtime.pages().aside(), runtime.writers():
                _write(room)
        else:
            _say(room)


def _write(room: Room) -> None:
    """Stream what the model writes after the prompt, then start the page anew with it.

    Any click stops it, because Streamlit then ends this run at the next thing it draws;
    what was written until then is kept, and undo takes all of it back at once.
    """
    view, lm = room.view, room.lm
    ids = list(room.trace.ids[: room.position + 1])
    limit = min(LIMIT, most(room) - len(ids))
    status, paper = st.empty(), st.empty()
    before, written, done = lm.tokenizer.decode(ids), "", 0
    settings = {name: view[name] for name in ("temperature", "top_k", "top_p", "min_p", "seed")}
    for done, step in enumerate(runtime.generate(lm, list(ids), max_new_tokens=limit, **settings), start=1):
        ids.append(step.id)
        session.change_later(**frame.spelled(lm, ids))
        written += step.text
        status.markdown(room.translate("output.writing", done=done, limit=limit))
        paper.html(f'<div class="written"><span>{_markup(before)}</span><b>{_markup(written)}</b></div>')
    st.session_state.pop(_ENDED, None)
    if done < limit or limit < LIMIT:
        st.session_state[_ENDED] = Ended(tuple(ids), done, full=done == limit)
    st.rerun()


def _say(room: Room) -> None:
    ended: Ended | None = st.session_state.get(_ENDED)
    ids = room.trace.ids[: room.position + 1]
    if ended is None or ended.ids != ids:
        return
    if ended.full:
        st.info(room.translate("output.full", limit=f"{most(room):,}"), icon=":material/last_page:")
        return
    sentence = "output.ended" if ended.count else "output.ended.once"
    st.info(room.translate(sentence, count=ended.count), icon=":material/stop_circle:")
    if len(ids) + 1 < most(room):
        st.button(room.translate("output.go_on"), key="go_on", on_click=_go_on, args=(room,))


def _go_on(room: Room) -> None:
    """Append the token that ended the text, and generate what the model writes after it."""
    logits = room.trace.logits[room.position]
    end = max(room.lm.tokenizer.end_ids, key=lambda token: logits[token])
    frame.rewrite(room.lm, [*room.trace.ids[: room.position + 1], end])
    st.session_state[GO_ON] = True


def _markup(text: str) -> str:
    return html.escape(text).replace("\n", "<br>")
