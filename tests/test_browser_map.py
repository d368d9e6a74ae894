"""The map and the small map in a real browser: true numbers in the boxes, ways into the rooms, one pass."""

import re
from urllib.parse import urlencode

import numpy as np
import pytest
from playwright.sync_api import Page, expect

import model
from app.kit.numbers import percent
from model import run_trace

PROMPT = "a bee came to"
MODELS = ["storyteller", "storyteller-classic", "tiny"]
expect.set_options(timeout=20_000)


def address(path: str = "/", **words: object) -> str:
    return f"{path}?" + urlencode({"model": "storyteller", "lang": "en", "prompt": PROMPT} | words)


def box(page: Page, name: str):
    return page.locator(f".st-key-model_map [data-box='{name}']")


def sentence(page: Page):
    return page.locator(".st-key-model_map .sentence")


def station(page: Page, name: str):
    return page.get_by_role("link", name=name, exact=True)


@pytest.mark.parametrize("name", MODELS)
def test_the_boxes_show_this_model_and_this_prompt(visit, name):
    lm = model.load(name)
    trace = run_trace(lm, PROMPT)
    page = visit(address(model=name, layer=1))
    T, D = trace["hook_embed"].shape
    expect(box(page, "embed")).to_contain_text(f"T={T}, D={D}")
    expect(box(page, "softmax").locator(".candidate")).to_have_count(5)
    best = np.argsort(-trace.logits[-1], kind="stable")[:5]
    chances = model.distribution(trace.logits[-1])
    assert box(page, "softmax").locator(".candidate").all_inner_texts() == [
        f"{lm.tokenizer.shown(int(i))}\n{percent(chances[i])}" for i in best
    ]
    # All boxes of the whole row together are the whole model; the blocks are drawn as one.
    counts = page.locator(".st-key-model_map .whole > .box").evaluate_all(
        "boxes => boxes.map(box => Number(box.dataset.parameters))"
    )
    assert sum(counts) == lm.parameters
    pattern = trace.pattern(1)[0, -1]
    expect(box(page, "attn")).to_contain_text(percent(float(pattern.max())))
    expect(page.locator(".st-key-model_map .block")).to_have_count(lm.config.n_layers)
    expect(box(page, "mlp").locator(".title")).to_have_text("Experts" if name == "storyteller" else "Feed-forward")


def test_opening_a_block_and_a_box_keeps_the_session_and_goes_back_in_one_press(visit):
    page = visit(address("/map"))
    page.evaluate("window.sameSession = true")
    page.locator(".st-key-model_map .block").nth(4).click()
    expect(page).to_have_url(re.compile("layer=4"))
    expect(page.locator(".st-key-model_map h5")).to_contain_text("Block 4")
    box(page, "attn").click()
    expect(page).to_have_url(re.compile(r"/attention\?.*layer=4"))
    expect(page.locator(".st-key-layer input")).to_have_value("4")
    page.go_back()
    expect(page).to_have_url(re.compile(r"/map\?.*layer=4"))
    expect(page.locator(".st-key-model_map h5")).to_contain_text("Block 4")
    assert page.evaluate("window.sameSession")


def test_the_plain_address_is_the_map_and_the_small_map_leads_everywhere(visit):
    page = visit("/?model=tiny&lang=en")
    page.evaluate("window.sameSession = true")
    expect(station(page, "Map")).to_have_attribute("aria-current", "page")
    expect(box(page, "tokens")).to_be_visible()
    station(page, "Attention").click()
    expect(page).to_have_url(re.compile(r"/attention\?"))
    expect(station(page, "Attention")).to_have_attribute("aria-current", "page")
    expect(page.locator("a[aria-current]")).to_have_count(1)
    page.get_by_role("button", name="Next station").click()
    expect(page.locator("a[aria-current]")).not_to_have_text("Attention")
    page.get_by_role("button", name="Previous station").click()
    expect(station(page, "Attention")).to_have_attribute("aria-current", "page")
    assert page.evaluate("window.sameSession")


