"""Every forward of the app waits its turn: two cores do not become faster when thirty threads use them."""

import threading

import pytest
from streamlit.testing.v1 import AppTest

from app.kit import runtime
from app.rooms.attention import jobs
from model.transformer import Transformer


class Counted(threading.Semaphore):
    """A semaphore that knows how many hold it."""

    def __init__(self) -> None:
        super().__init__(1)
        self.holders = 0

    def __enter__(self) -> bool:
        entered = super().__enter__()
        self.holders += 1
        return entered

    def __exit__(self, *error: object) -> None:
        self.holders -= 1
        super().__exit__(*error)


def script(folder: str) -> None:
    from importlib import import_module

    from app.kit import frame, session

    page = import_module(f"app.rooms.{folder}.page")
    session.arrive(frame.defaults())
    page.show()
    session.leave()


@pytest.mark.parametrize(
    ("folder", "params", "buttons"),
    [
        ("attention", {"model": "storyteller-classic"}, []),
        ("output", {}, ["generate", "sample"]),
        ("moe", {"routing": "whatif"}, []),
        ("mla", {"latent": "path"}, []),
        ("mla", {"latent": "cache"}, ["grow"]),
        ("mla", {"latent": "cost"}, []),
        ("mla", {"latent": "lost", "model": "storyteller-mha"}, []),
    ],
)
def test_no_forward_runs_without_a_place(monkeypatch, folder, params, buttons):
    """Guards against a twin, or a search for heads, that computes beside the others."""
    turns, alone = Counted(), []
    forward = Transformer.forward

    def watched(self, *args, **kwargs):
        alone.append(turns.holders == 0)
        return forward(self, *args, **kwargs)

    monkeypatch.setattr(runtime, "forwards", lambda: turns)
    monkeypatch.setattr(Transformer, "forward", watched)
    app = AppTest.from_function(script, kwargs={"folder": folder}, default_timeout=120)
    app.query_params["prompt"] = f"turns of {folder} {sorted(params.values())} {buttons}"
    for name, value in params.items():
        app.query_params[name] = value
    app.run()
    for button in buttons:
        app.button(key=button).click().run()
    assert not app.exception
    assert alone, "the page computed nothing"
    assert not any(alone)


def test_the_search_for_heads_waits_its_turn(monkeypatch):
    turns, alone = Counted(), []
    monkeypatch.setattr(runtime, "forwards", lambda: turns)
    monkeypatch.setattr(jobs.heads, "found", lambda lm: alone.append(turns.holders == 0) or {})
    jobs._search(runtime.language_model("tiny"))
    assert alone == [False]
