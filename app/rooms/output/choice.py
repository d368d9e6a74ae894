"""The way to the choice: norm, logits, temperature, top-k, top-p, min-p, softmax, die; greedy beside sampled."""

from __future__ import annotations

import numpy as np
import streamlit as st

import model
from app.kit import frame, runtime
from app.kit.chart import chart
from app.kit.frame import Room
from app.kit.numbers import percent, tiny
from app.kit.prediction import most_probable
from app.kit.source import source
from app.rooms.output import analysis, figures
from app.rooms.output.controls import controls
from app.rooms.output.die import die
from app.rooms.output.way import Row, way
from app.rooms.output.writing import writing
from model.trace import Readout

ROWS = 6  # candidates that are followed
DICE = 100  # thrown at once, to compare with the chances
RANKS = 400  # points of the curve


def choice(room: Room) -> None:
    """Draw this part of the page."""
    view, trace, position = room.view, room.trace, room.position
    logits = trace.logits[position]
    cuts = analysis.way(logits, view.temperature, view.top_k, view.top_p, view.min_p)
    drawn = cuts[-1].probabilities
    picture, side = st.columns([2.6, 1], gap="medium")
    with side:
        asked = controls(room, drawn)
    with picture:
        place = st.container()
        st.markdown(f"#### {room.translate('output.choice.heading', token=room.quoted(trace.tokens[position]))}")
        _recomputed(room, logits)
        thrown = analysis.throw(drawn, np.random.default_rng([view.seed, position + 1]).random())
        _table(room, logits, cuts, thrown)
        _die(room, drawn, thrown, int(logits.argmax()))
    _curve(room, cuts)
    source(room, type(trace.readout.norm).forward, Readout.logits, model.sampling.narrowing, model.draw)
    writing(room, place, asked)


def _recomputed(room: Room, logits: np.ndarray) -> None:
    """Final norm and unembedding, computed again from the hooked stream."""
    trace, position = room.trace, room.position
    stream = trace[f"blocks.{trace.config.n_layers - 1}.hook_resid_post"][position]
    difference = float(np.abs(trace.readout.logits(stream) - logits).max())
    st.markdown(
        room.translate(
            "output.choice.norm",
            width=len(stream),
            before=f"{np.linalg.norm(stream):.1f}",
            after=f"{np.linalg.norm(trace['ln_final.hook_normalized'][position]):.1f}",
            count=f"{len(logits):,}",
            difference=tiny(difference),
        )
    )


def _columns(room: Room, cuts: list[analysis.Cut], count: int) -> list[dict[str, str]]:
    view = room.view
    settings = {
        "temperature": f"{view.temperature:g}",
        "top_k": f"{view.top_k:,}" if view.top_k else "∞",
        "top_p": f"{view.top_p:g}",
        "min_p": f"{view.min_p:g}",
    }
    columns = [{"name": room.translate("output.choice.logit"), "left": f"{count:,}", "mass": "", "cut": ""}]
    for cut in cuts:
        columns.append(
            {
                "name": room.translate(f"output.choice.step.{cut.name}", value=settings[cut.name]),
                "left": f"{cut.left:,}",
                "mass": percent(cut.mass),
                "cut": f"−{cut.cut:,}" if cut.cut else "0",
            }
        )
    return [*columns, {"name": room.translate("output.choice.softmax"), "left": "", "mass": "100 %", "cut": ""}]


