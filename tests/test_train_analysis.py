"""What people bring to train on, and the curves that are drawn."""

import csv
import io
import math

import numpy as np
import pytest

from app.rooms.train.analysis import POINTS, clearest_head, decode, table, thinned, usable
from model import BadInput

LETTERS = "a line of text\n" * 20


def refused(text: str | bytes) -> str:
    with pytest.raises(BadInput) as caught:
        usable(decode(text) if isinstance(text, bytes) else text, least=100, most=1_000)
    assert "\n" not in str(caught.value)
    return caught.value.code


@pytest.mark.parametrize(
    ("brought", "code"),
    [
        ("", "text_short"),
        ("short", "text_short"),
        (" " * 500, "text_short"),
        ("x" * 2000, "text_long"),
        ("字" * 400, "text_long"),
        (LETTERS + "\0", "text_binary"),
        (LETTERS.encode("utf-16-le"), "text_binary"),  # without the mark that says so
        ("é".encode("latin-1") * 200, "text_encoding"),
        ("春眠不觉晓".encode("gb18030") * 50, "text_encoding"),
        (b"\x89PNG\r\n\x1a\n" + bytes(200), "text_encoding"),
        (b"\xff\xfe\x00", "text_encoding"),
    ],
)
def test_what_is_no_text_to_learn_from_is_refused_in_one_sentence(brought, code):
    assert refused(brought) == code


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_unicode_files_are_read_and_their_line_ends_are_ours(encoding):
    text = usable(decode(LETTERS.replace("\n", "\r\n").encode(encoding)), least=100, most=10_000)
    assert text == LETTERS


def test_half_of_a_surrogate_pair_becomes_the_replacement_character():
    text = usable(LETTERS + "\ud83d" + "😀", least=100, most=10_000)
    assert text == LETTERS + "\ufffd😀" and text.encode()


def test_a_drawn_point_is_a_mean_and_stays_where_it_is_while_the_curve_grows():
    steps = np.stack([np.arange(1.0, 951.0), np.random.default_rng([0]).normal(size=950)], 1)
    whole, part = thinned(steps, 1000), thinned(steps[:100], 1000)
    assert len(whole) == 190 <= POINTS and np.array_equal(whole[:20], part)
    np.testing.assert_allclose(whole[3], steps[15:20].mean(0))
    assert np.array_equal(thinned(steps[:7], 100), steps[:7])


def test_the_clearest_head_is_the_one_that_looks_at_single_tokens():
    T = 5
    even = np.tril(np.ones((T, T))) / np.arange(1, T + 1)[:, None]
    first = np.eye(T)[:, [0]] * 0 + np.eye(T)[0]  # rests on the first token
    previous = np.eye(T, k=-1) + np.diag([1.0, 0, 0, 0, 0])
    assert clearest_head(np.stack([[even, first], [previous, even]])) == 2
    assert clearest_head(np.ones((2, 2, 1, 1))) == 0


def test_the_numbers_of_every_step_can_be_read_back():
    steps = [(1, 6.93, 0.5, 0.1), (2, math.pi, 1 / 3, 0.2)]
    rows = list(csv.DictReader(io.StringIO(table(steps))))
    assert [float(row["loss_nats_per_token"]) for row in rows] == [6.93, math.pi]
    assert [float(row["gradient_norm"]) for row in rows] == [0.5, 1 / 3]
