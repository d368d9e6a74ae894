"""Trainings in a process of their own: the command line's losses, one at a time, and nobody left behind."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
import torch

import model
from app.kit import runtime, scratch, trainings
from app.kit.own_models import OwnModels, new_name
from app.kit.trainings import ONE_THREAD, TEXTS, Limits, Plan, Training, Trainings
from app.rooms.train import words
from model.files import checkpoint
from model.training import classroom, corpus
from model.training.loop import LOG_STEPS

ROOT = Path(__file__).resolve().parent.parent
SECONDS = 120
TEXT = "\n\n".join(f"Once upon a time there were {i} cats. They sat on {i * 7 % 31} mats and sang." for i in range(500))
STEPS = 30
PLAN = Plan(
    config="small-mla-moe", kind="own", text=TEXT, name="my-own-00000000", prompt="Once", tokens=STEPS * 4 * 256
)
LONG = replace(PLAN, config="small-mha-dense", tokens=None)


def until(condition: Callable[[], object]) -> None:
    """Wait until `condition` holds; a test that waits in vain fails."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def gone(pid: int) -> bool:
    """Whether there is no such process any more; one that nobody has buried yet is gone too."""
    said = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return said.strip() == "" or said.startswith("Z")


@pytest.fixture
def line() -> Iterator[Trainings]:
    made = Trainings(lambda session: True)
    yield made
    made.close()


def test_the_app_s_training_has_the_losses_and_weights_of_the_command_line(line, tmp_path):
    """Looks, pauses and a new prompt on the way change nothing; otherwise it would be a second trainer."""
    training = line.ask(PLAN, "me")
    until(lambda: training.steps)
    line.pause(training)
    until(lambda: training.state == "paused")
    seen, looks = len(training.steps), len(training.looks)
    assert 0 < seen < STEPS
    training.ask("They sat")
    until(lambda: len(training.looks) > looks)
    assert len(training.steps) == seen and training.looks[-1]["prompt"] == "They sat"
    line.go_on(training)
    until(lambda: training.over)
    assert training.state == "done" and not training.stopped, training.error

    text = tmp_path / "own.txt"
    text.write_text(TEXT, encoding="utf-8")
    command = [sys.executable, "-m", "model", "train", "--config", PLAN.config, "--data", str(text)]
    command += ["--folder", str(tmp_path / "run"), "--tokens", str(PLAN.tokens)]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | ONE_THREAD, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    ours, theirs = checkpoint.read(training.file), checkpoint.read(Path(done.stdout.strip()))
    assert ours.record["losses"] == theirs.record["losses"] and len(ours.record["losses"]) == STEPS // LOG_STEPS
    weights = theirs.transformer.state_dict()
    assert all(torch.equal(weight, weights[name]) for name, weight in ours.transformer.state_dict().items())

    losses = [loss for _, loss, _, _ in training.steps]
    means = [round(sum(losses[at : at + LOG_STEPS]) / LOG_STEPS, 4) for at in range(0, STEPS, LOG_STEPS)]
    assert [step for step, *_ in training.steps] == list(range(1, STEPS + 1))
    assert means == pytest.approx(ours.record["losses"], abs=1e-4), "what was drawn is what was recorded"
    assert training.looks[-1]["step"] == STEPS and training.looks[-1]["bits"] < training.looks[0]["bits"]
    assert set(training.facts["peers"]) == {"5-gram, Kneser-Ney", "xz -9"}
    found = model.load(str(training.file))
    assert found.name == PLAN.name and found.tokenizer.vocab_size == training.facts["vocabulary"]


def test_one_runs_at_a_time_and_a_stopped_one_is_a_whole_model(line):
    first, second = line.ask(LONG, "first"), line.ask(PLAN, "second")
    until(lambda: len(first.steps) > 2)
    assert second.state == "waiting" and line.ahead(second) == [first] and line.busy()[0] == 2
    assert line.wait_seconds(second) > 0 and line.ahead(first) == []
    assert line.of("second") is second and line.of("somebody else") is None
    line.stop(first)
    until(lambda: first.over)
    assert first.stopped and checkpoint.read(first.file).record["tokens"] == len(first.steps) * 4 * 256
    until(lambda: second.steps)
    assert line.find(first.id) is first and first.file.exists()
    line.stop(second)
    until(lambda: second.over)


