"""Large screens: type, pictures and charts grow with them, and no room leaves half of the page empty."""

import pytest
from playwright.sync_api import expect

from app.kit.stations import STATIONS
from tests.test_browser_output import PROMPT

SIZE = {"width": 2560, "height": 1440}
LETTERS = 16  # px of a chart's type on a small screen
TYPE = 26  # px of the page's type on it; of 17 on a small one
# In one moment: how far down the page is drawn, whether it is wider than the window, and the smallest of its letters.
READ = """() => {
  const apart = ".st-key-take, .st-key-source, .st-key-compare_link";
  const shown = [...document.querySelectorAll(".stMain .stElementContainer")].filter((part) => !part.closest(apart));
  const boxes = shown.map((part) => part.getBoundingClientRect()).filter((box) => box.width > 1 && box.height > 1);
  const inside = (root) => [...root.querySelectorAll("*")].flatMap((node) => [node, ...within(node.shadowRoot)]);
  const within = (shadow) => (shadow ? inside(shadow) : []);
  const letters = inside(document).filter((node) => node.matches("svg.plot text") && node.textContent.trim());
  return {
    type: parseFloat(getComputedStyle(document.documentElement).fontSize),
    reached: Math.max(...boxes.map((box) => box.bottom)) / innerHeight,
    tooWide: document.documentElement.scrollWidth > innerWidth + 1,
    letters: Math.min(...letters.map((text) => parseFloat(getComputedStyle(text).fontSize)), 99),
  };
}"""


# But the game of guessing, which begins with one line of text.
@pytest.mark.parametrize("room", [station.address for station in STATIONS if station.address != "guess"])
def test_a_room_fills_a_large_screen(visit, room):
    """At 1920 and 2,560 px the letters stayed as small as on a laptop, and half of many pages was empty."""
    page = visit(f"/{room}?lang=en&prompt={PROMPT}", viewport=SIZE)
    large = f"found.type === {TYPE} && found.letters >= {LETTERS * TYPE / 17 - 1} && found.reached > 0.5"
    page.wait_for_function(f"() => {{ const found = ({READ})(); return {large} && !found.tooWide; }}")


def test_the_type_of_a_laptop_stays(visit):
    page = visit(f"/mla?lang=en&prompt={PROMPT}&latent=cache")
    expect(page.locator(".st-key-growth .plot")).to_be_visible()
    found = page.evaluate(READ)
    assert (found["type"], found["letters"]) == (17, LETTERS)
