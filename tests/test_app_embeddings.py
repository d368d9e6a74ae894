"""The embeddings page without a browser: what it hands to its pieces."""

import base64
import json

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import model
from app.rooms.embeddings import analysis
from app.text import translate
from model import run_trace
from model.files import checkpoint
from tests.random_models import LEARNED, random_model

HOSTILE = "<b>$x$</b> :red[x] <script>"


def script() -> None:
    from app.kit import frame, session
    from app.rooms.embeddings import page

    session.arrive(frame.defaults())
    page.show()


def page(**params: str) -> AppTest:
    app = AppTest.from_function(script, default_timeout=60)
    for name, value in ({"model": "tiny", "lang": "en"} | params).items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def piece(app: AppTest, key: str) -> dict:
    """The data of the component with that key."""
    return next(json.loads(element.proto.json) for element in app.get("bidi_component") if element.key == key)


def values(data: dict) -> np.ndarray:
    """(N, D): the numbers that a `vectors` component draws."""
    return np.frombuffer(base64.b64decode(data["values"]), "<f4").reshape(-1, data["width"])


def texts(app: AppTest) -> str:
    return "\n".join(element.value for element in app.markdown)


@pytest.mark.parametrize("prompt", ["to be or not", "从前有座山", HOSTILE, "\x1b[0m\tx"])
def test_the_table_has_the_tokenizers_ids_and_the_picture_the_models_numbers(prompt):
    lm = model.load("tiny")
    drawn = piece(page(prompt=prompt), "vectors")
    ids = lm.tokenizer.encode(prompt)
    assert drawn["cells"] == [
        [str(i), lm.tokenizer.shown(token), str(token), f"{token:02X}"] for i, token in enumerate(ids)
    ]
    np.testing.assert_array_equal(values(drawn), run_trace(lm, prompt)["hook_embed"])


def test_the_address_chooses_part_position_and_token():
    app = page(prompt="abc", part="nearest", query="1")
    assert "“b”" in texts(app)
    assert "“Z”" in texts(page(prompt="abc", part="nearest", query="1", token=str(ord("Z"))))
    assert "“b”" in texts(page(prompt="abc", part="nearest", query="1", token="99999"))
    assert piece(page(prompt="abc", part="nonsense", query="1"), "vectors")["selected"] == 1


def test_neighbours_and_marks_are_the_nearest_rows():
    lm = model.load("tiny")
    app = page(prompt="abc", part="nearest")
    similarity = analysis.cosines(analysis.matrix(lm), analysis.measured(lm).lengths, ord("c"))
    expected = [int(i) for i in np.argsort(-similarity) if i != ord("c")][:10]
    assert [row[0] for row in piece(app, "neighbours")["rows"]] == expected
    marks = dict(piece(app, "map_marks")["marks"])
    assert marks[ord("c")] == "chosen" and all(marks[i] == "near" for i in expected)
    assert {ord("a"), ord("b")} <= marks.keys()
    assert "random" in texts(app)


def test_a_typed_text_chooses_a_token():
    app = page(prompt="abc", part="nearest")
    app.text_input(key="find_token").set_value("Q").run()
    assert "“Q”" in texts(app) and app.query_params["token"] == str(ord("Q"))
    assert "Q" in piece(app, "found")["tokens"]
    app.text_input(key="find_token").set_value("\u0000\u0001\u0002 no such").run()
    assert not app.exception


def test_a_map_is_the_same_message_whatever_the_prompt():
    """So that a browser gets the half megabyte of a real vocabulary once, and not at every click."""
    first = piece(page(prompt="abc", part="nearest"), "token_map")
    assert first == piece(page(prompt="other words", part="nearest", query="2"), "token_map")


def test_a_model_that_rotates_says_so_and_shows_by_how_much():
    app = page(prompt="abc", part="position")
    assert translate("en", "embeddings.position.heading.rope") in texts(app)
    assert "largest difference 0" in texts(app)
    assert piece(app, "clocks")["clocks"][0]["degrees"] == "115°"  # two radians


def test_a_model_that_adds_position_vectors_shows_both_addends_and_the_sum(tmp_path):
    lm, path = random_model(LEARNED), tmp_path / "learned.safetensors"
    checkpoint.save(lm, path)
    trace = run_trace(model.load(path), "abcd")
    app = page(model=str(path), prompt="abcd", part="position", query="2")
    embedded, added, total = values(piece(app, "sum"))
    np.testing.assert_array_equal(embedded, trace["hook_embed"][2])
    np.testing.assert_array_equal(added, trace["hook_pos_embed"][2])
    np.testing.assert_array_equal(total, trace["blocks.0.hook_resid_pre"][2])
    np.testing.assert_allclose(embedded + added, total, atol=1e-6)
    np.testing.assert_array_equal(values(piece(app, "positions")), trace["hook_pos_embed"])


@pytest.mark.parametrize("part", ["rows", "position", "nearest"])
def test_every_part_speaks_chinese(part):
    app = page(prompt="abc", part=part, lang="zh")
    words = texts(app)
    assert "embeddings." not in words
    assert any("\u4e00" <= c <= "\u9fff" for c in words)
    assert app.segmented_control(key="part").options == ["从词元到向量", "位置", "近邻与词表地图"]
