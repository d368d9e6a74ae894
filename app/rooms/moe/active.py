"""How many of the parameters worked for one token, of how many; in the loaded model and published ones."""

from __future__ import annotations

import streamlit as st

from app.kit.chart import chart
from app.kit.frame import Room
from app.kit.numbers import percent
from app.kit.source import source
from app.rooms.moe import analysis as routing
from app.rooms.moe.experts import Experts
from app.rooms.moe.figures import Piece, stacked
from app.rooms.moe.squares import squares
from app.text import escape_markdown
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
    translate, look, count = room.translate, room.look, count_parameters(config)
    heading = translate(
        "moe.active.heading",
        active=f"{count.active:,}",
        total=f"{count.total:,}",
        token=experts.token,
        share=percent(count.active / count.total),
    )
    st.markdown(f"#### {heading}")
    st.markdown(translate("moe.active.look"))
    rows = [
        (
            translate("moe.layer.name", layer=layer),
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
    legend = {kind: (translate(f"moe.active.part.{kind}"), colour) for kind, colour in colours.items() if kind in used}
    bars = stacked(
        rows, legend, look, x=translate("moe.active.axis"), height=max(240, min(900, 90 + 46 * config.n_layers))
    )
    chart(bars, key="active", alt=heading)
    published(room)
    source(room, layer_parameters)


def _piece(room: Room, piece: routing.Worked) -> Piece:
    if piece.expert is None:
        kind = KINDS[piece.name]
        name = room.translate(f"moe.active.part.{kind}")
    else:
        kind = "chosen" if piece.active else "idle"
        name = room.translate("moe.expert.name", expert=piece.expert)
    return Piece(kind, piece.parameters, room.translate("moe.active.hover", name=name, count=f"{piece.parameters:,}"))


# One of each maker and kind, so that every name fits below its square; "At real size" has all presets.
MIXTURES = (
    "kimi-k2",
    "deepseek-v3",
    "glm-4.5",
    "qwen3-235b-a22b",
    "gpt-oss-120b",
    "mixtral-8x7b",
    "deepseek-v2-lite",
)


def published(room: Room) -> None:
    """Published mixtures of experts as squares, the largest first."""
    translate = room.translate
    st.markdown(f"#### {translate('moe.active.published')}")
    mixtures = sorted(
        (PRESETS[name] for name in MIXTURES),
        key=lambda preset: -count_parameters(preset.config).total,
    )
    models = []
    for preset in mixtures:
        count = count_parameters(preset.config)
        used = (
            active_with_tables(preset.config) if preset.active_includes_tables else count.active
        )  # as its maker counts
        words = translate(
            "moe.active.published.text", active=preset.active, total=preset.total, share=percent(used / count.total)
        )
        models.append((preset.title, count.total, used, words))
    squares(models, translate("moe.active.published"), room.look, key="published")
    sources = "; ".join(escape_markdown(preset.source.split(";")[-1].strip()) for preset in mixtures)
    st.markdown(translate("moe.active.published.look", sources=sources))
