"""Who looks at whom: one head's attention in four stages, and the arithmetic of any cell."""

from __future__ import annotations

import numpy as np
import streamlit as st

from app.kit import frame, session
from app.kit.frame import Room
from app.kit.source import source
from app.rooms.attention.analysis import HeadStages, head_stages, thumbnails
from app.rooms.attention.heads import heads
from app.rooms.attention.jobs import jobs
from app.rooms.attention.stages import Pin, stages
from app.rooms.attention.words import STAGES
from app.text import escape_markdown
from model import Trace
from model.attention import attend, causal_mask


def show() -> None:
    """Draw the page."""
    room = frame.enter()
    trace, view = room.trace, room.view
    _pickers(room)
    chosen = head_stages(trace, view.layer, view.head)
    _matrices(room, chosen)
    jobs(room)
    _notes(room, chosen)
    source(room, Trace.dots, Trace.scores, Trace.pattern, causal_mask, attend)


def _pickers(room: Room) -> None:
    translate, config = room.translate, room.trace.config
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="pickers"):
        for name, count in (("layer", config.n_layers), ("head", config.attention.n_heads)):
            st.number_input(translate(f"attention.{name}"), 0, count - 1, step=1, key=name, width=130)
        st.segmented_control(
            translate("attention.stage"),
            STAGES,
            format_func=lambda stage: translate(f"attention.stage.{stage}"),
            key="stage",
            required=True,
        )
        with st.container(width="stretch"):
            heads(
                thumbnails(room.trace.pattern(room.view.layer)),
                selected=room.view.head,
                label=translate("attention.heads"),
                name=room.template("attention.heads.one"),
                colours={"probability": room.look.probability},
                on_choose=lambda head: session.change(head=head),
            )


def _matrices(room: Room, chosen: HeadStages) -> None:
    view, look = room.view, room.look

    def pinned(pin: Pin | None) -> None:
        session.change(query=None if pin is None else pin.query, key=None if pin is None else pin.key)

    stages(
        tokens=room.trace.tokens,
        arrays={
            "dot": chosen.dot,
            "pattern": chosen.pattern,
            "mask": chosen.mask,
            "query": chosen.query,
            "key": chosen.key,
            "value": chosen.value,
            "result": chosen.result,
        },
        scale=chosen.scale,
        shown=view.stage,
        pin=None if view.key is None else Pin(room.position, view.key),
        chosen=view.query,
        labels=_labels(room, chosen),
        colours={
            **{
                name: getattr(look, name)
                for name in (
                    "paper",
                    "ink",
                    "faint",
                    "masked",
                    "hatch",
                    "query",
                    "key",
                    "value",
                    "attention",
                    "accent",
                    "probability",
                    "signed",
                )
            },
            "frame": look.grid,
            "negative": look.signed[1][1],
            "positive": look.signed[3][1],
        },
        file_name=f"attention-{room.trace.model}-layer{view.layer}-head{view.head}.png".replace("/", "-"),
        caption=room.translate(
            "attention.caption", model=room.trace.model, layer=view.layer, head=view.head, prompt=room.trace.prompt
        ),
        on_pin=pinned,
        on_enlarge=lambda stage: session.change(stage=stage),
    )


def _labels(room: Room, chosen: HeadStages) -> dict[str, str]:
    """Sentences by name, placeholders left open: the browser fills them while the mouse moves."""
    labels = room.templates("attention.part.")
    width = chosen.query.shape[1]
    plainly = np.isclose(chosen.scale * np.sqrt(width), 1, atol=1e-5)
    labels["scaled.formula"] = f"÷ √{width}" if plainly else f"× {chosen.scale:.4f}"
    if room.look.name == "dark":
        labels["look"] = labels["look.dark"]
    return labels


def _notes(room: Room, chosen: HeadStages) -> None:
    notes = []
    if room.trace.config.positions == "rope":
        notes.append(room.translate("attention.rotated"))
    if chosen.key_heads < room.trace.config.attention.n_heads:
        notes.append(
            room.translate("attention.shared", head=room.view.head, shared=chosen.key_head, count=chosen.key_heads)
        )
    if notes:
        st.markdown(escape_markdown(" ".join(notes)))
