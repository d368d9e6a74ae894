"""Beam search on the page: the tree of what was considered, and the texts that are left."""

from __future__ import annotations

import math

import streamlit as st

from app.kit import frame, runtime
from app.kit.frame import Room
from app.kit.numbers import percent
from app.kit.source import source
from app.rooms.output.tree import tree
from app.rooms.output.words import WIDEST
from model.beam import Branch, beam_search

STEPS = 7  # tokens of a continuation


def beams(room: Room) -> None:
    """Draw this part of the page."""
    translate, lm, position = room.translate, room.lm, room.position
    before = list(room.trace.ids[: position + 1])
    width = room.view.beams
    heading, picker = st.columns([3, 1], vertical_alignment="bottom")
    with picker:
        st.segmented_control(
            translate("output.beams.width"), range(1, WIDEST + 1), format_func=str, key="beams", required=True
        )
    with st.spinner(translate("output.beams.working")):
        steps = runtime.beams(lm, before, width=width, steps=STEPS)
        greedy = steps if width == 1 else runtime.beams(lm, before, width=1, steps=STEPS)
    token = room.quoted(room.trace.tokens[position])
    heading.markdown(f"#### {translate('output.beams.heading', token=token)}")
    if not steps:
        st.markdown(translate("output.full", limit=f"{lm.config.context:,}"))
        return
    heading.markdown(
        translate("output.beams.look.one" if width == 1 else "output.beams.look", width=width, tried=2 * width)
    )
    look = room.look
    colours = {"own": look.own, "accent": look.accent, "faint": look.faint, "grid": look.grid, "paper": look.paper}
    tree(
        room.trace.tokens[position],
        _nodes(room, steps),
        {"group": translate("output.beams.tree"), "step": room.template("output.beams.step")},
        colours=colours,
        on_choose=lambda step, place: frame.rewrite(lm, [*before, *steps[step][place].ids]),
    )
    _texts(room, steps[-1], greedy[-1][0])
    source(room, beam_search)


def _nodes(room: Room, steps: list[tuple[Branch, ...]]) -> list[list[dict]]:
    """The tree's columns; the best continuation of all is followed back to its root."""
    shown = room.lm.tokenizer.shown
    best: list[int] = [0]
    for branches in reversed(steps[1:]):
        best.insert(0, branches[best[0]].parent or 0)
    return [
        [
            {
                "token": shown(branch.id),
                "gain": _log(branch.log_probability),
                "total": _log(branch.total),
                "title": room.translate(
                    "output.beams.node",
                    text=room.lm.tokenizer.decode(list(branch.ids)),
                    own=percent(math.exp(branch.log_probability)),
                    all=percent(math.exp(branch.total)),
                ),
                "parent": branch.parent,
                "kept": branch.kept,
                "ended": branch.ended,
                "best": place == best[step],
            }
            for place, branch in enumerate(branches)
        ]
        for step, branches in enumerate(steps)
    ]


def _texts(room: Room, last: tuple[Branch, ...], greedy: Branch) -> None:
    translate = room.translate
    st.markdown(f"#### {translate('output.beams.texts')}")
    decode = room.lm.tokenizer.decode
    for place, branch in enumerate(branch for branch in last if branch.kept):
        text = room.quoted(decode(list(branch.ids)).replace("\n", "↵"))
        line = translate(
            "output.beams.text",
            place=place + 1,
            text=text,
            total=_log(branch.total),
            percent=percent(math.exp(branch.total)),
        )
        st.markdown(line)
    gain = last[0].total - greedy.total
    if room.view.beams == 1:
        return
    same = last[0].ids == greedy.ids
    st.markdown(
        translate(
            "output.beams.same" if same else "output.beams.better" if gain > 0 else "output.beams.worse",
            text=room.quoted(decode(list(greedy.ids)).replace("\n", "↵")),
            total=_log(greedy.total),
            times=f"{math.exp(abs(gain)):,.1f}",
        )
    )


def _log(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")
