"""Light and dark, in a real browser: a change of theme changes what is already drawn."""

import pytest
from playwright.sync_api import Page, expect


def by_system(page: Page) -> None:
    page.emulate_media(color_scheme="dark")


def by_menu(page: Page) -> None:
    page.get_by_test_id("stMainMenu").get_by_role("button").click()
    page.get_by_test_id("stMainMenuPopover").get_by_text("Dark").click()


@pytest.mark.parametrize("darken", [by_system, by_menu])
def test_a_new_theme_is_drawn_at_once(visit, darken):
    """Streamlit runs nothing when the theme changes: the picture stayed light on a dark page."""
    page = visit("/attention?model=tiny&lang=en&prompt=a+bee", color_scheme="light")
    expect(page.get_by_text("darkest cell of a row")).to_be_visible()
    darken(page)
    expect(page.get_by_text("brightest cell of a row")).to_be_visible(timeout=15_000)
