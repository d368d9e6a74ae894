"""Terms that explain themselves, and the hint of the first visit, in a real browser."""

from __future__ import annotations

import re
import tomllib

import pytest
from playwright.sync_api import Page, expect

from app.kit.help import GLOSSARY, terms
from app.text import SENTENCES, offered

expect.set_options(timeout=20_000)
ADDRESS = "/attention?lang={lang}&model=storyteller&prompt=Once+upon+a+time+there+was+a"
MARKED = """() => [...(CSS.highlights.get("explained-term") ?? [])]
  .map((mark) => mark.startContainer.data.slice(mark.startOffset, mark.endOffset))"""
# Every marked word with the whole sentence that it is in.
IN_SENTENCES = """() => [...CSS.highlights.get("explained-term")].map((mark) => [
  mark.startContainer.parentElement.closest("p, li").textContent,
  mark.startContainer.data.slice(mark.startOffset, mark.endOffset),
])"""
# Where the first marked place of a word lies.
PLACE = """(word) => {
  for (const mark of CSS.highlights.get("explained-term")) {
    const range = document.createRange();
    range.setStart(mark.startContainer, mark.startOffset);
    range.setEnd(mark.endContainer, mark.endOffset);
    const { left, top, width, height } = range.getBoundingClientRect();
    if (range.toString() === word) return [left + width / 2, top + height / 2];
  }
}"""


def point(page: Page, word: str) -> None:
    """Point at a marked word, once it is marked."""
    page.wait_for_function(f"() => ({MARKED})().includes({word!r})")
    page.mouse.move(*page.evaluate(PLACE, word))


def test_the_glossary_says_every_term_in_every_language():
    entries = tomllib.loads(GLOSSARY.read_text(encoding="utf-8"))
    for lang in offered():
        assert len(terms(lang)) == len(entries)
        words = [word.lower() for term in terms(lang) for word in term["words"]]
        assert len(words) == len(set(words)), "a word of two terms"
        every = " ".join(SENTENCES[lang].values()).lower()
        for term in terms(lang):
            assert set(term) == {"words", "means"} and term["means"].strip()
            assert any(word.lower() in every for word in term["words"]), f"no sentence has {term['words']}"


@pytest.mark.parametrize(("lang", "word", "says"), [("en", "attention", "weighted sum"), ("zh", "注意力", "加权求和")])
def test_a_term_explains_itself(visit, lang, word, says):
    page = visit(ADDRESS.format(lang=lang))
    tip = page.locator(".st-key-help [role='tooltip']")
    expect(tip).to_be_hidden()
    point(page, word)
    expect(tip).to_contain_text(says)
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()


def test_a_term_is_marked_once_in_a_sentence_and_a_token_never(visit):
    """The word "attention" in the prompt is a token of a class, no term of the field."""
    page = visit("/output?lang=en&model=storyteller&prompt=The+teacher+has+your+attention")
    expect(page.locator("h4").first).to_contain_text("attention")
    page.wait_for_function(f"() => ({MARKED})().length > 0")
    paragraphs = page.evaluate(IN_SENTENCES)
    for text, word in paragraphs:
        assert f"“·{word}”" not in text
        assert sum(t == text and w.lower() == word.lower() for t, w in paragraphs) == 1


def test_new_sentences_are_marked_too(visit):
    page = visit("/output?lang=en&model=storyteller&prompt=Once")
    page.get_by_role("radio", name="The lens").click()
    point(page, "residual stream")
    expect(page.locator(".st-key-help [role='tooltip']")).to_contain_text("runs through all layers")


def test_all_terms_are_listed_by_the_keyboard(visit):
    page = visit(ADDRESS.format(lang="en"))
    button = page.get_by_role("button", name="Terms and help")
    button.focus()
    page.keyboard.press("Enter")
    listed = page.get_by_role("region", name="Terms and help")
    expect(listed.locator("dt")).to_have_count(len(terms("en")))
    expect(listed.locator("h2")).to_have_text(["Terms on this page", "Other terms"])
    page.keyboard.press("Escape")
    expect(listed).to_be_hidden()


def test_the_hint_goes_away_for_good(visit):
    page = visit(ADDRESS.format(lang="en"), hint=True)
    hint = page.locator(".st-key-help .hint")
    expect(hint).to_contain_text("New here?")
    page.get_by_role("button", name="Got it").click()
    expect(hint).to_have_count(0)
    page.reload()
    expect(page.locator(".st-key-chips .chip").first).to_be_visible()
    page.wait_for_function(f"() => CSS.highlights.has('explained-term') && ({MARKED})().length > 0")
    expect(hint).to_have_count(0)


def test_a_page_stays_as_streamlit_drew_it(visit):
    """Wrapping words in elements of our own would break React's next drawing of the sentence."""
    page = visit(ADDRESS.format(lang="en"))
    page.wait_for_function(f"() => ({MARKED})().length > 0")
    assert page.locator(".stMarkdown mark, .stMarkdown [class*=term]").count() == 0
    page.locator(".st-key-lang button", has_text="中文").click()
    expect(page.locator(".stMarkdown p").first).to_contain_text(re.compile("[一-鿿]"))
    page.wait_for_function(f"() => ({MARKED})().includes('注意力')")
