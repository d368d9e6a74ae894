"""Choosing the two tokens whose logits are compared: chips of the best candidates, or of those that a search finds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import streamlit as st

from app.kit import runtime, session
from app.kit.chips import chips
from app.kit.frame import Room
from app.kit.prediction import most_probable
from app.rooms.residual.analysis import named, pair

OFFERED = 6


def choose_tokens(room: Room) -> tuple[int, int]:
    """The controls; ids of the token that is explained and of the one it is compared with."""
    logits = room.trace.logits[room.position]
    vocabulary = runtime.vocabulary(room.trace.fingerprint, room.lm)
    chosen = pair(logits, *(named(vocabulary, logits, text) for text in (room.view.target, room.view.against)))
    columns = st.columns([2, 2, 1.1], gap="medium", vertical_alignment="bottom")
    with columns[2]:
        searched = st.text_input(
            room.translate("residual.find"),
            key="find_token",
            placeholder=room.translate("residual.find"),
            label_visibility="collapsed",
            icon=":material/search:",
        )
    among = _containing(vocabulary, searched) if searched else None
    for column, word, own, other in zip(columns, ("target", "against"), chosen, chosen[::-1], strict=False):
        offered = [int(i) for i in most_probable(logits, OFFERED + 1, among) if i != other]
        ids = list(dict.fromkeys([own, *offered]))[:OFFERED]
        ids.sort(key=lambda token: -logits[token])
        with column, st.container(gap=None):
            label = room.translate(f"residual.{word}")
            st.markdown(label)
            chips(
                [vocabulary[token] for token in ids],
                ids,
                selected=ids.index(own),
                label=label,
                linked=False,
                on_choose=_chooser(word, [vocabulary[token] for token in ids], [vocabulary[token] for token in chosen]),
                key=f"{word}_chips",
            )
    if among is not None and not among.any():
        st.markdown(room.translate("residual.find.none"))
    return chosen


def _chooser(word: str, offered: list[str], chosen: list[str]) -> Callable[[int], None]:
    both = dict(zip(("target", "against"), chosen, strict=True))
    return lambda place: session.change(**(both | {word: offered[place]}))


def _containing(vocabulary: list[str], text: str) -> np.ndarray:
    wanted = text.replace(" ", "·").casefold()
    return np.fromiter((wanted in token.casefold() for token in vocabulary), dtype=bool, count=len(vocabulary))
