"""Who looks at whom: one head in four stages and as a sum, all heads of a layer, and the prompt as text."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import streamlit as st

from app.kit import frame, pickers, session
from app.kit.frame import Room
from app.kit.head_jobs import thumbnails
from app.kit.source import source
from app.kit.take import Matrix, layer_and_head, take
from app.rooms.attention.analysis import HeadStages, head_stages
from app.rooms.attention.clearest import clearest
from app.rooms.attention.heads import heads
from app.rooms.attention.jobs import jobs
from app.rooms.attention.reading import reading
from app.rooms.attention.sheet import sheet
from app.rooms.attention.stages import Pin, stages
from app.rooms.attention.together import together
from app.rooms.attention.weighted import weighted
from app.rooms.attention.words import ASPECTS
from app.text import escape_markdown
from model import Trace
from model.attention import attend, causal_mask
from model.trace import Stage

LONG = 32  # tokens from which rows are so long that most weights are pale


def show() -> None:
    """Draw the page."""
    room = frame.enter(pickers.clearest_head, sheet=sheet)
    trace, view = room.trace, room.view
    with st.container(key="aspects"):
        left, right = st.columns([4.3, 6], vertical_alignment="center", gap="small")
    with left:
        pickers.choice(room, "aspect", ASPECTS, "attention.aspect")
    with right:
        clearest(room)
    pattern = trace.pattern(view.layer)  # computed once a run: every part below draws from it
    _pickers(room, pattern)
    chosen = head_stages(trace, view.layer, view.head, pattern)
    if view.aspect == "stages":
        _matrices(room, chosen)
        jobs(room)
        _notes(room, chosen)
        source(room, Trace.dots, Trace.scores, Trace.pattern, causal_mask, attend)
    elif view.aspect == "sum":
        weighted(room, chosen)
    elif view.aspect == "together":
        together(room, chosen)
    else:
        reading(room, pattern)
    _take(room, chosen)


def _pickers(room: Room, pattern: np.ndarray) -> None:
    translate, config = room.translate, room.trace.config
    if room.view.stage not in _stages(room):  # chosen in a layer that has a cap
        session.change(stage="all")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="pickers"):
        for name, count in (("layer", config.n_layers), ("head", config.attention.n_heads)):
            st.number_input(translate(f"attention.{name}"), 0, count - 1, step=1, key=name, width=130)
        if room.view.aspect == "stages":
            st.segmented_control(
                translate("attention.stage"),
                _stages(room),
                format_func=lambda stage: _stage_name(room, stage),
                key="stage",
                required=True,
            )
        with st.container(width="stretch"):
            heads(
                thumbnails(pattern),
                selected=room.view.head,
                label=translate("attention.heads"),
                name=room.template("attention.heads.one"),
                colours={"probability": room.look.probability},
                on_choose=lambda head: session.change(head=head),
            )


def _stages(room: Room) -> tuple[str, ...]:
    return "all", *room.trace.stages(room.view.layer)


def _stage_name(room: Room, stage: str) -> str:
    every = stage == "all" and "capped" in _stages(room)
    return room.translate("attention.stage.every" if every else f"attention.stage.{stage}")


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
            "rest": chosen.rest,
        },
        scale=chosen.scale,
        cap=chosen.cap,
        sink=chosen.sink,
        shown=view.stage if view.stage in _stages(room) else "all",
        root=(len(room.trace.ids) > LONG) if view.shade is None else view.shade == "root",
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
        on_shade=lambda scale: session.change(shade=scale),
    )


def _labels(room: Room, chosen: HeadStages) -> dict[str, str]:
    """Sentences by name, placeholders left open: the browser fills them while the mouse moves."""
    labels = room.templates("attention.part.")
    for number, stage in enumerate(room.trace.stages(room.view.layer), 1):
        labels[stage] = f"{number} {room.translate(f'attention.stage.{stage}')}"
    if chosen.cap is not None:
        labels["capped.formula"] = f"{chosen.cap:g} · tanh(s ÷ {chosen.cap:g})"
    width = chosen.query.shape[1]
    plainly = np.isclose(chosen.scale * np.sqrt(width), 1, atol=1e-5)
    labels["scaled.formula"] = f"÷ √{width}" if plainly else f"× {chosen.scale:.4f}"
    window = room.trace.config.attention_at(room.view.layer).sliding_window
    if window is not None:
        labels["masked.formula"] = room.translate("attention.window.formula", window=window)
    if chosen.sink is not None:
        labels["softmax.formula"] = room.translate("attention.sink.formula")
    if room.look.name == "dark":
        labels["look"] = labels["look.dark"]
    return labels


def _notes(room: Room, chosen: HeadStages) -> None:
    notes, config = [], room.trace.config
    attention, rope = config.attention_at(room.view.layer), config.rope_at(room.view.layer)
    if rope is not None:
        notes.append(room.translate("attention.rotated"))
    elif config.positions == "rope":
        notes.append(room.translate("attention.unrotated", layer=room.view.layer))
    if attention.sliding_window is not None:
        notes.append(room.translate("attention.window", layer=room.view.layer, window=attention.sliding_window))
    if chosen.cap is not None:
        notes.append(room.translate("attention.capped", cap=f"{chosen.cap:g}"))
    if chosen.sink is not None:
        share = float(room.trace.sink_pattern(room.view.layer)[room.view.head, room.position])
        token = room.trace.tokens[room.position]
        notes.append(room.translate("attention.sink", score=f"{chosen.sink:.3f}", token=token, share=f"{share:.1%}"))
    if chosen.key_heads < room.trace.config.attention.n_heads:
        notes.append(
            room.translate("attention.shared", head=room.view.head, shared=chosen.key_head, count=chosen.key_heads)
        )
    if notes:
        st.markdown(escape_markdown(" ".join(notes)))


def _take(room: Room, chosen: HeadStages) -> None:
    tokens = room.trace.tokens

    def stage(name: Stage) -> Callable[[], Matrix]:
        def matrix() -> Matrix:
            values = room.trace.stage(room.view.layer, name)[room.view.head]
            known = chosen.mask if name in ("masked", "softmax") else True
            return Matrix(np.where(known, values, np.nan), tokens, tokens, probability=name == "softmax")

        return matrix

    stages_of: dict[str, Matrix | Callable[[], Matrix]] = {
        room.translate(f"attention.stage.{name}"): stage(name) for name in room.trace.stages(room.view.layer)
    }
    vectors = {
        room.translate(f"attention.take.{name}"): Matrix(getattr(chosen, name), tokens)
        for name in ("query", "key", "value", "result")
    }
    take(room, stages_of | vectors, about=layer_and_head(room))
