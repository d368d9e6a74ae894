"""The attention page in a real browser: four linked stages, and arithmetic that ends at the cell."""

import re
from urllib.parse import urlencode

import numpy as np
import pytest
from playwright.sync_api import Page, expect

import model
from model import STAGES, run_trace
from tests.conftest import settled

PROMPT = "to be or not"
HOSTILE = "<b>$x$</b> :red[x] <script>alert(1)</script>"
expect.set_options(timeout=20_000)


def address(**words: object) -> str:
    return "/attention?" + urlencode({"model": "tiny", "lang": "en", "prompt": PROMPT} | words)


def stage(page: Page, name: str):
    return page.get_by_test_id(f"stage-{name}")


def arithmetic(page: Page):
    return page.get_by_test_id("arithmetic")


def middle(page: Page, name: str, query: float, key: float) -> tuple[float, float]:
    """Where the middle of a cell lies on the screen."""
    find = """(root, name) => {
        const {left, top, cell} = root.glassformerView.panels[name].geometry;
        return [left, top, cell];
    }"""
    left, top, cell = page.locator(".st-key-stages .root").evaluate(find, name)
    box = stage(page, name).locator("canvas.marks").bounding_box()
    return box["x"] + left + (key + 0.5) * cell, box["y"] + top + (query + 0.5) * cell


def click(page: Page, name: str, query: int, key: int) -> None:
    page.mouse.click(*middle(page, name, query, key))


def number(text: str) -> float:
    """The last number in `text` as people read it: −1.2×10⁻³ for example."""
    plain = text.replace("−", "-").translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")).replace("×10", "e")
    return float(re.findall(r"-?\d+(?:\.\d+)?(?:e-?\d+)?", plain)[-1])


def written(page: Page, name: str) -> float:
    """The number under a stage's heading, as the page holds it."""
    return float(page.get_by_test_id(f"value-{name}").get_attribute("data-value"))


def assert_arithmetic_is_the_traces(page: Page, layer: int, head: int, query: int, key: int) -> None:
    expect(arithmetic(page)).to_have_attribute("data-cell", f"{query},{key}")
    trace = run_trace(model.load("tiny"), PROMPT)
    for name in STAGES:
        cell = float(trace.stage(layer, name)[head, query, key])
        if np.isfinite(cell):
            assert written(page, name) == pytest.approx(cell, rel=1e-4, abs=1e-6), name
            assert number(page.get_by_test_id(f"value-{name}").inner_text()) == pytest.approx(cell, abs=6e-5), name


def test_the_mouse_marks_one_cell_in_all_four_stages_without_asking_the_server(visit):
    page = visit(address(layer=1, head=3))
    asked = []
    page.on("websocket", lambda socket: asked.append(socket.url))
    before = page.url
    page.mouse.move(*middle(page, "masked", 7, 2))
    for name in STAGES:
        expect(stage(page, name)).to_have_attribute("data-marked", "7,2")
    assert_arithmetic_is_the_traces(page, 1, 3, 7, 2)
    page.mouse.move(5, 5)
    for name in STAGES:
        expect(stage(page, name)).to_have_attribute("data-marked", "")
    assert page.url == before and not asked


