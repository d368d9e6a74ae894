"""The lens: what the model would say after every layer, at every position."""

from __future__ import annotations

import streamlit as st

from app.kit import runtime, session
from app.kit.chart import chart
from app.kit.frame import Room
from app.kit.numbers import percent
from app.kit.source import source
from app.rooms.output import analysis, figures
from app.rooms.output.grid import grid
from model.trace import Readout

MOST = 32  # positions at once: their words can still be read by scrolling a little
PICTURE = 360  # px


def lens(room: Room) -> None:
    """Draw this part of the page."""
    translate, trace, position = room.translate, room.trace, room.position
    count = len(trace.ids)
    start, stop = analysis.window(count, position, MOST)
    with st.spinner(translate("output.lens.working")):
        found = runtime.derived(analysis.lens, trace, start, stop)
        traced = runtime.derived(analysis.followed, trace, position)
    vocabulary = runtime.vocabulary(trace.fingerprint, room.lm)
    st.markdown(f"#### {translate('output.lens.heading')}")
    column = position - start
    first = int(found.first[column])
    names = _rows(room)
    answer = vocabulary[int(found.ids[-1, column, 0])]
    words = translate(
        "output.lens.look",
        token=room.quoted(trace.tokens[position]),
        answer=room.quoted(answer),
        row=names[first],
        rank=f"{int(found.ranks[0, column]):,}",
    )
    if (start, stop) != (0, count):
        words += " " + translate("output.lens.window", first=start, last=stop - 1, count=count)
    st.markdown(words)
    texts, places = analysis.texts(found.ids, vocabulary)
    look = room.look
    labels = {name: translate(f"output.lens.{name}") for name in ("group", "point", "words", "ranks", "first")}
    grid(
        found,
        texts,
        places,
        trace.tokens[start:stop],
        names,
        labels | {"low": "0 %", "high": "100 %", "tip": room.template("output.lens.tip")},
        scale=look.probability,
        colours={
            "accent": look.accent,
            "faint": look.faint,
            "paper": look.paper,
            "ink": look.ink,
            "value": look.value,
        },
        selected=column,
        height=PICTURE,
        on_choose=lambda chosen: session.change(query=chosen, token=None),
    )
    _followed(room, traced, names, vocabulary)
    source(room, Readout.logits, analysis.lens, analysis.followed)


def _rows(room: Room) -> list[str]:
    layers = range(room.lm.config.n_layers)
    return [
        room.translate("output.lens.input"),
        *(room.translate("output.lens.layer", layer=layer) for layer in layers),
    ]


def _followed(room: Room, traced: analysis.Followed, names: list[str], vocabulary: list[str]) -> None:
    translate = room.translate
    token = room.quoted(room.trace.tokens[room.position])
    st.markdown(f"#### {translate('output.lens.followed', token=token)}")
    st.markdown(translate("output.lens.followed.look"))
    hovers = [
        [
            translate("output.lens.followed.hover", token=vocabulary[i], row=name, percent=percent(share))
            for name, share in zip(names, shares.tolist(), strict=True)
        ]
        for i, shares in zip(traced.ids, traced.probabilities, strict=True)
    ]
    drawn = figures.followed(
        [vocabulary[i] for i in traced.ids],
        traced.probabilities,
        names,
        hovers,
        room.look,
        y=translate("output.lens.followed.axis"),
    )
    chart(drawn, key="followed", alt=translate("output.lens.followed", token=room.trace.tokens[room.position]))
