"""The page of latent attention in a real browser: what is pointed at, clicked and drawn."""

import re
from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect

import model
from app.kit.numbers import percent
from model import run_trace
from model.files import checkpoint
from model.measure import speed
from model.training.recipes import CONFIGS
from tests.conftest import settled
from tests.random_models import random_model
from tests.test_app_mla import SECOND

PROMPT = "to be or not"
expect.set_options(timeout=30_000)  # the first picture in a fresh browser loads 7 MB of scripts


@pytest.fixture(scope="module")
def latent(tmp_path_factory) -> str:
    """The path of a model built as storyteller, of random weights."""
    path = tmp_path_factory.mktemp("models") / "latent.safetensors"
    checkpoint.save(
        replace(random_model(replace(CONFIGS["storyteller"], vocab_size=257, n_layers=3)), name="latent"), path
    )
    return str(path)


@pytest.fixture(scope="module")
def second(tmp_path_factory) -> str:
    """The path of a small model of DeepSeek-V2's type: softmax scores, groups by their best expert."""
    path = tmp_path_factory.mktemp("models") / "second.safetensors"
    checkpoint.save(replace(random_model(SECOND), name="second"), path)
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
    dots = page.locator(".st-key-growth .point")
    expect(dots).to_have_count(2)
    page.locator(".st-key-grow button").click()
    expect(dots.nth(40)).to_be_attached()
    expect(page.get_by_test_id("stAlert")).to_contain_text("Measured = formula, to the byte")
    settled(page)
    length = int(re.search(r"after (\d+) tokens", page.locator("h4").first.inner_text()).group(1))
    expect(dots).to_have_count(2 * (length - 11))


def test_the_keyboard_reads_a_box_cell_by_cell_and_chooses_a_token(visit):
    page = visit("/mla?model=storyteller&prompt=a+bee+came&layer=0")
    trace = run_trace(model.load("storyteller"), "a bee came", capture="light")
    latent = page.locator(".st-key-lanes .box.cached canvas").first
    latent.focus()
    page.keyboard.press("ArrowUp")  # from the last token, which is chosen, to the one before
    page.keyboard.press("ArrowRight")
    readout = page.locator(".st-key-lanes .readout")
    expect(readout).to_contain_text(f"{len(trace.ids) - 2} {trace.tokens[-2]}")
    assert number(readout.inner_text()) == pytest.approx(
        trace["blocks.0.attn.hook_kv_latent"][-2, 1], rel=1e-4, abs=1e-5
    )
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"query={len(trace.ids) - 2}"))
    settled(page)
    page.keyboard.press("ArrowUp")  # the picture was drawn anew, the keyboard is still in its box
    expect(readout).to_contain_text(f"{len(trace.ids) - 3} {trace.tokens[-3]} · entry 1:")


@pytest.mark.parametrize("name", ["latent", "second", "storyteller"])
def test_absorbed_scores_are_the_expanded_ones_on_every_kind_of_latent_model(visit, latent, second, name):
    """DeepSeek-V3's kind, V2's, and the trained model: both forms as drawn, cell by cell."""
    source = {"latent": latent, "second": second}.get(name, name)
    page = visit(f"/mla?model={source}&prompt={PROMPT}&layer=1&head=1")
    drawn = boxes(page, "absorbed")
    expect(drawn.first).to_be_attached()
    trace = run_trace(model.load(source), PROMPT, capture="light")
    scores = trace.scores(1)[1]  # (T, T) of head 1, scaled
    T = len(trace.ids)
    names = drawn.locator(".name").all_inner_texts()
    for form in ("absorbed", "expanded"):
        canvas = drawn.nth(names.index(form)).locator("canvas")
        place = canvas.bounding_box()
        row, column = T - 1, T // 2
        canvas.hover(position={"x": (column + 0.5) * place["width"] / T, "y": (row + 0.5) * place["height"] / T})
        readout = page.locator(".st-key-absorbed .readout")
        expect(readout).to_contain_text(trace.tokens[row])
        assert number(readout.inner_text()) == pytest.approx(scores[row, column], rel=1e-3, abs=1e-4), form


