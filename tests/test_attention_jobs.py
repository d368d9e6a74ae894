"""Heads with a job, offered on the attention page: from the record, or found when asked for."""

from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

import model
from app.kit.address import PROMPT
from app.kit.head_jobs import clearest, overview
from app.rooms.attention.words import ASPECTS
from model import Trace, run_trace
from model.files import checkpoint
from model.measure import heads
from tests.random_models import DENSE, random_model

FOUND = {
    "previous": {"layer": 1, "head": 1, "score": 0.61},
    "induction": {"layer": 1, "head": 2, "score": 0.34},
    "first": {"layer": 0, "head": 0, "score": 0.05},
}


def script() -> None:
    from app.kit import frame, session
    from app.rooms.attention import page

    session.arrive(frame.defaults())
    page.show()


@pytest.fixture
def page(tmp_path):
    """The attention page of a model with that record."""

    def visit(record: dict, **params: str) -> AppTest:
        path = tmp_path / "jobs.safetensors"
        checkpoint.save(replace(random_model(DENSE), name="jobs", trained=True, record=record), path)
        app = AppTest.from_function(script, default_timeout=60)
        for name, value in ({"model": str(path), "lang": "en", "prompt": "to be or not"} | params).items():
            app.query_params[name] = value
        app.run()
        assert not app.exception
        return app

    return visit


def labels(app: AppTest) -> dict[str, str]:
    return {button.key: button.label for button in app.button if button.key}


def test_a_click_goes_to_the_head_and_weak_heads_are_not_offered(page):
    app = page({"heads": FOUND})
    assert "layer 1, head 1" in labels(app)["job_previous"] and "job_first" not in labels(app)
    app.button(key="job_induction").click().run()
    assert not app.exception
    assert (app.query_params["layer"], app.query_params["head"]) == ("1", "2")


def test_the_prompt_said_twice_is_the_same_tokens_again(page):
    app = page({"heads": FOUND})
    app.button(key="twice").click().run()
    assert app.query_params["prompt"] == "to be or notto be or not"
    assert "twice" not in labels(app), "it has been said twice"
    assert "twice" not in labels(page({"heads": FOUND}, prompt="x" * 300)), "600 tokens are too many to show"


def test_a_model_without_a_record_is_searched_when_asked_for(page):
    app = page({})
    assert "job_previous" not in labels(app)
    app.button(key="find_jobs").click().run()
    assert not app.exception
    best = heads.found(model.load(app.query_params["model"]))
    able = {f"job_{job}" for job, own in best.items() if own["score"] >= heads.LEAST_SCORE}
    assert able == {key for key in labels(app) if key.startswith("job_")} and "find_jobs" not in labels(app)
    assert able or "No head of this model" in "".join(element.value for element in app.markdown)


def test_nothing_is_said_of_an_untrained_model():
    app = AppTest.from_function(script, default_timeout=60)
    app.query_params["model"] = "tiny"
    app.run()
    assert not {key for key in labels(app) if "job" in key}


def test_all_products_are_computed_once_a_run(monkeypatch):
    """Guards against each part of the page deriving the pattern anew: it was four times a run."""
    counted = []
    plain = Trace.dots
    monkeypatch.setattr(Trace, "dots", lambda trace, layer: counted.append(layer) or plain(trace, layer))
    for aspect in ASPECTS:
        counted.clear()
        app = AppTest.from_function(script, default_timeout=60)
        for name, value in {"model": "tiny", "layer": "2", "head": "1", "aspect": aspect}.items():
            app.query_params[name] = value
        app.run()
        assert not app.exception and counted == [2], aspect


def test_a_newcomer_meets_the_head_with_the_clearest_job():
    """What nobody has chosen is chosen by computation; what a link names is obeyed."""
    best = clearest(overview(run_trace(model.load("storyteller"), PROMPT, capture="light")))
    app = AppTest.from_function(script, default_timeout=60)
    app.run()
    assert not app.exception and (best.layer, best.head) != (0, 0)
    assert (app.query_params["layer"], app.query_params["head"]) == (str(best.layer), str(best.head))
    assert app.number_input(key="head").value == best.head
    assert any(f"Layer {best.layer}, head {best.head}" in element.value for element in app.markdown)
    app.button(key="zero").click().run()
    assert (app.query_params["layer"], app.query_params["head"]) == ("0", "0")
    app.button(key="clearest").click().run()
    assert app.number_input(key="layer").value == best.layer
    linked = AppTest.from_function(script, default_timeout=60)
    linked.query_params["layer"] = "0"
    linked.run()
    assert (linked.number_input(key="layer").value, linked.number_input(key="head").value) == (0, 0)