def _table(room: Room, logits: np.ndarray, cuts: list[analysis.Cut], thrown: analysis.Throw) -> None:
    translate, look, trace, position = room.translate, room.look, room.trace, room.position
    vocabulary = runtime.vocabulary(trace.fingerprint, room.lm)
    greedy = int(logits.argmax())
    ids = most_probable(logits, ROWS).tolist()
    rows = []
    for token in dict.fromkeys([*ids, thrown.token]):
        cells = [f"{logits[token]:.2f}"]
        if cuts[0].probabilities[token] > 0:
            scaled = logits[token] / room.view.temperature if room.view.temperature else np.inf
            cells.append(f"{scaled:.2f}" if np.isfinite(scaled) else "∞")
            for cut in cuts[1:]:
                if cut.probabilities[token] == 0:
                    break
                cells.append(percent(cut.probabilities[token]))
            else:
                cells.append(percent(cuts[-1].probabilities[token]))
        marks = [name for name, chosen in (("greedy", greedy), ("sampled", thrown.token)) if token == chosen]
        rows.append(Row(token, vocabulary[token], cells, float(cuts[-1].probabilities[token]), marks))
    names = ("token", "cut", "greedy", "sampled", "left", "mass", "removed", "group")
    labels = {name: translate(f"output.choice.{name}") for name in names}
    before = list(trace.ids[: position + 1])
    way(
        _columns(room, cuts, len(logits)),
        rows,
        labels | {"append": room.template("output.append")},
        colours={"own": look.own, "drawn": look.drawn, "accent": look.accent, "faint": look.faint, "grid": look.grid},
        on_choose=lambda token: frame.rewrite(room.lm, [*before, token]),
    )


def _die(room: Room, drawn: np.ndarray, thrown: analysis.Throw, greedy: int) -> None:
    translate, look = room.translate, room.look
    vocabulary = runtime.vocabulary(room.trace.fingerprint, room.lm)
    pieces = []
    for piece in analysis.stretches(drawn, thrown.token):
        share = percent(piece.high - piece.low)
        if piece.token is None:
            label, text = "…", translate("output.choice.pieces", count=f"{piece.count:,}", percent=share)
        else:
            label = vocabulary[piece.token]
            text = translate("output.choice.piece", token=label, percent=share)
        pieces.append(
            {
                "label": label,
                "text": text,
                "low": piece.low,
                "high": piece.high,
                "hit": piece.token == thrown.token,
                "many": piece.token is None,
            }
        )
    fell = translate(
        "output.choice.fell",
        seed=room.view.seed,
        number=f"{thrown.number:.4f}",
        token=vocabulary[thrown.token],
        low=f"{thrown.low:.4f}",
        high=f"{thrown.high:.4f}",
    )
    colours = {"own": look.own, "drawn": look.drawn, "faint": look.faint}
    colours |= {"paper": look.paper, "ink": look.ink, "grid": look.grid}
    die(pieces, thrown.number, {"group": translate("output.choice.line"), "fell": fell}, colours=colours)
    dice = np.random.default_rng([room.view.seed, room.position + 1]).choice(len(drawn), size=DICE, p=drawn)
    best = room.quoted(vocabulary[greedy])
    hits = int((dice == greedy).sum())
    st.markdown(
        translate(
            "output.choice.dice",
            count=DICE,
            token=best,
            hits=hits,
            percent=percent(drawn[greedy]),
            others=len(set(dice.tolist()) - {greedy}),
        )
    )


def _curve(room: Room, cuts: list[analysis.Cut]) -> None:
    translate = room.translate
    st.markdown(f"#### {translate('output.choice.curve')}")
    own = model.distribution(room.trace.logits[room.position])
    ranks = analysis.thinned(len(own), RANKS)
    edges = [
        (cut.left, translate(f"output.choice.edge.{cut.name}", left=f"{cut.left:,}")) for cut in cuts[1:] if cut.cut
    ]
    st.markdown(translate("output.choice.curve.look", count=f"{len(own):,}", shown=f"{len(ranks):,}"))
    drawn = figures.curve(
        ranks,
        np.sort(own)[::-1][ranks - 1],
        np.sort(cuts[0].probabilities)[::-1][ranks - 1],
        edges,
        (translate("output.column.own"), translate("output.choice.tempered", value=f"{room.view.temperature:g}")),
        room.look,
        x=translate("output.choice.curve.x"),
        y=translate("output.choice.curve.y"),
    )
    chart(drawn, key="curve", alt=translate("output.choice.curve"))
