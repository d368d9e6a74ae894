"""Before a training: what to train on, how large a model, of which kind; and what is going to happen."""

from __future__ import annotations

import lzma
from functools import lru_cache

import streamlit as st

from app.kit import own_models, pickers, session
from app.kit.frame import Room
from app.kit.trainings import TEXTS as FOLDER
from app.kit.trainings import Limits, Plan
from app.rooms.train.analysis import decode, usable
from app.rooms.train.line import line
from app.rooms.train.words import ATTENTION, NETWORKS, SIZES, TEXTS
from app.text import error_text, escape_markdown
from model import BadInput
from model.training import classroom

SAMPLE = 220  # characters of a text: three lines
_TYPED, _FILE = "train_typed", "train_file"  # widgets
_REFUSED = "_train_refused"  # session: why the last press of the button began nothing


def setup(room: Room) -> None:
    """Draw the choices and the button."""
    st.markdown(f"#### {room.translate('train.heading')}")
    st.markdown(room.translate("train.about"))
    choices, beside = st.columns([1.25, 1.0], gap="large")
    with choices:
        with st.container(gap="xsmall"):
            _choose_text(room)
        words = {"learn_size": SIZES, "learn_attention": ATTENTION, "learn_network": NETWORKS}
        for place, (word, names) in zip(st.columns([1.0, 1.35, 1.25]), words.items(), strict=True):
            with place, st.container(gap="xxsmall"):
                st.markdown(f"**{room.translate(f'train.{word}')}**")
                pickers.choice(room, word, names, f"train.{word}")
        config = classroom.name_of(room.view.learn_size, room.view.learn_attention, room.view.learn_network)
        facts = room.translate(
            f"train.facts.{room.view.learn_size}",
            parameters=f"{classroom.parameters(config):,}",
            steps=f"{classroom.SIZES[room.view.learn_size].steps:,}",
            vocabulary=f"{classroom.VOCABULARY:,}",
            most=round(line().limits.seconds / 60),
        )
        st.button(
            room.translate("train.start"),
            key="train_start",
            type="primary",
            icon=":material/play_arrow:",
            on_click=_start,
            args=(room, config),
        )
        _say(room)
        st.markdown(facts)
    with beside:
        st.markdown(f"**{room.translate('train.happens')}**\n\n{room.translate('train.happens.how')}")
        st.markdown(f"**{room.translate('train.try')}**\n\n{room.translate('train.try.how')}")


def _choose_text(room: Room) -> None:
    st.markdown(f"**{room.translate('train.learn_text')}**")
    pickers.choice(room, "learn_text", TEXTS, "train.learn_text")
    if room.view.learn_text == "own":
        limits = line().limits
        st.text_area(
            room.translate("train.typed"),
            key=_TYPED,
            height=110,
            placeholder=room.translate("train.typed.hint", least=f"{limits.least_characters:,}"),
            label_visibility="collapsed",
        )
        st.file_uploader(
            room.translate("train.file", most=f"{limits.text_bytes / 1e6:.0f}"),
            key=_FILE,
            max_upload_size=max(1, limits.text_bytes // 1_000_000),
        )
        return
    text, size = _sample(room.view.learn_text)
    st.caption(room.translate("train.sample", size=f"{size / 1e6:.1f}"))
    with st.container(border=True):
        st.text(text)


@lru_cache(maxsize=len(TEXTS))
def _sample(kind: str) -> tuple[str, int]:
    """The beginning of a built-in text, and its length in bytes."""
    data = lzma.decompress((FOLDER / f"{kind}.txt.xz").read_bytes())
    return data.decode()[:SAMPLE], len(data)


def _start(room: Room, config: str) -> None:
    kind = room.view.learn_text
    try:
        text = _own(line().limits) if kind == "own" else None
        plan = Plan(config=config, kind=kind, text=text, name=own_models.new_name(kind), prompt=room.view.prompt)
        session.change(learn_run=line().ask(plan, session.own_id()).id)
    except BadInput as error:
        st.session_state[_REFUSED] = error_text(room.view.lang, error)


def _own(limits: Limits) -> str:
    """What was uploaded, or else typed.

    Raises:
        BadInput: where no model can learn from it.
    """
    file = st.session_state.get(_FILE)
    text = st.session_state.get(_TYPED) or "" if file is None else decode(file.getvalue())
    return usable(text, least=limits.least_characters, most=limits.text_bytes)


def _say(room: Room) -> None:
    """Why nothing began, or who would be waited for."""
    refused = st.session_state.pop(_REFUSED, None)
    if refused is not None:
        st.error(escape_markdown(refused), icon=":material/error:")
        return
    trainings = line()
    count, seconds = trainings.busy()
    if count:
        st.info(room.translate("train.busy", count=count, minutes=max(1, round(seconds / 60))), icon=":material/group:")
