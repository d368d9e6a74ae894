"""The page of latent attention without a browser: what it hands to its pieces, and what it says."""

import base64
import json
import sys
from dataclasses import replace

import numpy as np
import pytest
from streamlit.runtime.scriptrunner import StopException
from streamlit.testing.v1 import AppTest

import model
from app.rooms.mla import analysis
from app.text import translate
from model import run_trace
from model.files import checkpoint
from model.measure.memory import cache_bytes
from model.training.recipes import CONFIGS
from tests.random_models import DENSE, LATENT, LEARNED, random_model

HOSTILE = "<b>$x$</b> :red[x] #000001"
PARTS = ("path", "cache", "size", "cost", "lost")
# DeepSeek-V2's kind: softmax scores, groups by their best expert, queries not compressed.
SECOND = replace(
    LATENT,
    attention=replace(LATENT.attention, q_lora_rank=None),
    feed_forward=replace(
        LATENT.feed_forward, scoring_func="softmax", selection_bias=False, group_score="max", norm_topk_prob=False
    ),
)


def script() -> None:
    from app.kit import frame, session
    from app.rooms.mla import page

    session.arrive(frame.defaults())
    page.show()


def page(**params: str) -> AppTest:
    app = AppTest.from_function(script, default_timeout=60)
    for name, value in ({"model": "tiny", "lang": "en", "prompt": "to be or not"} | params).items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def piece(app: AppTest, key: str) -> list[dict]:
    """The boxes of the component with that key, lane after lane."""
    drawn = next(json.loads(element.proto.json) for element in app.get("bidi_component") if element.key == key)
    return [box for lane in drawn["lanes"] for step in lane["steps"] for box in step["boxes"]]


def values(box: dict) -> np.ndarray:
    return np.frombuffer(base64.b64decode(box["values"]), "<f4").reshape(-1, box["width"])


def texts(app: AppTest) -> str:
    return "\n".join(element.value for element in app.markdown)


@pytest.fixture
def saved(tmp_path):
    """A model's file, so that the page can be asked for it by path."""

    def save(config, name="saved"):
        path = tmp_path / f"{name}.safetensors"
        checkpoint.save(replace(random_model(config), name=name), path)
        return str(path)

    return save


# The recipe itself, untrained and cut short.
SMALL_V3 = replace(CONFIGS["storyteller-v3"], vocab_size=257, n_layers=2)


def test_the_small_v3s_latent_query_is_shown(saved):
    """Beside the cached latent, and not framed as a part of the cache."""
    path = saved(SMALL_V3)
    trace = run_trace(model.load(path), "to be or not", capture="light")
    boxes = {box["hook"]: box for box in piece(page(model=path, layer="1"), "lanes")}
    box = boxes["blocks.1.attn.hook_q_latent"]
    assert box["shape"] == "12 × 96" and not box["cached"]
    np.testing.assert_allclose(values(box), trace["blocks.1.attn.hook_q_latent"], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "config", [LATENT, SECOND, DENSE, LEARNED, SMALL_V3], ids=["V3", "V2", "grouped", "learned", "storyteller-v3"]
)
def test_every_box_has_the_traces_numbers_and_says_its_true_shape(saved, config):
    path = saved(config)
    trace = run_trace(model.load(path), "to be or not", capture="light")
    boxes = [box for box in piece(page(model=path, layer="1"), "lanes") if not box["probability"]]
    assert len(boxes) >= 6
    for box in boxes:
        array = trace[box["hook"]]
        np.testing.assert_allclose(values(box), array.reshape(len(array), -1), rtol=1e-4, atol=1e-5)
        assert box["shape"] == " × ".join(map(str, array.shape))


@pytest.mark.parametrize("config", [LATENT, SECOND, DENSE], ids=["V3", "V2", "grouped"])
def test_the_framed_boxes_are_what_a_cache_of_the_layer_holds(saved, config):
    boxes = piece(page(model=saved(config)), "lanes")
    assert sum(box["width"] for box in boxes if box["cached"]) == analysis.elements_per_layer(config.attention)