def test_the_trained_twin_is_drawn_beside_storyteller(visit):
    page = visit(f"/mla?model=storyteller&prompt={PROMPT}&layer=2&head=3")
    trace = run_trace(model.load("storyteller-mha"), PROMPT, capture="light")
    values = trace["blocks.2.attn.hook_v"]  # (T, H, Dv)
    canvas = boxes(page).last.locator("canvas")
    place = canvas.bounding_box()
    T, columns = len(trace.ids), values[0].size
    row, column = T - 1, 70
    canvas.hover(position={"x": (column + 0.5) * place["width"] / columns, "y": (row + 0.5) * place["height"] / T})
    readout = page.locator(".st-key-lanes .readout")
    expect(readout).to_contain_text("blocks.2.attn.hook_v")
    head, entry = map(int, re.search(r"head (\d+), entry (\d+)", readout.inner_text()).groups())
    assert number(readout.inner_text()) == pytest.approx(values[row, head, entry], rel=1e-4, abs=1e-5)


def test_what_it_costs_is_the_records_bits_and_both_twins_predictions(visit):
    page = visit(f"/mla?model=storyteller-mha&prompt={PROMPT}&latent=cost")
    bars = page.locator(".st-key-bits .value")
    twins = [model.load(name) for name in ("storyteller", "storyteller-mha")]
    expected = [f"{own['bits_per_byte']:.3f}" for lm in twins for own in lm.record["scores"].values()]
    expect(bars).to_have_text(expected)
    shown = page.locator(".st-key-next_token .value").all_text_contents()  # SVG has no inner text
    for half, lm in zip((shown[: len(shown) // 2], shown[len(shown) // 2 :]), twins, strict=True):
        probabilities = model.distribution(run_trace(lm, PROMPT).logits[-1])
        assert percent(float(probabilities.max())) in half
    dots = page.locator(".st-key-speed_done .point")
    expect(dots).to_have_count(2 * len(speed.LENGTHS))
    expect(page.get_by_text(re.compile(r"^Measured on \d"))).to_be_visible()
    page.locator(".st-key-measure button").click()
    expect(page.get_by_text("Measured here, just now")).to_be_visible(timeout=120_000)
    # A measurement ends in time: a slow machine gets fewer lengths, always both models at each.
    expect(dots.nth(1)).to_be_visible()
    assert dots.count() in range(2, 2 * len(speed.LENGTHS) + 1, 2)


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
    expect(page.locator(".st-key-patterns .cells")).to_have_count(2)
    expect(page.locator(".st-key-before_after .bar")).to_have_count(16)
    page.locator(".st-key-rank input[type=range]").focus()
    page.keyboard.press("ArrowLeft")
    expect(page).to_have_url(re.compile("rank=6"))
    expect(page.locator("h4").first).to_contain_text("rank 6")


@pytest.mark.parametrize("part", ["path", "lost"])
def test_tokens_are_never_markup(visit, part):
    page = visit(f"/mla?model=tiny&latent={part}&prompt=%3Cb%3Ea%3C/b%3E%20%24x%24%20%23000001")
    expect(page.locator(".st-key-lanes .box, .st-key-patterns .cells").first).to_be_attached()
    assert page.locator(".stMain img").count() == 0
    assert page.locator(".st-key-lanes b").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_prompt_controls_and_picture_are_on_the_first_screen(visit, latent, scheme):
    page = visit(f"/mla?model={latent}&prompt={PROMPT}", color_scheme=scheme)
    expect(boxes(page)).to_have_count(9)
    for part in (page.locator(".st-key-prompt textarea"), page.locator(".st-key-head input"), boxes(page).last):
        place = part.bounding_box()
        assert place["y"] >= 0 and place["y"] + place["height"] <= 800, place
        assert place["x"] + place["width"] <= 1280, place
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    sizes = page.locator(".st-key-lanes .root").evaluate(
        "root => [...root.querySelectorAll('*')].filter(e => e.textContent).map(e => "
        "parseFloat(getComputedStyle(e).fontSize))"
    )
    assert min(sizes) >= 16
    for latent_part, picture in (("cache", "growth"), ("size", "sizes")):
        page.locator(".st-key-latent button").nth(("path", "cache", "size", "cost", "lost").index(latent_part)).click()
        expect(page.locator(f".st-key-{picture} .plot").first).to_be_visible()
        settled(page)  # until then the part before still stands above
        place = page.locator(f".st-key-{picture}").first.bounding_box()
        assert place["y"] + place["height"] <= 800, (latent_part, place)
