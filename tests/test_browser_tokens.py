"""The page on tokens in a real browser, against the tokenizers themselves."""

import re
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

import model
from model.files.byte_pairs import BytePairs
from model.files.catalog import load_tokenizer

PROMPT = "there was a 你好 <|endoftext|>"
expect.set_options(timeout=20_000)


def address(**words: object) -> str:
    return "/tokens?" + urlencode({"model": "storyteller", "lang": "en", "prompt": PROMPT} | words)


def cards(page: Page):
    return page.locator(".st-key-spelling .card")


def steps(page: Page):
    return page.locator(".st-key-ladder .step")


@pytest.mark.parametrize("name", ["storyteller", "tiny"])
def test_each_card_has_its_tokens_id_and_bytes(visit, name):
    tokenizer = load_tokenizer(name)
    ids = tokenizer.encode(PROMPT)
    page = visit(address(model=name))
    expect(cards(page)).to_have_count(len(ids))
    assert cards(page).locator(".id").all_inner_texts() == [str(token) for token in ids]
    spelled = cards(page).evaluate_all(
        "cards => cards.map(card => [...card.querySelectorAll('.byte')].map(byte => byte.textContent).join(''))"
    )
    assert [bytes.fromhex(text) for text in spelled] == [tokenizer.token_bytes(token) for token in ids]
    expect(page.locator(".st-key-spelling .special")).to_have_count(1)


def test_the_steps_of_a_token_end_at_it(visit):
    page = visit(address(query=0))
    pairs = BytePairs(load_tokenizer("storyteller"))
    (piece, *_) = pairs.pieces(PROMPT)
    merges = pairs.merges(piece.text)
    expect(steps(page)).to_have_count(1 + len(merges))
    assert steps(page).locator(".rule").all_inner_texts()[1:] == [f"rule {merge.rank + 1}" for merge in merges]
    expect(steps(page).last.locator(".symbol")).to_have_text(["there"])
    expect(page.get_by_text(f"the ids are {piece.ids[0]}, the same as")).to_be_visible()
    # Another token is chosen by a click on its card, and the special one has no steps.
    cards(page).nth(1).click()
    expect(page).to_have_url(re.compile("query=1"))
    expect(steps(page).last.locator(".symbol")).to_have_text(["·was"])
    page.locator(".st-key-spelling .special").click()
    expect(steps(page)).to_have_count(0)
    expect(page.get_by_text("is a special token")).to_be_visible()


def test_the_same_text_under_every_tokenizer_with_its_count(visit):
    page = visit(address())
    rows = page.locator(".st-key-comparison .row")
    expect(rows).to_have_count(2)  # the storytellers share one
    for row, name in zip(rows.all(), ["storyteller", "tiny"], strict=True):
        ids = model.load(name).tokenizer.encode(PROMPT)
        expect(row.locator(".models")).to_contain_text(name)
        expect(row.locator(".count")).to_contain_text(f"tokens: {len(ids)},")
        expect(row.locator(".chip")).to_have_count(len(ids))


def test_a_cut_character_is_marked_and_explained(visit):
    page = visit(address(prompt="a 🐝"))
    expect(page.locator(".st-key-spelling .from.on")).to_have_count(2)
    expect(page.get_by_text("A dashed edge is a cut inside a character")).to_be_visible()
    page.locator(".st-key-try_digits button").click()
    expect(page.locator(".st-key-prompt textarea")).to_have_value("1984 + 25")
    expect(page.get_by_text("A dashed edge")).to_have_count(0)


@pytest.mark.parametrize("prompt", ["<img src=x onerror=alert(1)>", "x" * 400])
def test_hostile_and_long_prompts_stay_in_their_place(visit, prompt):
    page = visit(address(model="tiny", prompt=prompt), viewport={"width": 390, "height": 844})
    page.on("dialog", lambda dialog: pytest.fail("a token ran as script"))
    expect(cards(page)).to_have_count(len(prompt))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator(".stMain img").count() == 0
