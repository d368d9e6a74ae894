"""Which models a page of latent attention can put beside the loaded one."""

from __future__ import annotations

import streamlit as st

from app.kit import runtime, session
from app.kit.frame import Room
from app.text import escape_markdown
from model import LanguageModel
from model.files.catalog import STORYTELLERS
from model.measure.twin import mha_config

PICTURE, TALL = 84, 130  # px: height of a box, so that three lanes, or two, fit on the first screen


def twin_name(room: Room) -> str | None:
    """The name that the loaded model's trained twin has, or would have, in the catalog."""
    name = f"{room.lm.name}-mha"
    return name if name in STORYTELLERS and mha_config(room.lm.config) is not None else None


def trained_twin(room: Room) -> LanguageModel | None:
    """The twin with multi-head attention that was trained on the same text, where its file is there."""
    name = twin_name(room)
    if name is None or not any(entry.name == name and entry.available for entry in runtime.entries()):
        return None
    twin = runtime.language_model(name)
    return (
        twin
        if twin.config.attention == mha_config(room.lm.config).attention
        and twin.tokenizer.fingerprint == room.lm.tokenizer.fingerprint
        else None
    )


def trained_pair(room: Room) -> tuple[LanguageModel, LanguageModel] | None:
    """The model with latent attention and its twin, whichever of the two is loaded; None without a twin."""
    twin = trained_twin(room)
    if twin is not None:
        return room.lm, twin
    name = room.lm.name.removesuffix("-mha")
    if name == room.lm.name or not any(entry.name == name and entry.available for entry in runtime.entries()):
        return None
    latent = runtime.language_model(name)
    return (
        (latent, room.lm)
        if mha_config(latent.config) == room.lm.config and latent.tokenizer.fingerprint == room.lm.tokenizer.fingerprint
        else None
    )


def built_in(kinds: tuple[str, ...]) -> list[str]:
    """Built-in models whose attention is one of `kinds`, by name; trained ones first, as in the catalog."""
    return [entry.name for entry in runtime.entries() if entry.available and entry.attention in kinds]


def switch_to(room: Room, names: list[str]) -> None:
    """A button for each of those models."""
    with st.container(horizontal=True):
        for name in names:
            st.button(
                room.translate("mla.switch", model=escape_markdown(name)),
                key=f"switch_{name}",
                type="primary",
                on_click=session.change,
                kwargs={"model": name},
            )