def test_the_line_has_an_end_and_a_session_one_place_in_it():
    line = Trainings(lambda session: True, Limits(waiting=1))
    try:
        first = line.ask(LONG, "first")
        until(lambda: first.state != "waiting")
        line.ask(LONG, "second")
        again = line.ask(LONG, "second")
        assert line.busy()[0] == 2 and line.ahead(again) == [first]
        with pytest.raises(model.BadInput) as caught:
            line.ask(LONG, "third")
        assert caught.value.code == "too_many_waiting"
        line.stop(again)
        assert line.find(again.id) is None
    finally:
        line.close()


def test_a_training_ends_with_its_session_unless_the_page_is_loaded_again(monkeypatch):
    """A class that watched took the buttons over from a teacher who loaded the page again."""
    monkeypatch.setattr(trainings, "_OVERLAP", 0.0)
    there = {"first", "class", "second"}
    line = Trainings(there.__contains__, Limits(absent_seconds=0.5))
    try:
        training = line.ask(LONG, "first")
        until(lambda: training.steps)
        assert line.claim(training, "first") and not line.claim(training, "class"), "its owner is still there"
        there.discard("first")
        assert not line.claim(training, "class") and line.claim(training, "second")
        seen = len(training.steps)
        until(lambda: len(training.steps) > seen + 5)
        there.clear()
        until(lambda: line.find(training.id) is None)
        until(lambda: gone(training.process.pid) and not training.folder.exists())
        assert training.error.code == "training_dropped"
    finally:
        line.close()


def test_limits_end_what_takes_too_long():
    line = Trainings(lambda session: True, Limits(pause_seconds=0.1))
    try:
        paused = line.ask(LONG, "me")
        until(lambda: paused.steps)
        line.pause(paused)
        until(lambda: paused.over)
        assert paused.state == "done" and paused.stopped
    finally:
        line.close()
    line = Trainings(lambda session: True, Limits(seconds=6))
    try:
        long = line.ask(replace(LONG, config="medium-mla-moe"), "me")
        until(lambda: long.over)
        assert long.stopped or (long.error is not None and long.file is None)
    finally:
        line.close()


def test_a_killed_process_leaves_no_model(line):
    training = line.ask(LONG, "me")
    until(lambda: training.steps)
    training.process.kill()
    until(lambda: training.over)
    assert training.state == "failed" and training.error.code == "training_failed" and training.file is None


@pytest.mark.parametrize("text", ["a" * 6000, "\n\n" * 10 + "x " * 40])
def test_a_text_with_nothing_to_learn_is_one_sentence(line, text):
    training = line.ask(replace(LONG, text=text), "me")
    until(lambda: training.over)
    assert training.error is not None and training.error.code == "too_little_text" and str(training.error)


def test_a_killed_server_leaves_no_child():
    """The child notices that nobody can give it orders any more; no signal reaches it.  The next server tidies up."""
    script = f"""
import sys, time
from tests.test_train_process import LONG
from app.kit.trainings import Trainings
line = Trainings(lambda session: True)
training = line.ask(LONG, "me")
while not training.steps:
    time.sleep(0.02)
print(training.process.pid, training.folder, flush=True)
time.sleep({SECONDS})
"""
    server = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    pid, folder = server.stdout.readline().split()
    assert not gone(int(pid))
    os.kill(server.pid, signal.SIGKILL)
    server.wait()
    server.stdout.close()
    until(lambda: gone(int(pid)))
    assert Path(folder).exists()
    mine = scratch.folder("test")
    assert mine.exists() and not Path(folder).exists()
    assert scratch.folder("test") != mine and mine.exists(), "this process lives"


