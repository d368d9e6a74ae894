"""Rows of an embedding matrix: which are near, how they spread, and what is drawn of them."""

import base64

import numpy as np
import pytest

import model
from app.rooms.embeddings import analysis
from app.rooms.embeddings.clocks import turned
from app.rooms.embeddings.token_map import encoded
from model import run_trace
from tests.random_models import DENSE, random_model


@pytest.fixture(scope="module")
def tiny() -> model.LanguageModel:
    return model.load("tiny")


def vocabulary(lm: model.LanguageModel) -> list[str]:
    return [lm.tokenizer.shown(token) for token in range(lm.config.vocab_size)]


def near(lm: model.LanguageModel, token: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    similarity = analysis.cosines(analysis.matrix(lm), analysis.measured(lm).lengths, token)
    return similarity, analysis.nearest(similarity, token, count)


def cosines_by_hand(rows: np.ndarray, token: int) -> np.ndarray:
    """In float64, of rows made one long each."""
    exact = rows.astype(np.float64)
    exact /= np.sqrt((exact**2).sum(axis=1, keepdims=True))
    return (exact * exact[token]).sum(axis=1)


def test_the_matrix_is_the_models_own_and_cannot_be_written(tiny):
    rows = analysis.matrix(tiny)
    trace = run_trace(tiny, "to be or not")
    np.testing.assert_array_equal(rows[list(trace.ids)], trace["hook_embed"])
    assert np.shares_memory(rows, tiny.transformer.embed.weight.numpy())
    with pytest.raises(ValueError, match="read-only"):
        rows[0, 0] = 1


@pytest.mark.parametrize("token", [0, 97, 256])
def test_nearest_tokens_are_those_of_a_recomputation(tiny, token):
    similarity, ids = near(tiny, token, 9)
    expected = cosines_by_hand(analysis.matrix(tiny), token)
    np.testing.assert_allclose(similarity, expected, atol=1e-6)
    expected[token] = -np.inf
    assert ids.tolist() == np.argsort(-expected)[:9].tolist()


def test_a_real_models_neighbours_make_sense(smollm2):
    """And equal a recomputation over all 49,152 tokens."""
    token = smollm2.tokenizer.encode(" king")[0]
    similarity, ids = near(smollm2, token, 10)
    expected = cosines_by_hand(analysis.matrix(smollm2), token)
    np.testing.assert_allclose(similarity, expected, atol=1e-5)
    shown = [smollm2.tokenizer.shown(i) for i in ids]
    assert shown[0] == "·King" and "·queen" in shown


def test_of_equal_rows_the_smaller_id_comes_first_and_a_token_is_not_its_own_neighbour():
    rows = np.array([[1, 0], [0, 1], [1, 0], [1, 0], [-1, 0]], np.float32)
    similarity = analysis.cosines(rows, np.linalg.norm(rows, axis=1), 2)
    assert analysis.nearest(similarity, 2, 2).tolist() == [0, 3]
    assert analysis.nearest(similarity, 2, 99).tolist() == [0, 3, 1, 4]


def test_a_row_of_zeros_is_near_to_nothing():
    """Vocabularies padded to a round size have such rows: a division by zero must not put them first."""
    rows = np.array([[1, 0], [0, 0], [1, 1]], np.float32)
    lengths = np.linalg.norm(rows, axis=1)
    assert analysis.nearest(analysis.cosines(rows, lengths, 0), 0, 5).tolist() == [2]
    assert analysis.nearest(analysis.cosines(rows, lengths, 1), 1, 5).tolist() == []


def test_the_scale_holds_99_percent_of_the_entries(tiny):
    measure = analysis.measured(tiny)
    rows = analysis.matrix(tiny)
    assert np.mean(np.abs(rows) <= measure.limit) == pytest.approx(0.99, abs=1e-3)
    assert measure.largest == np.abs(rows).max() > measure.limit


def test_the_map_is_the_projection_that_a_singular_value_decomposition_gives(tiny):
    rows = analysis.matrix(tiny).astype(np.float64)
    centred = rows - rows.mean(axis=0)
    left, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    found = analysis.mapped(tiny)
    np.testing.assert_allclose(found.explained, (sizes**2 / (sizes**2).sum())[:2], rtol=1e-4)
    np.testing.assert_allclose(np.abs(found.points), np.abs(left[:, :2] * sizes[:2]), atol=1e-5)


def test_no_two_tokens_are_farther_apart_on_the_map_than_they_are(tiny):
    """The page says that what is far apart on the map is far apart."""
    rows, points = analysis.matrix(tiny), analysis.mapped(tiny).points
    true = np.linalg.norm(rows[:, None] - rows, axis=-1)
    seen = np.linalg.norm(points[:, None] - points, axis=-1)
    assert (seen <= true + 1e-5).all()


def test_turns_are_those_that_the_model_rotates_by():
    """Rotating by them by hand gives the rotated queries of the trace."""
    lm = random_model(DENSE)
    trace = run_trace(lm, "abcde")
    rates = analysis.turns(lm)
    plain, rotated = trace["blocks.0.attn.hook_q"], trace["blocks.0.attn.hook_rot_q"]  # (T, H, Dh)
    half = len(rates)
    for position in range(5):
        number = plain[position, :, :half] + 1j * plain[position, :, half:]  # a pair as one complex number
        turned = number * np.exp(1j * position * rates)
        np.testing.assert_allclose(rotated[position, :, :half], turned.real, atol=1e-5)
        np.testing.assert_allclose(rotated[position, :, half:], turned.imag, atol=1e-5)


def test_a_typed_word_finds_its_token_first(smollm2):
    words = vocabulary(smollm2)
    found = [words[i] for i in analysis.found(smollm2, words, "king", 6)]
    assert found[:2] == ["king", "·king"]
    assert all("king" in token.casefold() for token in found)


def test_a_text_of_several_tokens_finds_its_pieces(smollm2):
    words = vocabulary(smollm2)
    ids = smollm2.tokenizer.encode("Glassformer")
    assert analysis.found(smollm2, words, "Glassformer", 20)[: len(ids)] == list(dict.fromkeys(ids))


@pytest.mark.parametrize("text", ["", "\ud800", "$x$"])
def test_odd_texts_find_tokens_or_nothing(tiny, text):
    found = analysis.found(tiny, vocabulary(tiny), text, 5)
    assert all(0 <= token < 257 for token in found)
    assert bool(found) == bool(text)


def test_the_maps_data_name_the_same_places():
    points = np.array([[-3.0, 1.0], [5.0, 2.0], [1.0, 1.5]], np.float32)
    cloud = encoded(points, ["a", "<b>", "·"])
    places = np.frombuffer(base64.b64decode(cloud["places"]), "<u2").reshape(-1, 2)
    np.testing.assert_allclose(places * cloud["unit"] + cloud["low"], points, atol=8 / 65535)
    assert cloud["tokens"].split("\n") == ["a", "<b>", "·"]
    with pytest.raises(ValueError, match="line break"):
        encoded(points, ["a", "b\n", "c"])


def test_a_clocks_hand_points_where_the_pair_has_turned():
    rates = np.array([1.0, 0.1])
    drawn = turned(rates, 3, "{pair} {radians} {angle} {period}")
    assert [clock["angle"] for clock in drawn] == pytest.approx([3, 0.3])
    assert [clock["degrees"] for clock in drawn] == ["172°", "17°"]
    assert [clock["words"] for clock in drawn] == ["0 1 3 6.3", "1 0.1 0.3 62.8"]
    with pytest.raises(ValueError, match="position"):
        turned(rates, -1, "")
