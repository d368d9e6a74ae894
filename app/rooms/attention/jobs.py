"""Heads with a known job, one click away."""

from __future__ import annotations

import streamlit as st

from app.kit import frame, runtime, session
from app.kit.frame import Room
from app.kit.numbers import percent
from model import BadInput, LanguageModel
from model.measure import heads

_ASKED = "_jobs"  # session: fingerprints of the models whose heads were asked for


def jobs(room: Room) -> None:
    """A row of buttons, one for each job that a head of this model has; nothing where nothing was learned."""
    if not room.lm.trained:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="jobs"):
        best = _best(room)
        if best is None:
            st.button(
                room.translate("attention.jobs.find"),
                key="find_jobs",
                icon=":material/search:",
                on_click=_ask,
                args=(room,),
            )
            return
        by_job = {job: known for job, known in best.items() if known["score"] >= heads.LEAST_SCORE}
        st.markdown(room.translate("attention.jobs" if by_job else "attention.jobs.none"), width="content")
        for job, known in by_job.items():
            place = {"layer": known["layer"], "head": known["head"]}
            chosen = (room.view.layer, room.view.head) == tuple(place.values())
            words = room.translate(f"attention.jobs.{job}", **place)
            st.button(
                words,
                key=f"job_{job}",
                icon=":material/check:" if chosen else None,
                help=room.translate("attention.jobs.help", score=percent(known["score"])),
                on_click=session.change,
                kwargs=place,
            )
        if "induction" in by_job and _fits_twice(room):
            st.button(
                room.translate("attention.jobs.twice"),
                key="twice",
                icon=":material/repeat:",
                help=room.translate("attention.jobs.twice.help"),
                on_click=_twice,
                args=(room,),
            )


def _best(room: Room) -> dict[str, dict[str, float]] | None:
    """From the model's record; from a search, where one was asked for; else None."""
    if "heads" in room.lm.record:
        return room.lm.record["heads"]
    if room.lm.fingerprint not in st.session_state.get(_ASKED, ()):
        return None
    with st.spinner(room.translate("attention.jobs.finding")):
        return runtime.of_model(_search, room.lm)


def _search(lm: LanguageModel) -> dict[str, dict[str, float]]:
    with runtime.forwards():
        return heads.found(lm)


def _ask(room: Room) -> None:
    st.session_state[_ASKED] = {*st.session_state.get(_ASKED, ()), room.lm.fingerprint}


def _fits_twice(room: Room) -> bool:
    """Whether the prompt, without a repetition so far, is still short enough when repeated."""
    ids = list(room.trace.ids)
    half = len(ids) // 2
    if ids[:half] == ids[len(ids) - half :] and half:
        return False
    try:
        runtime.read_prompt(room.lm, 2 * ids)
    except BadInput:
        return False
    return len(ids) > 1


def _twice(room: Room) -> None:
    ids = list(room.trace.ids)
    frame.rewrite(room.lm, [*ids, *ids])
