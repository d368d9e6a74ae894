"""The colours of both themes, and whether they can be read.

One colour per role everywhere (Okabe and Ito's palette, safe for colour-blind eyes):
query blue, key vermilion, value green, attention purple, residual stream grey.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

# A Latin face first: CJK fonts draw Latin letters wide.
FONT = "'Source Sans', 'Source Sans 3', 'Noto Sans', 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', sans-serif"


@dataclass(frozen=True)
class Look:
    """The colours of one theme, and how large type and pictures are."""

    name: str  # "light" or "dark"
    paper: str
    ink: str
    faint: str  # secondary text
    grid: str
    masked: str  # a cell that may not be looked at: unlike any number's colour
    hatch: str  # lines over such cells, in the stages
    query: str
    key: str
    value: str
    attention: str
    residual: str
    own: str  # a probability as the model has it
    drawn: str  # a probability as sampling changed it
    accent: str  # what is chosen or pinned
    probability: tuple[tuple[float, str], ...]  # sequential scale, for 0..1
    signed: tuple[tuple[float, str], ...]  # diverging scale, centred on 0
    experts: tuple[str, ...]
    grown: float = 1.0  # of pictures, with the type, where the screen is large


_EXPERTS = ("#4E79A7", "#F28E2B", "#59A14F", "#E15759", "#76B7B2", "#B07AA1", "#EDC948", "#9C755F")

LIGHT = Look(
    name="light",
    paper="#FFFFFF",
    ink="#1B1F24",
    faint="#57606A",
    grid="#E3E7EB",
    masked="#ECEEF0",
    hatch="#B4BCC5",
    query="#0072B2",
    key="#D55E00",
    value="#009E73",
    attention="#8250C4",
    residual="#6E7781",
    own="#7647B3",
    drawn="#A86200",
    accent="#D55E00",
    probability=((0.0, "#F7F4FB"), (0.25, "#D3C5EC"), (0.5, "#A583D6"), (0.75, "#7647B3"), (1.0, "#3D1673")),
    signed=((0.0, "#9E4300"), (0.25, "#EB9A5C"), (0.5, "#FFFFFF"), (0.75, "#6AAFD8"), (1.0, "#00507E")),
    experts=_EXPERTS,
)

DARK = Look(
    name="dark",
    paper="#11161C",
    ink="#E8ECF0",
    faint="#9AA5B1",
    grid="#2A323B",
    masked="#232A32",
    hatch="#4A5561",
    query="#4FB0E8",
    key="#FF8A3D",
    value="#2FCB9C",
    attention="#B794F4",
    residual="#9AA5B1",
    own="#A483E6",
    drawn="#F0B040",
    accent="#FF8A3D",
    probability=((0.0, "#161427"), (0.25, "#40306F"), (0.5, "#6E4FB5"), (0.75, "#A483E6"), (1.0, "#EFE5FF")),
    signed=((0.0, "#FFB27A"), (0.25, "#B75A14"), (0.5, "#11161C"), (0.75, "#1F76AD"), (1.0, "#8AD0FA")),
    experts=_EXPERTS,
)

LOOKS = {"light": LIGHT, "dark": DARK}


def contrast(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Contrast ratio, 1 to 21, of colours (..., 3) in 0..1: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio."""
    light = [
        np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4) @ (0.2126, 0.7152, 0.0722) + 0.05
        for c in (first, second)
    ]
    return np.maximum(*light) / np.minimum(*light)


def _channels(scale: Sequence[tuple[float, str]], shares: Sequence[float] | np.ndarray) -> np.ndarray:
    """(n, 3) in 0..255: the colours of `shares` (0..1) on `scale`."""
    places = [place for place, _ in scale]
    stops = np.array([[int(colour[at : at + 2], 16) for at in (1, 3, 5)] for _, colour in scale])
    return np.stack([np.interp(shares, places, stop) for stop in stops.T], axis=-1)


def colours_at(scale: Sequence[tuple[float, str]], shares: Sequence[float] | np.ndarray) -> list[str]:
    """The colour, "#rrggbb", of each of `shares` (0..1) on `scale`."""
    return ["#{:02x}{:02x}{:02x}".format(*colour) for colour in _channels(scale, shares).round().astype(int).tolist()]


def ink_on(scale: Sequence[tuple[float, str]], values: Sequence[float]) -> list[str]:
    """Black or white for each of `values` (0..1), whichever is easier to read on its colour in `scale`."""
    ground = _channels(scale, values) / 255
    black, white = contrast(ground, np.zeros(3)), contrast(ground, np.ones(3))
    return np.where(black >= white, "#000000", "#FFFFFF").tolist()
