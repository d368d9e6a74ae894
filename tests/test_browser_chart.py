"""Charts in a real browser: labels that find room, numbers beside what they explain, the keyboard, hostile tokens."""

from collections.abc import Iterator
from itertools import pairwise
from urllib.parse import quote

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

import model
from app.kit.component import FRONT, front_script
from app.kit.prediction import foreseen

PROMPT = "Once upon a time there was"
LONG = "Once upon a time there was a king who had a daughter, and she went into the wood to see the old woman. " * 12
LABELS = ".st-key-foreseen text.column"
BOXES = """() => {
  const within = (shadow) => (shadow ? inside(shadow) : []);
  const inside = (root) => [...root.querySelectorAll("*")].flatMap((node) => [node, ...within(node.shadowRoot)]);
  return inside(document.querySelector(".st-key-foreseen")).filter((e) => e.matches("text.column")).map((e) => {
    const { left, right, top, bottom } = e.getBoundingClientRect();
    return [left, right, top, bottom];
  });
}"""


@pytest.fixture(scope="module")
def axes(chromium: Browser) -> Iterator[Page]:
    """An empty page that knows the axes of charts."""
    page = chromium.new_page()
    page.add_script_tag(content=front_script(("dom", "numbers")) + (FRONT.parent / "chart_axes.js").read_text())
    yield page
    page.close()


@pytest.mark.parametrize(
    ("low", "high", "count", "log", "expected"),
    [
        (0, 1, 5, False, ["0", "0.2", "0.4", "0.6", "0.8", "1"]),
        (-3, 3, 3, False, ["−2", "0", "2"]),
        (1.2, 95, 6, True, ["2", "5", "10", "20", "50"]),
        (1e-9, 1, 5, True, ["10⁻⁹", "10⁻⁷", "10⁻⁵", "0.001", "0.1"]),
        (0, 0.30000000000000004, 3, False, ["0", "0.1", "0.2", "0.3"]),
    ],
)
def test_ticks_are_round_and_within_the_axis(axes, low, high, count, log, expected):
    found = axes.evaluate(
        "([low, high, count, log]) => ticksOf({log, ticks: [], form: 'number'}, {low, high}, count)",
        [low, high, count, log],
    )
    assert [text for _, text in found] == expected
    assert all(low - 1e-12 <= value <= high + 1e-12 for value, _ in found)


@pytest.mark.parametrize(
    ("form", "value", "text"),
    [
        ("percent", 0.254, "25.4 %"),
        ("bytes", 1_234_000, "1.234 MB"),
        ("short", 20_000, "20k"),
        ("number", -2.5, "−2.5"),
    ],
)
def test_numbers_of_an_axis_read_as_people_write_them(axes, form, value, text):
    assert axes.evaluate("([value, form]) => numberText(value, form)", [value, form]) == text


@pytest.mark.parametrize("count", [3, 17, 300])
@pytest.mark.parametrize("marked", [None, 2])
def test_labels_never_meet_and_the_marked_one_stays(axes, count, marked):
    sizes = [30 + 17 * (i % 5) for i in range(count)]
    step, plan = 40, axes.evaluate("([sizes, step, marked]) => thinned(sizes, step, marked)", [sizes, 40, marked])
    for line in range(plan["lines"]):
        on_it = sorted(place for place in plan["shown"] if place % plan["lines"] == line)
        for left, right in pairwise(on_it):
            assert (sizes[left] + sizes[right]) / 2 <= (right - left) * step
    assert marked is None or marked in plan["shown"]
    assert (plan["every"] == 1) == (len(plan["shown"]) == count)


def test_the_bars_and_their_numbers_are_the_model_s(visit):
    page = visit(f"/output?lang=en&model=storyteller&prompt={PROMPT}&query=2")
    trace = model.run_trace(model.load("storyteller"), PROMPT)
    shares, ranks = foreseen(trace.logits, np.array(trace.ids))
    bars = page.locator(".st-key-foreseen .bar")
    expect(bars).to_have_count(len(shares))
    heights = bars.evaluate_all("bars => bars.map((bar) => bar.getBoundingClientRect().height)")
    np.testing.assert_allclose(np.array(heights) / max(heights), shares / shares.max(), atol=0.01)
    expect(page.locator(".st-key-foreseen text.marked")).to_have_text(trace.tokens[2])
    bars.nth(3).hover()
    tip = page.locator(".st-key-foreseen .tip")
    expect(tip).to_contain_text(f"rank {ranks[3]}")
    bar, said = bars.nth(3).bounding_box(), tip.bounding_box()
    assert said["x"] >= bar["x"] + bar["width"] or said["x"] + said["width"] <= bar["x"], "it covers its bar"


def test_the_arrow_keys_go_from_bar_to_bar(visit):
    page = visit(f"/output?lang=en&model=storyteller&prompt={PROMPT}")
    tokens = model.run_trace(model.load("storyteller"), PROMPT).tokens
    chart = page.locator(".st-key-foreseen .figure")
    expect(chart).to_have_attribute("role", "figure")
    chart.focus()
    tip = page.locator(".st-key-foreseen .tip")
    for token in tokens[1:3]:
        page.keyboard.press("ArrowRight")
        expect(tip).to_contain_text(token)
    page.keyboard.press("Escape")
    expect(tip).to_have_class("tip away")


@pytest.mark.parametrize("width", [390, 1280])
def test_a_long_prompt_s_labels_are_numbered_and_say_how_many_they_are(visit, width):
    """At 297 tokens every nth Chinese character stood there and read like running text."""
    page = visit(
        f"/output?lang=en&model=storyteller&prompt={quote(LONG)}&query=40", viewport={"width": width, "height": 800}
    )
    trace = model.run_trace(model.load("storyteller"), LONG, capture="light")
    expect(page.locator(".st-key-foreseen text.marked")).to_have_text(f"40: {trace.tokens[40]}")
    labels = page.locator(LABELS).all_text_contents()
    assert labels and all(
        label == f"{place}: {trace.tokens[int(place)]}" for label in labels for place in [label.split(":")[0]]
    )
    expect(page.locator(".st-key-foreseen text.note")).to_contain_text("labelled")
    boxes = sorted(page.evaluate(BOXES))
    assert len(boxes) == len(labels)
    for (_, right, *_), (left, *_) in pairwise(boxes):
        assert right < left, "labels meet"


def test_tokens_are_text(visit):
    page = visit("/output?lang=en&model=tiny&prompt=%3Cb%3E%26lt%3B%23000001")
    expect(page.locator(LABELS).first).to_be_visible()
    tokens = model.run_trace(model.load("tiny"), "<b>&lt;#000001").tokens
    expect(page.locator(LABELS)).to_have_text(tokens[1:])
    assert page.locator(".st-key-foreseen text b").count() == 0


def test_a_new_token_changes_the_chart_in_place(visit):
    """Plotly built it anew, which kept the browser busy for 100 to 200 ms."""
    page = visit(f"/norms?lang=en&model=tiny&prompt={PROMPT}")
    root = page.locator(".st-key-lengths .root")
    root.evaluate("root => (root.dataset.seen = 'yes')")
    before = page.locator(".st-key-lengths .line").first.get_attribute("d")
    page.locator(".st-key-chips .chip").first.click()
    expect(page.locator(".st-key-lengths .line").first).not_to_have_attribute("d", before)
    expect(root).to_have_attribute("data-seen", "yes")
