"""What the smaller cache costs: two models alike but for their attention, trained on the same text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.kit import pickers, runtime
from app.kit.chart import chart
from app.kit.frame import Room
from app.kit.numbers import percent
from app.kit.prediction import difference
from app.kit.source import source
from app.rooms.mla.cost_figures import AROUND, ModelCurve, losses, pairs, speed
from app.rooms.mla.twin import built_in, trained_pair
from app.text import escape_markdown
from model import LanguageModel
from model.attention import MultiHeadLatentAttention
from model.files.catalog import STORYTELLERS
from model.measure import curves
from model.measure import speed as benchmark
from model.measure.memory import elements_per_layer
from model.measure.speed import Measured, Point
from model.training import elsewhere

PICTURE = 390  # px
SECONDS = 15.0  # of a measurement here; a step that has begun, and the page, take their time beyond it
KINDS = ("MLA", "MHA")  # of attention, in the order of a pair
_MEASURED = "_speed"  # session: what was measured here, and of which models


def cost(room: Room) -> None:
    """Draw this part of the page."""
    pair = trained_pair(room)
    if pair is None:
        st.markdown(
            room.translate(
                "mla.cost.none",
                model=room.quoted(room.lm.name),
                mla=escape_markdown(STORYTELLERS[0]),
                mha=escape_markdown(STORYTELLERS[1]),
            )
        )
        pickers.switch_to(room, [name for name in built_in(("MLA", "MHA")) if name in STORYTELLERS[:2]])
        return
    left, right = st.columns(2, gap="medium")
    with left:
        _bits(room, pair)
    with right:
        _next_token(room, pair)
    left, right = st.columns(2, gap="medium")
    with left:
        _speed(room, pair)
    with right:
        _losses(room)
    source(room, MultiHeadLatentAttention.absorbed, benchmark.measure)


def _bits(room: Room, pair: tuple[LanguageModel, LanguageModel]) -> None:
    translate, (mla, mha) = room.translate, pair
    heading = translate("mla.cost.bits")
    st.markdown(f"#### {heading}")
    scores = [lm.record.get("scores", {}) for lm in pair]
    kinds = [kind for kind in scores[0] if kind in scores[1]]
    if not kinds:
        st.markdown(translate("mla.cost.bits.none"))
        return
    values = [np.array([score[kind]["bits_per_byte"] for kind in kinds]) for score in scores]
    bars = {lm.name: (kind, score) for lm, kind, score in zip(pair, KINDS, values, strict=True)}
    kinds = [room.kind_of_text(kind) for kind in kinds]
    chart(
        pairs(kinds, bars, room.look, x=translate("mla.cost.bits.axis"), shown="{:.3f}".format),
        key="bits",
        alt=heading,
    )
    names = {"mla": escape_markdown(mla.name), "mha": escape_markdown(mha.name)}
    tokens, others = mla.record["tokens"], mha.record["tokens"]
    if tokens == others:
        training = f"{translate('mla.cost.bits.same', tokens=f'{tokens:,}')} "
    else:
        training = ""
        st.warning(translate("mla.cost.bits.other", tokens=f"{tokens:,}", others=f"{others:,}", **names))
    few, many = (elements_per_layer(lm.config.attention) for lm in pair)
    changes = _changes(kinds, *values)
    st.markdown(training + translate("mla.cost.bits.numbers", few=few, many=many, changes=changes, **names))
    st.markdown(_elsewhere(room, pair))


def _changes(kinds: list[str], first: np.ndarray, second: np.ndarray) -> str:
    return ", ".join(
        f"{escape_markdown(kind)} {_signed(100 * (one / other - 1))} %"
        for kind, one, other in zip(kinds, first, second, strict=True)
    )


def _elsewhere(room: Room, pair: tuple[LanguageModel, LanguageModel]) -> str:
    """The same comparison on sources that no training text shares, where it was measured."""
    scores = [elsewhere.scores(lm) for lm in pair]
    if not all(scores):
        return room.translate("mla.cost.bits.elsewhere.none")
    kinds = list(scores[0])
    first, second = (np.array([score[kind]["bits_per_byte"] for kind in kinds]) for score in scores)
    changes = _changes([room.kind_of_text(kind) for kind in kinds], first, second)
    mean = _signed(100 * (first.mean() / second.mean() - 1))
    return room.translate("mla.cost.bits.elsewhere", changes=changes, mean=mean)


def _signed(value: float) -> str:
    return f"{'+' if value >= 0 else '−'}{abs(value):.1f}"


def _next_token(room: Room, pair: tuple[LanguageModel, LanguageModel]) -> None:
    translate, (mla, mha) = room.translate, pair
    heading = translate("mla.cost.next", token=room.quoted(room.trace.tokens[room.position]))
    st.markdown(f"#### {heading}")
    traces = [room.trace if lm is room.lm else runtime.trace(lm, list(room.trace.ids)) for lm in pair]
    effect = difference(*(trace.logits[room.position] for trace in traces))
    shown = mla.tokenizer.shown
    tokens = [shown(int(token)) for token in effect.ids]
    models = {
        lm.name: (kind, values) for lm, kind, values in zip(pair, KINDS, (effect.before, effect.after), strict=True)
    }
    chart(
        pairs(
            tokens,
            models,
            room.look,
            x=translate("mla.cost.next.axis"),
            shown=percent,
            form="percent",
        ),
        key="next_token",
        alt=heading,
    )
    first, second = (room.quoted(shown(int(trace.logits[room.position].argmax()))) for trace in traces)
    apart = f"{effect.bits:.3g}"
    if first == second:
        st.markdown(translate("mla.cost.next.same", token=first, bits=apart))
    else:
        st.markdown(
            translate(
                "mla.cost.next.other",
                first=first,
                second=second,
                bits=apart,
                mla=escape_markdown(mla.name),
                mha=escape_markdown(mha.name),
            )
        )


def _speed(room: Room, pair: tuple[LanguageModel, LanguageModel]) -> None:
    translate = room.translate
    heading = translate("mla.cost.speed")
    st.markdown(f"#### {heading}")
    place, text_place = st.empty(), st.empty()
    identity = tuple(lm.fingerprint for lm in pair)
    button = st.empty()
    if button.button(translate("mla.cost.speed.run"), key="measure", icon=":material/speed:"):
        button.button(
            translate("mla.cost.speed.stop"), key="stop_measure", icon=":material/stop:"
        )  # any click ends this run
        with runtime.pages().aside(), runtime.writers():
            _measure(room, pair, identity, place)
    measured_pair, measured = st.session_state.get(_MEASURED, (None, None))
    here = measured_pair == identity
    if not here:
        measured = _stored(pair)
    if measured is None:
        place.markdown(translate("mla.cost.speed.none"))
        return
    _draw(room, pair, measured.points, place, "speed_done")
    last = {point.model: point for point in measured.points}
    mla, mha = (last[lm.name] for lm in pair)
    words = (
        translate("mla.cost.speed.here", machine=escape_markdown(measured.machine))
        if here
        else translate("mla.cost.speed.stored", date=measured.date, machine=escape_markdown(measured.machine))
    )
    look = translate(
        "mla.cost.speed.look",
        steps=benchmark.STEPS,
        few=elements_per_layer(pair[0].config.attention),
        tokens=f"{mla.tokens:,}",
        mla=escape_markdown(mla.model),
        mha=escape_markdown(mha.model),
        less=f"{mla.nbytes:,}",
        more=f"{mha.nbytes:,}",
        context=pair[0].config.context,
    )
    text_place.markdown(f"{words} {look} {_verdict(room, measured.points, mla, mha)}")


def _verdict(room: Room, points: Sequence[Point], mla: Point, mha: Point) -> str:
    """What the intervals tell of the two models, whose last points these are; and what they do not tell."""
    since = benchmark.quicker_from(points, mla.model, mha.model)
    noisy = benchmark.undecided(points, mla.model, mha.model)
    ends = [f"{low:.3g}" if low == high else f"{low:.3g} … {high:.3g}" for low, high in (mla.interval, mha.interval)]
    names = {"mla": escape_markdown(mla.model), "mha": escape_markdown(mha.model)}
    key = "noisy" if mla.tokens in noisy else "from" if since is not None else "never"
    tokens = f"{mla.tokens if since is None else since:,}"
    verdict = room.translate(f"mla.cost.speed.{key}", tokens=tokens, first=ends[0], second=ends[1], **names)
    others = ", ".join(f"{n:,}" for n in noisy if n != mla.tokens)
    return f"{verdict} {room.translate('mla.cost.speed.overlap', tokens=others)}" if others else verdict


def _stored(pair: Sequence[LanguageModel]) -> Measured | None:
    """The measurement that came with the project, where it is of these two."""
    measured = benchmark.stored()
    return (
        measured
        if measured is not None and {point.model for point in measured.points} == {lm.name for lm in pair}
        else None
    )


def _measure(room: Room, pair: tuple[LanguageModel, LanguageModel], identity: tuple, place: DeltaGenerator) -> None:
    """Measure on this machine, drawing every point; the session keeps the whole, never a part."""
    bar, points = st.progress(0.0), list[Point]()
    for share, found in runtime.in_turn(benchmark.measure(pair, SECONDS)):
        at = benchmark.lengths(pair)[min(len(found) // 2, len(benchmark.lengths(pair)) - 1)]
        bar.progress(share, text=room.translate("mla.cost.speed.progress", tokens=f"{at:,}"))
        if len(found) > len(points):
            points = found
            _draw(room, pair, points, place, f"speed_{len(points)}")
    if points:
        st.session_state[_MEASURED] = (identity, benchmark.here(points))
    st.rerun()


def _draw(
    room: Room, pair: tuple[LanguageModel, LanguageModel], points: list[Point], place: DeltaGenerator, key: str
) -> None:
    translate = room.translate
    lines = [
        ModelCurve(kind, lm.name, [(p.tokens, p.milliseconds, *p.interval) for p in points if p.model == lm.name])
        for kind, lm in zip(KINDS, pair, strict=True)
    ]
    with place.container():
        chart(
            speed(
                lines,
                room.look,
                x=translate("mla.cost.speed.x"),
                y=translate("mla.cost.speed.y"),
                hover=room.template("mla.cost.speed.hover"),
                height=PICTURE,
            ),
            key=key,
            alt=translate("mla.cost.speed"),
        )


def _losses(room: Room) -> None:
    translate = room.translate
    heading = translate("mla.cost.losses")
    st.markdown(f"#### {heading}")
    lines = curves.stored()
    chart(
        losses(lines, room.look, x=translate("mla.cost.losses.x"), y=translate("mla.cost.losses.y"), height=PICTURE),
        key="losses",
        alt=heading,
    )
    st.markdown(translate("mla.cost.losses.look", around=AROUND))
