"""Bytes that real caches hold while the model writes, beside the formulas."""

from __future__ import annotations

import time

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

import model
from app.kit import runtime
from app.kit.chart import chart
from app.kit.frame import Room
from app.kit.source import source
from app.rooms.mla import analysis
from app.rooms.mla.analysis import CacheBytes, Kind
from app.rooms.mla.figures import Curve, growth
from app.rooms.mla.twin import trained_twin
from app.text import escape_markdown
from model import LanguageModel, MLAConfig, ModelConfig
from model.cache import Cache, LatentCache, make_cache
from model.measure.memory import elements_per_layer
from model.measure.twin import untrained_twin

LIMIT = 32  # tokens of one press
REDRAW = 0.4  # s between two pictures while the model writes
PICTURE = 400  # px
_RUN = "_caches"  # session: what was measured, and of what


def cache(room: Room) -> None:
    """Draw this part of the page."""
    trained = trained_twin(room)
    twin = trained if trained is not None else runtime.of_model(untrained_twin, room.lm)
    run = _run(room, twin)
    limit = min(LIMIT, room.lm.config.context - len(room.trace.ids))
    heading = st.empty()
    picture, side = st.columns([1.9, 1], gap="medium")
    with picture:
        place = st.container(key="growth", height=round(PICTURE * room.look.grown), border=False).empty()
    with side:
        pressed = _button(room, limit)
        table = st.empty()
    if pressed:
        with runtime.pages().aside(), runtime.writers():
            _grow(room, twin, run, limit, place)
    heading.markdown(f"#### {room.translate('mla.cache.heading', count=run['sizes'][-1].length)}")
    _picture(room, run, place, "growth_done")
    with table.container():
        _table(room, run)
        _verdict(room, run["sizes"])
    st.markdown(room.translate("mla.cache.look"))
    if twin is not None:
        st.markdown(
            room.translate("mla.cache.twin.untrained")
            if trained is None
            else room.translate("mla.cache.twin.trained", name=escape_markdown(trained.name))
        )
    source(room, Cache, LatentCache, make_cache, elements_per_layer)


def _run(room: Room, twin: LanguageModel | None) -> dict:
    """What was measured of this model, prompt and twin; at least the caches of the prompt itself."""
    identity = (room.lm.fingerprint, room.trace.ids, None if twin is None else twin.name)
    run = st.session_state.get(_RUN)
    if run is None or run["identity"] != identity:
        with runtime.pages().aside(), runtime.forwards():
            first = analysis.prompt_cache_bytes(room.lm, twin, list(room.trace.ids))
        run = {"identity": identity, "sizes": [first]}
        st.session_state[_RUN] = run
    return run


def _button(room: Room, limit: int) -> bool:
    if limit < 2:
        st.markdown(room.translate("mla.cache.full", context=room.lm.config.context))
        return False
    place = st.empty()
    pressed = place.button(
        room.translate("mla.cache.generate", count=limit), key="grow", type="primary", icon=":material/play_arrow:"
    )
    if pressed:
        place.button(
            room.translate("mla.cache.stop"), key="stop", icon=":material/stop:"
        )  # any click ends this run; what was measured stays
    return pressed


def _grow(room: Room, twin: LanguageModel | None, run: dict, limit: int, place: DeltaGenerator) -> None:
    """Write tokens, measuring; the session holds what was measured after every token."""
    ids, view = list(room.trace.ids), room.view
    run["sizes"] = run["sizes"][:1]
    bar = st.progress(0.0)
    settings = {"temperature": view.temperature, "top_k": view.top_k, "top_p": view.top_p, "seed": view.seed}
    steps = analysis.growth(model.generate(room.lm, ids, max_new_tokens=limit, **settings), twin, ids)
    last_redraw = time.monotonic()
    for done, (_, size) in enumerate(runtime.in_turn(steps), start=1):
        # A step's cache holds what came before its token: the first is the prompt's, measured again.
        run["sizes"] = [*run["sizes"][: done - 1], size]
        bar.progress(done / limit, text=room.translate("mla.cache.progress", done=done, limit=limit))
        if time.monotonic() - last_redraw > REDRAW:
            _picture(room, run, place, f"growth_{done}")
            last_redraw = time.monotonic()
    st.rerun()


def _names(room: Room, run: dict, kind: Kind) -> str:
    if kind.of_model:
        return room.translate("mla.cache.own")
    if kind.name == "MHA" and run["sizes"][-1].twin is not None:
        return room.translate("mla.cache.twin")
    return (
        room.translate("mla.cache.groups", groups=kind.groups)
        if kind.name == "GQA"
        else room.translate("mla.cache.formula")
    )


def _measured(kind: Kind, sizes: list[CacheBytes]) -> list[tuple[int, int]]:
    if kind.of_model:
        return [(point.length, point.model) for point in sizes]
    return [(point.length, point.twin) for point in sizes if point.twin is not None] if kind.name == "MHA" else []


def _picture(room: Room, run: dict, place: DeltaGenerator, key: str) -> None:
    number = analysis.number_bytes(room.lm)
    curves = [
        Curve(kind.name, kind.name, kind.elements * number, _measured(kind, run["sizes"]))
        for kind in analysis.kinds(room.lm.config)
    ]
    most = len(room.trace.ids) + LIMIT
    translate = room.translate
    picture = growth(
        curves,
        most,
        room.look,
        x=translate("mla.cache.axis.x"),
        y=translate("mla.cache.axis.y"),
        hover=room.template("mla.cache.hover"),
        height=PICTURE - 6,
    )
    with place.container():
        chart(picture, key=key, alt=translate("mla.cache.heading", count=run["sizes"][-1].length))


def _table(room: Room, run: dict) -> None:
    number, last = analysis.number_bytes(room.lm), run["sizes"][-1]
    lines = [
        "| " + " | ".join(room.translate(f"mla.cache.column.{name}") for name in ("kind", "formula", "held")) + " |",
        "|---|--:|--:|",
    ]
    for kind in analysis.kinds(room.lm.config):
        measured = _measured(kind, run["sizes"])
        now = measured[-1][1] if measured else kind.elements * number * last.length
        name = f"**{kind.name}** {_names(room, run, kind)}"
        lines.append(f"| {name} | {kind.elements * number:,} | {now:,} |")
    st.markdown("\n".join(lines))
    st.markdown(_equation(room, room.lm.config, number))


def _equation(room: Room, config: ModelConfig, number: int) -> str:
    attention = config.attention
    if isinstance(attention, MLAConfig):
        return room.translate(
            "mla.cache.equation.mla",
            layers=config.n_layers,
            latent=attention.kv_lora_rank,
            rope=attention.qk_rope_head_dim,
            number=number,
        )
    return room.translate(
        "mla.cache.equation.plain",
        kind=attention.kind,
        layers=config.n_layers,
        groups=attention.n_kv_heads,
        width=attention.head_dim,
        number=number,
    )


def _verdict(room: Room, sizes: list[CacheBytes]) -> None:
    """Whether every measurement is what the formula says, to the byte."""
    number, points = analysis.number_bytes(room.lm), 0
    for kind in analysis.kinds(room.lm.config):
        for tokens, measured in _measured(kind, sizes):
            formula = kind.elements * number * tokens
            if measured != formula:
                st.error(
                    room.translate(
                        "mla.cache.disagrees",
                        name=kind.name,
                        measured=f"{measured:,}",
                        tokens=tokens,
                        formula=f"{formula:,}",
                    ),
                    icon=":material/error:",
                )
                return
            points += 1
    st.success(room.translate("mla.cache.agrees", count=points), icon=":material/check:")