def test_a_station_opened_in_a_new_tab_shows_the_same_view(visit):
    page = visit(address("/attention", layer=2, query=1))
    with page.context.expect_page() as opened:
        station(page, "Next token").click(modifiers=["ControlOrMeta"])
    other = opened.value
    other.set_default_timeout(30_000)
    other.locator(".st-key-chips .chip").first.wait_for()
    expect(other.locator(".st-key-chips .chip").nth(1)).to_have_attribute("aria-pressed", "true")
    expect(other).to_have_url(re.compile("layer=2"))


def test_one_pass_is_stepped_through_with_the_lens_best_guess_at_each_block(visit):
    lm = model.load("storyteller")
    trace = run_trace(lm, PROMPT)
    page = visit(address(query=2))
    position, layers = 2, lm.config.n_layers
    slider = page.locator(".st-key-model_map .slider")
    slider.focus()
    page.keyboard.press("ArrowRight")
    expect(sentence(page)).to_contain_text(f"is number {trace.ids[position]} of")
    page.keyboard.press("ArrowRight")
    expect(sentence(page)).to_contain_text(f"{lm.config.d_model} numbers")
    lens = trace.lens_at(position)
    for layer in range(layers):
        slider.fill(str(4 + 2 * layer))
        guess = int(lens[layer].argmax())
        chance = percent(float(model.distribution(lens[layer])[guess]))
        expect(sentence(page)).to_contain_text(f"Best guess so far: “{lm.tokenizer.shown(guess)}”, {chance}.")
        chosen = trace[f"blocks.{layer}.mlp.hook_expert_indices"][position]
        expect(sentence(page)).to_contain_text(f"experts {chosen[0]} (")
        expect(page.locator(".st-key-model_map h5")).to_contain_text(f"Block {layer} ")
        expect(box(page, "mlp")).to_have_class(re.compile("here"))
    page.keyboard.press("ArrowLeft")
    expect(sentence(page)).to_contain_text(f"Block {layers - 1}, attention")


def test_the_pass_plays_by_itself_and_pauses(visit):
    page = visit(address(model="tiny"))
    play = page.locator(".st-key-model_map .play")
    play.click()
    expect(page.locator(".st-key-model_map .player")).to_have_attribute("data-step", "2")
    expect(play).to_contain_text("Pause")
    page.locator(".st-key-model_map .slider").focus()
    page.keyboard.press("Space")
    expect(play).to_contain_text("Watch one pass")
    assert page.locator(".st-key-model_map .here").count() >= 1


def test_motion_is_left_out_where_the_reader_wants_none(visit):
    page = visit(address(model="tiny"), reduced_motion="reduce")
    expect(page.locator(".st-key-model_map .rider")).to_have_css("transition-duration", "0s")


def test_every_box_leads_to_a_room_that_shows_the_same_thing(visit):
    page = visit(address(layer=3))
    for name, target in {
        "tokens": r"/tokens\?",
        "ln2": r"/norms\?.*layer=3.*norm=second",
        "add1": r"/residual\?.*layer=3",
        "mlp": r"/moe\?.*layer=3",
    }.items():
        box(page, name).hover()
        assert re.search(
            target, page.evaluate("href => new URL(href, location).href", box(page, name).get_attribute("href"))
        )
    box(page, "ln2").click()
    expect(page).to_have_url(re.compile(r"/norms\?.*layer=3.*norm=second"))


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_leaves_the_page(visit, width):
    page = visit(address(prompt="<b>x</b> " * 40), viewport={"width": width, "height": 844})
    expect(box(page, "softmax")).to_be_attached()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    station(page, "Next token").focus()  # the small map scrolls in itself
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_whole_picture_is_on_the_first_screen(visit):
    page = visit(address(), viewport={"width": 1280, "height": 800})
    expect(box(page, "softmax")).to_be_visible()
    place = page.locator(".st-key-model_map .opened").bounding_box()
    assert place["y"] + place["height"] <= 800
