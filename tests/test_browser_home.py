"""Take home, in a real browser: the link, the handout, pictures, the whole trace and the work sheet, read back."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlencode
from xml.etree import ElementTree

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from app.kit.numbers import percent
from app.kit.stations import STATIONS
from app.text import translate
from model import LanguageModel, distribution, load, run_trace
from model.__main__ import main
from tests.conftest import settled
from tests.test_browser_access import serious

HOSTILE = 'a <img src=x onerror="alert(1)"> #000001 & </script> \x07b'
SVG = "{http://www.w3.org/2000/svg}"
POEM = (
    "春江潮水连海平，海上明月共潮生。滟滟随波千万里，何处春江无月明！江流宛转绕芳甸，月照花林皆似霰。空里流霜不觉飞，"
)
expect.set_options(timeout=20_000)


@pytest.fixture(scope="module")
def storyteller() -> LanguageModel:
    return load("storyteller")


@pytest.fixture
def room(visit):
    """``room("/attention", ...)`` opens a page and its menu."""

    def open_page(address: str, theme: str = "light", **words: object) -> Page:
        view = {"model": "storyteller", "lang": "en", "prompt": "to be or not"} | words
        page = visit(f"{address}?{urlencode(view)}", color_scheme=theme)
        page.locator(".st-key-home button[data-testid='stPopoverButton']").locator("visible=true").click()
        page.locator(".st-key-home_trace").wait_for()
        page.locator(".st-key-home_page .handout").wait_for()
        settled(page)
        return page

    return open_page


def saved(page: Page, button: str, folder: Path) -> Path:
    """The file that a button of the menu brings."""
    with page.expect_download() as download:
        page.locator(button).first.click()
    file = folder / download.value.suggested_filename
    download.value.save_as(file)
    return file


def opened(chromium: Browser, file: Path) -> tuple[str, str, int]:
    """Text, markup and number of drawings of a handout that is opened from disk, the network off.

    What it asks for from elsewhere, or complains of, fails the test.
    """
    context = chromium.new_context(offline=True)
    page, wrong = context.new_page(), []
    page.on("request", lambda request: wrong.append(request.url) if request.url[:5] not in ("file:", "data:") else None)
    page.on("console", lambda message: wrong.append(message.text))
    page.on("dialog", lambda dialog: wrong.append(dialog.message))
    page.goto(file.as_uri())
    page.wait_for_load_state()
    text = page.locator("body").inner_text() + " ".join(page.locator("svg text").all_text_contents())
    count = page.locator("figure svg[role='img']").count()
    assert page.locator("script, img, iframe, button, input").count() == 0
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")
    context.close()
    assert wrong == []
    return text, file.read_text(encoding="utf-8"), count


@pytest.mark.parametrize("address", [station.address for station in STATIONS])
def test_every_room_has_a_handout_that_opens_from_disk_without_a_network(room, chromium, tmp_path, address):
    page = room(f"/{address}", prompt=HOSTILE, layer=1, head=2)
    file = saved(page, ".st-key-home_page .handout", tmp_path)
    text, markup, drawings = opened(chromium, file)
    title = translate("en", f"{address.replace('-', '_')}.title")
    assert file.name == f"storyteller-{re.sub(r'[^A-Za-z0-9]+', '-', title)}.html"
    assert title in text and "storyteller" in text
    if address == "guess":
        assert "\nNext token\n" not in text  # which the class is still to guess
    else:
        assert "\nNext token\n" in text and 'a <img src=x onerror="alert(1)"> #000001 & </script>' in text
    assert "<script" not in markup and "\x07" not in markup and "<img" not in markup
    listed = page.locator(".st-key-home_page .pictures li").count()
    assert listed >= (address not in ("lesson", "train"))  # which has none before a training
    assert drawings >= listed + 1  # the row of tokens too


def test_a_handout_has_the_page_s_numbers_and_what_they_were_made_from(room, chromium, tmp_path, storyteller):
    page = room("/output", lang="zh")
    text, markup, _ = opened(chromium, saved(page, ".st-key-home_page .handout", tmp_path))
    logits = run_trace(storyteller, "to be or not").logits[-1]
    chances = np.sort(distribution(logits))[::-1][:10]
    assert all(percent(chance) in text for chance in chances)
    assert '<html lang="zh"' in markup and "default-src 'none'" in markup
    assert "/output?prompt=to%20be%20or%20not&amp;model=storyteller&amp;lang=zh" in markup
    page.keyboard.press("Escape")


def test_a_dark_page_s_handout_is_dark_on_the_screen_and_light_on_paper(room, chromium, tmp_path):
    page = room("/residual", "dark")
    file = saved(page, ".st-key-home_page .handout", tmp_path)
    paper = chromium.new_page()
    paper.goto(file.as_uri())
    ground = "getComputedStyle(document.body).backgroundColor"
    assert paper.evaluate(ground) == "rgb(17, 22, 28)"
    paper.emulate_media(media="print")
    assert paper.evaluate(ground) == "rgb(255, 255, 255)"
    paper.close()


def texts_of(file: Path) -> list[str]:
    return [node.text or "" for node in ElementTree.parse(file).iter(f"{SVG}text")]


def size_of(png: bytes) -> tuple[int, int]:
    return int.from_bytes(png[16:20]), int.from_bytes(png[20:24])


def test_a_component_s_picture_is_svg_with_its_numbers_and_png_of_twice_its_size(room, tmp_path, storyteller):
    page = room("/output", prompt=HOSTILE)
    svg = saved(page, ".st-key-home_page .svg", tmp_path)
    drawn, texts = ElementTree.parse(svg).getroot(), texts_of(svg)
    trace = run_trace(storyteller, HOSTILE)
    best = np.argsort(-trace.logits[-1], kind="stable")[:10]
    chances = distribution(trace.logits[-1])[best]
    assert {storyteller.tokenizer.shown(int(token)) for token in best} <= set(texts)
    assert {percent(chance) for chance in chances} <= set(texts)
    heading = "".join(texts[:3])
    assert "What comes after" in heading and "storyteller · a <img src=x" in heading
    png = saved(page, ".st-key-home_page .png", tmp_path)
    assert size_of(png.read_bytes()) == (2 * int(drawn.get("width")), 2 * int(drawn.get("height")))


def test_a_chart_s_picture_says_layer_and_head_where_the_room_shows_one(room, tmp_path):
    page = room("/positions", layer=2, head=3)
    svg = saved(page, ".st-key-home_page .svg >> nth=-1", tmp_path)
    assert "storyteller · Layer 2 · Head 3 · to be or not" in texts_of(svg) and "Layer-2-Head-3" in svg.name
    page = room("/norms", layer=2, head=3)
    svg = saved(page, ".st-key-home_page .svg >> nth=-1", tmp_path)
    texts = texts_of(svg)
    assert "storyteller · Layer 2 · to be or not" in texts and "after it" in texts


def test_the_whole_trace_is_the_command_line_s_and_the_snippet_reads_it(room, tmp_path, monkeypatch):
    page = room("/attention", layer=2, head=3)
    file = saved(page, ".st-key-home_trace button", tmp_path)
    assert main(["trace", "to be or not", "--model", "storyteller", "--out", str(tmp_path / "own.npz")]) == 0
    with np.load(file) as taken, np.load(tmp_path / "own.npz") as own:
        assert taken.files == own.files and "blocks.2.attn.hook_pattern" in taken.files
        for name in own.files:
            np.testing.assert_array_equal(taken[name], own[name])
        pattern = taken["blocks.2.attn.hook_pattern"][3]
    lines = page.locator("[data-testid='stCode']").inner_text()
    monkeypatch.chdir(tmp_path)
    shown = {}
    exec(lines.replace('trace["blocks', 'pattern = trace["blocks'), shown)
    shown["trace"].close()
    np.testing.assert_array_equal(shown["pattern"], pattern)


def test_a_link_to_a_long_prompt_is_short_and_leads_back_to_the_whole_view(room, visit, storyteller):
    prompt = storyteller.tokenizer.decode(storyteller.tokenizer.encode(POEM * 9)[:300])
    page = room("/attention", prompt=prompt, lang="zh", layer=3, head=2, query=17)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator(".st-key-home_page .link").click()
    expect(page.locator(".st-key-home_page .readout")).to_have_text("链接已复制。")
    link = page.evaluate("navigator.clipboard.readText()")
    assert len(link) < 2000 and "z=" in link and "prompt=" not in link
    there = visit(link[link.index("/attention") :])
    expect(there.locator(".st-key-prompt textarea")).to_have_value(prompt)
    expect(there.locator(".st-key-layer input")).to_have_value("3")
    expect(there.locator(".st-key-head input")).to_have_value("2")
    assert "z=" in there.url  # what was sent stays in the address, until something changes
    there.locator(".st-key-prompt textarea").fill("to be")
    there.locator(".st-key-prompt textarea").press("Enter")
    there.wait_for_url(re.compile("prompt=to"))
    assert "z=" not in there.url


def test_a_damaged_link_is_one_sentence_and_the_rest_of_it_counts(visit):
    page = visit("/norms?z=q1YqKMrP&model=storyteller&lang=en&layer=2")
    expect(page.locator("[data-testid='stAlert']")).to_have_count(1)
    expect(page.locator("[data-testid='stAlert']")).to_contain_text("This link is damaged")
    expect(page.locator(".st-key-layer input")).to_have_value("2")


def test_a_work_sheet_is_taken_from_the_menu_where_arithmetic_is_shown(room, tmp_path):
    page = room("/norms", layer=2)
    text = saved(page, ".st-key-home_sheet button", tmp_path).read_text(encoding="utf-8")
    assert "RMSNorm by hand" in text and "to be or not" in text and "Layer 2" in text
    page = room("/tokens")
    expect(page.locator(".st-key-home_sheet")).to_have_count(0)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_menu_can_be_used_without_seeing_it(room, theme):
    page = room("/norms", theme)
    page.mouse.move(0, 0)  # a tooltip that fades has the contrast of a half-faded one
    expect(page.locator(".stTooltipContent")).to_have_count(0)
    assert serious(page) == []
    names = page.locator(".st-key-home_page .pictures button").evaluate_all("all => all.map((each) => each.ariaLabel)")
    assert len(set(names)) == len(names) > 0
