"""The server's one line of trainings, and this session's place in it."""

from __future__ import annotations

from app.kit import runtime, session
from app.kit.frame import Room
from app.kit.limits import public
from app.kit.trainings import EVERYBODY, Limits, Training, Trainings


def _make() -> Trainings:
    return Trainings(session.alive, EVERYBODY if public() else Limits())


def line() -> Trainings:
    """The trainings of this server."""
    return runtime.of_process(_make)


def shown(room: Room) -> Training | None:
    """The training that the address names, while the server knows it."""
    return line().find(room.view.learn_run) if room.view.learn_run else None


def anew(training: Training) -> None:
    """Drop a training and show the choices again. For callbacks."""
    line().forget(training)
    session.change(learn_run="")
