"""Which network of a layer is shown: in a layer with experts one of them, those of this token first."""

from __future__ import annotations

import streamlit as st

from app.kit import session
from app.kit.frame import Room
from app.rooms.ffn.analysis import Which, chosen_experts
from app.rooms.ffn.words import FIRST_CHOICE


def chosen_network(room: Room) -> Which:
    """The number of the expert that is shown, "shared", or None in a layer without experts."""
    chosen = chosen_experts(room.trace, room.view.layer, room.position)
    if not chosen:
        return None
    word = room.view.network if room.view.network in _words(room, len(chosen)) else FIRST_CHOICE
    if word == "shared":
        return "shared"
    number = int(word.removeprefix("choice").removeprefix("expert"))
    return chosen[number][0] if word.startswith("choice") else number


def _words(room: Room, chosen: int) -> list[str]:
    """Values that the address word can have in a layer with experts, in the order they are offered."""
    config = room.lm.config.experts
    own = [f"choice{n}" for n in range(chosen)]
    return [*own, *["shared"] * (config.n_shared_experts > 0), *(f"expert{n}" for n in range(config.n_routed_experts))]


def choose_network(room: Room) -> None:
    """The control of the network; nothing in a layer without experts."""
    chosen = chosen_experts(room.trace, room.view.layer, room.position)
    if not chosen:
        return
    words = _words(room, len(chosen))
    if room.view.network not in words:
        session.change(network=FIRST_CHOICE)

    def name(word: str) -> str:
        if word.startswith("choice"):
            number = int(word.removeprefix("choice"))
            expert, weight = chosen[number]
            return room.translate("ffn.network.choice", rank=number + 1, expert=expert, weight=f"{weight:.3f}")
        if word == "shared":
            return room.translate("ffn.network.shared")
        return room.translate("ffn.network.expert", expert=word.removeprefix("expert"))

    st.selectbox(room.translate("ffn.network"), words, key="network", format_func=name, width=380)
