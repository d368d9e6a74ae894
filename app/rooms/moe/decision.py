"""One token's way through the router, step by step."""

from __future__ import annotations

import numpy as np
import streamlit as st

from app.kit.source import source
from app.rooms.moe import analysis as routing
from app.rooms.moe import components
from app.rooms.moe import experts as shared
from app.rooms.moe.experts import PICTURE, Experts
from model.feed_forward import MixtureOfExperts
from model.trace import Readout

IN_ORDER = 16  # more experts than this are sorted, so that the chosen ones stand on top


def decision(experts: Experts) -> None:
    """Draw this part of the page."""
    room, config = experts.room, experts.config
    trace, position, layer = room.trace, room.position, experts.layer
    shared.choose_layer(experts)
    route = routing.decision(trace, layer, position)
    push_by_expert = {push.expert: push for push in routing.pushes(trace, layer, position)}
    st.markdown(f"#### {room.translate('moe.decision.heading', token=experts.token, layer=layer)}")
    st.markdown(room.translate("moe.decision.look" if route.bias is not None else "moe.decision.look.plain"))
    token = room.lm.tokenizer.shown
    columns = _columns(experts, route, token(int(trace.logits[position].argmax())))
    rows = [_row(experts, route, expert, push_by_expert) for expert in _order(experts, route)]
    _groups(experts, route, rows)
    if route.shared_norm is not None:
        rows.append(
            {
                "expert": None,
                "label": room.translate("moe.shared"),
                "chosen": True,
                "out": {"text": f"{route.shared_norm:.3f}"},
                "push": _signed(push_by_expert[None].predicted, 3),
            }
        )
        rows[-1]["rank"] = {"text": room.translate("moe.who.on")}
    push_lists = [
        {
            "expert": push.expert,
            "label": room.translate("moe.shared")
            if push.expert is None
            else room.translate("moe.expert.name", expert=push.expert),
            "up": [(token(i), _signed(logit, 2)["text"]) for i, logit in push.up],
            "down": [(token(i), _signed(logit, 2)["text"]) for i, logit in push.down],
        }
        for push in push_by_expert.values()
    ]
    labels = {
        "up": room.translate("moe.decision.up"),
        "down": room.translate("moe.decision.down"),
        "group": room.translate("moe.decision.table"),
        "pushes": room.translate("moe.decision.pushes"),
    }
    components.decision(columns, rows, push_lists, labels, height=PICTURE, colours=experts.colours)
    total = float(np.linalg.norm(trace[f"blocks.{layer}.hook_mlp_out"][position]))
    sentence = "moe.decision.sum.alone" if route.shared_norm is None else "moe.decision.sum"
    summed = room.translate(
        sentence,
        k=config.num_experts_per_tok,
        routed=f"{route.routed_norm:.3f}",
        shared=f"{route.shared_norm or 0:.3f}",
        total=f"{total:.3f}",
    )
    st.markdown(f"{summed} {room.translate('moe.decision.bias.won')}" if route.by_bias.any() else summed)
    source(room, MixtureOfExperts.route, MixtureOfExperts.forward, Readout.push)


def _columns(experts: Experts, route: routing.Decision, predicted: str) -> list[dict]:
    translate, config = experts.room.translate, experts.config
    function = {"sigmoid": "sigmoid", "softmax": "softmax"}[config.scoring_func]
    columns = [("score", "bar", translate("moe.decision.score", function=function))]
    if route.bias is not None:
        columns += [
            ("bias", "signed", translate("moe.decision.bias")),
            ("choice", "number", translate("moe.decision.choice")),
        ]
    if route.group_scores is not None:
        columns.append(
            ("group", "group", translate("moe.decision.group", kept=config.topk_group, count=config.n_group))
        )
    columns.append(("rank", "rank", translate("moe.decision.rank", k=config.num_experts_per_tok)))
    columns.append(
        ("normalised", "bar", translate("moe.decision.normalised" if config.norm_topk_prob else "moe.decision.raw"))
    )
    if config.routed_scaling_factor != 1:
        columns.append(
            ("weight", "number", translate("moe.decision.scaled", factor=f"{config.routed_scaling_factor:g}"))
        )
    columns += [
        ("out", "number", translate("moe.decision.out")),
        ("push", "signed", translate("moe.decision.push", token=predicted)),
    ]
    return [{"name": name, "kind": kind, "head": head} for name, kind, head in columns]


def _order(experts: Experts, route: routing.Decision) -> list[int]:
    """Experts by number where few; else the best choice on top, group by group where there are groups."""
    count = experts.config.n_routed_experts
    if count <= IN_ORDER:
        return list(range(count))
    if route.group_scores is None:
        return np.argsort(-route.choice, kind="stable").tolist()
    size = count // len(route.group_scores)
    return [
        int(expert)
        for group in np.argsort(-route.group_scores, kind="stable")
        for expert in group * size + np.argsort(-route.choice[group * size : (group + 1) * size], kind="stable")
    ]


def _row(experts: Experts, route: routing.Decision, expert: int, push_by_expert: dict) -> dict:
    row = {
        "expert": expert,
        "label": experts.room.translate("moe.expert.name", expert=expert),
        "chosen": expert in route.chosen,
    }
    row["score"] = {"share": float(route.scores[expert]), "text": f"{route.scores[expert]:.4f}"}
    if route.bias is not None:
        row |= {
            "bias": _signed(route.bias[expert], 4),
            "choice": {"text": f"{route.choice[expert]:.4f}".replace("-", "−")},
        }
    if expert in route.chosen:
        i = route.chosen.tolist().index(expert)
        rank = f"{i + 1}"
        row["rank"] = {
            "text": experts.room.translate("moe.decision.rank.bias", rank=rank) if route.by_bias[i] else rank
        }
        row["normalised"] = {"share": float(route.normalised[i]), "text": f"{route.normalised[i]:.4f}"}
        row |= {
            "weight": {"text": f"{route.weights[i]:.4f}"},
            "out": {"text": f"{route.out_norms[i]:.3f}"},
            "push": _signed(push_by_expert[expert].predicted, 3),
        }
    return row


def _groups(experts: Experts, route: routing.Decision, rows: list[dict]) -> None:
    """Give the first row of each group the group's cell."""
    if route.group_scores is None or route.kept_groups is None:
        return
    translate = experts.room.translate
    size = len(rows) // len(route.group_scores)
    for place, row in enumerate(rows):
        group = row["expert"] // size
        kept = bool(route.kept_groups[group])
        row["dropped"] = not kept
        if place % size == 0:
            state = translate("moe.decision.group.kept" if kept else "moe.decision.group.dropped")
            row["group"] = {
                "span": size,
                "kept": kept,
                "text": translate("moe.decision.group.text", score=f"{route.group_scores[group]:.4f}", state=state),
            }


def _signed(value: float, digits: int) -> dict:
    return {"share": float(value), "text": f"{'−' if value < 0 else '+'}{abs(value):.{digits}f}"}
