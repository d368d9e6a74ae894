"""Which tokens and which kinds of text each expert takes, from counts that came with the model."""

from __future__ import annotations

import math

import numpy as np
import streamlit as st

from app.kit import session
from app.kit.chart import chart
from app.kit.source import source
from app.rooms.moe import analysis as routing
from app.rooms.moe import components
from app.rooms.moe import experts as shared
from app.rooms.moe.experts import Experts
from app.rooms.moe.figures import shares
from model.measure.experts import statistics

SAMPLES = {
    "english": "Once upon a time there was a little girl who lived in the forest.",
    "chinese": "床前明月光，疑是地上霜。舉頭望明月，低頭思故鄉。",
    "python": "def add(a, b):\n    return a + b\n\nfor i in range(10):\n    print(i)",
    "sums": "12 + 35 = 47\n81 - 26 = 55\n7 * 8 = 56\n40 + 9 =",
}
SHOWN = 10  # tokens of each expert


def likes(experts: Experts) -> None:
    """Draw this part of the page."""
    room, layer = experts.room, experts.layer
    translate, k, E = room.translate, experts.config.num_experts_per_tok, experts.config.n_routed_experts
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        shared.choose_layer(experts)
        _try(experts)
    prompt_share = routing.load(room.trace, layer) * k  # (E,) share of the tokens
    record = room.lm.record.get("experts")
    even = f"{100 * k / E:.3g} %"
    if record is None:
        st.markdown(f"#### {translate('moe.likes.empty.heading')}")
        st.markdown(translate("moe.likes.empty", model=room.quoted(room.lm.name), even=even))
        rows, values = [translate("moe.likes.prompt")], prompt_share[None]
    else:
        counted = record["layers"][str(layer)]
        st.markdown(f"#### {translate('moe.likes.heading', layer=layer)}")
        rows = [*map(room.kind_of_text, record["kinds"]), translate("moe.likes.prompt")]
        values = np.stack([*(np.array(counted["share"][kind]) * k for kind in record["kinds"]), prompt_share])
    heat_map = shares(
        rows,
        np.clip(values, 0, 1),
        [translate("moe.expert.name", expert=expert) for expert in range(E)],
        room.look,
        hover=room.template("moe.likes.hover"),
    )
    chart(*heat_map, key="shares", alt=translate("moe.likes.heading", layer=layer))
    if record is not None:
        token_count = f"{sum(record['tokens'].values()):,}"
        st.markdown(
            translate(
                "moe.likes.look",
                even=even,
                read=token_count,
                bits=f"{counted['information']:.2f}",
                most=f"{math.log2(len(record['kinds'])):.2f}",
            )
        )
        st.markdown(translate("moe.likes.tokens"))
        here, name = set(room.trace.ids), room.lm.tokenizer.shown
        lines = [
            [{"token": name(token), "share": share, "here": token in here} for token, share in tokens[:SHOWN]]
            for tokens in counted["top"]
        ]
        components.likes(
            lines,
            {"expert": room.template("moe.expert.name"), "none": translate("moe.likes.none")},
            colours=experts.colours,
        )
    source(room, statistics)


def _try(experts: Experts) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        for name, text in SAMPLES.items():
            st.button(
                experts.room.translate(f"moe.likes.try.{name}"),
                key=f"try_{name}",
                on_click=session.change_prompt,
                args=(text,),
                icon=":material/content_paste:",
            )
