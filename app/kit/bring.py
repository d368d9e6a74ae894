"""The button beside the model box: what a path may be, what is found there, and how weights are kept in memory."""

from __future__ import annotations

import streamlit as st

import model
from app.kit import runtime, session
from app.kit.address import WEIGHTS
from app.text import error_text, escape_markdown, translate
from model.footprint import gigabytes

_PATH = "bring_path"  # the box for a path; its text is looked at, and becomes the model only by the button


def bring(lang: str) -> None:
    """Draw the button; its panel lies over the page, and moves nothing."""
    with st.popover(
        translate(lang, "common.bring"),
        icon=":material/folder_open:",
        help=translate(lang, "common.bring"),
        key="bring",
    ):
        if runtime.paths_allowed():
            st.markdown(translate(lang, "common.bring.about"))
            path = st.text_input(
                translate(lang, "common.bring.path"), key=_PATH, placeholder=translate(lang, "common.bring.placeholder")
            )
            if path:
                _look(lang, path.strip())
        else:
            st.markdown(translate(lang, "common.bring.off"))
        st.segmented_control(
            translate(lang, "common.bring.weights"),
            WEIGHTS,
            format_func=lambda kind: translate(lang, f"common.bring.weights.{kind}"),
            key="weights",
            help=translate(lang, "common.bring.weights.help"),
            required=True,
        )


def _look(lang: str, path: str) -> None:
    """What the model at `path` is, and a button that loads it where that can be."""
    try:
        found = model.check(path)
    except model.BadInput as error:
        st.markdown(escape_markdown(error_text(lang, error)))
        return
    for sentence in sentences(lang, found):
        st.markdown(escape_markdown(sentence))
    st.button(
        translate(lang, "common.bring.load"),
        key="bring_load",
        type="primary",
        disabled=not found.supported,
        on_click=session.change,
        kwargs={"model": path},
    )


def sentences(lang: str, found: model.Check) -> list[str]:
    """What a check found, in the order in which one asks: what it is, whether it fits, what would be left out."""
    said = []
    if found.layers is not None:
        said.append(
            translate(
                lang,
                "common.bring.found",
                family=found.family,
                layers=found.layers,
                attention=found.attention,
                feed_forward=found.feed_forward,
                context=f"{found.context:,}",
                tokens=f"{found.tokens:,}",
            )
        )
    elif found.family is not None:
        said.append(translate(lang, "common.bring.family", family=found.family))
    if found.bytes_fp32 is not None and found.bytes_bf16 is not None:
        needed = {"fp32": gigabytes(found.bytes_fp32), "bf16": gigabytes(found.bytes_bf16)}
        memory = translate(lang, "common.bring.memory", parameters=f"{found.parameters:,}", **needed)
        if found.free_bytes is not None:
            memory += " " + translate(lang, "common.bring.free", free=gigabytes(found.free_bytes))
        said.append(memory)
    if found.reason is not None:
        said.append(translate(lang, "common.bring.refused", reason=found.reason))
    if found.passed_over:
        said.append(translate(lang, "common.bring.passed_over", keys=", ".join(found.passed_over)))
    return said
