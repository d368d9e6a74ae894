"""A mixture of experts: who goes where, one decision, what was active, what experts like, what if."""

from __future__ import annotations

import streamlit as st

from app.kit import frame, pickers, session
from app.kit.frame import Room
from app.kit.source import source
from app.kit.take import Matrix, take
from app.rooms.moe import analysis as routing
from app.rooms.moe import experts as shared
from app.rooms.moe.active import active, published
from app.rooms.moe.components import routes_flow, routes_layers, routes_map
from app.rooms.moe.decision import decision
from app.rooms.moe.experts import PICTURE, Experts
from app.rooms.moe.likes import likes
from app.rooms.moe.whatif import whatif
from app.rooms.moe.words import ROUTES, ROUTING
from model.feed_forward import MixtureOfExperts


def show() -> None:
    """Draw the page."""
    room = frame.enter(shared.first)
    if not routing.expert_layers(room.lm.config):
        _dense(room)
        return
    experts = shared.enter(room)
    parts = dict(zip(ROUTING, (_who, decision, active, likes, whatif), strict=True))
    pickers.choice(room, "routing", list(parts), "moe.routing")
    parts[room.view.routing](experts)
    _take(experts)


def _dense(room: Room) -> None:
    names = pickers.models(lambda entry: entry.feed_forward == "MoE")
    st.markdown(f"#### {room.translate('moe.dense.heading')}")
    st.markdown(
        room.translate(
            "moe.dense" if names else "moe.dense.none",
            model=room.quoted(room.lm.name),
            kind=room.lm.config.feed_forward.kind,
        )
    )
    pickers.switch_to(room, names)
    published(room)


def _who(experts: Experts) -> None:
    room = experts.room
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        pickers.choice(room, "routes", list(ROUTES), "moe.routes")
        if room.view.routes != "layers":
            shared.choose_layer(experts)
    heading = room.translate(
        f"moe.who.heading.{room.view.routes}",
        layer=experts.layer,
        k=experts.config.num_experts_per_tok,
        count=experts.config.n_routed_experts,
    )
    st.markdown(f"#### {heading}")
    {"map": _map, "layers": _layers, "flow": _flow}[room.view.routes](experts)
    st.markdown(room.translate(f"moe.who.look.{room.view.routes}", even=experts.even))
    source(room, MixtureOfExperts.route, MixtureOfExperts.forward)


def _labels(room: Room, kind: str, *names: str) -> dict[str, str]:
    """Texts for the browser, which fills their placeholders with what is under the mouse."""
    keys = {name: f"moe.who.{name}{kind}" for name in ("point", "cell", "unchosen", "group")}
    if kind == ".flow":
        del keys["unchosen"]
    keys |= {name: f"moe.who.{name}" for name in names}
    keys |= {"expert": "moe.expert.name", "layer": "moe.layer.name"}
    return {name: room.template(key) for name, key in keys.items()}


def _map(experts: Experts) -> None:
    room, trace, layer = experts.room, experts.room.trace, experts.layer
    routes_map(
        trace.tokens,
        routing.weights(trace, layer),
        trace[f"blocks.{layer}.mlp.hook_router_scores"],
        routing.load(trace, layer),
        _labels(room, "", "weights", "scores", "always", "on", "shared", "token", "experts", "load", "loaded")
        | {"name": room.translate("moe.shared")},
        most=experts.most,
        shared=experts.config.n_shared_experts > 0,
        selected=room.position,
        height=PICTURE,
        colours=experts.colours,
        on_choose=shared.choose_position,
    )


def _layers(experts: Experts) -> None:
    room = experts.room
    routes_layers(
        room.trace.tokens,
        {layer: routing.weights(room.trace, layer) for layer in experts.layers},
        _labels(room, ".layers"),
        most=experts.most,
        selected=room.position,
        layer=experts.layer,
        height=PICTURE,
        colours=experts.colours,
        on_layer=lambda layer: session.change(layer=layer, routes="map"),
    )


def _flow(experts: Experts) -> None:
    room = experts.room
    routes_flow(
        room.trace.tokens,
        routing.weights(room.trace, experts.layer),
        _labels(room, ".flow", "shared", "named"),
        shared=experts.config.n_shared_experts > 0,
        selected=room.position,
        height=PICTURE,
        colours=experts.colours,
        on_choose=shared.choose_position,
    )


def _take(experts: Experts) -> None:
    room, trace, layer = experts.room, experts.room.trace, experts.layer
    count = range(experts.config.n_routed_experts)
    names = [room.translate("moe.expert.name", expert=expert) for expert in count]
    matrices = {
        "scores": Matrix(trace[f"blocks.{layer}.mlp.hook_router_scores"], trace.tokens, names, probability=True),
        "choice": Matrix(trace[f"blocks.{layer}.mlp.hook_router_choice"], trace.tokens, names),
        "weights": Matrix(routing.weights(trace, layer), trace.tokens, names),
        "load": Matrix(routing.load(trace, layer), names, probability=True),
    }
    take(
        room,
        {room.translate(f"moe.take.{name}"): matrix for name, matrix in matrices.items()},
        about=[room.translate("moe.layer.name", layer=layer)],
    )
