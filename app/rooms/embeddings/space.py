"""The map of the vocabulary in space: how this prompt's tokens move through it, layer by layer."""

from __future__ import annotations

import streamlit as st

from app.kit import runtime, session
from app.kit.frame import Room
from app.kit.numbers import percent
from app.kit.source import source
from app.rooms.embeddings import space_analysis as analysis
from app.rooms.embeddings.space_map import space_map
from model.transformer import Block

DOTS = 8192  # of the vocabulary: more would hide the paths
PATHS = 24  # tokens whose way is drawn
PICTURE = 390  # px


def space(room: Room) -> None:
    """Draw this part of the page."""
    translate, trace, view, look = room.translate, room.trace, room.view, room.look
    with st.spinner(translate("embeddings.map.working")):
        function = analysis.of_directions if view.sizes == "directions" else analysis.of_lengths
        found = runtime.of_model(function, room.lm)
    count = len(trace.ids)
    start = min(max(0, room.position - PATHS // 2), max(0, count - PATHS))
    stop = min(count, start + PATHS)
    ways = analysis.paths(trace, found, start, stop)
    vocabulary = runtime.vocabulary(room.lm.fingerprint, room.lm)
    dots = analysis.thinned(len(vocabulary), DOTS)
    flat = view.vocabulary_map == "two"
    axes = 2 if flat else 3
    st.markdown(f"#### {translate('embeddings.space.heading')}")
    shares = [percent(share) for share in found.explained[:axes]]
    words = translate(
        "embeddings.space.look", shown=percent(sum(found.explained[:axes])), layers=room.lm.config.n_layers
    )
    if len(dots) < len(vocabulary):
        words += " " + translate("embeddings.space.thinned", nth=int(dots[1]))
    if stop - start < count:
        words += " " + translate("embeddings.space.window", first=start, last=stop - 1, count=count)
    st.markdown(words)
    rows = [translate("embeddings.space.input")]
    rows += [translate("embeddings.space.layer", layer=layer) for layer in range(room.lm.config.n_layers)]
    labels = {name: translate(f"embeddings.space.{name}") for name in ("group", "play", "pause", "slider")}
    labels["hint"] = translate("embeddings.space.hint.two" if flat else "embeddings.space.hint.three")
    labels |= {name: room.template(f"embeddings.space.{name}") for name in ("path", "dot")}
    labels |= {name: translate(f"embeddings.map.{name}") for name in ("reset", "closer", "farther")}
    colours = {"dot": look.residual, "paper": look.paper, "ink": look.ink, "faint": look.faint, "grid": look.grid}
    colours |= {"chosen": look.accent, "path": look.query}
    space_map(
        found.points[dots],
        [vocabulary[token] for token in dots.tolist()],
        ways,
        trace.tokens[start:stop],
        rows,
        [translate("embeddings.space.axis", axis=axis + 1, share=share) for axis, share in enumerate(shares)],
        labels,
        colours=colours,
        flat=flat,
        selected=room.position - start,
        height=PICTURE,
        on_choose=lambda position: session.change(query=position, token=None),
    )
    source(room, Block.forward, analysis.of_directions, analysis.paths)
