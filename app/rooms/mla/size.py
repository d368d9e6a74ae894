"""Caches of published models, to the digit, and of any shape by sliders."""

from __future__ import annotations

from dataclasses import astuple, fields, replace

import streamlit as st

from app.kit import session
from app.kit.chart import chart
from app.kit.frame import Room
from app.kit.source import source
from app.rooms.mla import analysis
from app.rooms.mla.analysis import Shape
from app.rooms.mla.figures import Bar, bars
from app.rooms.mla.words import DTYPES
from app.text import escape_markdown
from model import MLAConfig
from model.measure import memory
from model.measure.memory import cache_bytes, elements_per_layer, requests_that_fit
from model.measure.presets import PRESETS, Preset

GB = 1000**3
GPUS = {
    24: "RTX 4090",
    80: "H100",
    141: "H200",
    640: "8 × H100",
    1128: "8 × H200",
    2256: "16 × H200",
    4512: "32 × H200",
}
CONTEXTS = tuple(2**power for power in range(9, 21))
BOUNDS = {
    "layers": (1, 160, 1),
    "heads": (1, 160, 1),
    "head_dim": (16, 256, 2),
    "latent": (16, 2048, 16),
    "rope": (2, 256, 2),
}


def size(room: Room) -> None:
    """Draw this part of the page."""
    preset = PRESETS.get(room.view.preset, PRESETS["deepseek-v3"])
    if preset.name != room.view.preset:
        session.change(preset=preset.name)
    _request(room)
    published = analysis.shape_of(preset.config)
    shape = _shape(room, published)
    cache_sizes = analysis.sizes(
        preset.config,
        shape,
        context=room.view.context,
        batch=room.view.batch,
        dtype=room.view.dtype,
        memory=room.view.memory * GB,
    )
    same = shape == published
    heading = room.translate(
        "mla.size.heading" if same else "mla.size.heading.changed", model=escape_markdown(preset.title)
    )
    st.markdown(f"#### {heading}")
    chart(
        bars(_rows(room, preset, shape, cache_sizes, same), room.look, x=room.translate("mla.size.axis"), height=250),
        key="sizes",
        alt=heading,
    )
    _table(room, preset, shape, cache_sizes, same)
    st.markdown(room.translate("mla.size.look"))
    _notes(room, preset, same)
    _published(room)
    source(room, elements_per_layer, cache_bytes, requests_that_fit)


def _request(room: Room) -> None:
    translate, view = room.translate, room.view
    model, context, batch, dtype, gpus = st.columns([1.6, 2, 0.9, 0.8, 1.4], gap="medium")
    with model:
        st.selectbox(
            translate("mla.size.preset"),
            list(PRESETS),
            format_func=lambda name: PRESETS[name].title,
            key="preset",
            on_change=lambda: session.change(shape=None),
        )
    with context:
        st.select_slider(
            translate("mla.size.context"),
            sorted({*CONTEXTS, view.context}),
            format_func=lambda tokens: f"{tokens:,}",
            key="context",
        )
    with batch:
        st.number_input(translate("mla.size.batch"), 1, 100_000, step=1, key="batch")
    with dtype:
        st.selectbox(translate("mla.size.dtype"), DTYPES, key="dtype")
    with gpus:
        st.selectbox(
            translate("mla.size.memory"),
            sorted({*GPUS, view.memory}),
            format_func=lambda gb: f"{gb:,} GB" + (f" · {GPUS[gb]}" if gb in GPUS else ""),
            key="memory",
        )


def _shape(room: Room, published: Shape) -> Shape:
    """The sliders, and the shape that they say."""
    names = [field.name for field in fields(Shape)]
    wanted = room.view.shape
    shape = published if wanted is None or len(wanted) != len(names) else _within(Shape(*wanted))

    def moved() -> None:
        heads = st.session_state["shape_heads"]
        values = {name: st.session_state[f"shape_{name}"] for name in names}
        chosen = astuple(_within(Shape(**{**values, "heads": heads})))
        session.change(shape=None if chosen == astuple(published) else chosen)

    for column, name in zip(st.columns(len(names), gap="medium"), names, strict=True):
        value, key, label = getattr(shape, name), f"shape_{name}", room.translate(f"mla.size.shape.{name}")
        st.session_state[key] = value
        with column:
            if name == "groups":
                divisors = [groups for groups in range(1, shape.heads + 1) if shape.heads % groups == 0]
                st.select_slider(label, divisors if len(divisors) > 1 else [*divisors, 2], key=key, on_change=moved)
            else:
                low, high, step = BOUNDS[name]
                st.slider(label, low, high, step=step, key=key, on_change=moved)
    return shape


