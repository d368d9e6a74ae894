"""A training while it runs, and after: drawn again each second as a part of the page of its own."""

from __future__ import annotations

import base64
import math
from typing import Any

import numpy as np
import streamlit as st

from app.kit import frame, runtime, session
from app.kit.frame import Room
from app.kit.trainings import Training
from app.rooms.train.analysis import clearest_head, table, thinned
from app.rooms.train.curves import Curve, curves
from app.rooms.train.head import head
from app.rooms.train.line import anew, line
from app.rooms.train.writes import writes
from app.text import error_text, escape_markdown
from model.training.recipes import Schedule

OPEN_IN = ("attention", "embeddings", "output")  # rooms to begin with


def live(room: Room, training: Training, was_over: bool) -> None:
    """Draw how far a training is; `was_over`: it had ended when the page was drawn."""
    if training.over and not was_over:
        st.rerun()  # the whole page: the asking ends
    mine = line().claim(training, session.own_id())
    _head(room, training, mine)
    if training.state == "failed":
        assert training.error is not None, "what failed says why"
        st.error(escape_markdown(error_text(room.view.lang, training.error)), icon=":material/error:")
        return
    if training.state == "waiting":
        return
    if mine and not training.over and training.asked != room.view.prompt:
        training.ask(room.view.prompt)
    if training.state == "done" and runtime.own_models().entry(training.plan.name) is not None:
        st.success(
            room.translate("train.kept", name=escape_markdown(training.plan.name)), icon=":material/check_circle:"
        )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="train_result"):
        if training.state == "done":
            _result(room, training, mine)
        moment = _moment(room, training)
    if moment is not None:
        _pictures(room, training, moment)


def _head(room: Room, training: Training, mine: bool) -> None:
    kind = room.translate(f"train.learn_text.{training.plan.kind}")
    size, attention, network = training.plan.config.split("-")
    model = room.translate(
        "train.model",
        size=room.translate(f"train.learn_size.{size}"),
        attention=room.translate(f"train.learn_attention.{attention}"),
        network=room.translate(f"train.learn_network.{network}"),
    )
    st.markdown(f"#### {room.translate('train.live', model=model, kind=kind)}")
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="train_head"):
        st.progress(_share(training), text=escape_markdown(_status(room, training)), width="stretch")
        if training.over:
            _page_button(
                room.translate("train.anew"),
                key="train_anew",
                icon=":material/restart_alt:",
                on_click=anew if mine else lambda _: session.change(learn_run=""),
                args=(training,),
            )
        elif mine:
            paused = training.state == "paused"
            st.button(
                room.translate("train.go_on" if paused else "train.pause"),
                key="train_go_on" if paused else "train_pause",
                icon=":material/play_arrow:" if paused else ":material/pause:",
                disabled=training.state not in ("running", "paused"),
                on_click=line().go_on if paused else line().pause,
                args=(training,),
            )
            early = training.state in ("waiting", "starting")  # there is nothing to keep
            (_page_button if early else st.button)(
                room.translate("train.stop"),
                key="train_stop",
                icon=":material/stop:",
                disabled=training.stop_by is not None,
                on_click=anew if early else line().stop,
                args=(training,),
            )
    if not mine:
        st.caption(room.translate("train.theirs"))


def _page_button(label: str, **settings: Any) -> None:
    """A button of this part that changes the whole page."""
    if st.button(label, **settings):
        st.rerun()


def _share(training: Training) -> float:
    return min(1.0, training.steps[-1][0] / training.facts["steps"]) if training.steps and training.facts else 0.0


def _status(room: Room, training: Training) -> str:
    if training.state == "waiting":
        return room.translate(
            "train.status.waiting",
            place=len(line().ahead(training)),
            minutes=max(1, round(line().wait_seconds(training) / 60)),
        )
    if training.state == "failed":
        return room.translate("train.status.failed")
    if not training.steps:
        return room.translate(f"train.stage.{training.stage}")
    step, total = f"{training.steps[-1][0]:,}", f"{training.facts['steps']:,}"
    left = training.seconds_left(line().limits.seconds)
    if training.state == "running" and left is not None:
        return room.translate("train.status.running", step=step, total=total, seconds=f"{max(0.0, left):.0f}")
    name = "stopped" if training.state == "done" and training.stopped else training.state
    name = "starting" if name == "running" else name  # too early to say how long
    return room.translate(f"train.status.{name}", step=step, total=total)


