"""What every page owes its reader, in a real browser: it is whole, at every width, whatever ended the run."""

import re

import pytest
from playwright.sync_api import Page, expect

from app.kit.stations import STATIONS
from tests.conftest import settled

expect.set_options(timeout=30_000)  # the first picture in a fresh browser loads 7 MB of scripts


def stop(page: Page) -> None:
    """The Stop of Streamlit's toolbar."""
    page.get_by_test_id("stStatusWidget").get_by_role("button", name="Stop").click()


@pytest.mark.parametrize(
    ("path", "button", "underway", "last"),
    [
        ("/output?model=storyteller&prompt=Once", "generate", "Writing", ".st-key-foreseen .plot"),
        ("/mla?model=storyteller&prompt=Once&latent=cache", "grow", "of 32 tokens", ".st-key-growth .plot"),
    ],
)
def test_the_toolbars_stop_leaves_a_whole_page(visit, path, button, underway, last):
    """The text written so far stood there without bars or button; the cache's page went blank."""
    page = visit(path)
    start = page.locator(f".st-key-{button} button")
    start.click()
    expect(page.get_by_text(underway).first).to_be_visible()
    stop(page)
    expect(start).to_be_visible()
    expect(page.locator(last).first).to_be_visible()
    expect(page.get_by_text(underway)).to_have_count(0)
    expect(page.locator(".st-key-whole")).to_be_attached()
    settled(page)


WIDTHS = (390, 600, 960, 1280, 1920)

# What is cut off on a page: text wider than what shows it, and controls beyond their row's or the page's edge.
CUT = """() => {
  const cut = [];
  const clips = (node) => ["hidden", "clip", "auto", "scroll"].includes(getComputedStyle(node).overflowX);
  const main = document.querySelector(".stMain");
  for (const node of main.querySelectorAll("button, label, h4, [role=radio], [role=tab]")) {
    const seen = node.checkVisibility({ visibilityProperty: true, opacityProperty: true });
    if (!seen || !node.textContent.trim()) continue;
    for (const part of [node, ...node.querySelectorAll("*")]) {
      if (clips(part) && part.clientWidth > 2 && part.scrollWidth > part.clientWidth + 1) cut.push(part.textContent);
    }
    const right = node.getBoundingClientRect().right;
    for (let above = node.parentElement; above; above = above.parentElement) {
      if (clips(above) && above.clientWidth > 2 && right > above.getBoundingClientRect().right + 1) {
        cut.push(node.textContent);
        break;
      }
    }
  }
  const wide = [document.documentElement, main].filter((node) => node.scrollWidth > node.clientWidth + 1);
  return [...new Set(cut), ...wide.map((node) => `${node.tagName} is ${node.scrollWidth} of ${node.clientWidth} px`)];
}"""


@pytest.mark.parametrize("station", STATIONS, ids=lambda station: station.address)
def test_nothing_is_cut_at_any_width(visit, station):
    """The language switch read "glish" at 960 px, rows of buttons faded out, whole pages scrolled sideways."""
    page = visit(f"/{station.address}?model=storyteller")
    expect(page.locator(".st-key-whole")).to_be_attached()
    cut = {}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        page.wait_for_function("width => document.querySelector('.stMain').clientWidth <= width", arg=width)
        settled(page)
        cut[width] = page.evaluate(CUT)
    assert cut == {width: [] for width in WIDTHS}


def test_a_model_without_the_layer_says_so(visit):
    """The layer fell to 0 without a word."""
    page = visit("/attention?model=tiny&layer=57&head=99&prompt=a+bee")
    said = page.get_by_test_id("stAlert").filter(has_text="has no layer 57")
    expect(said).to_contain_text("layer 0 is shown")
    expect(said).to_contain_text("has no head 99")


def test_the_chips_are_one_stop_of_the_tab_key(visit):
    """Each of 300 tokens was a stop before the first control of the page."""
    page = visit("/output?model=tiny&prompt=a+bee&query=1")
    chips = page.locator(".st-key-chips .chip")
    expect(chips).to_have_count(5)
    assert chips.evaluate_all("chips => chips.filter(chip => chip.tabIndex === 0).length") == 1
    chips.nth(1).focus()
    page.keyboard.press("ArrowRight")
    expect(chips.nth(2)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("query=2"))
    expect(chips.nth(2)).to_be_focused()


