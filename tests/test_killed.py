"""Killed at any moment: what is found afterwards is whole, or not there.

Processes write again and again, and are killed at moments drawn from a seed.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from app import environment
from model.errors import BadInput
from model.files import checkpoint
from model.files.fetchable import MODELS
from model.training.folder import TrainingFolder
from model.training.loop import Run

ROOT = Path(__file__).resolve().parent.parent
KILLS = 12
PATIENCE = 60.0  # seconds for a process to begin

# For each order a child is made that writes without end, and says its number once it has begun.
HEAD = """
import itertools, os, shutil, sys
from pathlib import Path
import numpy as np
import model
from model.commands.write_trace import _write
from model.files import checkpoint
from model.training.folder import TrainingFolder
from model.training.loop import Run
from tests.test_killed import state_parts
place = Path(sys.argv[1])
"""
TAIL = """
for order in sys.stdin:
    child = os.fork()
    if not child:
        for turn in itertools.count():
            write(turn)
            if not turn:
                print(os.getpid(), flush=True)
    os.waitpid(child, 0)
    print("gone", flush=True)
"""
WRITES = {
    "checkpoint": """
lm = model.load("tiny")
def write(turn):
    for weight in lm.transformer.state_dict().values():
        weight.fill_(turn % 2)
    checkpoint.save(lm, place / "m.safetensors")
""",
    "trace": """
trace = model.run_trace(model.load("tiny"), "Once upon a time")
def write(turn):
    _write(trace, place / "trace.npz")
""",
    "state": """
run = Run(*state_parts())
def write(turn):
    run.losses = [float(turn)] * 5
    run.save(place / "state.safetensors")
""",
    "text": """
def write(turn):
    shutil.rmtree(place / "run", ignore_errors=True)
    (place / "run").mkdir()
    if turn:
        TrainingFolder(place / "run").prepare([place / "text.txt"], 300, None)
""",
}


def whole(kind: str, place: Path) -> bool:
    """Whether what was written is there; it raises where it is there in part."""
    if kind == "checkpoint":
        lm = checkpoint.read(place / "m.safetensors")
        values = {value for weight in lm.transformer.state_dict().values() for value in weight.unique().tolist()}
        assert len(values) == 1, "weights of two models in one file"
    elif kind == "trace":
        with np.load(place / "trace.npz", allow_pickle=False) as file:
            assert all(np.isfinite(file[name]).any() for name in file.files if file[name].dtype.kind == "f")
    elif kind == "state":
        made = Run(*state_parts())
        made.restore(place / "state.safetensors")
        assert len(set(made.losses)) == 1
    else:
        try:
            folder = TrainingFolder.of_a_run(place / "run")
        except BadInput:
            folder = TrainingFolder(place / "run")
            folder.path.mkdir(exist_ok=True)
            folder.prepare([place / "text.txt"], 300, None)  # taken up again as if nothing had been
        assert len(folder.tokens) and folder.tokenizer.vocab_size <= 300 and folder.validation
    return True


def state_parts():
    from model.training.classroom import CONFIGS, schedule

    config = CONFIGS["small-mha-dense"]
    return config, schedule("small-mha-dense"), np.arange(5000, dtype=np.uint16) % 300, np.array([0])


@pytest.mark.parametrize("kind", WRITES)
def test_a_writer_that_is_killed_leaves_something_whole(kind, tmp_path):
    """Guards against a file that has its name before it has its content."""
    rng = random.Random(kind)
    (tmp_path / "text.txt").write_text("".join(f"Story {n} of a cat and a dog in the rain.\n\n" for n in range(900)))
    environ = os.environ | {"OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
    command = [sys.executable, "-c", HEAD + WRITES[kind] + TAIL, str(tmp_path)]
    with subprocess.Popen(
        command, cwd=ROOT, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as writers:
        assert writers.stdin is not None and writers.stdout is not None
        for _ in range(KILLS):
            writers.stdin.write("begin\n")
            writer = int(writers.stdout.readline())
            with contextlib.suppress(subprocess.TimeoutExpired):
                writers.wait(rng.random() * 0.15)
            os.kill(writer, signal.SIGKILL)
            assert writers.stdout.readline() == "gone\n"
            assert whole(kind, tmp_path)
        writers.stdin.close()


# The download


def test_a_download_killed_while_joining_is_not_taken_for_a_model(tmp_path, monkeypatch):
    """What has the model's name is whole: a part of it lies in a folder of the fetch alone."""
    from model.files import fetch

    monkeypatch.setenv("GLASSFORMER_CACHE", str(tmp_path))
    name, model = next(iter(MODELS.items()))
    staging = tmp_path / "fetching-killed"
    staging.mkdir()
    (staging / model.file).write_bytes(b"GGUF" + bytes(1000))
    assert fetch.fetched_path(name) is None
    (tmp_path / model.file).write_bytes(b"GGUF" + bytes(1000))  # cut off by somebody's copying
    assert fetch.fetched_path(name) is None


