"""The app's keys and the projector mode, in a real browser."""

import re

import pytest
from playwright.sync_api import Page, expect

from app.kit.keys import KEYS
from app.kit.stations import STATIONS
from app.text import translate
from tests.conftest import settled

expect.set_options(timeout=20_000)
ADDRESS = "/heads?model=tiny&lang=en&layer=1&head=1&prompt=hello"
ON = re.compile("projector=1")


def body(page: Page) -> None:
    """Give the focus to nothing."""
    page.evaluate("document.activeElement?.blur()")


def projected(page: Page) -> Page:
    body(page)
    page.keyboard.press("f")
    expect(page).to_have_url(ON)
    settled(page)
    return page


def test_projector_mode_leaves_tokens_and_picture_larger_and_survives_the_way_to_other_rooms(visit):
    page = visit(ADDRESS)
    size = "el => parseFloat(getComputedStyle(el).fontSize)"
    before = page.locator(".stMain p").first.evaluate(size)
    chip = page.locator(".st-key-chips .chip").first.bounding_box()
    projected(page)
    for part in (".st-key-small_map", ".st-key-prompt", ".stAppHeader", ".st-key-model", ".st-key-source"):
        expect(page.locator(part)).to_be_hidden()
    expect(page.locator(".st-key-chips .chip").first).to_be_visible()
    assert page.locator(".stMain p").first.evaluate(size) > 1.1 * before
    assert page.locator(".st-key-chips .chip").first.bounding_box()["height"] > 1.1 * chip["height"]
    here = [station.address for station in STATIONS].index("heads")
    for key, step in (("PageDown", 1), ("n", 2), ("PageUp", 1), ("b", 0)):
        page.keyboard.press(key)
        expect(page).to_have_url(re.compile(rf"/{STATIONS[here + step].address}\?.*projector=1"))
        settled(page)
    expect(page.locator(".st-key-small_map")).to_be_hidden()
    for key in ("n", "n", "PageDown"):  # quicker than the rooms: none is lost
        page.keyboard.press(key)
    expect(page).to_have_url(re.compile(rf"/{STATIONS[here + 3].address}\?.*projector=1"))
    # The address alone brings it back, the button leads out.
    other = visit_again(page)
    expect(other.locator(".st-key-small_map")).to_be_hidden()
    other.locator(".st-key-keyboard .leave").click()
    expect(other.locator(".st-key-prompt")).to_be_visible()
    expect(other).not_to_have_url(ON)


def visit_again(page: Page) -> Page:
    page.reload()
    page.locator(".st-key-chips .chip").first.wait_for()
    settled(page)
    return page


def test_one_line_of_tokens_is_left_of_a_long_prompt(visit):
    page = visit("/norms?model=tiny&lang=en&prompt=" + "to+be+or+not+" * 12)
    lines = page.locator(".st-key-chips .chips").bounding_box()["height"]
    projected(page)
    chip = page.locator(".st-key-chips .chip").first.bounding_box()["height"]
    expect(page.locator(".st-key-chips .where")).to_be_visible()
    box = page.locator(".st-key-chips .chips").bounding_box()["height"]
    assert box < 1.5 * chip and box < lines


@pytest.mark.parametrize("address", ["attention", "compare"])
def test_letters_and_arrows_lead_through_layers_and_heads_to_their_ends(visit, address):
    page = visit(f"/{address}?model=tiny&lang=en&layer=1&head=1&prompt=hello&b_prompt=hallo")
    projected(page)
    layer, head = (page.locator(f".st-key-{word} input") for word in ("layer", "head"))
    for key, shown in (("w", (2, 1)), ("ArrowUp", (3, 1)), ("w", (3, 1)), ("d", (3, 2)), ("ArrowLeft", (3, 1))):
        page.keyboard.press(key)
        expect(layer).to_have_value(str(shown[0]))
        expect(head).to_have_value(str(shown[1]))
        settled(page)
    for _ in range(4):  # quicker than the page: none is lost
        page.keyboard.press("s")
    expect(layer).to_have_value("0")
    page.keyboard.press("d")
    page.keyboard.press("d")
    page.keyboard.press("d")
    expect(head).to_have_value("4")


