"""Work sheets: what a student is to fill in, computed once more from what the sheet itself gives."""

from __future__ import annotations

import importlib
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from app.kit.address import View
from app.kit.frame import Room
from app.kit.stations import STATIONS
from app.kit.theme import LIGHT
from app.kit.worksheet import Blanks, softmax, worksheet
from model import distribution, load, run_trace

PROMPT = 'Once <script>alert("x")</script> upon a time there was a'
ROOMS = ("attention", "output", "norms", "ffn")
WORDS = {"largest": "-", "power": "e", "rest": "rest", "sum": "sum"}
for station in STATIONS:
    importlib.import_module(f"app.rooms.{station.folder}.page")  # the address words of a view


class Tables(HTMLParser):
    """Pages of a sheet: table name -> its cells row by row, as floats, NaN for what is empty."""

    def __init__(self, text: str):
        super().__init__()
        self.pages: list[dict[str, list[list[str]]]] = []
        self.tags: set[str] = set()
        self._rows: list[list[str]] = []
        self._cell = False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag == "section":
            self.pages.append({})
        if tag == "figure":
            self._rows = self.pages[-1].setdefault(dict(attrs)["data-name"], [])
        if tag == "tr":
            self._rows.append([])
        self._cell = tag == "td"
        if self._cell:
            self._rows[-1].append("")

    def handle_endtag(self, tag):
        self._cell = False

    def handle_data(self, data):
        if self._cell:
            self._rows[-1][-1] += data

    def numbers(self, page: int, name: str) -> np.ndarray:
        rows = [row for row in self.pages[page][name] if row]
        return np.array([[float(text.replace("−", "-") or "nan") for text in row] for row in rows])


@pytest.fixture(scope="module")
def models() -> dict:
    return {name: load(name) for name in ("storyteller", "storyteller-classic", "tiny")}


def made(models: dict, name: str, room: str, lang: str = "en", **words: object) -> tuple[Tables, Room, str]:
    lm = models[name]
    trace = run_trace(lm, PROMPT, capture="light")
    view = View({"model": name, "prompt": PROMPT, "lang": lang, "layer": 1, "head": 1} | words)
    place = Room(view.complete(), lm, trace, LIGHT)
    text = importlib.import_module(f"app.rooms.{room}.sheet").sheet(place)
    return Tables(text), place, text


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("name", ["storyteller", "storyteller-classic", "tiny"])
@pytest.mark.parametrize("room", ROOMS)
def test_a_sheet_has_blanks_and_then_their_solutions(models, name, room, lang):
    tables, _, text = made(models, name, room, lang)
    empty, solved = tables.pages
    assert empty.keys() == solved.keys() and len(tables.pages) == 2
    for table, cells in empty.items():
        pairs = [(a, b) for one, two in zip(cells, solved[table], strict=True) for a, b in zip(one, two, strict=True)]
        assert all(a in ("", b) for a, b in pairs), table
        assert any(b and not a for a, b in pairs), f"nothing to fill in: {table}"
    assert "script" not in tables.tags and "&lt;script&gt;" in text and not re.search(r"https?://", text)


@pytest.mark.parametrize("name", ["storyteller", "storyteller-classic"])
def test_the_row_of_attention_is_the_trace_s_and_follows_from_the_given_cells(models, name):
    tables, room, _ = made(models, name, "attention", query=7)
    weights, summed = (tables.numbers(1, table) for table in ("weights", "sum"))
    scale = float(room.trace.scale(1))
    shown = weights[:-2] if np.isnan(weights[-2, 0]) else weights[:-1]
    np.testing.assert_allclose(shown[:, 1], shown[:, 0] * scale, atol=2e-3)
    np.testing.assert_allclose(shown[:, 3], np.exp(shown[:, 1] - shown[:, 1].max()), atol=3e-3)
    np.testing.assert_allclose(weights[:-1, -1], weights[:-1, -2] / weights[-1, -2], atol=2e-3)
    pattern = np.sort(room.trace.pattern(1)[1, 7])[::-1][: len(shown)]
    np.testing.assert_allclose(np.sort(shown[:, -1])[::-1], pattern, atol=6e-4)
    z = np.nansum(summed[:-1, :1] * summed[:-1, 1:], axis=0) + (summed[-2, 1:] if len(shown) < 8 else 0)
    np.testing.assert_allclose(summed[-1, 1:], z, atol=2e-2)
    np.testing.assert_allclose(summed[-1, 1:], room.trace["blocks.1.attn.hook_z"][7, 1, :3], atol=6e-4)


def test_the_probabilities_are_the_page_s_at_its_temperature(models):
    tables, room, _ = made(models, "storyteller", "output", temperature=0.7)
    chances = np.sort(distribution(room.trace.logits[-1], 0.7))[::-1][:6]
    np.testing.assert_allclose(tables.numbers(1, "softmax")[:6, -1], chances, atol=6e-4)
    np.testing.assert_allclose(tables.numbers(1, "surprise")[:, 0], -np.log2(chances), atol=6e-3)


@pytest.mark.parametrize("name", ["storyteller", "storyteller-classic"])
def test_a_norm_s_entries_are_the_trace_s(models, name):
    tables, room, _ = made(models, name, "norms", norm="first")
    steps = tables.numbers(1, "steps")
    hooked = room.trace["blocks.1.ln1.hook_normalized"][-1, :6]
    assert np.isclose(steps, hooked, atol=6e-5).all(axis=1).any()


def test_neurons_follow_from_what_they_read(models):
    tables, _, _ = made(models, "tiny", "ffn")
    rows = tables.numbers(1, "neurons")
    np.testing.assert_allclose(rows[:, 1], rows[:, 0] / (1 + np.exp(-rows[:, 0])), atol=2e-3)
    np.testing.assert_allclose(rows[:, 3], rows[:, 1] * rows[:, 2], atol=2e-3)


def test_large_scores_overflow_nothing():
    table = softmax("t", "T", ["a"], [("s", np.array([5000.0]))], "p", WORDS, hidden=np.array([4000.0]))
    assert [row[-1] for row in table.cells] == ["1.000", "0.000", "1.000"]


def test_no_text_becomes_markup():
    hostile = '<b x="1">&amp;'
    table = Blanks(hostile, hostile, hostile, [[hostile]], [hostile], [hostile])
    tables = Tables(worksheet("en", (hostile, hostile), [hostile, [table]], name=hostile))
    assert "b" not in tables.tags and tables.pages[1] == {hostile: [[], [hostile]]}
