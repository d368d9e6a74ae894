"""A neuron switched off: the prediction before and after."""

from __future__ import annotations

import streamlit as st

from app.kit import runtime
from app.kit.chart import chart
from app.kit.figures import before_after
from app.kit.frame import Room
from app.kit.numbers import tiny
from app.kit.prediction import difference
from app.rooms.ffn.analysis import Which
from model import AblateNeuron


def switched_off(room: Room, expert: Which, neuron: int) -> None:
    """Draw this part of the page: what comes next with the neuron writing nothing, at every token of the prompt."""
    layer, position = room.view.layer, room.position
    after = runtime.trace(room.lm, list(room.trace.ids), (AblateNeuron(layer, neuron, expert),))
    found = difference(room.trace.logits[position], after.logits[position])
    heading = room.translate(
        "ffn.off.heading", neuron=neuron, layer=layer, token=room.quoted(room.trace.tokens[position])
    )
    st.markdown(f"#### {heading}")
    st.markdown(_told(room, after.logits[position].argmax(), found.bits))
    names = room.translate("ffn.off.before"), room.translate("ffn.off.after")
    tokens = [room.lm.tokenizer.shown(int(token)) for token in found.ids]
    made = before_after(
        tokens, found.before, found.after, names, room.look, x=room.translate("ffn.off.axis"), height=430
    )
    chart(made, key="before_after", alt=heading)


def _told(room: Room, best: int, bits: float) -> str:
    before, now = (
        room.quoted(room.lm.tokenizer.shown(int(token))) for token in (room.trace.logits[room.position].argmax(), best)
    )
    words = room.translate(f"ffn.off.best{'.same' if before == now else ''}", before=before, after=now)
    return f"{words} {room.translate('ffn.off.moved', bits=tiny(bits) if bits < 0.001 else f'{bits:.3g}')}"
