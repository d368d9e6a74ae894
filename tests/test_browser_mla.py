"""The page of latent attention in a real browser: what is pointed at, clicked and drawn."""

import re
from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect

import model
from model import checkpoint, run_trace
from model.training.recipes import CONFIGS
from tests.conftest import settled
from tests.random_models import random_model

PROMPT = "to be or not"
expect.set_options(timeout=30_000)  # the first picture in a fresh browser loads 7 MB of scripts


@pytest.fixture(scope="module")
def latent(tmp_path_factory) -> str:
    """The path of a model built as storyteller, of random weights."""
    path = tmp_path_factory.mktemp("models") / "latent.safetensors"
    checkpoint.save(replace(random_model(replace(CONFIGS["storyteller"], vocab_size=257, n_layers=3)), name="latent"), path)
    return str(path)


def boxes(page: Page, key: str = "lanes"):
    return page.locator(f".st-key-{key} .box")


def number(readout: str) -> float:
    return float(readout.rsplit(": ", 1)[1].replace("−", "-"))


def test_pointing_reads_the_models_number_and_a_click_chooses_the_token(visit, latent):
    page = visit(f"/mla?model={latent}&prompt={PROMPT}&layer=1&head=2")
    trace = run_trace(model.load(latent), PROMPT, capture="light")
    expect(boxes(page)).to_have_count(9)
    keys = trace["blocks.1.attn.hook_k"]  # (T, H, Dn + Dr)
    canvas = boxes(page).nth(3).locator("canvas")
    place = canvas.bounding_box()
    T, columns = len(trace.ids), keys[0].size
    row, column = 4, columns // 2 + 3
    at = {"x": (column + 0.5) * place["width"] / columns, "y": (row + 0.5) * place["height"] / T}
    canvas.hover(position=at)
    readout = page.locator(".st-key-lanes .readout")
    expect(readout).to_contain_text(f"blocks.1.attn.hook_k · {row} {trace.tokens[row]}")
    head, entry = map(int, re.search(r"head (\d+), entry (\d+)", readout.inner_text()).groups())
    assert abs(head * keys.shape[2] + entry - column) <= 1  # the mouse stands on whole pixels
    assert number(readout.inner_text()) == pytest.approx(keys[row, head, entry], rel=1e-4, abs=1e-5)
    expect(page.locator(".st-key-chips .chip").nth(row)).to_have_class(re.compile("marked"))
    canvas.click(position=at)
    expect(page).to_have_url(re.compile(f"query={row}"))
    expect(page.locator(".st-key-chips .chip").nth(row)).to_have_attribute("aria-pressed", "true")


def test_the_canvas_has_the_colours_of_the_numbers(visit, latent):
    """The latent's largest entry is the darkest of its sign, a masked cell of the pattern like no number."""
    page = visit(f"/mla?model={latent}&prompt={PROMPT}&layer=1", color_scheme="light")
    values = run_trace(model.load(latent), PROMPT, capture="light")["blocks.1.attn.hook_kv_latent"]
    expect(boxes(page)).to_have_count(9)
    pixel = "(canvas, [x, y]) => [...canvas.getContext('2d').getImageData(x, y, 1, 1).data].slice(0, 3)"
    row, column = divmod(int(abs(values).argmax()), values.shape[1])
    dark = [0, 0x50, 0x7E] if values[row, column] > 0 else [0x9E, 0x43, 0]
    assert boxes(page).nth(1).locator("canvas").evaluate(pixel, [column, row]) == dark
    assert boxes(page).nth(6).locator("canvas").evaluate(pixel, [5, 0]) == [0xEC, 0xEE, 0xF0]


def test_the_caches_grow_while_the_model_writes(visit, latent):
    page = visit(f"/mla?model={latent}&prompt={PROMPT}&latent=cache&temperature=0.5&seed=3")
    dots = page.locator(".st-key-growth .scatterlayer .trace .point")
    expect(dots).to_have_count(2)
    page.locator(".st-key-grow button").click()
    expect(dots.nth(40)).to_be_attached()
    expect(page.get_by_test_id("stAlert")).to_contain_text("Measured = formula, to the byte")
    settled(page)
    length = int(re.search(r"after (\d+) tokens", page.locator("h4").first.inner_text()).group(1))
    expect(dots).to_have_count(2 * (length - 11))


def test_a_slider_of_the_shape_changes_bars_and_address(visit):
    page = visit("/mla?model=tiny&latent=size")
    expect(page.get_by_text("70,272 B", exact=False).first).to_be_visible()
    page.locator(".st-key-shape_layers input[type=range]").focus()
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile("shape=62.128.128.8.512.64"))
    expect(page.get_by_text(f"{62 * 576 * 2:,} B").first).to_be_visible()
    page.locator(".st-key-reset_shape button").click()
    expect(page).not_to_have_url(re.compile("shape="))


def test_a_lower_rank_draws_patterns_and_bars_before_and_after(visit):
    page = visit(f"/mla?model=tiny&prompt={PROMPT}&latent=lost&rank=7&scope=all")
    expect(page.locator(".st-key-patterns .hm")).to_have_count(2)
    expect(page.locator(".st-key-before_after .trace.bars")).to_have_count(2)
    page.locator(".st-key-rank input[type=range]").focus()
    page.keyboard.press("ArrowLeft")
    expect(page).to_have_url(re.compile("rank=6"))
    expect(page.locator("h4").first).to_contain_text("rank 6")


@pytest.mark.parametrize("part", ["path", "lost"])
def test_tokens_are_never_markup(visit, part):
    page = visit(f"/mla?model=tiny&latent={part}&prompt=%3Cb%3Ea%3C/b%3E%20%24x%24%20%23000001")
    expect(page.locator(".st-key-lanes .box, .st-key-patterns .hm").first).to_be_attached()
    assert page.locator(".stMain img").count() == 0
    assert page.locator(".st-key-lanes b").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_prompt_controls_and_picture_are_on_the_first_screen(visit, latent, scheme):
    page = visit(f"/mla?model={latent}&prompt={PROMPT}", color_scheme=scheme)
    expect(boxes(page)).to_have_count(9)
    for part in (page.locator(".st-key-prompt input"), page.locator(".st-key-head input"), boxes(page).last):
        place = part.bounding_box()
        assert place["y"] >= 0 and place["y"] + place["height"] <= 800, place
        assert place["x"] + place["width"] <= 1280, place
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    sizes = page.locator(".st-key-lanes .root").evaluate("root => [...root.querySelectorAll('*')].filter(e => e.textContent).map(e => parseFloat(getComputedStyle(e).fontSize))")
    assert min(sizes) >= 16
    for latent_part, picture in (("cache", "growth"), ("size", "sizes")):
        page.locator(".st-key-latent button").nth(("path", "cache", "size", "cost", "lost").index(latent_part)).click()
        expect(page.locator(f".st-key-{picture} .main-svg").first).to_be_visible()
        settled(page)  # until then the part before still stands above
        place = page.locator(f".st-key-{picture}").first.bounding_box()
        assert place["y"] + place["height"] <= 800, (latent_part, place)
