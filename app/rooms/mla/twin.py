"""Which models a page of latent attention can put beside the loaded one."""

from __future__ import annotations

from app.kit import pickers, runtime
from app.kit.frame import Room
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
    return pickers.models(lambda entry: entry.attention in kinds)