def test_the_pattern_is_the_chosen_heads(saved):
    path = saved(LATENT)
    trace = run_trace(model.load(path), "to be or not", capture="light")
    drawn = values(next(box for box in piece(page(model=path, layer="2", head="3"), "lanes") if box["probability"]))
    mask = np.tri(len(trace.ids), dtype=bool)
    np.testing.assert_allclose(drawn[mask], trace.pattern(2)[3][mask], rtol=1e-4, atol=1e-5)
    assert np.isnan(drawn[~mask]).all()


@pytest.mark.parametrize("config", [LATENT, SECOND], ids=["V3", "V2"])
def test_the_absorbed_form_says_how_far_it_is_from_the_model(saved, config):
    path = saved(config)
    lm = model.load(path)
    app = page(model=path, layer="1", head="2")
    found = analysis.absorbed(lm, run_trace(lm, "to be or not", capture="light"), 1)
    assert f"scores {found.score_gap:.2g}, z {found.z_gap:.2g}" in texts(app)
    assert not app.error
    query = next(box for box in piece(app, "absorbed") if box["hook"] == "Wᵀ q")
    np.testing.assert_allclose(values(query), found.query[:, 2], atol=1e-5)


def test_a_wrong_absorbed_form_is_shouted(saved, monkeypatch):
    real = analysis.absorbed
    monkeypatch.setattr(analysis, "absorbed", lambda *args: replace(real(*args), score_gap=0.5))
    assert "DISAGREE" in page(model=saved(LATENT)).error[0].value


def test_a_long_prompt_is_drawn_around_the_chosen_token():
    app = page(prompt="abcdefghij" * 10, query="7")
    assert {len(values(box)) for box in piece(app, "lanes")} == {48}
    assert translate("en", "mla.path.window", first=0, last=47, count=100) in texts(app)


def test_a_model_without_latent_says_so_and_where_to_find_one():
    assert "uses GQA, which has no latent" in texts(page())


@pytest.mark.parametrize("config", [LATENT, CONFIGS["storyteller"], DENSE], ids=["no plain twin", "twin", "grouped"])
def test_bytes_on_the_page_are_the_caches(saved, config):
    config = replace(config, vocab_size=257)
    app = page(model=saved(config), latent="cache")
    held = cache_bytes(config, len("to be or not"), dtype="fp32")
    assert f"{held:,} |" in texts(app)
    assert "to the byte" in app.success[0].value


def test_generating_adds_a_point_for_every_token(saved):
    config = replace(CONFIGS["storyteller"], vocab_size=257)
    app = page(model=saved(config), latent="cache", temperature="0.5", seed="3")
    app.button(key="grow").click().run()
    assert not app.exception
    run = app.session_state["_caches"]
    assert [size.length for size in run["sizes"]] == list(range(12, 12 + len(run["sizes"])))
    assert len(run["sizes"]) > 20
    assert f"Points compared: {2 * len(run['sizes'])}" in app.success[0].value


def test_what_was_measured_before_a_stop_stays(monkeypatch):
    """A click while the model writes ends the script run wherever it is."""
    real = analysis.growth

    def stopped(*args):
        for count, pair in enumerate(real(*args)):
            if count == 5:
                raise StopException
            yield pair

    app = page(latent="cache", temperature="0.5", seed="3")
    monkeypatch.setattr(analysis, "growth", stopped)
    app.button(key="grow").click().run()
    monkeypatch.undo()
    app.run()
    assert not app.exception
    assert [size.length for size in app.session_state["_caches"]["sizes"]] == [12, 13, 14, 15, 16]
    assert "after 16 tokens" in texts(app)


def test_a_measurement_that_is_not_the_formula_is_shouted(monkeypatch):
    monkeypatch.setattr(analysis, "prompt_cache_bytes", lambda lm, twin, ids: analysis.CacheBytes(len(ids), 4711, None))
    app = page(latent="cache")
    assert "4,711 B" in app.error[0].value and not app.success


