"""Every room for those who do not see it, or have no mouse: axe-core in both themes, names of pictures, the Tab key."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from app.kit.stations import STATIONS
from app.kit.theme import DARK
from tests.conftest import STILL, settled

SERIOUS = ("serious", "critical")
# Parts of rooms with pictures or controls of kinds that no room's first part has.
PARTS = (
    "attention?aspect=sum",
    "attention?query=3&key=1",
    "output?output_part=choice",
    "residual?stream=heads",
    "moe?routing=decision",
    "mla?latent=size",
    "what-if?unmasked=True",
)
# Every picture that nothing names: neither a label of its own nor one of a part around it.
NAMELESS = """() => {
  const inside = (root) =>
    [...root.querySelectorAll("*")].flatMap((node) => [node, ...(node.shadowRoot ? inside(node.shadowRoot) : [])]);
  const above = (node) => node.parentElement ?? node.getRootNode().host;
  const named = (node) =>
    !node.matches(".stMain") &&
    (node.ariaLabel || node.ariaHidden === "true" || named(above(node)));
  const keyed = (node) => node.closest("[class*=st-key-]") ?? keyed(node.getRootNode().host);
  return inside(document.querySelector(".stMain"))
    .filter((node) => node.matches("canvas, svg.plot") && node.getBoundingClientRect().width > 40)
    .filter((node) => !named(node))
    .map((node) => `${node.outerHTML.slice(0, 90)} in ${keyed(node).className}`);
}"""


def serious(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [
        f"{violation['id']}: {node['target']} {node['html'][:120]} {node['failureSummary'][:300]}"
        for violation in found
        if violation["impact"] in SERIOUS
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize("address", [*(station.address for station in STATIONS), *PARTS])
def test_a_room_can_be_used_without_seeing_it(visit, address):
    """Text on tints was too faint in the dark, white on green in the light, and a scrolling list had no keyboard."""
    page = visit("/" + address + ("&" if "?" in address else "?") + "lang=en&model=storyteller&prompt=Once+upon+a+time")
    assert serious(page) == []
    assert page.evaluate(NAMELESS) == []
    page.emulate_media(color_scheme="dark")
    red, green, blue = (int(DARK.paper[i : i + 2], 16) for i in (1, 3, 5))
    expect(page.locator(".stApp")).to_have_css("background-color", f"rgb({red}, {green}, {blue})")
    # What is drawn in the theme's colours is drawn anew by a run of its own.
    expect(page.locator(".st-key-theme .root")).to_have_attribute("data-drawn", "dark")
    settled(page)
    page.wait_for_function(STILL)
    assert serious(page) == []


def test_the_line_of_stations_is_one_stop_of_the_tab_key(visit):
    """Whoever has no mouse went through fifteen links before the prompt, on every page."""
    page = visit("/tokens?lang=en&model=tiny&prompt=bees")
    here = page.locator(".st-key-small_map a[aria-current]")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to main content")).to_be_focused()
    here.focus()
    page.keyboard.press("Tab")
    expect(page.locator(".st-key-small_map button").last).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(here).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/embeddings"))
