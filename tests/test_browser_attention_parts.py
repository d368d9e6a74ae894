"""The attention page's other parts in a real browser: the weighted sum, the heads of a layer, the text view."""

import re
from urllib.parse import urlencode

import numpy as np
import pytest
from playwright.sync_api import Page, expect

import model
from app.kit.numbers import percent
from app.rooms.attention.analysis import head_stages, together, weighted_sum
from model import run_trace
from tests.conftest import settled

PROMPT = "Once upon a time there was a"
expect.set_options(timeout=20_000)


def address(**words: object) -> str:
    return "/attention?" + urlencode({"model": "storyteller", "lang": "en", "prompt": PROMPT} | words)


def rows(page: Page, key: str) -> list[list[str]]:
    """The texts of a table's cells, row by row, all read in one moment."""
    page.locator(f".st-key-{key} tr").nth(1).wait_for()
    read = "root => [...root.querySelectorAll('tr')].slice(1).map(tr => [...tr.children].map(td => td.innerText))"
    return page.locator(f".st-key-{key} .root").evaluate(read)


@pytest.mark.parametrize("name", ["storyteller", "tiny"])
def test_the_weighted_sum_shows_weight_and_contribution_of_each_key(visit, name):
    page = visit(address(model=name, aspect="sum", layer=2, head=3, query=6))
    trace = run_trace(model.load(name), PROMPT, capture="light")
    found = weighted_sum(head_stages(trace, 2, 3, trace.pattern(2)), 6)
    drawn = rows(page, "sum")
    assert len(drawn) == len(found.keys) + 1
    for i, key in enumerate(found.keys.tolist()):
        assert drawn[i][0] == f"{trace.tokens[key]} ({key})"
        assert drawn[i][1] == percent(float(found.weights[i]))
        assert drawn[i][3] == f"{found.contributions[i]:.3f}"
    assert page.get_by_text("differ by at most").is_visible()
    first = int(found.keys[0])
    page.locator(".st-key-sum .choose").first.click()
    expect(page).to_have_url(re.compile(f"query=6&key={first}"))


def test_a_strip_tells_its_entries(visit):
    page = visit(address(aspect="sum", layer=2, head=3, query=0))
    trace = run_trace(model.load("storyteller"), PROMPT, capture="light")
    z = trace["blocks.2.attn.hook_z"][0, 3]
    page.locator(".st-key-sum tr.total canvas").last.hover(position={"x": 2, "y": 10})
    readout = page.locator(".st-key-sum .readout")
    expect(readout).to_contain_text("entry 0")
    assert float(readout.inner_text().split(": ")[1].replace("−", "-")) == pytest.approx(float(z[0]), rel=1e-3)


@pytest.mark.parametrize("name", ["storyteller", "storyteller-classic", "tiny"])
def test_all_heads_of_a_layer_stand_together(visit, name):
    page = visit(address(model=name, aspect="together", layer=1, head=2, query=4))
    lm = model.load(name)
    trace = run_trace(lm, PROMPT, capture="light")
    found = together(lm, trace, 1, 4, int(trace.logits[4].argmax()))
    drawn = rows(page, "together")
    assert len(drawn) == len(found.z) + (found.bias is not None) + 1
    for head, share in enumerate(found.shares):
        assert drawn[head][0] == f"Head {head}"
        assert drawn[head][-2] == f"{100 * share:+.1f} %".replace("-", "−")
        assert drawn[head][-1] == f"{found.pushes[head]:+.3f}".replace("-", "−")
    if name == "tiny":  # 6 heads, 2 pairs of keys and values
        assert [row[1] for row in drawn[:6]] == ["keys/values 0"] * 3 + ["keys/values 1"] * 3
    assert page.locator(".st-key-parts").count() == (name == "storyteller")
    page.locator(".st-key-together .choose").first.click()
    expect(page).to_have_url(re.compile("head=0"))