def _curves(room: Room, training: Training) -> None:
    facts, colours = training.facts, room.look
    steps = np.array(training.steps or [(0, math.nan, math.nan, 0.0)])
    means = thinned(steps, facts["steps"])
    looks = training.looks
    measured = np.array([(one["step"], one["bits"]) for one in looks] or [(0, math.nan)])
    names = {"5-gram, Kneser-Ney": "5-gram", "xz -9": "xz"}
    charts = [
        Curve(
            room.translate("train.loss"),
            room.translate("train.loss.look"),
            means[:, 0],
            means[:, 1],
            colours.own,
            2,
            levels=[(room.translate("train.loss.blind"), math.log(facts["vocabulary"]))],
        ),
        Curve(
            room.translate("train.bits"),
            room.translate("train.bits.look", size=f"{facts['held_out_bytes']:,}"),
            measured[:, 0],
            measured[:, 1],
            colours.query,
            2,
            levels=[(names[peer], bits) for peer, bits in facts["peers"].items()],
            dots=True,
        ),
        Curve(
            room.translate("train.gradient"),
            room.translate("train.gradient.look"),
            means[:, 0],
            means[:, 2],
            colours.key,
            2,
            levels=[(room.translate("train.gradient.clip"), Schedule(tokens=1).clip)],
        ),
    ]
    words = room.templates("train.curve.")
    shown = {name: getattr(colours, name) for name in ("ink", "faint", "grid", "paper")}
    curves([one for one in charts if training.steps or one.dots], last=facts["steps"], words=words, colours=shown)


def _moment(room: Room, training: Training) -> dict[str, Any] | None:
    """The look that is shown: the last one, or where the training stands still any that was chosen."""
    looks = training.looks
    if len(looks) < 2 or training.state not in ("paused", "done"):
        return looks[-1] if looks else None
    chosen = st.select_slider(
        room.translate("train.moment"),
        range(len(looks)),
        len(looks) - 1,
        format_func=lambda number: f"{looks[number]['step']:,}",
        key=f"train_moment_{len(looks)}",  # another slider as soon as there is more to choose from
    )
    return looks[chosen]


def _pictures(room: Room, training: Training, moment: dict[str, Any]) -> None:
    """What the model does at a moment, and the curves: words and curves on one side, a head on the other."""
    after = f"{moment['step']:,}"
    if moment["left_out"]:
        st.caption(room.translate("train.left_out", count=moment["left_out"], shown=len(moment["tokens"])))
    colours = {name: getattr(room.look, name) for name in ("ink", "faint", "grid", "masked", "own", "accent")}
    left, right = st.columns([1.95, 1.0], gap="medium")
    with left:
        title, look = room.translate("train.writes", step=after), room.translate("train.writes.look")
        writes(title, moment["prompt"], moment["text"], look, colours)
        _curves(room, training)
    with right:
        clearest = clearest_head(_patterns(training.looks[-1]))
        head(moment, clearest, room.templates("train.part."), colours | {"probability": room.look.probability})


def _patterns(moment: dict[str, Any]) -> np.ndarray:
    """The weights of every head at a moment, (L, H, T, S)."""
    return np.frombuffer(base64.b64decode(moment["patterns"]), "<f4").reshape(moment["shape"])


def _result(room: Room, training: Training, mine: bool) -> None:
    """What can be done with the finished model."""
    assert training.file is not None, "a training that is done has made one"
    name = training.plan.name
    kept = runtime.own_models().entry(name) is not None
    if not kept and mine:
        _page_button(
            room.translate("train.keep"),
            key="train_keep",
            type="primary",
            icon=":material/bookmark_add:",
            on_click=_keep,
            args=(training,),
        )
    if kept:
        for address in OPEN_IN:
            _page_button(
                room.translate("train.open", room=room.translate(f"{address}.title")),
                key=f"train_open_{address}",
                type="primary" if address == OPEN_IN[0] else "secondary",
                on_click=session.go,
                args=(address,),
                kwargs={"model": name},
            )
    st.download_button(
        room.translate("train.download", size=f"{training.file.stat().st_size / 1e6:.1f}"),
        training.file.read_bytes,
        f"{name}.safetensors",
        "application/octet-stream",
        key="train_download",
        icon=":material/download:",
        help=room.translate("train.download.help", name=name),
        on_click="ignore",
    )
    st.download_button(
        room.translate("train.numbers"),
        lambda: table(training.steps),
        f"{name}.csv",
        "text/csv",
        key="train_numbers",
        icon=":material/table:",
        on_click="ignore",
    )


def _keep(training: Training) -> None:
    assert training.file is not None, "a training that is done has made one"
    runtime.own_models().keep(training.plan.name, training.file)
    frame.own_model(training.plan.name)
