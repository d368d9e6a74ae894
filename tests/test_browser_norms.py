"""The norms' page in a real browser: the steps that are drawn are the model's."""

import re

import numpy as np
import pytest
from playwright.sync_api import Page, expect

import model

PROMPT = "Once upon a time"
expect.set_options(timeout=20_000)


def panel(page: Page, kind: str):
    return page.locator(f".st-key-steps .panel[data-kind={kind}]")


def number(text: str) -> float:
    return float(text.replace("−", "-").replace("(", "").replace(")", ""))


@pytest.mark.parametrize(
    ("name", "own", "terms"), [("storyteller-classic", "layer", 4), ("storyteller", "rms", 2), ("tiny", "rms", 2)]
)
def test_the_arithmetic_of_an_entry_is_the_model_s(visit, name, own, terms):
    page = visit(f"/norms?model={name}&prompt={PROMPT}&norm=second&layer=1&query=2&entry=5")
    trace = model.run_trace(model.load(name), PROMPT)
    expect(page.locator(".panel.own")).to_have_attribute("data-kind", own)
    written = panel(page, own).locator(".term")
    expect(written).to_have_count(terms)
    stream, normalized = trace["blocks.1.hook_resid_mid"][2, 5], trace["blocks.1.ln2.hook_normalized"][2, 5]
    assert number(written.first.inner_text().split()[0]) == pytest.approx(stream, rel=1e-4)
    divided = written.nth(1 if own == "layer" else 0).inner_text()
    assert "÷" in divided and number(divided.split("= ")[1]) == pytest.approx(normalized, rel=1e-4, abs=1e-7)
    scale = trace["blocks.1.ln2.hook_scale"][2, 0]
    assert number(divided.split("÷ ")[1].split(" =")[0]) == pytest.approx(scale, rel=1e-4)


def test_hover_marks_an_entry_in_both_panels_and_a_click_keeps_it(visit):
    page = visit(f"/norms?model=tiny&prompt={PROMPT}&norm=final")
    canvas = panel(page, "layer").locator("canvas").first
    canvas.hover(position={"x": 2, "y": 10})
    for kind in ("layer", "rms"):
        expect(panel(page, kind).locator(".arithmetic b")).to_have_text("Entry 0")
    canvas.click(position={"x": canvas.bounding_box()["width"] - 2, "y": 10})
    expect(page).to_have_url(re.compile("entry=47"))
    page.locator(".st-key-prompt").hover()
    expect(panel(page, "rms").locator(".arithmetic b")).to_have_text("Entry 47")


def test_the_largest_entry_is_written_first_and_the_keyboard_goes_on(visit):
    page = visit(f"/norms?model=tiny&prompt={PROMPT}&layer=2&lang=zh")
    largest = int(np.abs(model.run_trace(model.load("tiny"), PROMPT)["blocks.2.hook_resid_pre"][-1]).argmax())
    root = page.locator(".st-key-steps .root")
    expect(root).to_have_attribute("data-entry", str(largest))
    page.locator(".st-key-steps .panels").focus()
    page.keyboard.press("ArrowLeft" if largest else "ArrowRight")
    expect(root).to_have_attribute("data-entry", str(largest - 1 if largest else 1))