def test_a_long_prompts_chips_are_whole_rows_and_say_which(visit):
    """Two clipped rows, and no word of how many tokens there are."""
    page = visit("/output?model=tiny&prompt=" + "a+bee+and+" * 30)
    box, where = page.locator(".st-key-chips .chips"), page.locator(".st-key-chips .where")
    expect(where).to_contain_text("to 299 of 300")  # the chosen token is the last
    read = """chips => {
      const box = chips.getBoundingClientRect();
      const inside = ({ top, bottom }) => top >= box.top - 2 && bottom <= box.bottom + 2;
      const outside = ({ top, bottom }) => bottom <= box.top + 3 || top >= box.bottom - 3;
      const places = [...chips.children].map((chip) => chip.getBoundingClientRect());
      return [places.findIndex(inside), places.every((place) => inside(place) || outside(place))];
    }"""
    first, whole = box.evaluate(read)
    assert whole and f"Tokens {first} to" in where.inner_text()
    page.locator(".st-key-chips .chip").nth(40).focus()
    expect(where).not_to_contain_text("to 299 of 300")


def test_bytes_of_a_character_are_explained(visit):
    page = visit("/output?model=tiny&prompt=%F0%9F%98%80")
    chip = page.locator(".st-key-chips .chip").first
    expect(chip).to_have_text("⟨F0⟩")
    assert "part of a character" in chip.get_attribute("title")


def test_enter_runs_and_a_pasted_or_shifted_line_break_stays(visit):
    """Pasted breaks became blanks, and there was no way to type one."""
    page = visit("/output?model=tiny&prompt=a")
    box, chips = page.locator(".st-key-prompt textarea"), page.locator(".st-key-chips .chip")
    box.fill("a")
    box.press("Shift+Enter")
    expect(box).to_have_value("a\n")
    box.evaluate(
        """box => {
          const clipboard = new DataTransfer();
          clipboard.setData("text/plain", "b\\nc");
          box.dispatchEvent(new ClipboardEvent("paste", { clipboardData: clipboard, bubbles: true, cancelable: true }));
          document.execCommand("insertText", false, "b\\nc");
        }"""
    )
    expect(box).to_have_value("a\nb\nc")
    expect(chips).to_have_count(1)  # nothing has run yet
    box.press("Enter")
    expect(chips).to_have_text(["a", "↵", "b", "↵", "c"])
    expect(box).to_have_value("a\nb\nc")
    expect(page).to_have_url(re.compile("prompt=a%0Ab%0Ac"))


def test_choices_stay_until_they_are_changed(visit):
    """A part of a page, a head and how the next token is drawn were forgotten by a visit elsewhere and a new prompt."""
    page = visit("/mla?model=tiny&lang=en&prompt=a+bee&latent=lost&head=2&temperature=0.7")
    chips = page.locator(".st-key-chips .chip")
    page.get_by_role("link", name="Experts", exact=True).click()
    expect(page).to_have_url(re.compile("/moe"))
    expect(page.locator(".st-key-whole")).to_be_attached()
    page.locator(".st-key-prompt textarea").fill("bees")
    page.locator(".st-key-prompt textarea").press("Enter")
    expect(chips).to_have_count(4)
    page.get_by_role("link", name="Latent attention", exact=True).click()
    expect(page).to_have_url(re.compile(r"/mla\?.*prompt=bees"))
    expect(page.get_by_role("radio", name="What is lost")).to_have_attribute("aria-checked", "true")
    expect(page.locator(".st-key-head input")).to_have_value("2")
    expect(page).to_have_url(re.compile("temperature=0.7"))


def test_a_chosen_theme_stays_on_another_page_after_a_reload(visit):
    """Streamlit remembers it by the path at which the page was loaded."""
    page = visit("/output?model=tiny&lang=en", color_scheme="light")
    page.get_by_test_id("stMainMenu").get_by_role("button").click()
    page.get_by_test_id("stMainMenuPopover").get_by_text("Dark").click()
    app = page.get_by_test_id("stApp")
    expect(app).to_have_css("color-scheme", "dark")
    page.goto(page.url.replace("/output", "/moe"))
    expect(app).to_have_css("color-scheme", "dark")
    page.reload()
    expect(app).to_have_css("color-scheme", "dark")


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("/atention?lang=en&prompt=a+bee", "There is no room “atention”."),
        ("/atention?lang=zh&prompt=a+bee", "没有名为“atention”的页面。"),
        ("/%3Cb%3E*x*%3C%2Fb%3E?lang=en&prompt=a+bee", "There is no room"),
    ],
)
def test_who_asks_for_a_room_that_does_not_exist_is_led_to_the_map_and_told_so(visit, address, sentence):
    """Streamlit's own dialog says it in English alone."""
    page = visit(address)
    told = page.locator("[data-testid='stAlert']").filter(has_text=sentence)
    told.wait_for()
    assert page.get_by_test_id("stDialog").count() == 0
    assert page.locator(".st-key-prompt textarea").input_value() == "a bee"
    page.reload()
    settled(page)
    page.locator(".st-key-chips .chip").first.wait_for()
    assert told.count() == 0  # said once