def test_a_server_that_ends_well_takes_everything_along():
    script = """
import time
from tests.test_train_process import LONG
from app.kit.trainings import Trainings
line = Trainings(lambda session: True)
training = line.ask(LONG, "me")
while not training.steps:
    time.sleep(0.02)
print(training.process.pid, training.folder, flush=True)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    pid, folder = done.stdout.split()
    assert gone(int(pid)) and not Path(folder).exists()


def test_orders_and_records_are_lines_of_json():
    """What another program than the app would rely on: a broken text is said there, and on standard error."""
    command = [sys.executable, "-m", "model", "train", "--watched", "--data", "/no/such/text.txt"]
    done = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    records = [json.loads(record) for record in done.stdout]
    assert records[-1]["kind"] == "failed" and records[-1]["code"] == "unreadable_text"
    assert done.wait() == 2 and "/no/such/text.txt" in done.stderr.read()
    for pipe in (done.stdin, done.stdout, done.stderr):
        pipe.close()


# What is kept


def finished_model(name: str, folder: Path) -> Path:
    made = replace(model.load("tiny"), name=name, trained=True)
    path = folder / f"{name}.safetensors"
    checkpoint.save(made, path)
    return path


def test_kept_models_load_by_name_where_no_paths_are_read_and_the_oldest_goes(tmp_path, monkeypatch):
    own = OwnModels(most=2)
    monkeypatch.setattr(runtime, "own_models", lambda: own)
    monkeypatch.setattr(runtime, "paths_allowed", lambda: False)
    names = [new_name("en-stories") for _ in range(3)]
    for name in names[:2]:
        own.keep(name, finished_model(name, tmp_path))
    assert runtime.language_model(names[0]).name == names[0] and own.entry(names[0]).attention == "GQA"
    assert all(entry.name not in names for entry in runtime.entries()), "only whoever has the name sees it"
    own.keep(names[2], finished_model(names[2], tmp_path))
    assert own.entry(names[0]) is None and own.entry(names[2]).trained
    with pytest.raises(model.BadInput) as caught:
        runtime.language_model(names[0])
    assert caught.value.code == "not_kept"


def test_a_file_that_is_no_whole_model_is_never_kept(tmp_path):
    own, path = OwnModels(most=2), tmp_path / "half.safetensors"
    path.write_bytes(finished_model("half", tmp_path).read_bytes()[:5000])
    with pytest.raises(model.BadInput):
        own.keep(new_name("own"), path)


# What there is to train, and on what


def test_every_built_in_text_can_be_trained_on():
    assert {file.name.removesuffix(".txt.xz") for file in TEXTS.glob("*.xz")} == set(words.TEXTS) - {"own"}
    found = corpus.read_files(TEXTS / f"{kind}.txt.xz" for kind in words.TEXTS if kind != "own")
    for kind, texts in found.train.items():
        assert 200_000 < sum(len(text.encode()) for text in texts) < Limits().text_bytes, kind
        assert sum(len(text.encode()) for text in found.validation[kind]) > 4_000, kind
        assert not set(found.validation[kind]) & set(texts), kind


def test_small_models_of_one_size_differ_only_in_their_kind():
    assert classroom.parameters("small-mha-dense") < 200_000 < classroom.parameters("medium-mla-moe") < 3_000_000
    names = [classroom.name_of(*kinds) for kinds in product(words.SIZES, words.ATTENTION, words.NETWORKS)]
    assert names == list(classroom.CONFIGS), "the room offers all of them"
    for name, config in classroom.CONFIGS.items():
        size, attention, network = name.split("-")
        assert config.d_model == classroom.SIZES[size].width and name in classroom.DESCRIPTIONS
        assert (config.attention.kind, config.feed_forward.kind) == (
            attention.upper(),
            {"dense": "SwiGLU"}.get(network, "MoE"),
        )
        assert classroom.schedule(name).steps == classroom.SIZES[size].steps


def test_the_time_that_is_left_does_not_count_the_start_or_pauses():
    training = Training(PLAN, "me", began=time.monotonic() - 100, paused_for=60.0, state="running")
    training.facts = {"steps": 1000}
    training.steps = [(step, 1.0, 1.0, 0.02 * step) for step in range(1, 501)]
    left = training.seconds_left(1_000)
    assert left == pytest.approx(40, rel=0.05), "40 seconds without the pause took it half way"
    assert training.seconds_left(50) == pytest.approx(10, abs=1)
