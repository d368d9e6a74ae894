"""What the parts of the experts' page share: the layer shown, and the look of its pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import streamlit as st

from app.kit import head_jobs, runtime, session
from app.kit.frame import Room
from app.rooms.moe import analysis as routing
from model import LanguageModel, MoEConfig, Trace

PICTURE = 404  # px: what the first screen leaves for the picture
FEW = 12  # layers or experts that fit side by side as buttons


@dataclass(frozen=True)
class Experts:
    """A room whose model has experts, and the layer of them that is shown."""

    room: Room
    layers: list[int]
    layer: int

    @property
    def config(self) -> MoEConfig:
        """The experts' configuration."""
        return routing.experts_of(self.room.lm.config)

    @property
    def most(self) -> float:
        """The largest weight that an expert can have: all of a token's."""
        return self.config.routed_scaling_factor

    @property
    def even(self) -> str:
        """The share of the choices that each expert has where the load is even."""
        return f"{100 / self.config.n_routed_experts:.3g} %"

    @property
    def token(self) -> str:
        """The chosen token in quotation marks, as Markdown."""
        return self.room.quoted(self.room.trace.tokens[self.room.position])

    @property
    def colours(self) -> dict:
        """What the components draw with."""
        look = self.room.look
        names = ("paper", "ink", "faint", "grid", "masked", "residual", "own", "accent", "query", "key")
        return {name: getattr(look, name) for name in names} | {"scale": look.probability, "experts": look.experts}


def first(lm: LanguageModel, trace: Trace) -> dict[str, int]:
    """Layer and head to begin with, for `frame.enter`: the most telling experts, and beside them the clearest head."""
    if not routing.expert_layers(lm.config):
        return {}
    layer = routing.telling_layer(lm)
    best = head_jobs.clearest(runtime.derived(head_jobs.overview, trace), layer)
    return {"layer": layer, "head": 0 if best is None else best.head}


def enter(room: Room) -> Experts:
    """The layer that the view names, or the first with experts where that one has none."""
    layers = routing.expert_layers(room.lm.config)
    if room.view.layer not in layers:
        st.info(room.translate("moe.fallback.layer", wanted=room.view.layer, shown=layers[0]), icon=":material/info:")
        session.change(layer=layers[0])
    return Experts(room, layers, room.view.layer if room.view.layer in layers else layers[0])


def choose_layer(experts: Experts, *, labelled: bool = False) -> None:
    """The control of the layer shown; in a row of controls each button says what it is."""
    _one_of(experts.room, "layer", experts.layers, labelled)


def choose_expert(experts: Experts) -> int:
    """The control of the expert to change; the expert chosen."""
    count = experts.config.n_routed_experts
    chosen = experts.room.view.expert if experts.room.view.expert < count else 0
    if chosen != experts.room.view.expert:
        session.change(expert=chosen)
    _one_of(experts.room, "expert", list(range(count)), labelled=True)
    return chosen


def _one_of(room: Room, word: str, choices: list[int], labelled: bool) -> None:
    label = room.translate(f"moe.{word}")
    visibility: Literal["visible", "collapsed"] = "visible" if labelled else "collapsed"

    def name(number: int) -> str:
        return str(number) if labelled else room.translate(f"moe.{word}.name", **{word: number})

    if len(choices) <= FEW:
        st.segmented_control(label, choices, key=word, required=True, format_func=name, label_visibility=visibility)
    else:
        st.select_slider(label, choices, key=word, format_func=name, label_visibility=visibility)


def choose_position(position: int) -> None:
    """For components' callbacks: another token of the prompt."""
    session.change(query=position, token=None)
