"""How many of the parameters worked for one token, of how many; in the loaded model and published ones."""

from __future__ import annotations

import streamlit as st

from app import page
from app.analysis import routing
from app.figures.moe import Piece, squares, stacked
from app.page import Room
from app.text import percent, plain
from app.views.experts import Experts
from model.measure.memory import active_with_tables, count_parameters, layer_parameters
from model.measure.presets import PRESETS

KINDS = {
    "attention": "attention",
    "dense feed-forward": "dense",
    "router": "router",
    "norms": "router",
    "shared experts": "shared",
}


def active(experts: Experts) -> None:
    """Draw this part of the page."""
    room, config = experts.room, experts.room.lm.config
    say, look, count = room.say, room.look, count_parameters(config)
    heading = say(
        "moe.active.heading",
        active=f"{count.active:,}",
        total=f"{count.total:,}",
        token=experts.token,
        share=percent(count.active / count.total),
    )
    st.markdown(f"#### {heading}")
    st.markdown(say("moe.active.look"))
    rows = [
        (
            say("moe.layer.name", layer=layer),
            [_piece(room, piece) for piece in routing.worked(room.trace, layer, room.position)],
        )
        for layer in range(config.n_layers)
    ]
    used = {piece.kind for _, pieces in rows for piece in pieces}
    colours = {
        "attention": look.attention,
        "dense": look.residual,
        "router": look.ink,
        "chosen": look.experts[1],
        "idle": look.masked,
        "shared": look.faint,
    }
    legend = {kind: (say(f"moe.active.part.{kind}"), colour) for kind, colour in colours.items() if kind in used}
    drawn = stacked(rows, legend, look, x=say("moe.active.axis"), height=max(240, min(900, 90 + 46 * config.n_layers)))
    page.chart(drawn, key="active", alt=heading)
    published(room)
    page.source(room, layer_parameters)


def _piece(room: Room, piece: routing.Worked) -> Piece:
    if piece.expert is None:
        kind = KINDS[piece.name]
        name = room.say(f"moe.active.part.{kind}")
    else:
        kind = "chosen" if piece.active else "idle"
        name = room.say("moe.expert.name", expert=piece.expert)
    return Piece(kind, piece.parameters, room.say("moe.active.hover", name=name, count=f"{piece.parameters:,}"))


def published(room: Room) -> None:
    """Published mixtures of experts as squares, the largest first."""
    say = room.say
    st.markdown(f"#### {say('moe.active.published')}")
    found = sorted(
        (preset for preset in PRESETS.values() if preset.active),
        key=lambda preset: -count_parameters(preset.config).total,
    )
    models = []
    for preset in found:
        count = count_parameters(preset.config)
        used = (
            active_with_tables(preset.config) if preset.active_includes_tables else count.active
        )  # as its maker counts
        words = say(
            "moe.active.published.text", active=preset.active, total=preset.total, share=percent(used / count.total)
        )
        models.append((preset.title, count.total, used, words))
    page.chart(squares(models, room.look, height=340), key="published", alt=say("moe.active.published"))
    sources = "; ".join(plain(preset.source.split(";")[-1].strip()) for preset in found)
    st.markdown(say("moe.active.published.look", sources=sources))
