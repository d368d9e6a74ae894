"""Numbers as people read them: one way to print each kind."""

from __future__ import annotations

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
    return f"{scientific(value)} %"


def scientific(value: float) -> str:
    """A number with two digits and a power of ten: 6.6 × 10⁻⁷; 0 as it is."""
    if value == 0:
        return "0"
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa} × 10{str(int(exponent)).translate(_SUPERSCRIPTS)}"
