"""The room of all heads in a real browser: what is drawn and said is the trace's, a click opens a head."""

import re
from urllib.parse import urlencode

import numpy as np
import pytest
from playwright.sync_api import Page, expect

import model
from app.kit import head_jobs
from app.kit.numbers import percent
from model import run_trace
from tests.conftest import settled

PROMPT = "Once upon a time there was a"
expect.set_options(timeout=20_000)


def address(**words: object) -> str:
    return "/heads?" + urlencode({"model": "storyteller", "lang": "en", "prompt": PROMPT} | words)


def place(page: Page, layer: int, head: int) -> tuple[float, float]:
    """Where the middle of a thumbnail lies on the screen."""
    find = """(root, [layer, head]) => {
        const grid = root.glassformerGrid, [x, y] = grid.places.get(layer * grid.data.heads + head);
        return [x + grid.place.cell / 2, y + grid.place.cell / 2];
    }"""
    x, y = page.locator(".st-key-grid .root").evaluate(find, [layer, head])
    box = page.locator(".st-key-grid canvas.base").bounding_box()
    return box["x"] + x, box["y"] + y


def seen_of(name: str) -> head_jobs.Overview:
    return head_jobs.overview(run_trace(model.load(name), PROMPT, capture="light"))


@pytest.mark.parametrize("name", ["storyteller", "tiny"])
def test_hover_names_a_head_and_its_scores_without_asking_the_server(visit, name):
    page = visit(address(model=name))
    sent = []
    page.on("websocket", lambda socket: sent.append(socket.url))
    page.mouse.move(*place(page, 2, 3))
    root = page.locator(".st-key-grid .root")
    expect(root).to_have_attribute("data-marked", "2,3")
    expect(root.locator("h4")).to_have_text("Layer 2, head 3")
    seen = seen_of(name)
    for job in head_jobs.JOBS:
        assert page.get_by_test_id(f"score-{job}").inner_text() == percent(float(np.float32(seen.scores[job][2, 3])))
    expect(page.get_by_test_id("entropy")).to_contain_text(f"{seen.entropy[2, 3]:.2f} bits")
    assert not sent


def test_a_click_opens_the_head_in_its_room_and_the_session_is_kept(visit):
    page = visit(address(temperature=0.7))
    page.mouse.click(*place(page, 3, 5))
    expect(page).to_have_url(re.compile(r"/attention\?.*layer=3&head=5.*temperature=0.7"))
    expect(page.locator(".st-key-head input")).to_have_value("5")
    page.go_back()
    expect(page).to_have_url(re.compile(r"/heads\?"))
    expect(page.locator(".st-key-grid canvas.base")).to_be_visible()


def test_jobs_and_orders_are_chosen_at_once_and_stay_in_the_address(visit):
    page = visit(address())
    seen = seen_of("storyteller")
    mine = [(i, j) for i in range(6) for j in range(8) if seen.job(i, j) == "previous"]
    page.get_by_test_id("job-previous").click()
    root = page.locator(".st-key-grid .root")
    expect(root).to_have_attribute("data-shown", str(len(mine)))
    page.get_by_test_id("order-score").click()
    expect(page).to_have_url(re.compile("job=previous&order=score"))
    order = "root => [...root.glassformerGrid.places.keys()]"
    best = sorted(mine, key=lambda head: -seen.scores["previous"][head])
    assert root.evaluate(order) == [8 * layer + head for layer, head in best]
    other = visit(page.url[page.url.index("/heads") :])
    assert other.locator(".st-key-grid .root").evaluate(order) == [8 * layer + head for layer, head in best]


def test_the_keyboard_reaches_every_head(visit):
    page = visit(address(model="tiny", layer=1, head=1))
    page.locator(".st-key-grid .board").focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
    expect(page.locator(".st-key-grid .root")).to_have_attribute("data-marked", re.compile("2,2"))
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/attention.*layer=2&head=2"))


@pytest.mark.parametrize("width", [390, 1280, 1920])
def test_nothing_is_cut_at_any_width(visit, width):
    page = visit(address(lang="zh"), viewport={"width": width, "height": 800})
    for part in (".board", ".side", ".tools"):
        box = page.locator(f".st-key-grid {part}").bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_long_prompt_and_a_single_token_are_drawn(visit):
    page = visit(address(model="tiny", prompt="to be or not " * 20))
    expect(page.locator(".stMarkdown").filter(has_text="merged to 48 cells")).to_be_visible()
    settled(page)
    expect(visit(address(prompt="x")).get_by_test_id("score-same")).to_have_text("–")
