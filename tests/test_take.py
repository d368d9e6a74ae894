"""Numbers to take along: files read back are what was computed; a picture says what it shows."""

from __future__ import annotations

import csv
import io
from xml.etree import ElementTree

import numpy as np
import pytest

from app.kit.files import Matrix, as_csv, as_npy, file_stem
from app.kit.picture import heat_map
from model import run_trace

HOSTILE = ('<b>&"', "a,b", "line\nbreak", "=1+1", "你", "\x00")
SVG = "{http://www.w3.org/2000/svg}"


def test_csv_and_npy_hold_every_digit_of_the_trace(tiny):
    pattern = run_trace(tiny, "to be or not").pattern(1)[2]
    matrix = Matrix(pattern, HOSTILE * 2, HOSTILE * 2)
    np.testing.assert_array_equal(np.load(io.BytesIO(as_npy(matrix))), pattern)
    lines = list(csv.reader(io.StringIO(as_csv(matrix))))
    np.testing.assert_array_equal(np.array([line[1:] for line in lines[1:]], dtype=np.float32), pattern)
    assert lines[0][1:] == [*(HOSTILE * 2)] and lines[1][0] == HOSTILE[0]


def test_a_cell_without_a_number_is_empty_and_a_vector_is_a_column():
    text = as_csv(Matrix(np.array([0.5, np.nan, -np.inf], dtype=np.float32)))
    assert text == ",0\n0,0.5\n1,\n2,-inf\n"


def drawn(table: np.ndarray, **changes) -> ElementTree.Element:
    options = {"title": "T", "subtitle": "S", "probability": False} | changes
    return ElementTree.fromstring(heat_map(table, HOSTILE[: len(table)], HOSTILE[: table.shape[1]], **options))


def test_a_picture_says_what_it_shows_and_a_token_is_no_markup():
    picture = drawn(np.array([[1.0, -2.0], [np.nan, 0.25]]), title="Scaled · tiny · Layer 1", subtitle="a <script> & b")
    texts = [text.text for text in picture.iter(f"{SVG}text")]
    assert {"Scaled · tiny · Layer 1", "a <script> & b", '<b>&"', "1.00", "−2.00", "0.25", "−2", "2"} <= set(texts)
    assert not list(picture.iter(f"{SVG}script")) and not list(picture.iter(f"{SVG}b"))


@pytest.mark.parametrize("shape", [(1, 1), (7, 7), (300, 300), (40, 256), (256, 3)])
def test_every_cell_is_drawn_once(shape):
    """Cells of a colour are one path, and those without a number another."""
    table = np.random.default_rng(0).random(shape)
    table[np.triu_indices(*(shape[0], 1), shape[1])] = np.nan
    text = heat_map(table, (), (), title="", subtitle="", probability=True)
    picture = ElementTree.fromstring(text)
    cells = sum(path.get("d").count("h1v1") for path in picture.iter(f"{SVG}path") if path.get("transform"))
    assert cells == np.isfinite(table).sum()
    assert len(text) < 1_200_000


def test_a_file_s_name_is_one_that_every_system_takes():
    assert file_stem("/models/my model.gguf", "Layer 2", "softmax · head/3", "矩阵") == "my-model-gguf-Layer-2-3-矩阵"
