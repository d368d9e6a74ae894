"""The whole model as one picture, and one token's way through it: the page that the app opens on."""

from __future__ import annotations

import numpy as np
import streamlit as st

from app.kit import frame, runtime, session
from app.kit.address import WORDS
from app.kit.frame import Room
from app.kit.source import source
from app.kit.stations import STATIONS
from app.kit.take import Matrix, take
from app.rooms.map.analysis import Kinds, kinds, parameters, parts, shapes, walk
from app.rooms.map.model_map import model_map
from app.rooms.map.pictures import pictures
from app.text import escape_markdown
from model import LanguageModel, Trace
from model.transformer import Block, Transformer

# Where a click on a box leads; the first of these rooms that there is.
ROOMS = {
    "tokens": ("tokens",),
    "embed": ("embeddings",),
    "positions": ("positions", "embeddings"),
    "norm": ("norms",),
    "attn": ("attention",),
    "add": ("residual",),
    "dense": ("ffn",),
    "experts": ("moe",),
    "output": ("output",),
    "softmax": ("output",),
}


def show() -> None:
    """Draw the page."""
    room = frame.enter()
    st.markdown(f"#### {room.translate('map.heading', model=escape_markdown(room.lm.name))}")
    st.markdown(room.translate("map.look"))
    _map(room)
    _take(room)
    source(room, Transformer.forward, Transformer.residual_stream, Block.forward, Trace.lens_at)


def _map(room: Room) -> None:
    config, trace, view = room.lm.config, room.trace, room.view
    layers = range(config.n_layers)
    kind = [kinds(config, layer) for layer in layers]
    stations = {station.address for station in STATIONS}
    model_map(
        {
            "tokens": list(trace.tokens),
            "ids": list(trace.ids),
            "position": room.position,
            "layer": view.layer,
            "head": view.head,
            "parts": [parts(block) for block in room.lm.transformer.blocks],
            "names": [_names(room, each) for each in kind],
            "shapes": [shapes(config, len(trace.ids), layer) for layer in layers],
            "parameters": runtime.of_model(_parameters, room.lm),
            "rooms": {box: next((name for name in names if name in stations), None) for box, names in ROOMS.items()},
            "walk": _walk(room),
            "pictures": pictures(room.lm, trace, view.head, room.position),
            "labels": room.templates("map.part."),
            "colours": {
                "probability": room.look.probability,
                "signed": room.look.signed,
                **{
                    name: getattr(room.look, name)
                    for name in ("ink", "faint", "grid", "paper", "accent", "attention", "residual", "own", "masked")
                },
            },
        },
        on_open=lambda layer: session.change(layer=layer),
        on_go=lambda address, words: session.go(address, **{name: WORDS[name].read(words[name]) for name in words}),
    )


def _parameters(lm: LanguageModel) -> dict[str, int]:
    return parameters(lm.transformer)


def _names(room: Room, kind: Kinds) -> dict[str, list[str]]:
    """Each box's name, and what kind of it this model has; for one layer."""
    translate = room.translate
    experts = kind.experts
    heads = "one" if kind.key_heads is None or kind.key_heads == kind.heads else "shared"
    return {
        "tokens": [translate("map.box.tokens"), ""],
        "embed": [translate("map.box.embed"), ""],
        "positions": [translate("map.box.positions"), translate(f"map.kind.{kind.positions}")],
        "blocks": [translate("map.box.blocks"), ""],
        "norm": [translate("map.box.norm"), kind.norm],
        "attn": [
            translate("map.box.attn"),
            translate(f"map.kind.heads.{heads}", kind=kind.attention, heads=kind.heads, shared=kind.key_heads),
        ],
        "mlp": [translate("map.box.dense"), kind.feed_forward]
        if experts is None
        else [
            translate("map.box.experts"),
            translate("map.kind.experts", count=experts[0], chosen=experts[1], shared=experts[2]),
        ],
        "add": ["+", ""],
        "ln_final": [translate("map.box.ln_final"), kind.norm],
        "output": [translate("map.box.output"), translate("map.kind.tied") if kind.tied else ""],
        "softmax": [translate("map.box.softmax"), ""],
    }


def _walk(room: Room) -> dict:
    way = runtime.derived(walk, room.trace, room.position)
    shown = room.lm.tokenizer.shown
    return {
        "before": way.before.tolist(),
        "attention": way.attention.tolist(),
        "middle": way.middle.tolist(),
        "mlp": way.feed_forward.tolist(),
        "after": way.after.tolist(),
        "guess": [shown(int(token)) for token in way.best],
        "probability": way.probability.tolist(),
        "experts": [list(map(list, chosen)) for chosen in way.experts],
    }


def _take(room: Room) -> None:
    way = runtime.derived(walk, room.trace, room.position)
    steps = ("before", "attention", "middle", "feed_forward", "after", "probability")
    lengths = np.stack([getattr(way, name) for name in steps], axis=1)  # (L, 6)
    layers = [f"{room.translate('common.layer')} {layer}" for layer in range(len(lengths))]
    columns = [room.translate(f"map.take.{name}") for name in steps]
    streams = [f"blocks.{layer}.hook_resid_post" for layer in range(len(lengths))]

    def stream() -> Matrix:
        return Matrix(np.stack([room.trace[name][room.position] for name in streams]), layers)

    way_of = Matrix(lengths, layers, columns)
    take(room, {room.translate("map.take.way"): way_of, room.translate("map.take.stream"): stream})
