"""The residual stream of one token: what is added to it, and what each addition does to the prediction."""

from __future__ import annotations

import numpy as np
import streamlit as st

from app.kit import frame, pickers, session
from app.kit.chart import chart
from app.kit.frame import Room
from app.kit.numbers import signed, tiny
from app.kit.source import source
from app.kit.take import Matrix, take
from app.rooms.residual import analysis, figures
from app.rooms.residual.analysis import Effects
from app.rooms.residual.ranking import ranking
from app.rooms.residual.tokens import choose_tokens
from app.rooms.residual.words import PARTS
from model.trace import Readout
from model.transformer import Block

RANKED = 12
DIGITS = 3  # of effects, in logits


def show() -> None:
    """Draw the page."""
    room = frame.enter()
    pickers.choice(room, "stream", PARTS, "residual.stream")
    if room.view.stream == "growth":
        _growth(room)
        _take_growth(room)
        source(room, Block.forward)
        return
    target, against = choose_tokens(room)
    found = analysis.effects(room.lm, room.trace, room.position, target, against)
    tokens = {
        "target": room.quoted(room.lm.tokenizer.shown(target)),
        "against": room.quoted(room.lm.tokenizer.shown(against)),
        "token": room.quoted(room.trace.tokens[room.position]),
    }
    if room.view.stream == "effect":
        _effects(room, found, tokens)
    else:
        _heads(room, found, tokens)
    _take_effects(room, found)
    source(room, Readout.push)


def _label(room: Room, kind: str, layer: int | None) -> str:
    return room.translate(f"residual.part.{kind}", **({} if layer is None else {"layer": layer}))


def _names(room: Room) -> dict[str, str]:
    return room.templates("residual.name.")


def _growth(room: Room) -> None:
    found = analysis.growth(room.trace, room.position)
    added = analysis.additions(room.trace, room.position)
    token = room.quoted(room.trace.tokens[room.position])
    values = {"token": token, "first": f"{found.stream[0]:.3g}", "last": f"{found.stream[-1]:.3g}"}
    heading = room.translate("residual.growth.heading", **values)
    st.markdown(f"#### {heading}")
    st.markdown(room.translate("residual.growth.look"))
    made = figures.growth(
        [_label(room, addition.kind, addition.layer) for addition in added],
        [addition.kind for addition in added],
        found.lengths,
        found.stream,
        found.cosines,
        _names(room),
        room.look,
    )
    chart(*made, key="growth", alt=heading)
    longest = int(found.lengths[1:].argmax()) + 1
    name = _label(room, added[longest].kind, added[longest].layer)
    st.markdown(
        room.translate("residual.growth.longest", name=name, length=f"{found.lengths[longest]:.4g}")
        + " "
        + room.translate("residual.growth.apart", count=len(added), apart=tiny(found.apart))
    )


def _effects(room: Room, found: Effects, tokens: dict[str, str]) -> None:
    heading = room.translate("residual.effect.heading", **tokens)
    st.markdown(f"#### {heading}")
    st.markdown(room.translate("residual.effect.look", **tokens))
    made = figures.effects(
        [_label(room, part.kind, part.layer) for part in found.parts],
        [part.kind for part in found.parts],
        np.array([part.effect for part in found.parts]),
        [signed(effect, 2) for effect in (*(part.effect for part in found.parts), found.total)],
        room.translate("residual.total"),
        _names(room),
        room.look,
    )
    chart(made, key="effects", alt=heading)
    st.markdown(_summed(room, found, tokens))


def _summed(room: Room, found: Effects, tokens: dict[str, str]) -> str:
    capped = f" {room.translate('residual.effect.capped')}" if room.lm.config.logit_cap is not None else ""
    summed = room.translate(
        "residual.effect.sum",
        total=signed(found.total, 4),
        real=signed(found.real, 4),
        apart=tiny(abs(found.total - found.real)),
        **tokens,
    )
    return summed + capped


def _heads(room: Room, found: Effects, tokens: dict[str, str]) -> None:
    heading = room.translate("residual.heads.heading", **tokens)
    st.markdown(f"#### {heading}")
    st.markdown(room.translate("residual.heads.look", **tokens))
    look = room.look
    picture, rows = st.columns([1.3, 1], gap="medium")
    with picture:
        made = figures.heads(found.heads, room.templates("residual.heads.axis."), look)
        chart(made, key="head_effects", alt=heading)
    with rows:
        ranking(
            [(*row, signed(row[2], DIGITS)) for row in analysis.ranked(found.heads, RANKED)],
            room.templates("residual.heads.row."),
            colours={
                "faint": look.faint,
                "grid": look.grid,
                "negative": look.signed[1][1],
                "positive": look.signed[3][1],
            },
            on_open=lambda layer, head: session.go("attention", layer=layer, head=head),
        )
    attention = sum(part.effect for part in found.parts if part.kind == "attention")
    total = float(found.heads.sum())
    st.markdown(
        room.translate(
            "residual.heads.sum",
            count=found.heads.size,
            total=signed(total, DIGITS),
            attention=signed(attention, DIGITS),
            apart=tiny(abs(total - attention)),
            real=signed(found.real, DIGITS),
        )
    )


def _take_growth(room: Room) -> None:
    added = analysis.additions(room.trace, room.position)
    rows = [_label(room, addition.kind, addition.layer) for addition in added]

    def lengths() -> Matrix:
        found = analysis.growth(room.trace, room.position)
        columns = [room.translate(f"residual.take.{name}") for name in ("length", "stream", "cosine")]
        return Matrix(np.stack([found.lengths, found.stream, found.cosines], axis=1), rows, columns)

    vectors = Matrix(np.stack([addition.vector for addition in added]), rows)
    names = [room.translate(f"residual.take.{name}") for name in ("growth", "additions")]
    take(room, dict(zip(names, (lengths, vectors), strict=True)), about=[room.trace.tokens[room.position]])


def _take_effects(room: Room, found: Effects) -> None:
    effects = np.array([part.effect for part in found.parts])
    layers, heads = (
        [f"{room.translate(f'common.{word}')} {number}" for number in range(count)]
        for word, count in zip(("layer", "head"), found.heads.shape, strict=True)
    )
    matrices = {
        "effects": Matrix(effects, [_label(room, part.kind, part.layer) for part in found.parts]),
        "heads": Matrix(found.heads, layers, heads),
    }
    take(
        room,
        {room.translate(f"residual.take.{name}"): matrix for name, matrix in matrices.items()},
        about=[room.trace.tokens[room.position]],
    )
