"""What a newcomer meets first is what the script chooses from the models that ship, and what the pages begin with."""

import importlib.util
import json
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import model
from app.kit import head_jobs
from app.kit.address import PROMPT
from tests.expert_models import V2, V3, saved
from tests.random_models import random_model

SCRIPT = Path(__file__).resolve().parent.parent / "assets" / "first_view.py"


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("first_view", SCRIPT)
    assert spec is not None and spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


@pytest.fixture(scope="module")
def stored(script) -> dict:
    return json.loads(script.STORED.read_text(encoding="utf-8"))


def test_the_stored_view_is_the_one_that_the_script_chooses(script, stored):
    """Guards against new weights under an old choice, and against a choice by hand."""
    assert stored == script.choose(model.load(model.default_name()))
    assert stored["prompt"] == PROMPT in script.BEGINNINGS


def test_a_model_that_knows_no_beginning_is_not_given_one(script):
    with pytest.raises(ValueError, match="none of the beginnings"):
        script.choose(random_model(replace(V3, context=71)))


def opened(room: str, **params: str) -> AppTest:
    def script() -> None:
        import importlib

        import streamlit as st

        from app.kit import frame, session

        session.arrive(frame.defaults())
        importlib.import_module(f"app.rooms.{st.session_state['room']}.page").show()

    app = AppTest.from_function(script, default_timeout=60)
    app.session_state["room"] = room
    for name, value in params.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception and not app.error
    return app


def test_the_pages_begin_where_the_script_says(stored):
    attention = opened("attention")
    assert attention.text_area(key="prompt").value == stored["prompt"]
    there = stored["attention"]
    assert [attention.query_params[word] for word in ("layer", "head")] == [str(there["layer"]), str(there["head"])]
    assert opened("moe").query_params["layer"] == str(stored["experts"]["layer"])


def test_a_dense_first_layer_is_no_detour(tmp_path):
    """Whoever has chosen no layer begins at one with experts, without a sentence that excuses it."""
    app = opened("moe", model=saved(V2, tmp_path).name, prompt="a bee")
    assert app.query_params["layer"] == "1" and not app.info
    asked = opened("moe", model=saved(V2, tmp_path).name, prompt="a bee", layer="0")
    assert len(asked.info) == 1


def test_the_clearest_head_of_a_layer_is_in_it():
    seen = head_jobs.overview(model.run_trace(model.load("storyteller"), PROMPT))
    best = head_jobs.clearest(seen)
    assert best is not None and head_jobs.clearest(seen, best.layer) == best
    others = [head_jobs.clearest(seen, layer) for layer in range(6)]
    assert [each.layer for each in others if each is not None] == [
        n for n, each in enumerate(others) if each is not None
    ]
    assert max(each.score for each in others if each is not None and each.job == best.job) == best.score
