"""A norm at work: one token's vector before and after, step by step, beside the other kind of norm."""

from __future__ import annotations

import numpy as np
import streamlit as st

from app.kit import frame, pickers, session
from app.kit.chart import chart
from app.kit.frame import Room
from app.kit.numbers import tiny
from app.kit.source import source
from app.kit.take import Matrix, take
from app.rooms.norms import analysis
from app.rooms.norms.figures import lengths
from app.rooms.norms.sheet import sheet
from app.rooms.norms.steps import steps
from app.rooms.norms.words import NORMS


def show() -> None:
    """Draw the page."""
    room = frame.enter(sheet=sheet)
    view = room.view
    offered = tuple(name for name in analysis.norms(room.lm.config) if name in NORMS)
    if view.norm not in offered:
        session.change(norm=offered[0])
    which = view.norm if view.norm in offered else offered[0]
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
    _steps(room, found)
    st.markdown(
        room.translate("norms.apart", scale=tiny(found.scale_apart), normalized=tiny(found.normalized_apart))
        + " "
        + room.translate("norms.kinds", apart=f"{found.kinds_apart:.3g}")
    )
    _lengths(room, offered[:-1], which)
    _take(room, found)
    source(room, type(analysis.module_of(room.lm, which, view.layer)).forward)


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


def _lengths(room: Room, own: tuple[analysis.Which, ...], which: analysis.Which) -> None:
    view, L = room.view, room.lm.config.n_layers
    before, after = analysis.lengths(room.lm, room.trace, room.position)
    places = [room.translate(f"norms.place.{each}", layer=layer) for layer in range(L) for each in own]
    heading = room.translate("norms.lengths", token=room.quoted(room.trace.tokens[room.position]))
    st.markdown(f"#### {heading}")
    st.markdown(room.translate("norms.lengths.look"))
    chosen = len(places) if which == "final" else len(own) * view.layer + own.index(which)
    made = lengths(
        [*places, room.translate("norms.place.final")],
        before,
        after,
        (room.translate("norms.lengths.before"), room.translate("norms.lengths.after")),
        room.look,
        y=room.translate("norms.lengths.axis"),
        chosen=chosen,
    )
    chart(made, key="lengths", alt=heading)


def _take(room: Room, found: analysis.Norm) -> None:
    before, after = analysis.lengths(room.lm, room.trace, room.position)
    vectors = {
        name: values
        for name in ("before", "centred", "normalized", "scaled", "after")
        if (values := getattr(found.own, name)) is not None
    }
    columns = [room.translate(f"norms.take.{name}") for name in vectors]
    lengths_of = [room.translate(f"norms.lengths.{name}") for name in ("before", "after")]
    steps_of = Matrix(np.stack(list(vectors.values()), axis=1), (), columns)  # (D, steps)
    matrices = {"steps": steps_of, "lengths": Matrix(np.stack([before, after], axis=1), (), lengths_of)}
    about = [f"{room.translate('common.layer')} {room.view.layer}", room.trace.tokens[room.position]]
    take(room, {room.translate(f"norms.take.{name}"): matrix for name, matrix in matrices.items()}, about=about)
