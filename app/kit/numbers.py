"""Numbers as people read them: one way to print each kind."""

from __future__ import annotations

from dataclasses import dataclass

MOST_DECIMALS = 7
ROUNDING = 0.25  # a printed difference may be that share of the real one away from it

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def percent(probability: float) -> str:
    """A probability as a percentage that keeps its meaning when small: 77.3 %, 0.4 %, 0.0032 %, 1.2 × 10⁻⁹ %."""
    value = 100 * probability
    if value == 0 or value == 100:
        return f"{value:.0f} %"
    if value >= 99.95:
        return "> 99.9 %"
    if value >= 0.995:
        return f"{value:.1f} %"
    if value >= 1e-5:
        # Two digits that count, and none that only fill: 0.40 is 0.4.
        return f"{float(f'{value:.1e}'):.7f}".rstrip("0") + " %"
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa} × 10{str(int(exponent)).translate(_SUPERSCRIPTS)} %"


@dataclass(frozen=True)
class Change:
    """Two numbers and what lies between them, as printed: ``before + change == after`` holds for what is read."""

    before: str
    after: str
    change: str  # with its sign; "±0" where there is none


def change(before: float, after: float, decimals: int = 1) -> Change:
    """Two numbers and their difference, with as many decimals as it takes to say something true.

    The printed difference is that of the printed numbers.  `decimals` is where it begins: more are
    printed where those would hide a difference, or round the two numbers apart by far more than they are.
    """
    real, fallback = after - before, None
    for digits in range(decimals, MOST_DECIMALS + 1):
        first, second = round(before, digits), round(after, digits)
        printed = round(second - first, digits)
        if printed == 0:
            fallback = digits if fallback is None else fallback
        elif abs(printed - real) <= ROUNDING * abs(real):
            return Change(_fixed(first, digits), _fixed(second, digits), signed(printed, digits))
    digits = MOST_DECIMALS if fallback is None else fallback
    first, second = round(before, digits), round(after, digits)
    printed = round(second - first, digits)
    return Change(_fixed(first, digits), _fixed(second, digits), "±0" if printed == 0 else signed(printed, digits))


def percent_change(before: float, after: float) -> Change:
    """As `change`, of two probabilities in percent; the difference is in percentage points."""
    return change(100 * before, 100 * after)


def signed(value: float, digits: int) -> str:
    """With its sign, and `digits` decimals; what rounds to zero is ±0."""
    text = f"{abs(value):.{digits}f}"
    return "±0" if float(text) == 0 else ("−" if value < 0 else "+") + text


def tiny(difference: float) -> str:
    """How far two computations of one number lie apart: 0, or two digits that count."""
    if difference == 0:
        return "0"
    mantissa, exponent = f"{difference:.1e}".split("e")
    return f"{mantissa} × 10{str(int(exponent)).translate(_SUPERSCRIPTS)}"


def _fixed(value: float, digits: int) -> str:
    return f"{value + 0.0:.{digits}f}".replace("-", "−")  # minus zero is zero
