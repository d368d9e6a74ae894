"""The weighted sum: weights times value vectors, stacked until they are z."""

from __future__ import annotations

import numpy as np
import streamlit as st

from app.kit import session
from app.kit.frame import Room
from app.kit.numbers import percent, tiny
from app.kit.source import source
from app.rooms.attention import analysis
from app.rooms.attention.analysis import HeadStages
from app.rooms.attention.table import Column, Row, table
from app.text import escape_markdown
from model.attention import attend

ROWS = 12  # keys with a row of their own; those that add least come together


def weighted(room: Room, stages: HeadStages) -> None:
    """Draw this part of the page for the chosen token."""
    found = analysis.weighted_sum(stages, room.position)
    tokens, translate = room.trace.tokens, room.translate
    st.markdown(
        f"#### {translate('attention.sum.heading', token=room.quoted(tokens[room.position]), width=len(found.hooked))}"
    )
    st.markdown(translate("attention.sum.look"))
    single = min(len(found.keys), ROWS)
    terms, sums = found.terms[:single], found.sums[:single]
    amounts = found.contributions
    rows = [
        Row(
            (
                f"{tokens[key]} ({key})",
                (float(found.weights[i]), percent(float(found.weights[i]))),
                f"{found.lengths[i]:.3f}",
                (float(amounts[i]), f"{amounts[i]:.3f}"),
                i,
                i,
            ),
            choose=int(key),
            kind="chosen" if key == room.view.key else "",
        )
        for i, key in enumerate(found.keys[:single].tolist())
    ]
    if len(found.keys) > single:
        rest = found.terms[single:].sum(0)
        terms, sums = np.vstack((terms, rest)), np.vstack((sums, found.terms.sum(0)))
        weight = float(found.weights[single:].sum())
        name = translate("attention.sum.rest", count=len(found.keys) - single)
        length = float(np.linalg.norm(rest))
        rows.append(Row((name, (weight, percent(weight)), None, (length, f"{length:.3f}"), single, single)))
    sums = np.vstack((sums, found.hooked))
    z_length = float(np.linalg.norm(found.hooked))
    rows.append(Row(("z (hook_z)", None, None, (z_length, f"{z_length:.3f}"), None, len(sums) - 1), kind="total"))
    table(
        [
            Column(translate("attention.sum.key"), "token", role="key"),
            Column(translate("attention.sum.weight"), "bar"),
            Column(translate("attention.sum.length"), "number"),
            Column(translate("attention.sum.contribution"), "bar", role="value"),
            Column(translate("attention.sum.term"), "strip", strips=terms),
            Column(translate("attention.sum.sofar"), "strip", strips=sums),
        ],
        rows,
        room.look,
        labels=room.templates("attention.table."),
        key="sum",
        on_choose=lambda key: session.change(query=room.position, key=key),
    )
    st.markdown(
        translate("attention.sum.same", difference=tiny(found.difference), count=len(found.keys))
        + _surprise(room, found)
    )
    source(room, analysis.weighted_sum, attend)


def _surprise(room: Room, found: analysis.WeightedSum) -> str:
    """A sentence where the key with the largest weight is not the one that contributes most."""
    heaviest = int(found.weights.argmax())
    if heaviest == 0:
        return ""
    tokens = room.trace.tokens
    return " " + room.translate(
        "attention.sum.surprise",
        heaviest=escape_markdown(tokens[found.keys[heaviest]]),
        most=escape_markdown(tokens[found.keys[0]]),
    )