def _within(shape: Shape) -> Shape:
    """A shape that can be built: in the sliders' bounds, its groups a divisor of its heads."""
    bounded = {
        name: max(low, min(high, getattr(shape, name) // step * step if step > 1 else getattr(shape, name)))
        for name, (low, high, step) in BOUNDS.items()
    }
    heads = bounded["heads"]
    groups = max(divisor for divisor in range(1, heads + 1) if heads % divisor == 0 and divisor <= max(1, shape.groups))
    return replace(shape, **bounded, groups=groups)


def _label(room: Room, shape: Shape, kind: str) -> str:
    return room.translate(
        f"mla.size.kind.{kind}", **{field.name: getattr(shape, field.name) for field in fields(Shape)}
    )


def _rows(room: Room, preset: Preset, shape: Shape, cache_sizes: list[analysis.Size], same: bool) -> list[Bar]:
    own, dtype = preset.config.attention.kind, room.view.dtype
    rows = [(each.name, _label(room, shape, each.name), each.per_token) for each in cache_sizes]
    if same and own == "MLA":
        wide = memory.baselines(preset.config)[1].elements_per_token
        rows.insert(0, ("MHA", room.translate("mla.size.kind.unabsorbed"), memory.bytes_of(wide, dtype)))
    base = next(each.per_token for each in cache_sizes if each.name == own)
    bar_rows = []
    for kind, label, per_token in rows:
        text = room.translate("mla.size.bar", bytes=f"{per_token:,}")
        if per_token != base:
            times = f"{per_token / base:.3g}"
            text = room.translate("mla.size.bar.times", bytes=f"{per_token:,}", times=times)
        bar_rows.append(Bar(kind, label, per_token, text, marked=same and kind == own and per_token == base))
    return bar_rows


def _bytes(count: int) -> str:
    """Bytes in the unit that leaves at most four digits; 1 kB = 1000 B."""
    for unit, size_of in (("TB", 1000**4), ("GB", GB), ("MB", 1000**2), ("kB", 1000)):
        if count >= size_of:
            return f"{count / size_of:,.4g} {unit}"
    return f"{count} B"


def _table(room: Room, preset: Preset, shape: Shape, cache_sizes: list[analysis.Size], same: bool) -> None:
    translate, view, own = room.translate, room.view, preset.config.attention.kind
    columns = {
        "kind": {},
        "token": {},
        "total": {"batch": f"{view.batch:,}", "context": f"{view.context:,}"},
        "weights": {},
        "fit": {"memory": f"{view.memory:,}"},
    }
    lines = [
        "| " + " | ".join(translate(f"mla.size.column.{name}", **values) for name, values in columns.items()) + " |",
        "|---|--:|--:|--:|--:|",
    ]
    for each in cache_sizes:
        fit = translate("mla.size.fit.none") if each.fit.free_bytes < 0 else f"{each.fit.requests:,}"
        cells = [
            _label(room, shape, each.name),
            f"{each.per_token:,} B",
            _bytes(each.total),
            _bytes(each.fit.weight_bytes),
            fit,
        ]
        bold = "**" if same and each.name == own else ""
        lines.append("| " + " | ".join(f"{bold}{cell}{bold}" for cell in cells) + " |")
    st.markdown("\n".join(lines))


def _notes(room: Room, preset: Preset, same: bool) -> None:
    attention = preset.config.attention
    if not same:
        st.button(
            room.translate("mla.size.reset"),
            key="reset_shape",
            on_click=lambda: session.change(shape=None),
            icon=":material/undo:",
        )
    elif isinstance(attention, MLAConfig):
        st.markdown(room.translate("mla.size.baselines", plain=attention.v_head_dim, wide=attention.head_dim))
    else:
        st.markdown(room.translate("mla.size.guess"))
    st.markdown(
        room.translate("mla.size.source", model=escape_markdown(preset.title), source=escape_markdown(preset.source))
    )


def _published(room: Room) -> None:
    """The numbers that reports print, beside the arithmetic that gives them."""
    translate = room.translate
    st.markdown(f"#### {translate('mla.size.published')}")
    v3 = PRESETS["deepseek-v3"].config
    base = cache_bytes(v3, 1)
    mha, wide = (memory.bytes_of(baseline.elements_per_token, "bf16") for baseline in memory.baselines(v3)[:2])
    rows = [
        ("DeepSeek-V3", "61 · (512 + 64) · 2", base, translate("mla.size.published.table1")),
        (
            "Qwen2.5-72B",
            "2 · 80 · 8 · 128 · 2",
            cache_bytes(PRESETS["qwen2.5-72b"].config, 1),
            translate("mla.size.published.table1"),
        ),
        (
            "Llama-3.1-405B",
            "2 · 126 · 8 · 128 · 2",
            cache_bytes(PRESETS["llama-3.1-405b"].config, 1),
            translate("mla.size.published.llama"),
        ),
        (
            "DeepSeek-V2",
            "60 · (512 + 64) · 2",
            cache_bytes(PRESETS["deepseek-v2"].config, 1),
            translate("mla.size.published.derived"),
        ),
        (
            "DeepSeek-V2-Lite",
            "27 · (512 + 64) · 2",
            cache_bytes(PRESETS["deepseek-v2-lite"].config, 1),
            translate("mla.size.published.derived"),
        ),
        (
            translate("mla.size.published.mha"),
            "61 · 128 · (128 + 128) · 2",
            mha,
            translate("mla.size.published.derived"),
        ),
        (
            translate("mla.size.published.unabsorbed"),
            "61 · 128 · (192 + 128) · 2",
            wide,
            translate("mla.size.published.derived"),
        ),
    ]
    names = ("model", "arithmetic", "bytes", "times", "source")
    lines = [
        "| " + " | ".join(translate(f"mla.size.published.{name}") for name in names) + " |",
        "|---|---|--:|--:|---|",
    ]
    for name, arithmetic, per_token, report in rows:
        size = f"{per_token:,} B = {per_token / 1000:,.3f} kB"
        lines.append(f"| {escape_markdown(name)} | {arithmetic} | {size} | {_times(per_token / base)} | {report} |")
    st.markdown("\n".join(lines))
    st.markdown(translate("mla.size.published.v2"))
    st.markdown(translate("mla.size.published.wrong"))


def _times(ratio: float) -> str:
    return f"{ratio:.1f}" if ratio > 10 else f"{ratio:.3f}"
