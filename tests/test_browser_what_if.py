"""What if, in a real browser: the changes that are clicked and drawn, against the trace."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from app.kit.numbers import percent_change
from app.kit.prediction import difference
from model import LanguageModel, distribution, load, run_trace
from model.interventions import AblateHead, FreezePattern, NoMask, NoScaling, UniformPattern
from tests.conftest import settled

PROMPT = "Once upon a <b>"
expect.set_options(timeout=20_000)


@pytest.fixture
def room(visit):
    """``room("tiny", off="1")`` opens the page."""

    def open_page(name: str = "tiny", **words: object) -> Page:
        page = visit("/what-if?" + urlencode({"model": name, "lang": "en", "prompt": PROMPT} | words))
        page.locator(".st-key-patterns canvas").first.wait_for()
        return page

    return open_page


@pytest.fixture(scope="module")
def storyteller() -> LanguageModel:
    return load("storyteller")


def expect_prediction(page: Page, lm: LanguageModel, *changes) -> None:
    """The bars and the sentence show what `lm` predicts with `changes`."""
    plain, changed = run_trace(lm, PROMPT), run_trace(lm, PROMPT, interventions=changes)
    made = difference(plain.logits[-1], changed.logits[-1])
    pairs = zip(made.before.tolist(), made.after.tolist(), strict=True)
    texts = [f"{printed.before} → {printed.after} %" for printed in (percent_change(p, q) for p, q in pairs)]
    shown = page.locator(".st-key-before_after .words")
    expect(shown).to_contain_text(texts)
    p, q = distribution(plain.logits[-1]), distribution(changed.logits[-1])
    best = int(p.argmax())
    expect(page.locator("h4")).to_contain_text(lm.tokenizer.shown(best))
    expect(page.locator("h4")).to_contain_text(f"{percent_change(float(p[best]), float(q[best])).after} %")


def middle(page: Page, sheet: str, row: int, column: int) -> dict:
    """Where a cell lies on its canvas."""
    find = "root => (({left, top, cell}) => [left, top, cell])(root.glassformerPatterns.places)"
    left, top, cell = page.locator(".st-key-patterns .root").evaluate(find)
    return {"x": left + (column + 0.5) * cell, "y": top + (row + 0.5) * cell}


def point(page: Page, row: int, column: int) -> None:
    page.locator(".st-key-patterns .after canvas").hover(position=middle(page, "after", row, column))


@pytest.mark.parametrize("name", ["storyteller", "tiny"])
def test_changes_combine_and_before_stands_beside_after(room, tiny, storyteller, name):
    lm = {"tiny": tiny, "storyteller": storyteller}[name]
    page = room(name, layer=1, head=1, off="0.1", even="1.1")
    expect_prediction(page, lm, UniformPattern(1, 1), AblateHead(0, 1))
    page.locator(".st-key-unmasked label").click()
    expect(page).to_have_url(re.compile("unmasked=True"))
    changes = (NoMask(), UniformPattern(1, 1), AblateHead(0, 1))
    expect_prediction(page, lm, *changes)
    expect(page.locator("h4")).to_contain_text("Without the mask, with one head off and with one uniform head")
    plain, changed = run_trace(lm, PROMPT), run_trace(lm, PROMPT, interventions=changes)
    point(page, 2, 1)
    before, after = (trace.pattern(1)[1, 2, 1] for trace in (plain, changed))
    expect(page.locator(".st-key-patterns .readout")).to_contain_text(f"{before:.3f} before, {after:.3f} after")


def test_heads_are_switched_by_the_brush_a_layer_by_its_name(room, tiny):
    page = room()
    page.locator(".st-key-switches .tool.off").click()
    page.locator('.st-key-switches [data-place="1.0"]').click()
    page.locator('.st-key-switches [data-place="1.2"]').click()
    expect(page).to_have_url(re.compile(r"off=1\.0~1\.2|off=1\.0%7E1\.2"))
    expect_prediction(page, tiny, AblateHead(1, 0), AblateHead(1, 2))
    page.locator(".st-key-switches .tool.even").click()
    page.locator(".st-key-switches .layer").nth(0).click()
    heads = tiny.config.attention.n_heads
    expect_prediction(
        page, tiny, *(UniformPattern(0, head) for head in range(heads)), AblateHead(1, 0), AblateHead(1, 2)
    )
    page.locator(".st-key-reset button").click()
    expect(page.locator("h4")).to_contain_text("Change attention")
    assert "off=" not in page.url


def test_a_pattern_is_drawn_and_its_row_normalised(room, tiny):
    page = room(layer=1, head=1)
    page.locator(".st-key-patterns .pen").click()
    canvas = page.locator(".st-key-patterns .after canvas")
    canvas.click(position=middle(page, "after", 3, 0))
    for _ in range(3):
        canvas.click(position=middle(page, "after", 3, 2))
    expect(page).to_have_url(re.compile(r"drawn=1\.1\.3\.0\.1(~|%7E)1\.1\.3\.2\.3"))
    expect_prediction(page, tiny, FreezePattern(1, 1, ((3, 0, 1.0), (3, 2, 3.0))))
    point(page, 3, 2)
    expect(page.locator(".st-key-patterns .readout")).to_contain_text("0.750 after")
    page.locator(".st-key-patterns .clear").click()
    expect(page.locator("h4")).to_contain_text("Change attention")


def test_the_keyboard_draws_too(room, tiny):
    page = room(layer=0, head=0)
    page.locator(".st-key-patterns .pen").click()
    page.locator(".st-key-patterns .after canvas").focus()
    last = len(run_trace(tiny, PROMPT).ids) - 1
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("5")
    expect(page).to_have_url(re.compile(rf"drawn=0\.0\.{last}\.{last - 1}\.5"))
    expect_prediction(page, tiny, FreezePattern(0, 0, ((last, last - 1, 5.0),)))


def test_what_a_model_has_no_place_for_is_said(room):
    page = room(off="40.1", unscaled=True)
    expect(page.locator("[data-testid='stAlert']")).to_contain_text("layer 40 does not exist")
    expect(page.locator("h4")).to_contain_text("Without scaling")


def test_a_long_prompt_shows_a_window_around_the_chosen_token(room, tiny):
    prompt = "the cat and the dog " * 14
    count = len(run_trace(tiny, prompt).ids)
    page = room(prompt=prompt, query=40, unscaled=True)
    settled(page)
    expect(page.locator(".stMain")).to_contain_text(f"Tokens 28 to 51 of {count}")
    plain, changed = run_trace(tiny, prompt), run_trace(tiny, prompt, interventions=[NoScaling()])
    point(page, 12, 3)  # token 40 looks at token 31
    before, after = (trace.pattern(0)[0, 40, 31] for trace in (plain, changed))
    assert np.isfinite([before, after]).all()
    expect(page.locator(".st-key-patterns .readout")).to_contain_text(f"{before:.3f} before, {after:.3f} after")
