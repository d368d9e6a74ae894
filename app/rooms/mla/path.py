"""From h to latent, keys and values, with every tensor of this prompt; the absorbed form gives the same scores."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import streamlit as st

import model
from app.kit import pickers, runtime, session
from app.kit.frame import Room
from app.kit.source import source
from app.rooms.mla import analysis
from app.rooms.mla.lanes import Box, Lane, Step, lanes
from app.rooms.mla.twin import PICTURE, TALL, built_in, trained_twin, twin_name
from app.text import escape_markdown
from model.attention import GroupedQueryAttention, MultiHeadLatentAttention
from model.measure.memory import elements_per_layer
from model.measure.twin import mha_config

ROWS = 48  # tokens drawn: more would be less than two pixels each
# Relative: more than sums this long lose, by the width of the numbers that the weights are kept in.
ROUNDING = {"torch.float32": 1e-5, "torch.bfloat16": 1e-2}


def path(room: Room) -> None:
    """Draw this part of the page."""
    attention = room.lm.config.attention
    cached = elements_per_layer(attention)
    if isinstance(attention, model.MLAConfig):
        expanded = attention.n_heads * (attention.head_dim + attention.value_dim)
        heading = room.translate(
            "mla.path.heading.mla",
            layer=room.view.layer,
            heads=attention.n_heads,
            latent=attention.kv_lora_rank,
        )
        st.markdown(f"#### {heading}")
        twin = trained_twin(room)
        shown = [
            Lane(room.translate("mla.path.lane.cache"), _latent_steps(room)),
            Lane(room.translate("mla.path.lane.query"), _query_steps(room)),
        ]
        if twin is not None:
            shown.append(
                Lane(
                    room.translate("mla.path.lane.twin"), _plain_steps(room, runtime.trace(twin, list(room.trace.ids)))
                )
            )
        _draw(room, shown, height=TALL if twin is None else PICTURE)
        st.markdown(room.translate("mla.path.look.mla", cached=cached, expanded=expanded, head=room.view.head))
        _twin_sentence(room, twin, cached)
        _absorbed(room)
        source(
            room,
            MultiHeadLatentAttention.compress,
            MultiHeadLatentAttention.query,
            MultiHeadLatentAttention.expanded,
            MultiHeadLatentAttention.absorbed,
        )
        return
    heads, groups = attention.n_heads, attention.n_kv_heads
    st.markdown(f"#### {room.translate('mla.path.heading.plain', layer=room.view.layer, groups=groups)}")
    _draw(
        room,
        [
            Lane(room.translate("mla.path.lane.cache"), _plain_steps(room, room.trace)),
            Lane(room.translate("mla.path.lane.query"), _query_steps(room)),
        ],
        height=TALL,
    )
    st.markdown(
        room.translate(
            "mla.path.look.plain",
            cached=cached,
            kind=attention.kind,
            groups=groups,
            share=heads // groups,
            heads=heads,
            head=room.view.head,
        )
    )
    names = built_in(("MLA",))
    st.markdown(
        room.translate(
            "mla.plain.switch" if names else "mla.plain.none", model=room.quoted(room.lm.name), kind=attention.kind
        )
    )
    pickers.switch_to(room, names)
    source(room, GroupedQueryAttention.forward)


# Boxes


def _window(room: Room) -> slice:
    """The rows that are drawn: all, or those around the chosen token."""
    count = len(room.trace.ids)
    first = min(max(0, room.position - ROWS // 2), max(0, count - ROWS))
    return slice(first, min(count, first + ROWS))


def _box(room: Room, name: str, hook: str, values: np.ndarray, **options: Any) -> Box:
    words = (
        room.translate(f"mla.path.box.{name}", head=room.view.head)
        if name == "pattern"
        else room.translate(f"mla.path.box.{name}")
    )
    shape = " × ".join(map(str, values.shape))
    return Box(words, hook, values[_window(room)], shape, **options)


def _at(room: Room, trace: model.Trace, hook: str, name: str, **options: Any) -> Box:
    """The box of a hook of the layer shown."""
    full = f"blocks.{room.view.layer}.{hook}"
    return _box(room, name, full, trace[full], **options)


def _latent_steps(room: Room) -> list[Step]:
    trace, head, translate = room.trace, room.view.head, room.translate
    return [
        Step("", [_at(room, trace, "ln1.hook_normalized", "x")]),
        Step(
            translate("mla.path.by.down"),
            [
                _at(room, trace, "attn.hook_kv_latent", "latent", cached=True),
                _at(room, trace, "attn.hook_rot_k", "k_pe", cached=True),
            ],
        ),
        Step(
            translate("mla.path.by.up"),
            [_at(room, trace, "attn.hook_k", "k", head=head), _at(room, trace, "attn.hook_v", "v", head=head)],
        ),
    ]


def _plain_steps(room: Room, trace: model.Trace) -> list[Step]:
    config = trace.config
    head = room.view.head * config.attention.n_kv_heads // config.attention.n_heads
    keys = "attn.hook_rot_k" if config.rope_at(room.view.layer) is not None else "attn.hook_k"
    read = "ln1.hook_normalized" if config.norm_placement != "after" else "hook_resid_pre"
    return [
        Step("", [_at(room, trace, read, "x")]),
        Step(
            room.translate("mla.path.by.project"),
            [
                _at(room, trace, keys, "k", cached=True, head=head),
                _at(room, trace, "attn.hook_v", "v", cached=True, head=head),
            ],
        ),
    ]


def _query_steps(room: Room) -> list[Step]:
    trace, layer, head, translate = room.trace, room.view.layer, room.view.head, room.translate
    latent = f"blocks.{layer}.attn.hook_q_latent" in trace
    rotated = trace.config.rope_at(layer) is not None and trace.config.attention.kind != "MLA"
    steps = [Step("", [_at(room, trace, "attn.hook_q_latent", "q_latent")])] if latent else []
    steps.append(
        Step(
            translate("mla.path.by.query"),
            [_at(room, trace, "attn.hook_rot_q" if rotated else "attn.hook_q", "q", head=head)],
        )
    )
    pattern = np.where(trace.mask(layer), trace.pattern(layer)[head], np.nan).astype(np.float32)
    steps.append(
        Step(
            translate("mla.path.by.softmax"),
            [
                _columns(
                    room,
                    _box(
                        room, "pattern", f"blocks.{layer}.attn.hook_pattern", pattern, probability=True, columns="keys"
                    ),
                )
            ],
        )
    )
    steps.append(Step(translate("mla.path.by.values"), [_at(room, trace, "attn.hook_z", "z", head=head)]))
    steps.append(Step(translate("mla.path.by.out"), [_at(room, trace, "hook_attn_out", "out")]))
    return steps


def _columns(room: Room, box: Box) -> Box:
    """A box whose columns are tokens, cut to those drawn."""
    return replace(box, values=np.ascontiguousarray(box.values[:, _window(room)]))


def _draw(room: Room, shown: list[Lane], key: str = "lanes", height: int = PICTURE) -> None:
    look, rows = room.look, _window(room)
    colours = {name: getattr(look, name) for name in ("signed", "probability", "masked", "accent", "ink")} | {
        "cached": look.value
    }
    names = ("point", "cached", "masked", "entries", "heads", "keys")
    labels = {name: room.template(f"mla.path.{name}") for name in names}
    if rows.stop - rows.start < len(room.trace.ids):
        st.markdown(room.translate("mla.path.window", first=rows.start, last=rows.stop - 1, count=len(room.trace.ids)))
    lanes(
        shown,
        room.trace.tokens[rows],
        labels,
        first=rows.start,
        selected=room.position,
        height=height,
        colours=colours,
        on_choose=lambda position: session.change(query=position, token=None),
        key=key,
    )


def _twin_sentence(room: Room, twin: model.LanguageModel | None, cached: int) -> None:
    name, config = twin_name(room), mha_config(room.lm.config)
    if twin is not None:
        st.markdown(
            room.translate(
                "mla.path.twin.look", name=escape_markdown(twin.name), elements=elements_per_layer(config.attention)
            )
        )
    elif name is not None:
        words = room.translate(
            "mla.path.twin.none",
            name=name,
            heads=config.attention.n_heads,
            elements=elements_per_layer(config.attention),
            cached=cached,
        )
        st.markdown(words)
    else:
        st.markdown(room.translate("mla.path.twin.other"))


# The absorbed form


def _absorbed(room: Room) -> None:
    translate, trace, layer, head = room.translate, room.trace, room.view.layer, room.view.head
    attention = room.lm.config.attention
    latent_form = analysis.absorbed(room.lm, trace, layer)
    st.markdown(f"#### {translate('mla.path.absorbed.heading')}")
    st.markdown(translate("mla.path.absorbed.look", width=attention.kv_lora_rank + attention.qk_rope_head_dim))
    mask, expanded = trace.mask(layer), trace.scores(layer)[head]
    hook = f"blocks.{layer}.attn."
    unrotated = np.arange(attention.qk_nope_head_dim)
    nope = trace[f"{hook}hook_q"][:, head, unrotated]
    ways = [
        Step("", [_box(room, "q_nope", f"{hook}hook_q", nope)]),
        Step(
            translate("mla.path.by.absorb"),
            [_box(room, "q_absorbed", "Wᵀ q", latent_form.query[:, head], first=attention.kv_lora_rank)],
        ),
        Step(
            translate("mla.path.by.meets"),
            [
                _box(
                    room,
                    "cached",
                    f"{hook}hook_kv_latent, hook_rot_k",
                    latent_form.key,
                    cached=True,
                    first=attention.kv_lora_rank,
                )
            ],
        ),
    ]
    boxes = [
        _columns(
            room,
            _box(
                room,
                f"scores.{name}",
                f"{hook}hook_attn_scores",
                np.where(mask, scores, np.nan).astype(np.float32),
                columns="keys",
            ),
        )
        for name, scores in (
            ("absorbed", latent_form.scores[head]),
            ("expanded", expanded),
            ("gap", np.where(mask, latent_form.scores[head], 0) - np.where(mask, expanded, 0)),
        )
    ]
    _draw(
        room,
        [
            Lane(translate("mla.path.lane.absorbed", head=head), ways),
            Lane(translate("mla.path.lane.same", head=head), [Step("", boxes)]),
        ],
        key="absorbed",
    )
    size = max(1.0, float(np.abs(trace.scores(layer)[:, mask]).max()), float(np.abs(trace[f"{hook}hook_z"]).max()))
    rounding = ROUNDING[str(room.lm.transformer.embed.weight.dtype)]
    right = max(latent_form.score_gap, latent_form.z_gap) <= rounding * size * len(nope[0]) ** 0.5
    words = translate(
        "mla.path.absorbed.gap" if right else "mla.path.absorbed.bad",
        scores=f"{latent_form.score_gap:.2g}",
        z=f"{latent_form.z_gap:.2g}",
    )
    if right:
        st.markdown(f"**{words}**")
    else:
        st.error(words, icon=":material/error:")
