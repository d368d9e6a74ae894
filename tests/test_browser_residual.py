"""The residual stream's page in a real browser: effects that sum up, tokens chosen, heads that lead on."""

import re
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from playwright.sync_api import Page, expect

import model
from app.kit.numbers import signed
from app.rooms.residual.analysis import effects, ranked

PROMPT = "Once upon a time"
expect.set_options(timeout=20_000)


def chips(page: Page, word: str):
    return page.locator(f".st-key-{word}_chips .chip")


def difference(trace: model.Trace, target: int, against: int) -> str:
    return signed(float(trace.logits[-1, target] - trace.logits[-1, against]), 4)


@pytest.mark.parametrize("name", ["storyteller-classic", "storyteller", "tiny"])
def test_all_parts_sum_to_the_model_s_difference(visit, name):
    page = visit(f"/residual?model={name}&prompt={PROMPT}&stream=effect")
    trace = model.run_trace(model.load(name), PROMPT)
    best, second = np.argsort(-trace.logits[-1])[:2]
    real = difference(trace, best, second)
    expect(page.get_by_text("All parts together")).to_contain_text(f"All parts together: {real}.")
    expect(page.get_by_text("All parts together")).to_contain_text(f"difference of the two logits: {real}")


def test_tokens_are_chosen_by_chips_and_by_search(visit):
    page = visit(f"/residual?model=storyteller&prompt={PROMPT}&stream=effect")
    lm = model.load("storyteller")
    trace = model.run_trace(lm, PROMPT)
    order = np.argsort(-trace.logits[-1])
    expect(chips(page, "target").first).to_have_attribute("aria-pressed", "true")
    chips(page, "against").nth(1).click()
    expect(chips(page, "against").filter(has_text=lm.tokenizer.shown(int(order[2])))).to_have_attribute(
        "aria-pressed", "true"
    )
    page.locator(".st-key-find_token input").fill("dragon")
    page.locator(".st-key-find_token input").press("Enter")
    expect(chips(page, "target").filter(has_text="dragon").first).to_be_visible()
    chips(page, "target").filter(has_text="dragon").first.click()
    expect(page.locator("h4").first).to_contain_text("dragon")
    (text,) = parse_qs(urlsplit(page.url).query)["target"]
    target = [lm.tokenizer.shown(token) for token in range(lm.config.vocab_size)].index(text)
    expect(page.get_by_text("All parts together")).to_contain_text(difference(trace, target, order[2]))


def test_a_row_leads_to_its_head(visit):
    page = visit(f"/residual?model=storyteller&prompt={PROMPT}&stream=heads&lang=zh")
    lm = model.load("storyteller")
    trace = model.run_trace(lm, PROMPT)
    best, second = (int(token) for token in np.argsort(-trace.logits[-1])[:2])
    layer, head, effect = ranked(effects(lm, trace, len(trace.ids) - 1, best, second).heads, 1)[0]
    row = page.locator(".st-key-ranking .row").first
    expect(row.locator(".number")).to_have_text(signed(effect, 3))
    row.click()
    expect(page).to_have_url(re.compile(r"/attention\?"))
    expect(page.locator(".st-key-layer input")).to_have_value(str(layer))
    expect(page.locator(".st-key-head input")).to_have_value(str(head))
    expect(page.locator(".st-key-prompt textarea")).to_have_value(PROMPT)


def test_the_stream_of_one_token_has_its_picture_too(visit):
    page = visit("/residual?model=tiny&prompt=a")
    expect(page.locator(".st-key-growth .figure")).to_be_visible()
    expect(page.locator(".st-key-growth .bar")).to_have_count(9 - 1)
    expect(page.get_by_text("The 9 additions, summed up here")).to_be_visible()
