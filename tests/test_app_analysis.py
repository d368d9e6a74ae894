"""What the next-token page computes from logits."""

import numpy as np
import pytest

from app.kit.prediction import foreseen, most_probable, ranks
from app.kit.theme import LOOKS, colours_at, contrast, ink_on
from app.rooms.moe.figures import shares
from app.rooms.output.figures import foreseen as foreseen_figure
from model import distribution
from model.sampling import rank


def test_ranks_agree_with_the_models_own_ties_included():
    logits = np.array([2.0, 5.0, 2.0, -1.0, 5.0], np.float32)
    assert ranks(logits).tolist() == [rank(logits, i) for i in range(5)] == [3, 1, 3, 5, 1]


def test_the_most_probable_come_first_and_ties_by_id():
    logits = np.array([2.0, 5.0, 2.0, -1.0, 5.0], np.float32)
    assert most_probable(logits, 3).tolist() == [1, 4, 0]
    assert most_probable(logits, 9, np.array([True, False, True, True, False])).tolist() == [0, 2, 3]


def test_foreseen_is_the_softmax_of_the_row_before():
    """Guards against a shift by one: row t speaks of token t + 1."""
    logits = np.random.default_rng(0).normal(size=(7, 11)).astype(np.float32) * 4
    ids = np.array([3, 1, 4, 1, 5, 9, 2])
    probabilities, places = foreseen(logits, ids)
    for t in range(6):
        assert probabilities[t] == pytest.approx(distribution(logits[t])[ids[t + 1]], rel=1e-6)
        assert places[t] == rank(logits[t], ids[t + 1])


def test_one_token_has_nothing_to_compare_with():
    probabilities, places = foreseen(np.zeros((1, 5), np.float32), np.array([2]))
    assert probabilities.shape == places.shape == (0,)


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_equal_and_hostile_tokens_keep_their_own_bars(look):
    """Guards against places found by their name, and against labels that are changed on their way."""
    tokens = ["a", "<b>", "<b>", "#000001", "&lt;"]
    figure = foreseen_figure(tokens, np.array([0.1, 0.2, 0.3, 0.4]), ["<i>"] * 4, look, y="p", chosen=2)
    (bars,) = figure.marks
    assert bars.at.tolist() == [0, 1, 2, 3] and bars.texts == ["<i>"] * 4
    assert figure.x.labels == tokens[1:] and figure.x.marked == 1
    assert list(bars.colours) == [look.attention, look.accent, look.attention, look.attention]
    assert (figure.y.low, figure.y.high) == (0, 1.02)


def test_figures_refuse_shapes_that_do_not_fit():
    with pytest.raises(ValueError, match="3 tokens need 2"):
        foreseen_figure(["a", "b", "c"], np.zeros(3), ["", "", ""], LOOKS["light"], y="")


def test_a_number_between_two_stops_has_the_colour_between_theirs():
    scale = ((0.0, "#000000"), (0.25, "#102030"), (1.0, "#FF0050"))
    assert colours_at(scale, [0, 0.125, 0.25, 1]) == ["#000000", "#081018", "#102030", "#ff0050"]


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_numbers_on_a_heat_map_can_be_read_on_every_shade(look):
    """White alone falls to a ratio of 2.6 on middle purple; 4.5 is the least for text (WCAG 2.2, 1.4.3)."""
    values = np.linspace(0, 1, 101)
    inks = ink_on(look.probability, values)
    grounds = np.array([list(bytes.fromhex(colour[1:])) for colour in colours_at(look.probability, values)]) / 255
    assert contrast(grounds, np.array([[float(ink == "#FFFFFF")] * 3 for ink in inks])).min() >= 4.5
    assert set(inks) == {"#000000", "#FFFFFF"}


def test_loads_of_experts_are_written_in_their_cells():
    """Guards against numbers of another row than their colour's; which ink they get is tests/test_front_kit's."""
    values = np.array([[0.0, 0.5], [1.0, 0.25]])
    drawn = shares(["text", "prompt"], values, ["E0", "E1"], LOOKS["light"], hover="{percent}")
    cells = [chart.marks[0] for chart in drawn]
    assert [mark.words for mark in cells] == [[["0 %", "50 %"]], [["100 %", "25 %"]]]
    np.testing.assert_array_equal(np.concatenate([mark.values for mark in cells]), values)


def test_contrast_is_that_of_the_standard():
    """Black on white, and the standard's well-known grey of 4.54."""
    assert contrast(np.zeros(3), np.ones(3)) == pytest.approx(21)
    assert contrast(np.full(3, 0x76 / 255), np.ones(3)) == pytest.approx(4.54, abs=0.005)
