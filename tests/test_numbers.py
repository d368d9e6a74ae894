"""Numbers on the page: what is printed as a difference is the difference of what is printed."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kit.figures import before_after
from app.kit.numbers import Change, change, percent_change, signed, tiny
from app.kit.theme import LIGHT


def read(text: str) -> Decimal:
    return Decimal(text.replace("−", "-").replace("±", "").replace("+", ""))


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        (0.1054, 0.1046, Change("10.54", "10.46", "−0.08")),  # was: 10.5 → 10.5 −0.1
        (0.01849, 0.01851, Change("1.849", "1.851", "+0.002")),  # was: 1.8 → 1.9 ±0.0
        (0.10, 0.25, Change("10.0", "25.0", "+15.0")),
        (0.3, 0.3, Change("30.0", "30.0", "±0")),
        (0.3, 0.3 + 1e-15, Change("30.0", "30.0", "±0")),
        (0.0004, 0.0007, Change("0.04", "0.07", "+0.03")),
        (1.0, 0.0, Change("100.0", "0.0", "−100.0")),
    ],
)
def test_a_change_is_printed_with_the_digits_that_it_needs(before, after, shown):
    assert percent_change(before, after) == shown


@given(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4), st.integers(0, 3))
def test_the_printed_difference_is_the_difference_of_what_is_printed(before, after, decimals):
    shown = change(before, after, decimals)
    assert read(shown.before) + read(shown.change) == read(shown.after)
    if shown.change != "±0" and abs(after - before) > 1e-6:
        assert float(read(shown.change)) == pytest.approx(after - before, rel=0.26, abs=1e-7)
        assert shown.change[0] == ("+" if after > before else "−")
    if abs(after - before) > 1e-6:
        assert shown.change != "±0", "a difference is never hidden"


def test_the_bars_of_before_and_after_say_it_too():
    made = before_after(
        ["a", "b"], np.array([0.1054, 0.5]), np.array([0.1046, 0.5]), ("x", "y"), LIGHT, x="", height=90
    )
    first, second, *words = made.marks
    assert [(each.text, each.strong) for each in words] == [("10.54 → 10.46 %", "−0.08"), ("50.0 → 50.0 %", "±0")]
    assert first.texts == ["a: x 10.54 %", "b: x 50.0 %"] and second.texts == ["a: y 10.46 %", "b: y 50.0 %"]
    assert [each.x for each in words] == [0.1054, 0.5] and made.rows and made.y.labels == ["a", "b"]


def test_signs_and_tiny_differences():
    assert [signed(1.25, 1), signed(-0.04, 1), signed(-3, 0)] == ["+1.2", "±0", "−3"]
    assert [tiny(0.0), tiny(1.24e-7)] == ["0", "1.2 × 10⁻⁷"]
