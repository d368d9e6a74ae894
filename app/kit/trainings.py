"""Trainings: one at a time in a process of its own, the others waiting in line.

The process is the project's own command line, `python -m model train --watched`; this module starts it, reads what it
says, and ends it when nobody is there for it any more.  What it wrote is a model only after it has said so.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import logging
import os
import secrets
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import model
from app.kit import scratch

ROOT = Path(__file__).resolve().parent.parent.parent
TEXTS = ROOT / "assets" / "texts"
ONE_THREAD = {  # for torch, for the tokenizer's trainer
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "RAYON_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
}
LOOKS = 150  # that are kept; beyond that every second one goes
_NICE = 10  # how far a training steps back for the pages of the others
_TICK = 0.2  # seconds between two looks at who is still there
_OVERLAP = 1.0  # seconds that a page loaded again may be seen before the one that it replaces is seen to be gone
_PATIENCE = 30.0  # seconds for a stopped process to write its model
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a server lets people train."""

    text_bytes: int = 2_000_000
    least_characters: int = 5_000
    seconds: float = 1_200  # of one training, without its pauses
    pause_seconds: float = 600  # then it is stopped
    absent_seconds: float = 30  # after its page was closed; long enough to load the page again
    waiting: int = 5  # trainings that may wait in line
    kept: int = 12  # finished models, of all sessions together


