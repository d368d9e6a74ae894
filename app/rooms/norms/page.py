"""A norm at work: one token's vector before and after, step by step, beside the other kind of norm."""

from __future__ import annotations

import numpy as np
import streamlit as st

from app.kit import frame, pickers, session
from app.kit.chart import chart
from app.kit.frame import Room
from app.kit.numbers import tiny
from app.kit.source import source
from app.rooms.norms import analysis
from app.rooms.norms.figures import lengths
from app.rooms.norms.steps import steps
from app.rooms.norms.words import NORMS
from model.norm import LayerNorm, RMSNorm


def show() -> None:
    """Draw the page."""
    room = frame.enter()
    view = room.view
    offered = [which for which in NORMS if which in analysis.available(room.lm.config)]
    which: analysis.Which = view.norm if view.norm in offered else "final"
    if which != view.norm:
        session.change(norm=which)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        pickers.choice(room, "norm", offered, "norms.norm")
        if which != "final":
            pickers.layer(room)
    found = analysis.norm(room.lm, room.trace, which, view.layer, room.position)
    kind = room.translate(f"norms.part.title.{found.own.kind}")
    token = room.quoted(room.trace.tokens[room.position])
    heading = room.translate(f"norms.heading.{which}", kind=kind, layer=view.layer, token=token)
    st.markdown(f"#### {heading}")
    st.markdown(room.translate(f"norms.look.{found.own.kind}"))
    if len(offered) == 1:
        st.markdown(room.translate("norms.added"))
    _steps(room, found)
    st.markdown(
        room.translate("norms.apart", scale=tiny(found.scale_apart), normalized=tiny(found.normalized_apart))
        + " "
        + room.translate("norms.kinds", apart=f"{found.kinds_apart:.3g}")
    )
    _lengths(room, which)
    source(room, LayerNorm.forward if found.own.kind == "layer" else RMSNorm.forward)


def _steps(room: Room, found: analysis.Norm) -> None:
    look, own = room.look, found.own
    entry = room.view.entry
    if entry is None or entry >= len(own.before):
        entry = int(np.abs(own.before).argmax())
    panels = (own, found.other) if own.kind == "layer" else (found.other, own)
    colours = {name: getattr(look, name) for name in ("ink", "faint", "accent")}
    steps(
        panels,
        own.kind,
        room.templates("norms.part."),
        entry=entry,
        colours=colours | {"negative": look.signed[1][1], "positive": look.signed[3][1]},
        on_choose=lambda chosen: session.change(entry=chosen),
    )


def _lengths(room: Room, which: analysis.Which) -> None:
    before, after = analysis.lengths(room.lm, room.trace, room.position)
    places = analysis.places(room.lm.config)
    heading = room.translate("norms.lengths", token=room.quoted(room.trace.tokens[room.position]))
    st.markdown(f"#### {heading}")
    st.markdown(room.translate("norms.lengths.look"))
    made = lengths(
        [room.translate(f"norms.place.{name}", **({} if name == "final" else {"layer": n})) for name, n in places],
        before,
        after,
        (room.translate("norms.lengths.before"), room.translate("norms.lengths.after")),
        room.look,
        y=room.translate("norms.lengths.axis"),
        chosen=len(places) - 1 if which == "final" else places.index((which, room.view.layer)),
    )
    with st.container(key="wide"):
        chart(made, key="lengths", alt=heading)