def test_latent_scores_stand_apart_and_add_up(visit):
    drawn = rows(visit(address(aspect="together", layer=1, head=2, query=4)), "parts")
    for row in drawn:
        unrotated, rotated, whole = (float(text.replace("−", "-")) for text in row[2:5])
        assert unrotated + rotated == pytest.approx(whole, abs=2e-3)


def looked_at(page: Page) -> list[str]:
    return page.locator(".st-key-lines .word .number").all_inner_texts()


def written(weights: np.ndarray) -> list[str]:
    return [percent(float(weight)) if weight >= 0.01 else "" for weight in weights]


def test_the_text_view_draws_what_a_token_and_the_next_one_attend_to(visit):
    page = visit(address(aspect="text", layer=4, head=5))
    pattern = run_trace(model.load("storyteller"), PROMPT, capture="light").pattern(4)[5]
    root = page.locator(".st-key-lines .root")
    expect(root).to_have_attribute("data-looking", "7")
    assert looked_at(page)[:7] == written(pattern[6])
    page.locator(".st-key-lines .word").nth(4).hover()
    expect(root).to_have_attribute("data-looking", "4")
    assert looked_at(page)[:5] == written(pattern[4, :5])
    drawn = page.locator(".st-key-lines path").evaluate_all("paths => paths.map(path => Number(path.dataset.key))")
    assert drawn == [key for key in range(4) if pattern[4, key] >= 0.01]


def test_the_text_view_shows_the_mean_of_heads_and_grows_by_the_next_token(visit):
    page = visit(address(aspect="text", layer=4, head=5))
    page.locator(".st-key-lines .heads button").nth(1).click()
    expect(page).to_have_url(re.compile("mean=1.5"))
    settled(page)
    pattern = run_trace(model.load("storyteller"), PROMPT, capture="light").pattern(4)
    expect(page.locator(".st-key-lines .word .number").nth(5)).to_have_text(written(pattern[[1, 5]].mean(0)[6, [5]])[0])
    page.locator(".st-key-lines .next").click()
    expect(page.locator(".st-key-lines .word")).to_have_count(9)
    expect(page).to_have_url(re.compile("a%2Bman|a\\+man|a%20man"))


def test_long_rows_are_coloured_by_the_square_root_and_the_legend_says_so(visit):
    page = visit(address(model="tiny", prompt="to be or not to be that is the question"))
    legend = page.get_by_test_id("stage-softmax").locator(".legend")
    expect(legend).to_contain_text("square root")
    page.get_by_test_id("tool-shade").click()
    expect(legend).not_to_contain_text("square root")
    expect(page).to_have_url(re.compile("shade=linear"))


@pytest.mark.parametrize("width", [390, 600, 1920])
def test_every_part_fits_at_every_width(visit, width):
    for aspect in ("stages", "together"):
        words = {"aspect": aspect, "query": 5, "key": 4}
        page = visit(address(**words), viewport={"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        if aspect == "stages":
            for stage in model.STAGES:
                panel = page.get_by_test_id(f"stage-{stage}")
                for part in (".heading", ".legend", "canvas.base"):
                    box = panel.locator(part).bounding_box()
                    assert box["x"] >= 0 and box["x"] + box["width"] <= width, (stage, part)
            cut = "cards => cards.filter(card => card.scrollWidth > card.clientWidth).length"
            assert page.locator(".st-key-stages .products .card").evaluate_all(cut) == 0


def test_a_pinned_cell_under_the_mouse_does_not_ask_to_be_pinned(visit):
    page = visit(address(query=5, key=4))
    place = """root => {
        const panel = root.glassformerView.panels.softmax, {left, top, cell} = panel.geometry;
        return [left + 4.5 * cell, top + 5.5 * cell];
    }"""
    x, y = page.locator(".st-key-stages .root").evaluate(place)
    box = page.get_by_test_id("stage-softmax").locator("canvas.marks").bounding_box()
    page.mouse.move(box["x"] + x, box["y"] + y)
    state = page.get_by_test_id("arithmetic").locator(".state")
    expect(state).to_have_text("pinned; a click unpins it")
    page.mouse.move(5, 5)
    expect(state).to_contain_text("is the chosen token in every room")
