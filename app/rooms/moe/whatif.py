"""Switch an expert off, force one, use fewer, or drop the bias: the prediction before and after."""

from __future__ import annotations

import streamlit as st

import model
from app.kit import pickers, runtime, session
from app.kit.chart import chart
from app.kit.figures import before_after
from app.kit.prediction import Difference, difference
from app.kit.source import source
from app.rooms.moe import analysis as routing
from app.rooms.moe import experts as shared
from app.rooms.moe.components import routes_layers
from app.rooms.moe.experts import Experts
from app.rooms.moe.words import CHANGES
from model import interventions
from model.feed_forward import MixtureOfExperts


def whatif(experts: Experts) -> None:
    """Draw this part of the page."""
    room = experts.room
    controls, picture = st.columns([1, 1.9], gap="medium")
    with controls:
        change, values = _controls(experts)
        after = runtime.trace(room.lm, list(room.trace.ids), (change,))
        effect = difference(room.trace.logits[room.position], after.logits[room.position])
        _summary(experts, after, effect)
        kind = _kind(experts)
        st.markdown(room.translate(f"moe.whatif.look.{kind}"))
    with picture:
        heading = room.translate(f"moe.whatif.heading.{kind}", token=experts.token, **values)
        st.markdown(f"#### {heading}")
        names = room.translate("moe.whatif.before"), room.translate("moe.whatif.after")
        tokens = [room.lm.tokenizer.shown(int(token)) for token in effect.ids]
        chart(
            before_after(
                tokens, effect.before, effect.after, names, room.look, x=room.translate("moe.whatif.axis"), height=470
            ),
            key="before_after",
            alt=heading,
        )
    st.markdown(f"#### {room.translate('moe.whatif.routes')}")
    labels = {name: room.template(f"moe.who.{name}.layers") for name in ("point", "cell", "unchosen", "group")}
    labels["layer"] = room.template("moe.layer.name")
    routes_layers(
        room.trace.tokens,
        {layer: routing.weights(after, layer) for layer in experts.layers},
        labels,
        most=experts.most,
        selected=room.position,
        layer=experts.layer,
        height=320,
        colours=experts.colours,
        on_layer=lambda layer: session.change(layer=layer),
        key="routes_after",
    )
    source(room, type(change).edits, MixtureOfExperts.route)


def _possible(experts: Experts) -> list[str]:
    config = experts.config
    fits = {
        "off": config.num_experts_per_tok < config.n_routed_experts,
        "force": True,
        "top": config.num_experts_per_tok > 1,
        "bias": config.selection_bias,
    }
    return [name for name in CHANGES if fits[name]]


def _kind(experts: Experts) -> str:
    """The change that the view names, or the first that fits this model."""
    kinds = _possible(experts)
    return experts.room.view.change if experts.room.view.change in kinds else kinds[0]


def _controls(experts: Experts) -> tuple[interventions.Intervention, dict]:
    """The intervention chosen, and the values of its sentences."""
    room, kind = experts.room, _kind(experts)
    if kind != room.view.change:
        session.change(change=kind)
    pickers.choice(room, "change", _possible(experts), "moe.change")
    if kind in ("off", "force"):
        shared.choose_layer(experts, labelled=True)
        expert = shared.choose_expert(experts)
        change = interventions.AblateExpert if kind == "off" else interventions.ForceExpert
        return change(experts.layer, expert), {"layer": experts.layer, "expert": expert}
    if kind == "bias":
        return interventions.NoSelectionBias(), {}
    k = experts.config.num_experts_per_tok
    kept = min(room.view.kept, k - 1)
    if kept != room.view.kept:
        session.change(kept=kept)
    if k > 2:
        st.slider(room.translate("moe.kept"), 1, k - 1, key="kept")
    return interventions.ChooseTop(kept), {"kept": kept, "k": k}


def _summary(experts: Experts, after: model.Trace, effect: Difference) -> None:
    """What changed, in sentences."""
    room = experts.room
    if (after.logits == room.trace.logits).all():
        st.markdown(room.translate("moe.whatif.same"))
        return
    before, now = (
        room.quoted(room.lm.tokenizer.shown(int(trace.logits[room.position].argmax()))) for trace in (room.trace, after)
    )
    key = "moe.whatif.best.same" if before == now else "moe.whatif.best"
    st.markdown(f"**{room.translate(key, before=before, after=now)}**")
    st.markdown(
        room.translate(
            "moe.whatif.moved",
            rerouted=routing.rerouted(room.trace, after),
            count=len(room.trace.ids),
            bits=f"{effect.bits:.3g}",
        )
    )
