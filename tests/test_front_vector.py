"""A piece of a page as SVG: all that is on it, where it is, and nothing that runs."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Browser, Page

from app.kit.component import front_script

SVG = "{http://www.w3.org/2000/svg}"
PIECE = """
<style>
  .mark::before { content: ""; position: absolute; left: 3px; top: 4px; width: 10px; height: 6px; background: #0072b2; }
  .mark { position: relative; padding-left: 20px; }
  .bar { width: 100px; height: 10px; background: linear-gradient(to right, #ffffff 0%, rgb(61, 22, 115) 100%); }
  .hatch { width: 40px; height: 20px; background: repeating-linear-gradient(135deg, #fff 0 4px, #b4bcc5 4px 6px); }
</style>
<div id="piece" style="width: 300px; font: 16px sans-serif; color: #112233">
  <p class="mark">one two three four five six seven eight nine ten eleven twelve</p>
  <div class="bar"></div><div class="hatch"></div>
  <div style="height: 30px; overflow-y: auto; border: 2px solid #d55e00">
    <div style="height: 200px"></div><span>the last of the list</span>
  </div>
  <button class="tool">a control</button>
  <p style="opacity: 0">unseen</p><p hidden>hidden</p>
  <svg width="50" height="20" onload="window.ran = true"><defs><linearGradient id="g"></linearGradient></defs></svg>
  <svg width="60" height="30"><rect id="r" width="9" height="9" style="fill: url('about:blank#g')"></rect>
    <a href="https://example.org/x"><text>linked</text></a><script>window.ran = true</script></svg>
  <b id="token"></b>
</div>"""


@pytest.fixture(scope="module")
def page(chromium: Browser) -> Iterator[Page]:
    page = chromium.new_page()
    page.set_content(PIECE)
    page.add_script_tag(content=front_script(("dom", "boxes", "vector")))
    page.evaluate("document.querySelector('#token').textContent = '<script>&\\x07\\ud800<b>'")
    yield page
    page.close()


@pytest.fixture(scope="module")
def drawn(page: Page) -> ElementTree.Element:
    return ElementTree.fromstring(page.evaluate("svgText(asSvg(document.querySelector('#piece'), 'A piece'))"))


def test_text_stays_text_line_by_line_and_a_token_is_no_markup(drawn):
    texts = [node.text for node in drawn.iter(f"{SVG}text")]
    words = " ".join(texts[:6])
    assert (
        "one two three" in words and "twelve" in words and len({node.get("y") for node in drawn.iter(f"{SVG}text")}) > 2
    )
    assert "<script>&\ufffd\ufffd<b>" in texts
    assert not {"a control", "unseen", "hidden"} & set(texts)


def test_a_list_that_scrolls_is_drawn_to_its_end_and_scrolls_on_the_page_as_before(page, drawn):
    """Half a row was cut off, and what came after it was not there at all."""
    place = next(node for node in drawn.iter(f"{SVG}text") if node.text == "the last of the list")
    assert 0 < float(place.get("y")) < float(drawn.get("height"))
    assert float(drawn.get("height")) > page.locator("#piece").bounding_box()["height"] + 100
    assert page.evaluate("document.querySelector('#piece > div:nth-of-type(3)').clientHeight") == 30


def test_gradients_hatches_borders_and_marks_are_drawn(drawn):
    """A chart's colour bar was empty: its gradient stands in another drawing of the same chart."""
    gradients = {node.get("id"): node for node in drawn.iter(f"{SVG}linearGradient")}
    used = {node.get("fill", "")[5:-1] for node in drawn.iter(f"{SVG}rect")} & gradients.keys()
    stops = [[stop.get("stop-color") for stop in gradients[name].iter(f"{SVG}stop")] for name in used]
    assert ["#ffffff", "#3d1673"] in stops and ["#ffffff", "#ffffff", "#b4bcc5", "#b4bcc5"] in stops
    assert any(gradients[name].get("spreadMethod") == "repeat" for name in used)
    fills = [node for node in drawn.iter(f"{SVG}rect") if node.get("fill") == "#0072b2"]
    assert [(node.get("width"), node.get("height")) for node in fills] == [("10", "6")]
    assert any(node.get("stroke") == "#d55e00" and node.get("stroke-width") == "2" for node in drawn.iter(f"{SVG}rect"))
    styled = next(node for node in drawn.iter(f"{SVG}rect") if "fill: url" in (node.get("style") or ""))
    assert any(f"#{name})" in styled.get("style").replace('"', "") for name in gradients)


def test_nothing_in_it_runs_or_leads_elsewhere(page, drawn):
    text = ElementTree.tostring(drawn, encoding="unicode")
    assert not list(drawn.iter(f"{SVG}script")) and "onload" not in text and "example.org" not in text
    assert "about:blank" not in text


@pytest.mark.parametrize(
    ("colour", "plain"),
    [
        ("rgb(0 114 178)", {"colour": "#0072b2", "alpha": 1}),
        ("color-mix(in srgb, #000 50%, #fff)", {"colour": "#808080", "alpha": 1}),
        ("transparent", {"colour": "#000000", "alpha": 0}),
    ],
)
def test_any_colour_becomes_one_that_every_program_reads(page, colour, plain):
    assert page.evaluate("(colour) => plainColour(colour)", colour) == plain
