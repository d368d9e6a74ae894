"""Shared models, traces and the download."""

import threading
import time
from types import SimpleNamespace

import pytest

import model
from app.kit import download, runtime
from app.kit.download import Download


@pytest.fixture(scope="module")
def lm():
    return model.load("tiny")


def test_the_trace_cache_lets_go_of_the_oldest_beyond_its_bounds():
    cache = runtime.TraceCache(entries=2, nbytes=100)
    small = SimpleNamespace(nbytes=10)
    for key in "abc":
        cache.put((key,), small)
    assert cache.get(("a",)) is None and cache.get(("b",)) is small and len(cache) == 2
    cache.put(("large",), SimpleNamespace(nbytes=95))
    assert len(cache) == 1 and cache.get(("large",))
    cache.put(("huge",), SimpleNamespace(nbytes=1000))  # held alone: the page that asked needs it
    assert len(cache) == 1 and cache.get(("huge",))


def test_thirty_sessions_with_one_prompt_run_the_model_once(lm, monkeypatch):
    runs = []
    forward = model.run_trace

    def counted(*args, **kwargs):
        runs.append(1)
        time.sleep(0.02)
        return forward(*args, **kwargs)

    monkeypatch.setattr(model, "run_trace", counted)
    found = []
    threads = [threading.Thread(target=lambda: found.append(runtime.trace(lm, "thirty sessions"))) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(runs) == 1 and len(found) == 30 and all(trace is found[0] for trace in found)


def test_a_trace_of_other_interventions_is_another_trace(lm):
    plain = runtime.trace(lm, "same words")
    changed = runtime.trace(lm, "same words", (model.NoMask(),))
    assert plain is not changed and changed.interventions == (model.NoMask(),)
    assert runtime.trace(lm, "same words") is plain


@pytest.mark.parametrize(
    ("prompt", "code"),
    [("", "empty_prompt"), (" \t\n", "blank_prompt"), ("x" * 100_000, "too_long_to_show"), ("x" * 513, "too_long")],
)
def test_prompts_that_cannot_be_shown_are_refused_by_name(lm, prompt, code):
    with pytest.raises(model.BadInput) as caught:
        runtime.trace(lm, prompt)
    assert caught.value.code == code


def test_generating_leaves_the_forwards_free_between_tokens(lm, monkeypatch):
    """A page that stopped looking in the middle must not keep everybody else waiting."""
    only = threading.Semaphore(1)
    monkeypatch.setattr(runtime, "forwards", lambda: only)
    steps = runtime.generate(lm, lm.tokenizer.encode("abc"), max_new_tokens=3, seed=1)
    next(steps)
    assert only.acquire(blocking=False)
    only.release()
    assert len(list(steps)) <= 2


def test_a_download_reports_and_can_be_stopped(monkeypatch):
    reported = threading.Event()

    def endless(progress):
        while True:
            progress(3, 10)
            reported.set()
            time.sleep(0.01)

    monkeypatch.setattr(download.model, "fetch_smollm2", endless)
    one = Download()
    one.start()
    assert reported.wait(5) and one.running and (one.done, one.total) == (3, 10)
    one.stop()
    one.wait(5)
    assert not one.running and one.error is None


def test_a_failed_download_keeps_its_sentence(monkeypatch):
    def fails(progress):
        raise model.BadInput("no_network", "The network is away: try again.")

    monkeypatch.setattr(download.model, "fetch_smollm2", fails)
    one = Download()
    one.start()
    one.wait(5)
    assert str(one.error) == "The network is away: try again."
    monkeypatch.setattr(download.model, "fetch_smollm2", lambda progress: progress(1, 1))
    one.start()
    one.wait(5)
    assert one.error is None