def test_no_key_acts_while_somebody_types_or_where_a_picture_has_the_focus(visit):
    page = visit("/heads?model=tiny&lang=en&layer=1&head=1&prompt=hello")
    page.locator(".st-key-prompt textarea").click()
    page.keyboard.type("nwf?")
    page.keyboard.press("Enter")
    expect(page.locator(".st-key-prompt textarea")).to_have_value(re.compile(r"nwf\?"))
    expect(page).to_have_url(re.compile(r"/heads\?.*nwf"))
    assert "projector" not in page.url and "layer=1" in page.url
    expect(page.locator(".st-key-keyboard dialog")).to_be_hidden()
    projected(page)
    page.locator(".st-key-grid .board").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".st-key-grid .root")).to_have_attribute("data-marked", re.compile(r"2,\d"))
    settled(page)
    assert "layer=1" in page.url  # the picture's own arrows
    page.keyboard.press("w")
    expect(page).to_have_url(re.compile("layer=2"))


def test_the_overlay_names_every_key_in_both_languages_and_letters_can_be_switched_off(visit):
    for lang in ("en", "zh"):
        page = visit(f"/norms?model=tiny&lang={lang}&prompt=hello")
        body(page)
        page.keyboard.press("?")
        overlay = page.locator(".st-key-keyboard dialog")
        expect(overlay).to_be_visible()
        for key in KEYS:
            expect(overlay).to_contain_text(translate(lang, f"common.key.{key.action}"))
        page.keyboard.press("n")  # behind the overlay nothing moves
        page.keyboard.press("Escape")
        expect(overlay).to_be_hidden()
        assert "/norms" in page.url
    page.keyboard.press("?")
    page.locator(".st-key-keyboard .letters input").uncheck()
    page.keyboard.press("?")
    expect(overlay).to_be_hidden()
    page.keyboard.press("n")
    page.keyboard.press("f")
    page.keyboard.press("?")  # the one that always acts
    expect(overlay).to_be_visible()
    assert "/norms" in page.url and "projector" not in page.url


def test_pin_is_a_click_where_the_mouse_points_or_enter_in_a_focused_picture(visit):
    page = visit("/compare?model=tiny&lang=en&layer=1&head=1&prompt=hello&b_prompt=hallo")
    body(page)
    box = page.locator(".st-key-sheets .difference .over").bounding_box()
    left, top, cell = page.locator(".st-key-sheets .root").evaluate(
        "root => (({left, top, cell}) => [left, top, cell.width])(root.glassformerSheets.plans.difference)"
    )
    page.mouse.move(box["x"] + left + 1.5 * cell, box["y"] + top + 3.5 * cell)
    page.keyboard.press("p")
    expect(page).to_have_url(re.compile("query=3.*key=1"))
    settled(page)
    page.locator(".st-key-sheets .board").focus()
    for key in ("ArrowUp", "ArrowUp", "p"):  # the first marks the pinned cell
        page.keyboard.press(key)
    expect(page).to_have_url(re.compile("query=2.*key=1"))


def test_a_lesson_s_own_buttons_come_before_the_map(visit):
    """What runs a lesson has buttons with these classes; here they are put into the page by hand."""
    page = visit(ADDRESS)
    page.evaluate("""() => {
        for (const part of ["forward", "back", "reveal"]) {
            const box = document.createElement("div");
            box.className = `st-key-lesson-${part}`;
            box.innerHTML = "<button>x</button>";
            box.firstChild.onclick = () => (document.title = part);
            document.querySelector(".stMain").append(box);
        }
    }""")
    body(page)
    for key, part in (("n", "forward"), ("b", "back"), ("r", "reveal")):
        page.keyboard.press(key)
        expect(page).to_have_title(part)
    assert "/heads" in page.url


def test_one_key_compares_what_a_room_shows(visit):
    page = visit("/moe?model=storyteller&lang=en&layer=2&prompt=hello+there")
    body(page)
    page.keyboard.press("c")
    expect(page).to_have_url(re.compile(r"/compare\?.*picture=experts"))
