"""What every page owes its reader, in a real browser: it is whole, whatever ended the run."""

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import settled

expect.set_options(timeout=30_000)  # the first picture in a fresh browser loads 7 MB of scripts


def stop(page: Page) -> None:
    """The Stop of Streamlit's toolbar."""
    page.get_by_test_id("stStatusWidget").get_by_role("button", name="Stop").click()


@pytest.mark.parametrize(
    ("path", "button", "underway", "last"),
    [
        ("/output?model=storyteller&prompt=Once", "generate", "Writing", ".st-key-foreseen .main-svg"),
        ("/mla?model=storyteller&prompt=Once&latent=cache", "grow", "of 32 tokens", ".st-key-growth .main-svg"),
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