def test_published_numbers_to_the_digit():
    said = texts(page(latent="size"))
    for number in (
        "70,272 B = 70.272 kB",
        "327,680 B = 327.680 kB",
        "516,096 B = 516.096 kB",
        "69,120 B",
        "31,104 B",
        "3,997,696 B",
        "4,997,120 B",
        "7.344",
        "4.663",
        "56.9",
        "71.1",
    ):
        assert number in said, number


def test_sliders_change_the_shape_the_address_and_back():
    app = page(latent="size", preset="deepseek-v3")
    app.slider(key="shape_latent").set_value(256).run()
    assert not app.exception
    assert app.query_params["shape"] == "61.128.128.8.256.64"
    assert f"{61 * (256 + 64) * 2:,} B" in texts(app)
    app.button(key="reset_shape").click().run()
    assert "shape" not in app.query_params
    app.slider(key="shape_heads").set_value(100).run()
    assert app.query_params["shape"] == "61.100.128.5.512.64", "the groups have to divide the heads"
    app.selectbox(key="preset").set_value("llama-3.1-405b").run()
    assert "516,096 B" in texts(app) and "shape" not in app.query_params


@pytest.mark.parametrize("shape", ["1.2", "999999.7.1.5.1.1", "0.0.0.0.0.0"])
def test_an_address_with_an_impossible_shape_still_shows_the_page(shape):
    assert "bytes" in translate("en", "mla.size.axis") and page(latent="size", shape=shape)


def test_an_unknown_preset_is_deepseek_v3():
    assert "DeepSeek" in texts(page(latent="size", preset="nothing"))


def test_a_lower_rank_shows_its_error_and_its_size():
    app = page(latent="lost", rank="3", layer="1", scope="layer")
    trace = run_trace(model.load("tiny"), "to be or not", capture="light")
    keys, _ = analysis.spectrum(trace, 1).lost(3)
    full, less = analysis.compressed_bytes(trace.config, 12, 3, 1, 4)
    said = texts(app)
    assert f"{100 * keys:.1f} %" in said and f"{less:,} B" in said and f"{full:,} B" in said


def test_a_rank_beyond_the_prompt_is_full_rank():
    assert translate("en", "mla.lost.exact") in texts(page(latent="lost", rank="999", scope="all"))


def test_latent_models_are_not_compressed_again(saved):
    assert "already caches a latent" in texts(page(model=saved(LATENT), latent="lost"))


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_no_part_fails_on_hostile_tokens_or_a_single_one(saved, part, lang):
    path = saved(LATENT)
    for prompt in (HOSTILE, "a"):
        page(latent=part, lang=lang, prompt=prompt)
        page(latent=part, lang=lang, prompt=prompt, model=path)


def test_the_trained_twin_appears_as_soon_as_its_file_is_there(tmp_path, monkeypatch):
    """First only storyteller, then its twin beside it."""
    monkeypatch.setattr(sys.modules["model.files.catalog"], "MODELS", tmp_path)
    configs = {name: replace(CONFIGS[name], vocab_size=257, n_layers=2) for name in ("storyteller", "storyteller-mha")}

    def add(name):
        checkpoint.save(replace(random_model(configs[name]), name=name), tmp_path / f"{name}.safetensors")

    add("storyteller")
    alone = page(model="storyteller")
    assert "storyteller-mha is not part of this installation" in texts(alone)
    assert "untrained twin" in texts(page(model="storyteller", latent="cache"))
    add("storyteller-mha")
    app = page(model="storyteller")
    trace = run_trace(model.load("storyteller-mha"), "to be or not", capture="light")
    keys, last = (box for box in piece(app, "lanes")[-2:])
    np.testing.assert_allclose(values(keys), trace["blocks.0.attn.hook_rot_k"].reshape(12, -1), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(values(last), trace["blocks.0.attn.hook_v"].reshape(12, -1), rtol=1e-4, atol=1e-5)
    assert "not part of this installation" not in texts(app)
    assert "the cache of storyteller" in texts(page(model="storyteller", latent="cache"))