def test_a_click_pins_a_cell_and_its_arithmetic_ends_at_the_trace(visit):
    page = visit(address(layer=1, head=3))
    click(page, "dot", 9, 4)
    expect(page).to_have_url(re.compile("query=9.*key=4"))
    page.mouse.move(5, 5)
    expect(arithmetic(page)).to_have_attribute("data-pinned", "true")
    assert_arithmetic_is_the_traces(page, 1, 3, 9, 4)
    trace = run_trace(model.load("tiny"), PROMPT)
    products = trace.query(1)[9, 3] * trace.key(1)[4, 3 // 3]
    assert number(page.get_by_test_id("products-total").inner_text()) == pytest.approx(float(products.sum()), abs=6e-5)


def test_a_masked_cell_has_no_weight(visit):
    page = visit(address())
    click(page, "softmax", 2, 8)
    expect(arithmetic(page)).to_have_attribute("data-cell", "2,8")
    assert written(page, "softmax") == 0.0
    assert written(page, "dot") == pytest.approx(
        float(run_trace(model.load("tiny"), PROMPT).stage(0, "dot")[0, 2, 8]), rel=1e-4
    )


def test_escape_lets_go_and_arrow_keys_move(visit):
    page = visit(address())
    click(page, "softmax", 6, 3)
    expect(page).to_have_url(re.compile("key=3"))
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowLeft")
    expect(page).to_have_url(re.compile("query=7.*key=2"))
    page.mouse.move(5, 5)
    assert_arithmetic_is_the_traces(page, 0, 0, 7, 2)
    page.keyboard.press("Escape")
    expect(page).not_to_have_url(re.compile("key="))
    expect(arithmetic(page)).to_have_attribute("data-cell", "")


def test_another_layer_and_head_show_other_numbers(visit):
    page = visit(address(query=5, key=1))
    assert_arithmetic_is_the_traces(page, 0, 0, 5, 1)
    page.locator(".st-key-layer input").fill("2")
    page.locator(".st-key-layer input").press("Enter")
    expect(page).to_have_url(re.compile("layer=2"))
    page.locator(".st-key-head input").fill("4")
    page.locator(".st-key-head input").press("Enter")
    expect(page).to_have_url(re.compile("head=4"))
    settled(page)
    trace = run_trace(model.load("tiny"), PROMPT)
    expect(page.get_by_test_id("value-dot")).not_to_have_attribute(
        "data-value", str(float(trace.stage(0, "dot")[0, 5, 1]))
    )
    assert_arithmetic_is_the_traces(page, 2, 4, 5, 1)


def test_the_address_shows_the_same_cell_in_another_browser(visit):
    page = visit(address(layer=3, head=1))
    click(page, "scaled", 8, 6)
    expect(page).to_have_url(re.compile("query=8.*key=6"))
    other = visit(page.url[page.url.index("/attention") :])
    for name in STAGES:
        expect(stage(other, name)).to_have_attribute("data-marked", "8,6")
    assert_arithmetic_is_the_traces(other, 3, 1, 8, 6)


def test_a_stage_can_be_seen_alone_and_saved(visit):
    page = visit(address())
    stage(page, "softmax").locator(".heading").click()
    expect(page).to_have_url(re.compile("stage=softmax"))
    expect(stage(page, "dot")).to_have_count(0)
    with page.expect_download() as download:
        page.get_by_test_id("tool-save").click()
    assert download.value.suggested_filename == "attention-tiny-layer0-head0.png"
    stage(page, "softmax").locator(".heading").click()
    expect(stage(page, "dot")).to_be_visible()


def test_a_drawn_square_becomes_the_view_until_the_whole_is_asked_for(visit):
    page = visit(address())
    cell = "root => root.glassformerView.panels.dot.geometry.cell"
    before = page.locator(".st-key-stages .root").evaluate(cell)
    page.mouse.move(*middle(page, "dot", 1.7, 1.7))  # inside cell 2, near its corner
    page.mouse.down()
    page.mouse.move(*middle(page, "dot", 6.7, 6.7), steps=4)
    page.mouse.up()
    expect(page.get_by_test_id("tool-whole")).to_be_enabled()
    assert page.locator(".st-key-stages .root").evaluate(cell) > before
    assert page.locator(".st-key-stages .root").evaluate("root => root.glassformerView.view") == {
        "row": 2,
        "column": 2,
        "n": 5,
    }
    page.get_by_test_id("tool-whole").click()
    expect(page.get_by_test_id("tool-whole")).to_be_disabled()
    assert page.locator(".st-key-stages .root").evaluate(cell) == before


def test_colours_never_show_a_masked_cell_as_a_number(visit):
    """Below the diagonal the softmax stage is a purple; above it, the neutral hatch."""
    page = visit(address(), color_scheme="light")
    read = """(root, [query, key]) => {
        const panel = root.glassformerView.panels.softmax, {left, top, cell} = panel.geometry;
        const box = [left + key * cell + 2, top + query * cell + 2, cell - 4, cell - 4];
        const ratio = window.devicePixelRatio || 1, pixels = box.map((length) => length * ratio);
        const data = panel.base.getContext('2d').getImageData(...pixels).data;
        const colours = new Set();
        let coloured = 0;
        for (let i = 0; i < data.length; i += 4) {
            colours.add(data.slice(i, i + 3).join());
            if (Math.abs(data[i + 1] - data[i + 2]) > 40) coloured++;
        }
        return [colours.size, coloured];
    }"""
    root = page.locator(".st-key-stages .root")
    colours, coloured = root.evaluate(read, [0, 0])  # a weight of exactly 1
    assert colours == 1 and coloured > 0
    colours, coloured = root.evaluate(read, [0, 5])
    assert colours > 1 and coloured == 0


def test_everything_is_on_the_first_screen(visit):
    page = visit(address())
    for name in STAGES:
        box = stage(page, name).locator("canvas.base").bounding_box()
        assert box["y"] + box["height"] <= 800 and box["x"] + box["width"] <= 1280
    for word in ("prompt", "layer", "head", "stage"):
        assert page.locator(f".st-key-{word}").bounding_box()["y"] < 300


def test_chinese(visit):
    page = visit(address(lang="zh"))
    expect(stage(page, "dot").locator(".heading")).to_contain_text("点积")
    expect(stage(page, "softmax").locator(".heading")).to_contain_text("Softmax")


def test_hostile_tokens_and_one_token_are_only_drawn(visit):
    page = visit(address(prompt=HOSTILE))
    expect(page.locator(".st-key-chips .chip")).to_have_count(len(HOSTILE))
    click(page, "dot", 5, 1)
    expect(arithmetic(page)).to_have_attribute("data-cell", "5,1")
    assert (
        page.locator(".st-key-stages b:text-is('$x$')").count() == 0
        and page.locator("script:text('alert(1)')").count() == 0
    )
    single = visit(address(prompt="x"))
    expect(stage(single, "softmax")).to_be_visible()
