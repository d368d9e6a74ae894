"""Every position of the prompt: probability, rank and surprise of the token that really came next."""

from __future__ import annotations

import numpy as np
import streamlit as st

import model
from app.kit import runtime, session
from app.kit.frame import Room
from app.kit.numbers import percent
from app.kit.prediction import foreseen
from app.kit.source import source
from app.rooms.output import analysis
from app.rooms.output.surprise import surprise

LEAST_SCALE = 12.0  # bits at the end of the scale, unless a token surprised more


def _expected(trace: model.Trace) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Probability and rank of each token after the first, (T - 1,), and the token that was expected instead."""
    return *foreseen(trace.logits, np.array(trace.ids)), trace.logits[:-1].argmax(axis=1)


def expected(room: Room) -> None:
    """Draw this part of the page."""
    translate, trace, look = room.translate, room.trace, room.look
    st.markdown(f"#### {translate('output.foreseen')}")
    if len(trace.ids) == 1:
        st.markdown(translate("output.foreseen.one"))
        return
    probabilities, places, guesses = runtime.derived(_expected, trace)
    bits = analysis.surprise(probabilities)
    size = sum(len(room.lm.tokenizer.token_bytes(token)) for token in trace.ids[1:])
    st.markdown(
        translate(
            "output.positions.look",
            total=f"{bits.sum():.1f}",
            count=len(bits),
            mean=f"{bits.mean():.2f}",
            perplexity=f"{2 ** bits.mean():,.1f}",
            per_byte=f"{bits.sum() / size:.2f}",
            first=sum(places == 1),
        )
    )
    cells = [
        {"token": trace.tokens[0], "bits": None, "shown": "–", "rank": "", "tip": translate("output.positions.first")}
    ]
    for i, (p, rank, bit) in enumerate(zip(probabilities.tolist(), places.tolist(), bits.tolist(), strict=True)):
        tip = translate(
            "output.positions.tip",
            token=trace.tokens[i + 1],
            before=trace.tokens[i],
            percent=percent(p),
            rank=f"{rank:,}",
            bits=f"{bit:.2f}",
            guess=room.lm.tokenizer.shown(int(guesses[i])),
        )
        cells.append(
            {"token": trace.tokens[i + 1], "bits": bit, "shown": f"{bit:.1f}", "rank": f"#{rank:,}", "tip": tip}
        )
    most = max(LEAST_SCALE, float(np.ceil(bits.max())))
    surprise(
        cells,
        {
            "group": translate("output.positions.group"),
            "point": translate("output.positions.point"),
            "low": translate("output.positions.bits", bits=0),
            "high": translate("output.positions.bits", bits=f"{most:.0f}"),
        },
        most=most,
        scale=look.probability,
        colours={"accent": look.accent, "faint": look.faint, "paper": look.paper, "ink": look.ink},
        selected=room.position,
        on_choose=lambda position: session.change(query=position, token=None),
    )
    source(room, foreseen, analysis.surprise)
