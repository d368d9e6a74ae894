"""Latent attention: the path, the cache measured, at real size, what it costs, and what a lower rank loses."""

from __future__ import annotations

import streamlit as st

from app.kit import frame, pickers
from app.kit.frame import Room
from app.kit.take import Matrix, layer_and_head, take
from app.rooms.mla.cache import cache
from app.rooms.mla.cost import cost
from app.rooms.mla.lost import lost
from app.rooms.mla.path import path
from app.rooms.mla.size import size
from app.rooms.mla.words import LATENT

LAYERED = ("path", "lost")  # parts that show one layer and head


def show() -> None:
    """Draw the page."""
    room = frame.enter()
    parts = dict(zip(LATENT, (path, cache, size, cost, lost), strict=True))
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        pickers.choice(room, "latent", LATENT, "mla.latent")
        if room.view.latent in LAYERED:
            pickers.layer(room)
            pickers.head(room)
    parts[room.view.latent](room)
    if room.view.latent in LAYERED:
        _take(room)


def _take(room: Room) -> None:
    trace, layer, head = room.trace, room.view.layer, room.view.head
    hook, tokens = f"blocks.{layer}.attn.", trace.tokens
    query, key, value = trace.query(layer), trace.key(layer), trace.value(layer)
    heads = query.shape[1]
    arrays = {
        "latent": trace.get(f"{hook}hook_kv_latent"),
        "k_pe": trace[f"{hook}hook_rot_k"][:, 0] if f"{hook}hook_kv_latent" in trace else None,
        "q_latent": trace.get(f"{hook}hook_q_latent"),
        "q": query[:, head],
        "k": key[:, head * key.shape[1] // heads],  # several heads may share a key
        "v": value[:, head * value.shape[1] // heads],
        "z": trace[f"{hook}hook_z"][:, head],
        "out": trace[f"blocks.{layer}.hook_attn_out"],
    }
    matrices = {
        room.translate(f"mla.path.box.{name}"): Matrix(values, tokens)
        for name, values in arrays.items()
        if values is not None
    }
    take(room, matrices, about=layer_and_head(room))
