"""What today's families have and others do not, in a real browser: start tokens, caps, sinks, parallel blocks."""

from pathlib import Path
from urllib.parse import urlencode

import pytest
import tokenizers
from playwright.sync_api import expect

import model
from tests.conftest import settled
from tests.hf_families import CONFIGS
from tests.test_hf_families import make_folder

PROMPT = "a bee flew"
START = 256  # of the tokens that the makers' tokenizer has
expect.set_options(timeout=30_000)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """``folder("gemma2")``: a tiny checkpoint of that family, as published."""
    made: dict[str, Path] = {}

    def make(family: str) -> Path:
        if family not in made:
            made[family] = tmp_path_factory.mktemp(family)
            make_folder(CONFIGS[family], 0, made[family])
        return made[family]

    return make


def address(room: str, path: Path, **words: object) -> str:
    return f"/{room}?" + urlencode({"model": str(path), "lang": "en", "prompt": PROMPT} | words)


def written(page, stage: str) -> float:
    return float(page.get_by_test_id(f"value-{stage}").get_attribute("data-value"))


def test_a_cap_is_a_step_of_its_own(visit, folder):
    """The mask's picture had silently other numbers than the one before it."""
    path = folder("gemma2")
    trace = model.run_trace(model.load(path), PROMPT)
    page = visit(address("attention", path, layer=1, head=2, query=5, key=3))
    expect(page.get_by_test_id("stage-capped").locator(".heading")).to_contain_text("3 Capped")
    expect(page.get_by_test_id("stage-softmax").locator(".heading")).to_contain_text("5 Softmax")
    for stage in trace.stages(1):
        assert written(page, stage) == pytest.approx(float(trace.stage(1, stage)[2, 5, 3]), rel=1e-4, abs=1e-6)
    page.locator(".st-key-stage").get_by_text("Capped").click()
    expect(page.get_by_test_id("stage-dot")).to_have_count(0)
    page.locator(".st-key-model input").fill("storyteller")  # has no cap: the choice goes back to all of its stages
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("stage-dot")).to_be_visible()
    expect(page.get_by_test_id("stage-capped")).to_have_count(0)


def test_a_sink_is_a_column_beside_the_weights(visit, folder):
    path = folder("gpt_oss")
    trace = model.run_trace(model.load(path), PROMPT)
    page = visit(address("attention", path, layer=1, head=2, query=5, key=3))
    share = float(trace.sink_pattern(1)[2, 5])
    widths = [
        page.get_by_test_id(f"stage-{stage}").locator("canvas.base").bounding_box()["width"]
        for stage in ("masked", "softmax")
    ]
    assert widths[1] > widths[0] + 20
    card = page.locator(".softmax-row .card").last
    expect(card.locator(".name")).to_have_text("sink")
    assert float(card.locator(".weight").inner_text()) == pytest.approx(share, abs=6e-4)
    expect(page.get_by_test_id("softmax-total")).to_contain_text(f"its weight is {share:.4f}")


def test_a_parallel_block_has_two_lanes(visit, folder):
    page = visit(address("map", folder("pythia")))
    lanes = page.locator(".opened .lane")
    expect(lanes).to_have_count(2)
    expect(lanes.nth(0).locator("[data-box]")).to_have_count(2)
    assert lanes.evaluate_all("lanes => lanes.map(lane => lane.lastChild.dataset.box)") == ["attn", "mlp"]
    places = [lane.bounding_box() for lane in lanes.all()]
    assert places[0]["x"] == places[1]["x"] and places[1]["y"] >= places[0]["y"] + places[0]["height"]
    expect(page.locator(".opened .box[data-box=add2]")).to_have_count(1)


def test_a_start_token_says_that_the_tokenizer_added_it(visit, tmp_path):
    make_folder(CONFIGS["granite"], 0, tmp_path)
    file = tmp_path / "tokenizer.json"
    backend = tokenizers.Tokenizer.from_file(str(file))
    name = backend.id_to_token(START)
    backend.add_special_tokens([name])
    backend.post_processor = tokenizers.processors.TemplateProcessing(f"{name} $A", special_tokens=[(name, START)])
    backend.save(str(file))
    page = visit(address("output", tmp_path))
    chips = page.locator(".st-key-chips .chip")
    expect(chips).to_have_count(1 + len(PROMPT))
    assert "Added by the tokenizer" in chips.nth(0).get_attribute("title")
    assert "Added by the tokenizer" not in chips.nth(1).get_attribute("title")


def test_the_panel_for_a_path_moves_nothing_and_stays_on_a_phones_screen(visit, folder):
    page = visit("/attention?model=tiny&prompt=a+bee", viewport={"width": 390, "height": 844})
    chips = page.locator(".st-key-chips")
    before = chips.bounding_box()
    page.locator(".st-key-bring button:visible").click()
    box = page.locator(".st-key-bring_path input")
    box.fill(str(folder("gemma2")))
    box.press("Enter")
    expect(page.get_by_text("gemma2: 3 layers")).to_be_visible()
    settled(page)
    assert chips.bounding_box() == before
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator(".st-key-bring_load button").click()
    expect(page.locator(".st-key-model input")).to_have_value(str(folder("gemma2")))