OWN = Limits()
EVERYBODY = Limits(text_bytes=1_000_000, seconds=300, pause_seconds=60, waiting=3, kept=6)  # on a public server


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is to be trained."""

    config: str  # a name of model.training.classroom
    kind: str  # of the text: one of those in assets/texts, or "own"
    text: str | None  # where it is somebody's own
    name: str  # of the model
    prompt: str  # to look at
    seed: int = 0
    tokens: int | None = None  # to train on; None: the architecture's own number


@dataclass
class Training:
    """One training: its plan, its process, and what that has said.

    Read by every session, written by the threads of `Trainings`.
    """

    plan: Plan
    owner: str  # the session whose buttons move it
    id: str = field(default_factory=lambda: secrets.token_urlsafe(8))
    state: str = "waiting"  # then starting, running or paused; at last done or failed
    stage: str = "start"
    facts: dict[str, Any] = field(default_factory=dict)  # the process's "begin"
    steps: list[tuple[int, float, float, float]] = field(default_factory=list)  # step, loss, gradient, seconds
    looks: list[dict[str, Any]] = field(default_factory=list)
    error: model.BadInput | None = None
    stopped: bool = False  # before its last step
    file: Path | None = None  # the finished model, once it is whole
    asked: str = ""  # the prompt that it was last told
    folder: Path | None = None
    process: subprocess.Popen | None = None
    began: float = 0.0
    paused_at: float = 0.0
    paused_for: float = 0.0
    seen_at: dict[str, float] = field(default_factory=dict)  # session: when it first watched
    left_at: float | None = None  # when its owner was seen to be gone
    stop_by: float | None = None  # when it is killed if it has not ended

    @property
    def over(self) -> bool:
        """Whether nothing more will come."""
        return self.state in ("done", "failed")

    @property
    def seconds(self) -> float:
        """Since its process began, without its pauses."""
        pause = time.monotonic() - self.paused_at if self.state == "paused" else 0.0
        return time.monotonic() - self.began - self.paused_for - pause if self.began else 0.0

    def seconds_left(self, limit: float) -> float | None:
        """About how long it will still take, at its pace so far; None before there is one."""
        if len(self.steps) < 20 or not self.facts:
            return None
        first, last = self.steps[0], self.steps[-1]
        share = (self.facts["steps"] - last[0]) / max(1, last[0] - first[0])
        begun = self.seconds * (last[3] - first[3]) / max(last[3], 1e-9)
        return min(limit - self.seconds, share * begun)

    def ask(self, prompt: str) -> None:
        """Have it continue `prompt` from now on."""
        self.asked = prompt
        self.order("ask", prompt=prompt)

    def order(self, do: str, **values: str) -> None:
        """Tell its process something."""
        process = self.process
        if process is not None and process.stdin is not None:
            with contextlib.suppress(OSError, ValueError):  # it has just ended, which its reader will notice
                process.stdin.write(json.dumps({"do": do} | values) + "\n")
                process.stdin.flush()


class Trainings:
    """The line of trainings of one server process."""

    def __init__(self, alive: Callable[[str], bool], limits: Limits = OWN):
        """`alive` says whether the session with an id is still there."""
        self.limits = limits
        self._alive = alive
        self._all: dict[str, Training] = {}
        self._lock = threading.RLock()
        self._awake = threading.Event()
        atexit.register(self.close)
        threading.Thread(target=self._attend, name="trainings", daemon=True).start()

    def ask(self, plan: Plan, owner: str) -> Training:
        """Put `plan` in line, in place of what the session had before; it begins when those before it have ended.

        Raises:
            BadInput: "too_many_waiting".
        """
        with self._lock:
            for training in [own for own in self._all.values() if own.owner == owner]:
                self._forget(training)
            if sum(training.state == "waiting" for training in self._all.values()) >= self.limits.waiting:
                raise model.BadInput(
                    "too_many_waiting",
                    f"{self.limits.waiting} trainings wait for their turn already: try again in some minutes.",
                    count=self.limits.waiting,
                )
            training = Training(plan, owner)
            self._all[training.id] = training
        self._awake.set()
        return training

    def find(self, name: str) -> Training | None:
        """The training with that id, while it is known."""
        return self._all.get(name)

    def of(self, session: str) -> Training | None:
        """That session's own training."""
        with self._lock:
            return next((own for own in self._all.values() if own.owner == session), None)

    def claim(self, training: Training, session: str) -> bool:
        """Whether the buttons are this session's: the owner's, or of one that came when the owner had gone.

        Loading a page again makes a session of it that is new.  Those that watched before do not take over.
        """
        with self._lock:
            now = time.monotonic()
            came = training.seen_at.setdefault(session, now)
            if training.owner != session and not self._alive(training.owner):
                left = now if training.left_at is None else training.left_at
                if came >= left - _OVERLAP:
                    training.owner, training.left_at = session, None
            return training.owner == session

    def ahead(self, training: Training) -> list[Training]:
        """Those that will have ended before `training` begins."""
        with self._lock:
            every = list(self._all.values())
        return [other for other in every[: every.index(training)] if not other.over] if training in every else []

    def wait_seconds(self, training: Training) -> float:
        """About how long `training` will wait."""
        return sum(map(self._seconds, self.ahead(training)))

    def busy(self) -> tuple[int, float]:
        """How many trainings there are that have not ended, and about how long they will all take."""
        with self._lock:
            every = [training for training in self._all.values() if not training.over]
        return len(every), sum(map(self._seconds, every))

    def _seconds(self, training: Training) -> float:
        """About how long it will still take; a guess for one that has not begun."""
        left = training.seconds_left(self.limits.seconds)
        return self.limits.seconds / 4 if left is None else left

    def pause(self, training: Training) -> None:
        """Let it wait after its next step."""
        training.order("pause")

    def go_on(self, training: Training) -> None:
        """End its pause."""
        training.order("go")

    def stop(self, training: Training) -> None:
        """End it: with its model as it is now, if it has begun."""
        with self._lock:
            if training.state == "waiting":
                self._forget(training)
            elif not training.over and training.stop_by is None:
                training.stop_by = time.monotonic() + _PATIENCE
                training.order("stop")

    def forget(self, training: Training) -> None:
        """Drop it and all it wrote."""
        with self._lock:
            self._forget(training)

    def close(self) -> None:
        """Drop them all: the server ends."""
        with self._lock:
            for training in list(self._all.values()):
                self._forget(training)

    def _forget(self, training: Training) -> None:
        self._all.pop(training.id, None)
        if not training.over:
            training.state = "failed"
            training.error = model.BadInput(
                "training_dropped", "This training was ended: its page was closed, or another one was started there."
            )
        if training.process is not None and training.process.poll() is None:
            training.process.kill()
            training.process.wait()
        if training.folder is not None:
            shutil.rmtree(training.folder, ignore_errors=True)

    def _attend(self) -> None:
        """The thread that starts the next one, and ends those that took too long or were left."""
        while True:
            self._awake.wait()
            with self._lock:
                for training in list(self._all.values()):
                    try:
                        self._look_after(training)
                    except Exception:  # one training's trouble, such as a full disk, is not the others'
                        _log.exception("a training could not be looked after")
                        training.state, training.error = "failed", _unforeseen()
                if not self._all:
                    self._awake.clear()
            time.sleep(_TICK)

    def _look_after(self, training: Training) -> None:
        now = time.monotonic()
        if self._alive(training.owner):
            training.left_at = None
        elif training.left_at is None:
            training.left_at = now
        elif now - training.left_at > self.limits.absent_seconds:
            self._forget(training)
            return
        if training.state == "waiting":
            if not self.ahead(training):
                self._start(training)
        elif not training.over:
            if training.stop_by is not None and now > training.stop_by and training.process is not None:
                training.process.kill()  # its reader says that it failed
            elif training.seconds > self.limits.seconds or (
                training.state == "paused" and now - training.paused_at > self.limits.pause_seconds
            ):
                self.stop(training)

    def _start(self, training: Training) -> None:
        plan = training.plan
        training.folder = folder = scratch.folder("training")
        if plan.text is None:
            data = TEXTS / f"{plan.kind}.txt.xz"
        else:
            data = folder / f"{plan.kind}.txt"
            data.write_text(plan.text, encoding="utf-8", newline="\n")
        command = [sys.executable, "-m", "model", "train", "--watched", "--config", plan.config, "--data", str(data)]
        command += ["--folder", str(folder), "--out", str(folder / "model.safetensors"), "--name", plan.name]
        command += ["--seed", str(plan.seed)] + ([] if plan.tokens is None else ["--tokens", str(plan.tokens)])
        with open(folder / "log", "wb") as log:
            training.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=os.environ | ONE_THREAD,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                encoding="ascii",
            )
        if hasattr(os, "setpriority"):  # not on Windows
            os.setpriority(os.PRIO_PROCESS, training.process.pid, _NICE)  # before it has threads, which inherit it
        training.began, training.state = time.monotonic(), "starting"
        training.ask(plan.prompt)
        assert training.process.stdout is not None, "a pipe was asked for"
        arguments = (training, training.process, training.process.stdout)
        threading.Thread(target=self._listen, args=arguments, daemon=True).start()

    def _listen(self, training: Training, process: subprocess.Popen, records: IO[str]) -> None:
        """The thread that reads what the process says, until it ends."""
        with contextlib.suppress(ValueError), records:  # a line cut off where the process was killed
            for line in records:
                take(training, json.loads(line))
        process.wait()
        if process.stdin is not None:
            with contextlib.suppress(OSError):  # an order that nobody read is lost
                process.stdin.close()
        if not training.over:
            if training.id in self._all and training.folder is not None:
                _log.error("a training failed: %s", (training.folder / "log").read_text(errors="replace")[-2000:])
            training.state, training.error = "failed", _unforeseen()


def take(training: Training, record: dict[str, Any]) -> None:
    """Note one record of the process (see model/training/watched.py)."""
    kind = record["kind"]
    if kind == "stage":
        training.stage = record["stage"]
    elif kind == "begin":
        training.facts, training.state = record, "running"
    elif kind == "step":
        training.steps.append((record["step"], record["loss"], record["gradient"], record["seconds"]))
    elif kind == "look":
        if len(training.looks) > LOOKS:
            training.looks = [look for number, look in enumerate(training.looks) if number % 2 == 0]
        training.looks = [*training.looks, record]
    elif kind == "paused":
        training.paused_at, training.state = time.monotonic(), "paused"
    elif kind == "going":
        training.paused_for += time.monotonic() - training.paused_at
        training.state = "running"
    elif kind == "done":
        training.stopped = record["stopped"]
        training.file, training.state = Path(record["path"]), "done"
    elif kind == "failed":
        training.error = model.BadInput.from_dict(record)
        training.state = "failed"


def _unforeseen() -> model.BadInput:
    return model.BadInput(
        "training_failed", "The training ended for a reason nobody foresaw: the server's log has the details."
    )