# The installation

START = """
import os, sys, time
from pathlib import Path
from app import environment
root = Path(sys.argv[1])
environment.ROOT, environment.VENV = root, root / ".venv"
environment._POLL_SECONDS = 0.02
def create():
    python = root / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True, exist_ok=True)
    python.write_text('#!/bin/sh\\nexec "%s" "%s" "$@"\\n' % (sys.executable, root / "pip.py"))
    python.chmod(0o755)
environment._create = create
environment._usable = lambda: environment._python().exists()
print(environment.prepare(root / "requirements.txt"), flush=True)
"""
SLOW_PIP = """
import os, pathlib, sys, time
root = pathlib.Path(__file__).parent
with open(root / "log", "a") as log:
    log.write("begin %d\\n" % os.getpid())
print("pip works", flush=True)
while not (root / "go").exists():
    time.sleep(0.02)
with open(root / "log", "a") as log:
    log.write("end %d\\n" % os.getpid())
"""


def start(root: Path) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, "-c", START, str(root)], cwd=ROOT, stdout=subprocess.PIPE, text=True)


def said(process: subprocess.Popen, words: str) -> None:
    """Read what a process says until it has said `words`."""
    assert process.stdout is not None
    for line in process.stdout:
        if words in line:
            return
    pytest.fail(f"never said {words!r}")


def test_a_start_waits_for_the_pip_of_a_start_that_was_killed(tmp_path):
    """Guards against two pips in one environment: the lock lives as long as the pip that the dead start left."""
    (tmp_path / "requirements.txt").write_text("no-such-package==1.0\n")
    (tmp_path / "pip.py").write_text(SLOW_PIP)
    with start(tmp_path) as first:
        said(first, "pip works")
        first.send_signal(signal.SIGKILL)
        first.wait()
        assert not list((tmp_path / ".venv").glob("finished-*")), "half-made, and called finished"
        with start(tmp_path) as second:
            said(second, "waiting for it")
            (tmp_path / "go").touch()
            said(second, "bin/python")
            assert second.wait(PATIENCE) == 0
    log = (tmp_path / "log").read_text().split()
    assert log[::2] == ["begin", "end", "begin", "end"] and log[1] == log[3] and log[5] == log[7]


def test_a_stamp_that_was_cut_off_finishes_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    monkeypatch.setattr(environment, "VENV", tmp_path / ".venv")
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("no-such-package==1.0\n")
    python = environment._python()
    python.parent.mkdir(parents=True)
    python.touch()
    text = environment._text(requirements)
    for length in range(len(text)):
        environment._stamp(requirements).write_text(text[:length])
        assert not environment._fresh(requirements)
    environment._stamp(requirements).write_text(text)
    assert environment._fresh(requirements)


def test_a_state_that_is_damaged_is_one_sentence(tmp_path):
    """By a disk or by copying: not by a kill."""
    run = Run(*state_parts())
    run.save(tmp_path / "state.safetensors")
    whole_state = (tmp_path / "state.safetensors").read_bytes()
    for length in (0, 7, 100, len(whole_state) // 2, len(whole_state) - 1):
        (tmp_path / "state.safetensors").write_bytes(whole_state[:length])
        with pytest.raises(BadInput, match="damaged"):
            Run(*state_parts()).restore(tmp_path / "state.safetensors")
