"""The server's one line of trainings, and this session's place in it."""

from __future__ import annotations

from app.kit import runtime, session
from app.kit.frame import Room
from app.kit.limits import public
from app.kit.trainings import EVERYBODY, OWN, Training, Trainings


def _make() -> Trainings:
    return Trainings(session.alive, EVERYBODY if public() else OWN)


def line() -> Trainings:
    """The trainings of this server."""
    return runtime.of_process(_make)


def shown(room: Room) -> Training | None:
    """The training that the address names, or else this session's own, while the server knows it."""
    if room.view.learn_run:
        return line().find(room.view.learn_run)
    own = line().of(session.own_id())
    if own is not None:
        session.change_later(learn_run=own.id)
    return own


def anew(training: Training) -> None:
    """Drop a training and show the choices again. For callbacks."""
    line().forget(training)
    session.change(learn_run="")
