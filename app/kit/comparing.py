"""The way from a room's picture to the same picture of two sides, beside each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from app.kit import session
from app.kit.address import View
from app.text import translate


def _stage(view: View) -> dict[str, Any]:
    return {"picture": "softmax" if view.stage == "all" else view.stage}


# Address of a room -> words of the compare page that show its picture.
PICTURES: Mapping[str, Callable[[View], dict[str, Any]]] = {
    "embeddings": lambda view: {"picture": "embeddings"},
    "attention": _stage,
    "heads": lambda view: {"picture": "heads"},
    "what-if": lambda view: {"picture": "softmax", "versus": "change"},
    "norms": lambda view: {"picture": "lengths"},
    "ffn": lambda view: {"picture": "ffn"},
    "moe": lambda view: {"picture": "experts"},
    "mla": lambda view: {"picture": "latent"},
    "residual": lambda view: {"picture": "writes"},
    "output": lambda view: {"picture": "next"},
}


def go(address: str) -> None:
    """Show the compare page, with the picture of the room at `address` where it has one. For callbacks."""
    words = PICTURES[address](session.current()) if address in PICTURES else {}
    session.go("compare", **words, panel="all")


def link(address: str) -> None:
    """A button to the compare page, where the room at `address` has a picture of arrays."""
    if address in PICTURES:
        st.button(
            translate(session.current().lang, "common.compare"),
            key="compare_link",
            icon=":material/compare:",
            on_click=go,
            args=(address,),
        )
