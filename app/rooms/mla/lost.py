"""Keys and values of the prompt at a lower rank: what the model then says."""

from __future__ import annotations

import numpy as np
import streamlit as st

import model
from app.kit import pickers, runtime, session
from app.kit.chart import chart
from app.kit.figures import before_after
from app.kit.frame import Room
from app.kit.numbers import percent
from app.kit.prediction import Difference, difference
from app.kit.source import source
from app.rooms.mla import analysis
from app.rooms.mla.figures import pattern, ranks
from app.rooms.mla.twin import built_in
from app.rooms.mla.words import SCOPES
from model.interventions import CompressKeysValues

PICTURE = 430  # px


def lost(room: Room) -> None:
    """Draw this part of the page."""
    if isinstance(room.lm.config.attention, model.MLAConfig):
        _latent(room)
        return
    controls, picture = st.columns([1, 2.7], gap="medium")
    full = analysis.full_rank(room.lm.config, len(room.trace.ids))
    with controls:
        rank = _rank(room, full)
        change = CompressKeysValues(room.view.layer if room.view.scope == "layer" else None, rank)
        after = runtime.trace(room.lm, list(room.trace.ids), (change,))
        effect = difference(room.trace.logits[room.position], after.logits[room.position])
        spectrum = analysis.spectrum(room.trace, room.view.layer)
        _summary(room, rank, full, after, effect, spectrum)
    with picture:
        _pictures(room, rank, after, effect)
    st.markdown(room.translate("mla.lost.look", tokens=len(room.trace.ids), full=full))
    heading = room.translate("mla.lost.ranks", layer=room.view.layer)
    st.markdown(f"#### {heading}")
    names = room.translate("mla.lost.keys"), room.translate("mla.lost.values")
    spectra = ranks(
        spectrum.keys,
        spectrum.values,
        rank,
        names,
        room.look,
        x=room.translate("mla.lost.ranks.x"),
        y=room.translate("mla.lost.ranks.y"),
        height=320,
    )
    chart(spectra, key="ranks", alt=heading)
    st.markdown(room.translate("mla.lost.ranks.look", heads=room.lm.config.attention.n_kv_heads))
    source(room, CompressKeysValues)


def _latent(room: Room) -> None:
    attention = room.lm.config.attention
    st.markdown(f"#### {room.translate('mla.lost.latent.heading')}")
    expanded = attention.n_heads * (attention.head_dim + attention.value_dim)
    st.markdown(
        room.translate(
            "mla.lost.latent",
            model=room.quoted(room.lm.name),
            latent=attention.kv_lora_rank + attention.qk_rope_head_dim,
            expanded=expanded,
        )
    )
    pickers.switch_to(room, built_in(("MHA", "GQA", "MQA")))


def _rank(room: Room, full: int) -> int:
    """The controls; the rank chosen, at most `full`."""
    pickers.choice(room, "scope", SCOPES, "mla.lost.scope")
    rank = min(room.view.rank, full)
    if rank != room.view.rank:
        session.change(rank=rank)
    if full > 1:
        st.slider(room.translate("mla.lost.rank", full=full), 1, full, key="rank")
    return rank


def _summary(
    room: Room, rank: int, full: int, after: model.Trace, effect: Difference, spectrum: analysis.Spectrum
) -> None:
    """What the rank saves and what it costs, in sentences."""
    config, view = room.lm.config, room.view
    layers = 1 if view.scope == "layer" else config.n_layers
    whole, less = analysis.compressed_bytes(config, len(room.trace.ids), rank, layers, analysis.number_bytes(room.lm))
    keys, values = spectrum.lost(rank)
    st.markdown(room.translate("mla.lost.size", less=f"{less:,}", full=f"{whole:,}", share=percent(less / whole)))
    st.markdown(room.translate("mla.lost.error", layer=view.layer, keys=percent(keys), values=percent(values)))
    if rank == full:
        st.markdown(room.translate("mla.lost.exact"))
        return
    st.markdown(room.translate("mla.lost.bits", bits=f"{effect.bits:.3g}" if effect.bits >= 0.001 else "< 0.001"))
    before, now = (
        room.quoted(room.lm.tokenizer.shown(int(trace.logits[room.position].argmax()))) for trace in (room.trace, after)
    )
    st.markdown(room.translate("mla.lost.best.same" if before == now else "mla.lost.best", before=before, after=now))


def _pictures(room: Room, rank: int, after: model.Trace, effect: Difference) -> None:
    translate, view, look = room.translate, room.view, room.look
    token = room.quoted(room.trace.tokens[room.position])
    heading = translate(f"mla.lost.heading.{view.scope}", layer=view.layer, rank=rank, token=token)
    st.markdown(f"#### {heading}")
    left, right = st.columns([1, 1.2], gap="small")
    names = translate("mla.lost.before"), translate("mla.lost.after", rank=rank)
    with left:
        tokens = [room.lm.tokenizer.shown(int(token)) for token in effect.ids]
        chart(
            before_after(
                tokens, effect.before, effect.after, names, look, x=translate("mla.lost.axis"), height=PICTURE
            ),
            key="before_after",
            alt=heading,
        )
    with right:
        title = translate("mla.lost.pattern", head=view.head)
        st.markdown(f"**{title}**")
        pair = [
            np.where(trace.mask(view.layer), trace.pattern(view.layer)[view.head], np.nan)
            for trace in (room.trace, after)
        ]
        axes = {name: translate(f"mla.lost.pattern.{name}") for name in "xy"}
        hover = room.template("mla.lost.pattern.hover")
        with st.container(key="patterns"):
            for column, name, weights in zip(st.columns(2, gap="small"), names, pair, strict=True):
                with column:
                    st.markdown(f"**{name}**")
                    drawn = pattern(weights, room.trace.tokens, look, **axes, hover=hover, height=PICTURE - 130)
                    chart(drawn, key=f"patterns_{weights is pair[1]:d}", alt=f"{title}: {name}")
