"""Lessons in a real browser: taken by keyboard alone, left and taken up, uploaded, drafted."""

import pytest
from playwright.sync_api import Page, expect

from app.kit.address import View
from app.kit.lessons import shelf
from app.kit.lessons.check import answer, run_of, said
from tests.conftest import settled
from tests.test_lessons import GOOD, NAMES

expect.set_options(timeout=30_000)


def focus(page: Page, key: str, inside: str = "button") -> None:
    """Step to it by the Tab key."""
    wanted = f".st-key-{key} {inside}"
    page.locator(wanted).first.wait_for()
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("wanted => document.activeElement?.matches(wanted) ?? false", wanted):
            return
    raise AssertionError(f"the Tab key does not reach {wanted}")


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("name", NAMES)
def test_a_lesson_is_taken_by_keyboard_alone(visit, name, lang):
    lesson = shelf.lesson(name, lang)
    page = visit(f"/lesson?lang={lang}")
    focus(page, f"start_{name}")
    page.keyboard.press("Enter")
    panel = page.locator(".st-key-lesson_panel")
    start = View(lang=lang, model="storyteller")
    for number, station in enumerate(lesson.stations, 1):
        run = run_of(lesson, number, start)
        right = answer(station, run, lang)
        expect(panel).to_contain_text(station.title)
        expect(panel).to_contain_text(said(station.ask, run, lang)[:40])
        assert right.reveal not in panel.inner_text()  # predict first
        settled(page)
        if station.choices:
            focus(page, f"lesson-prediction-{number}", "input")
            page.keyboard.press("Space")
            for _ in range(right.right):
                page.keyboard.press("ArrowDown")
        else:
            focus(page, f"lesson-prediction-{number}", "input")
            page.keyboard.type(f"{right.number:.4f}")
            page.keyboard.press("Enter")
        reveal = page.locator(".st-key-lesson-reveal button")
        expect(reveal).to_be_enabled()
        settled(page)
        focus(page, "lesson-reveal")
        page.keyboard.press("Enter")
        expect(panel).to_contain_text("Right." if lang == "en" else "对了。")
        if station.mark:
            expect(page.locator(".lesson-mark")).to_have_count(1)
        settled(page)
        focus(page, "lesson-forward")
        page.keyboard.press("Enter")
    expect(page.locator(f".st-key-lesson_row_{name} [data-testid='stAlert']")).to_be_visible()
    expect(panel).to_have_count(0)


def test_a_lesson_is_left_and_taken_up_at_the_same_place(visit):
    page = visit("/attention?lang=en&lesson=attention-in-seven-steps&station=8&layer=4&head=5")
    page.locator(".st-key-lesson-leave button").click()
    go_on = page.locator(".st-key-continue_attention-in-seven-steps button")
    expect(go_on).to_contain_text("8")
    page.reload()
    go_on.click()
    expect(page.locator(".st-key-lesson_panel")).to_contain_text("7. The output, and a trained model")
    settled(page)
    page.get_by_role("link", name="Norms", exact=True).first.click()
    back = page.locator(".st-key-lesson-return button")
    back.click()
    expect(page.locator(".st-key-lesson_panel")).to_contain_text("learnt something")


def test_a_lesson_is_uploaded_or_refused_with_its_line(visit):
    page = visit("/lesson?lang=en")
    box = page.locator(".st-key-lesson_upload input[type=file]")
    bad = GOOD.replace('room = "output"', 'room = "<b>kitchen</b>"')
    box.set_input_files({"name": "own.en.toml", "mimeType": "application/toml", "buffer": bad.encode()})
    expect(page.get_by_text("own.en.toml, line 7: there is no room “<b>kitchen</b>”")).to_be_visible()
    box.set_input_files({"name": "own.en.toml", "mimeType": "application/toml", "buffer": GOOD.encode()})
    page.locator(".st-key-start_own button").click()
    expect(page.locator(".st-key-lesson_panel")).to_contain_text("A lesson")
    expect(page.locator(".st-key-lesson_panel")).to_contain_text("The best has")


def test_a_station_is_made_of_what_was_seen_and_played(visit):
    page = visit("/norms?lang=en&prompt=a+bee&model=tiny")
    page.get_by_role("link", name="Lessons", exact=True).first.click()
    page.locator(".st-key-lesson_row_experts").wait_for()
    settled(page)
    page.locator(".st-key-lesson_draft summary").click()
    for field, text in {
        "title": "My station",
        "text": "Look *here*",
        "ask": "Why?",
        "yes": "so",
        "no": "not so",
    }.items():
        page.locator(f".st-key-draft_{field} input").fill(text)
    add = page.locator(".st-key-lesson_draft [data-testid='stFormSubmitButton'] button")
    add.click()  # what is to be said after the answer is still missing: nothing that was typed is lost
    expect(page.get_by_text("“reveal” is missing or empty")).to_be_visible()
    expect(page.locator(".st-key-draft_title input")).to_have_value("My station")
    page.locator(".st-key-draft_reveal input").fill("that is why")
    add.click()
    expect(page.locator(".st-key-draft_title input")).to_have_value("")
    page.locator(".st-key-draft_play button").click()
    panel = page.locator(".st-key-lesson_panel")
    expect(panel).to_contain_text("Look *here*")
    assert "/norms" in page.url
    expect(page.locator(".st-key-prompt textarea")).to_have_value("a bee")
