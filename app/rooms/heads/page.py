"""Every head at a glance: layers x heads as thumbnails, with what each head does on this prompt."""

from __future__ import annotations

import streamlit as st

from app.kit import frame, head_jobs, pickers, runtime, session
from app.kit.frame import Room
from app.kit.source import source
from app.kit.take import Matrix, take
from app.rooms.heads.grid import grid
from app.rooms.heads.words import ORDERS
from model import Trace


def show() -> None:
    """Draw the page."""
    room = frame.enter(pickers.clearest_head)
    with st.spinner(room.translate("heads.reading")):
        seen = runtime.derived(head_jobs.overview, room.trace)
    layers, heads = seen.entropy.shape
    title = room.translate("heads.heading", count=layers * heads, layers=layers, heads=heads)
    st.markdown(f"#### {title}")
    st.markdown(room.translate(f"heads.look.{room.look.name}") + _scale(room))
    grid(
        seen,
        tokens=len(room.trace.ids),
        chosen=(room.view.layer, room.view.head),
        job=room.view.job,
        order=room.view.order,
        labels=_labels(room),
        colours={
            **{name: getattr(room.look, name) for name in ("ink", "faint", "masked", "attention", "accent")},
            "probability": room.look.probability,
            "frame": room.look.grid,
        },
        on_open=lambda layer, head: session.go("attention", layer=layer, head=head),
        on_arrange=lambda job, order: session.change(job=job, order=order),
    )
    st.markdown(room.translate("heads.how"))
    _take(room, seen)
    source(room, head_jobs.places, head_jobs.job_scores, head_jobs.row_entropy, Trace.pattern)


def _scale(room: Room) -> str:
    """What a long prompt's pictures leave out or change; nothing for a short one."""
    count, side = len(room.trace.ids), head_jobs.THUMBNAIL
    sentences = [room.translate("heads.root")] if count > 32 else []
    if count > side:
        sentences.append(room.translate("heads.merged", count=count, side=side))
    return "".join(f" {sentence}" for sentence in sentences)


def _labels(room: Room) -> dict[str, str | dict[str, str]]:
    named = ("board", "none", "nothing", "entropy", "open", "name")
    jobs = {name: room.translate(f"common.job.{name}") for name in ("title", *head_jobs.JOBS)}
    labels: dict[str, str | dict[str, str]] = {name: room.template(f"heads.part.{name}") for name in named}
    labels["corner"] = {name: room.translate(f"heads.part.corner.{name}") for name in ("plain", "turned")}
    labels["orders"] = {name: room.translate(f"heads.order.{name}") for name in ("title", *ORDERS)}
    labels["jobs"] = jobs
    labels["does"] = {name: room.translate(f"common.does.{name}") for name in head_jobs.PLACES}
    labels["filters"] = jobs | {name: room.translate(f"heads.filter.{name}") for name in ("all", "spread")}
    return labels


def _take(room: Room, seen: head_jobs.Overview) -> None:
    layers, heads = (
        [f"{room.translate(f'common.{word}')} {number}" for number in range(count)]
        for word, count in zip(("layer", "head"), seen.entropy.shape, strict=True)
    )
    scores = {
        room.translate(f"common.job.{job}"): Matrix(values, layers, heads, probability=True)
        for job, values in seen.scores.items()
    }
    take(room, scores | {room.translate("heads.take.entropy"): Matrix(seen.entropy, layers, heads)})
