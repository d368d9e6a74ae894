"""The positions page in a real browser: hands, curve and tables against the model's own numbers."""

import re
from urllib.parse import urlencode

import numpy as np
import pytest
from playwright.sync_api import Page, expect

import model
from app.rooms.positions import analysis
from model import run_trace

expect.set_options(timeout=20_000)

PROMPT = "Once upon a time there was a"
ROTATING = ("tiny", "storyteller")  # grouped queries; latent attention, of which a part rotates


def address(name: str, **words: object) -> str:
    return "/positions?" + urlencode({"model": name, "lang": "en", "prompt": PROMPT} | words)


def readout(page: Page) -> tuple[int, float]:
    """Distance and score that the hands' page says now."""
    text = page.locator(".st-key-hands .readout").inner_text()
    distance, score = re.fullmatch(r"At distance (\d+) the score is (.+)", text).groups()
    return int(distance), float(score.replace("−", "-").replace("±", ""))


@pytest.mark.parametrize("name", ROTATING)
def test_the_curve_is_the_models_score_at_the_true_distance(visit, name):
    page, trace = visit(address(name, layer=1, head=2, key=2)), run_trace(model.load(name), PROMPT)
    query = len(trace.ids) - 1
    score = float(trace.scores(1)[2, query, 2])
    assert readout(page) == (query - 2, pytest.approx(score, abs=0.00051))
    words = page.locator(".stMain").inner_text()
    printed = re.search(r"the model's own score is (\S+): they differ by (\S+)(?: × 10(\S+))?\.", words).groups()
    assert float(printed[0].replace("−", "-")) == pytest.approx(score, abs=0.000051)
    assert printed[1] == "0" or int(printed[2].translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))) <= -5


@pytest.mark.parametrize("name", ROTATING)
def test_the_slider_turns_the_hands_to_another_distance(visit, name):
    page, trace = visit(address(name, key=1)), run_trace(model.load(name), PROMPT)
    made = analysis.pairs(trace, 0, 0, len(trace.ids) - 1, 1)
    before = page.locator(".st-key-hands .clocks").evaluate("canvas => canvas.toDataURL()")
    page.locator(".st-key-hands .slider").focus()
    page.keyboard.press("Home")
    assert readout(page) == (0, pytest.approx(made.scores(np.array([0]))[0], abs=0.00051))
    assert page.locator(".st-key-hands .clocks").evaluate("canvas => canvas.toDataURL()") != before
    page.keyboard.press("End")
    assert readout(page)[0] == 63
    page.locator(".st-key-hands .true").click()
    assert readout(page)[0] == made.distance
    page.locator(".st-key-hands .play").click()
    expect(page.locator(".st-key-hands .readout")).not_to_contain_text(f"distance {made.distance} ")


def test_another_key_is_chosen_by_its_chip_and_stands_in_the_address(visit):
    page = visit(address("storyteller"))
    page.locator(".st-key-keys .chip").nth(3).click()
    expect(page).to_have_url(re.compile("key=3"))
    expect(page.locator(".st-key-hands .readout")).to_contain_text("At distance 3 ")
    page.locator(".st-key-chips .chip").nth(1).click()  # before that key: its own one is the token before it
    expect(page.locator(".st-key-hands .readout")).to_contain_text("At distance 1 ")


def test_learned_positions_are_a_table_with_cosines(visit):
    page, lm = visit(address("storyteller-classic", query=4)), model.load("storyteller-classic")
    table, cosines = analysis.table(lm), analysis.similarities(lm)
    box = page.locator(".st-key-position_table canvas").bounding_box()
    page.mouse.move(box["x"] + 10.5 * box["width"] / 256, box["y"] + 3.5 * box["height"] / 256)
    told = page.locator(".st-key-position_table .readout")
    expect(told).to_contain_text("position 6, dimension 10:")  # every second position is drawn
    assert float(told.inner_text().split(": ")[1].replace("−", "-")) == pytest.approx(float(table[6, 10]), rel=1e-6)
    box = page.locator(".st-key-position_cosines canvas").bounding_box()
    page.mouse.move(box["x"] + 20.5 * box["width"] / 256, box["y"] + 30.5 * box["height"] / 256)
    told = page.locator(".st-key-position_cosines .readout")
    expect(told).to_contain_text("positions 60 and 40:")
    assert float(told.inner_text().split(": ")[1].replace("−", "-")) == pytest.approx(float(cosines[60, 40]), abs=1e-6)
    expect(page.locator("h4").nth(1)).to_contain_text("position 4, where “·there”")


@pytest.mark.parametrize(
    ("name", "other"), [("storyteller", "storyteller-classic"), ("storyteller-classic", "storyteller")]
)
def test_a_model_of_the_other_kind_is_one_click_away(visit, name, other):
    page = visit(address(name, lang="zh"))
    page.locator(f".st-key-switch_{other} button").click()
    expect(page).to_have_url(re.compile(f"model={other}(&|$)"))
    expect(page.locator(".st-key-hands" if other == "storyteller" else ".st-key-position_table")).to_be_visible()


@pytest.mark.parametrize("name", ["tiny", "storyteller-classic"])
@pytest.mark.parametrize("prompt", ["a", "<img src=x onerror=alert(1)>", "x" * 300])
def test_one_hostile_and_many_tokens_fit_a_phone(visit, name, prompt):
    page = visit(address(name, prompt=prompt), viewport={"width": 390, "height": 844})
    page.on("dialog", lambda dialog: pytest.fail("a token ran as script"))
    expect(page.locator(".st-key-hands, .st-key-position_table").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator(".stMain img").count() == 0
