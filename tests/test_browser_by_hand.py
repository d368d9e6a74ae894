"""Attention by hand in a real browser: edits, arithmetic, undo, the exercise and the work sheet."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Locator, Page, expect

from app.rooms.by_hand.examples import example
from app.rooms.by_hand.paper import number
from tests.conftest import settled

expect.set_options(timeout=20_000)


@pytest.fixture
def room(visit):
    """``room(example="heads")`` opens the page."""

    def open_page(**words: object) -> Page:
        page = visit("/by-hand?" + urlencode({"model": "tiny", "lang": "en"} | words))
        page.locator(".st-key-board .matrix").first.wait_for()
        return page

    return open_page


def matrix(page: Page, name: str) -> Locator:
    return page.locator(f'.st-key-board .matrix[data-name="{name}"]')


def cell(page: Page, name: str, row: int, column: int) -> Locator:
    return matrix(page, name).locator(f'[data-row="{row}"][data-column="{column}"]')


def expect_numbers(page: Page, name: str, values, kind: str) -> None:
    """The page shows `values` in the matrix `name`."""
    expect(matrix(page, name).locator(".cell:not(.masked)")).to_have_text(
        [number(float(value), kind) for value in values]
    )


@pytest.mark.parametrize("name", ["plain", "saturated", "heads"])
def test_every_step_shows_what_the_model_s_code_gives(room, name):
    page = room(example=name, cell="3.1.2")
    shown = example(name)
    worked, head = shown.work(), 2 // shown.width
    for step in ("q", "k", "v", "z", "out"):
        expect_numbers(page, step, getattr(worked, step).flat, step)
    expect_numbers(page, "dots", worked.dots[head].flat, "dots")
    causal = [worked.pattern[head][i, j] for i in range(4) for j in range(i + 1)]
    expect_numbers(page, "pattern", causal, "pattern")
    expect(page.locator('.sum[data-step="pattern"] b')).to_have_text(
        number(float(worked.pattern[head][3, 1]), "pattern")
    )
    expect(page.locator('.sum[data-step="out"] b')).to_have_text(number(float(worked.out[3, 2])))


def test_an_edited_number_changes_every_step_and_the_address_and_can_be_taken_back(room):
    page = room()
    before, after = example("plain"), example("plain", "x31_2.5~q11_-2")
    field = cell(page, "w-x", 2, 0)
    field.click()
    field.fill("2,5")
    field.press("Tab")
    field = cell(page, "w-q", 0, 0)
    field.click()
    field.fill("-2")
    field.press("Enter")
    expect(page).to_have_url(re.compile(r"edit=x31_2\.5~q11_-2"))
    expect_numbers(page, "out", after.work().out.flat, "out")
    expect_numbers(page, "q", after.work().q.flat, "q")
    page.reload()
    expect_numbers(page, "out", after.work().out.flat, "out")
    page.locator(".st-key-board .tool.reset").click()
    expect_numbers(page, "out", before.work().out.flat, "out")
    page.locator(".st-key-board .tool.undo").click()
    expect_numbers(page, "out", after.work().out.flat, "out")
    expect(cell(page, "w-x", 2, 0)).to_have_value("2.5")
    page.locator(".st-key-board .tool.redo").click()
    expect_numbers(page, "out", before.work().out.flat, "out")


def test_the_keyboard_moves_through_a_matrix_and_text_is_no_number(room):
    page = room()
    cell(page, "w-v", 0, 0).focus()
    page.keyboard.press("ArrowRight")
    expect(cell(page, "w-v", 0, 1)).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(cell(page, "w-v", 1, 1)).to_be_focused()
    page.keyboard.type("<b>")
    expect(cell(page, "w-v", 1, 1)).to_have_class(re.compile("wrong"))
    page.keyboard.press("ArrowUp")
    expect(cell(page, "w-v", 1, 1)).to_have_value("1")
    assert "edit=" not in page.url


def test_a_click_writes_the_arithmetic_of_that_cell_in_every_step(room):
    page = room()
    worked = example("plain").work()
    cell(page, "dots", 2, 0).click()
    expect(page.locator('.sum[data-step="dots"]')).to_have_text(
        f"q₃·k₁ = 1·1 + 1·2 + 1·0 = {number(float(worked.dots[0, 2, 0]))}"
    )
    expect(page.locator('.sum[data-step="z"] b')).to_have_text(number(float(worked.z[2, 0])))
    cell(page, "masked", 0, 3).click()
    expect(page.locator('.sum[data-step="masked"]')).to_contain_text("x₄ comes after x₁")
    expect(page).to_have_url(re.compile("cell=0.3.0"))


def test_an_exercise_is_checked_cell_by_cell(room):
    page = room(hidden="z")
    z = example("plain").work().z
    expect(matrix(page, "z").locator("input.answer")).to_have_count(12)
    expect(page.locator('.sum[data-step="out"]')).to_contain_text("?")
    field = cell(page, "z", 0, 0)
    field.click()
    field.fill("99")
    field.press("Enter")
    expect(field).to_have_class(re.compile("wrong"))
    for row in range(4):
        for column in range(3):
            cell(page, "z", row, column).fill(number(float(z[row, column])))
    expect(page.locator(".st-key-board .readout")).to_have_text("All 12 cells are right!")
    expect(matrix(page, "z").locator(".right")).to_have_count(12)


def test_the_work_sheet_prints_on_two_pages(room, chromium, tmp_path):
    page = room(example="heads")
    with page.expect_download() as download:
        page.locator(".st-key-sheet button").click()
    file = tmp_path / "sheet.html"
    download.value.save_as(file)
    settled(page)
    paper = chromium.new_page()
    paper.goto(file.as_uri())
    printed = paper.pdf(prefer_css_page_size=True)
    paper.close()
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 2
