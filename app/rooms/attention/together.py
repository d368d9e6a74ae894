"""All heads of a layer together: their outputs, the projection, and what each adds to the stream and the next token."""

from __future__ import annotations

import numpy as np
import streamlit as st

import model
from app.kit import session
from app.kit.frame import Room
from app.kit.numbers import percent, tiny
from app.kit.source import source
from app.rooms.attention import analysis
from app.rooms.attention.analysis import HeadStages, Together
from app.rooms.attention.table import Column, Row, table
from model.attention import GroupedQueryAttention, MultiHeadLatentAttention
from model.trace import Readout

KEYS = 12  # of a query whose score is taken apart


def together(room: Room, stages: HeadStages) -> None:
    """Draw this part of the page for the chosen token."""
    layer, translate = room.view.layer, room.translate
    latent = isinstance(room.trace.config.attention, model.MLAConfig)
    token = int(room.trace.logits[room.position].argmax()) if room.view.token is None else room.view.token
    found = analysis.together(room.lm, room.trace, layer, room.position, token)
    heads, width = found.z.shape
    token_at = room.quoted(room.trace.tokens[room.position])
    st.markdown(f"#### {translate('attention.together.heading', layer=layer, count=heads, token=token_at)}")
    st.markdown(translate("attention.together.look"))
    _heads(room, found, room.lm.tokenizer.shown(token), stages.key_heads)
    st.markdown(
        translate("attention.together.same", difference=tiny(found.difference))
        + " "
        + (
            translate("attention.together.latent")
            if latent
            else translate(
                "attention.together.groups" if stages.key_heads < heads else "attention.together.own",
                heads=heads,
                groups=stages.key_heads,
                share=heads // stages.key_heads,
            )
        )
    )
    st.markdown(f"#### {translate('attention.together.concatenated', heads=heads, width=width, all=heads * width)}")
    table(
        [
            Column("", "name"),
            Column(translate("attention.together.vector"), "strip", strips=found.z.reshape(1, -1), every=width),
        ],
        [Row((f"z₀ … z{_below(heads - 1)}", 0))],
        room.look,
        labels=room.templates("attention.table."),
        key="concatenated",
    )
    table(
        [
            Column("", "name"),
            Column(translate("attention.together.out"), "strip", strips=np.stack((found.sum, found.total))),
        ],
        [Row(("W_O · z", 0)), Row(("hook_attn_out", 1))],
        room.look,
        labels=room.templates("attention.table.") | {"look": ""},
        key="projected",
    )
    if latent:
        _parts(room, stages)
    kind = MultiHeadLatentAttention if latent else GroupedQueryAttention
    source(room, analysis.together, Readout.push, kind.forward)


def _below(number: int) -> str:
    return str(number).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))


def _signed(value: float, digits: int = 3) -> tuple[float, str]:
    return value, f"{value:+.{digits}f}".replace("-", "−")


def _share(value: float) -> tuple[float, str]:
    return value, f"{100 * value:+.1f} %".replace("-", "−")


def _heads(room: Room, found: Together, token: str, groups: int) -> None:
    """One row a head."""
    heads, translate = len(found.z), room.translate
    latent = isinstance(room.trace.config.attention, model.MLAConfig)
    shared = not latent and groups < heads
    rows = []
    for head in range(heads):
        group = head * groups // heads
        first = shared and head * groups % heads == 0
        cells: list[str | int | tuple[float, str] | None] = [
            translate("attention.heads.one", head=head),
            head,
            head,
            _share(float(found.shares[head])),
            _signed(float(found.pushes[head])),
        ]
        if shared:
            cells.insert(1, translate("attention.together.group", group=group))
        kind = " ".join(("group",) * first + ("chosen",) * (head == room.view.head))
        rows.append(Row(cells, choose=head, kind=kind))
    out = [found.out]
    empty = (None,) * (1 + shared)
    if found.bias is not None:
        share = float(found.bias @ found.total / (found.total @ found.total))
        push = _signed(found.bias_push)
        rows.append(Row((translate("attention.together.bias"), *empty, heads, _share(share), push)))
        out.append(found.bias[None])
    share = float(found.sum @ found.total / (found.total @ found.total))
    push = _signed(float(found.pushes.sum()) + found.bias_push)
    rows.append(
        Row((translate("attention.together.sum"), *empty, sum(map(len, out)), _share(share), push), kind="total")
    )
    columns = [
        Column(translate("attention.head"), "name"),
        Column("z", "strip", strips=found.z),
        Column(translate("attention.together.part"), "strip", role="out", strips=np.vstack((*out, found.sum))),
        Column(translate("attention.together.share"), "signed", role="share"),
        Column(translate("attention.together.push", token=token), "signed", role="push"),
    ]
    if shared:
        columns.insert(1, Column(translate("attention.together.keys"), "name"))
    table(
        columns,
        rows,
        room.look,
        labels=room.templates("attention.table."),
        key="together",
        on_choose=lambda head: session.change(head=head),
    )


def _parts(room: Room, stages: HeadStages) -> None:
    """Latent attention: the two parts of the chosen head's scores, and the latent they come from."""
    translate, tokens = room.translate, room.trace.tokens
    found = analysis.score_parts(room.trace, room.view.layer, stages, room.position)
    weights = stages.pattern[room.position, found.keys]
    shown = np.sort(np.argsort(-weights, kind="stable")[:KEYS])  # the keys that weigh most, in the prompt's order
    here = room.quoted(tokens[room.position])
    st.markdown(f"#### {translate('attention.parts.heading', head=room.view.head, token=here)}")
    st.markdown(translate("attention.parts.look"))
    rows = [
        Row(
            (
                f"{tokens[found.keys[i]]} ({found.keys[i]})",
                row,
                _signed(float(found.unrotated[i])),
                _signed(float(found.rotated[i])),
                _signed(float(found.dot[i])),
                _signed(float(found.dot[i]) * stages.scale),
                (float(weights[i]), percent(float(weights[i]))),
            ),
            choose=int(found.keys[i]),
        )
        for row, i in enumerate(shown.tolist())
    ]
    table(
        [
            Column(translate("attention.sum.key"), "token", role="key"),
            Column(translate("attention.parts.latent"), "strip", strips=found.latents[shown]),
            Column(translate("attention.parts.unrotated"), "signed"),
            Column(translate("attention.parts.rotated"), "signed"),
            Column(translate("attention.parts.dot"), "signed"),
            Column(translate("attention.parts.score"), "signed", role="scaled"),
            Column(translate("attention.sum.weight"), "bar"),
        ],
        rows,
        room.look,
        labels=room.templates("attention.table."),
        key="parts",
        on_choose=lambda key: session.change(query=room.position, key=key),
    )
    more = len(found.keys) - len(shown)
    said = translate("attention.parts.same", difference=tiny(found.difference))
    st.markdown(f"{said} {translate('attention.parts.more', count=more)}" if more else said)
