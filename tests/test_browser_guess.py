"""The guessing game by keyboard alone, in a real browser, its numbers against the trace."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from app.kit.address import View
from app.kit.numbers import percent
from app.rooms.guess import analysis, game
from app.rooms.guess.texts import TEXTS
from model import distribution, load, run_trace

expect.set_options(timeout=20_000)
STORY = TEXTS["story"]


@pytest.fixture
def room(visit):
    """``room("storyteller", riddle="sums")`` opens the page."""

    def open_page(name: str, **words: object) -> Page:
        page = visit("/guess?" + urlencode({"model": name, "lang": "en"} | words))
        expect(page.locator(".st-key-cloze .gap")).to_be_focused()
        return page

    return open_page


def say(page: Page, *guesses: str) -> None:
    """Type each guess and Enter, then Enter to see the token."""
    number = page.locator(".st-key-chips .chip").count()
    for at, guess in enumerate(guesses):
        page.keyboard.type(guess)
        page.keyboard.press("Enter")
        expect(page.locator(".st-key-cloze .candidate .chip")).to_have_count(at + 1)
    page.keyboard.press("Enter")
    expect(page.locator(".st-key-chips .chip")).not_to_have_count(number)
    expect(page.locator(".st-key-cloze .gap")).to_be_focused()


@pytest.mark.parametrize(("name", "guess"), [("storyteller", "lived"), ("tiny", "l")])
def test_the_points_are_those_of_the_run(room, name, guess):
    lm = load(name)
    page = room(name)
    hidden = STORY[1].split(".")[0].split()[-1]
    assert hidden not in page.content()  # a careless student looks
    say(page, f"{guess} 40", "had 20")
    played = game.read(View(), lm)
    first = played.asked[0]
    words = analysis.words([lm.tokenizer.piece(token) for token in range(lm.config.vocab_size)])
    probabilities = words.gathered(distribution(run_trace(lm, list(played.ids[:first])).logits[-1]))
    word = words.of[played.ids[first]]
    theirs = float(probabilities[word])
    ours = 0.4 + 0.4 * words.sizes[word] / words.sizes.sum()
    real = page.locator(".st-key-shown tr.real")
    expect(real.locator(".model")).to_have_text(percent(theirs))
    expect(real.locator(".ours")).to_have_text(percent(ours))
    heading = page.locator("h4").first
    expect(heading).to_contain_text(f"Token 2 of 20. You: {-np.log2(ours):.1f} bits, 1 right")
    expect(heading).to_contain_text(f"the model: {-np.log2(theirs):.1f} bits")
    expect(page.locator(".st-key-score").get_by_role("figure", name=f"you {-np.log2(ours):.1f} bits")).to_have_count(1)


def test_answers_survive_another_room_and_a_restart(room, visit):
    page = room("storyteller")
    say(page, "lived 90")
    say(page, "in")
    score = page.locator("h4").first.inner_text()
    assert score.startswith("Token 3 of 20")
    page.get_by_role("button", name="The lens at this position").click()
    expect(page).to_have_url(re.compile("/output.*output_part=lens"))
    expect(page.locator(".st-key-prompt textarea")).to_have_value(f"{STORY[0]} lived with")
    page.locator(".st-key-small_map a[data-address='guess']").click()
    expect(page.locator("h4").first).to_have_text(score)
    again = visit(page.url.removeprefix(page.url.split("/guess")[0]))  # another session knows the address only
    expect(again.locator("h4").first).to_have_text(score)


def test_what_is_typed_while_the_page_answers_is_not_lost(room):
    """Type, Enter, Enter at the speed of a typist: the second Enter came before the first was answered."""
    page = room("storyteller")
    for guess in ("lived", "with", "her"):
        page.keyboard.type(guess)
        page.keyboard.press("Enter")
        page.keyboard.press("Enter")
    page.keyboard.type("fath")
    expect(page.locator("h4").first).to_contain_text("Token 4 of 20")
    expect(page.locator("h4").first).to_contain_text("3 right; the model")
    expect(page.locator(".st-key-cloze .gap")).to_have_value("fath")


def test_a_guess_can_be_taken_back(room):
    page = room("storyteller")
    page.keyboard.type("cat")
    page.keyboard.press("Enter")
    expect(page.locator(".st-key-cloze .candidate .chip")).to_have_text(["·cat"])
    page.keyboard.press("Backspace")
    expect(page.locator(".st-key-cloze .candidate .chip")).to_have_count(0)
    page.keyboard.press("Enter")
    expect(page.locator(".st-key-cloze .hint")).to_have_text("Type a guess first.")


def test_the_prompt_of_the_other_pages_is_hidden_once_it_is_guessed(room):
    page = room("storyteller", prompt="The old king had a daughter who was as beautiful as the morning star.")
    page.locator(".st-key-riddle [role='combobox'], .st-key-riddle input").first.click()
    page.get_by_role("option", name="The prompt of the other pages").click()
    expect(page.locator(".st-key-cloze .before")).to_contain_text("The old king")
    expect(page).to_have_url(re.compile("riddle=~"))
    assert "morning" not in page.content() and "morning" not in page.url
