"""A network's neurons on the curve of their activation, and gate times up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from app.kit.charts import Axis, Chart, Key, Line, Mark, Points, Words
from app.kit.theme import Look, colours_at

HEIGHT = 400
DASHES = ("2 4", "8 5", "8 4 2 4", "14 5")  # px: tell the other activations apart


def activation(
    pre: np.ndarray,
    activated: np.ndarray,
    curves: Mapping[str, tuple[np.ndarray, np.ndarray]],
    own: str,
    strongest: Sequence[int],
    chosen: int | None,
    names: Mapping[str, str],
    look: Look,
) -> Chart:
    """The neurons on the curve of the model's activation, the other curves drawn faintly.

    Args:
        pre, activated: (F,) each neuron before and after its activation.
        curves: by name, places and values of each function; `own` names the model's.
        strongest: neurons that are drawn larger; chosen: the one that is switched off.
        names: "neuron", "pre" and "activated", plain text.

    Raises:
        ValueError: if the shapes do not fit.
    """
    if pre.ndim != 1 or activated.shape != pre.shape:
        raise ValueError(f"Neurons before and after the activation have shapes {pre.shape} and {activated.shape}.")
    marks: list[Mark] = []
    for dash, (name, (x, y)) in zip(DASHES, sorted(curves.items(), key=lambda curve: curve[0] == own), strict=False):
        if name == own:
            marks.append(Line(x, y, look.own, name=name, width=4, hover=""))
        else:
            marks.append(Line(x, y, look.faint, name=name, width=2, dash=dash, hover=""))
    hover = f"{names['neuron']} {{i}}\n{names['pre']}: {{x}}\n{names['activated']}: {{y}}"
    marks.append(Points(pre, activated, look.own, opacity=0.55, hover=hover))
    marks += _marks(pre, activated, strongest, chosen, look)
    return Chart(look, marks, x=Axis(names["pre"]), y=Axis(names["activated"]), height=HEIGHT, apart=True)


def product(
    activated: np.ndarray,
    linear: np.ndarray,
    strongest: Sequence[int],
    chosen: int | None,
    names: Mapping[str, str],
    look: Look,
) -> Chart:
    """Each neuron of a gated network: its activated gate across, its other factor upwards, the product as colour.

    Args:
        activated, linear: (F,).
        strongest, chosen, names: as for `activation`; names: "neuron", "activated", "linear" and "post".

    Raises:
        ValueError: if the shapes do not fit.
    """
    if activated.ndim != 1 or linear.shape != activated.shape:
        raise ValueError(f"The two factors have shapes {activated.shape} and {linear.shape}.")
    post = activated * linear
    limit = float(np.abs(post).max()) or 1.0
    neuron, across, up, name = (names[each] for each in ("neuron", "activated", "linear", "post"))
    texts = [
        f"{neuron} {i}\n{across}: {x:.4g}\n{up}: {y:.4g}\n{name}: {xy:.4g}".replace("-", "−")
        for i, (x, y, xy) in enumerate(zip(activated.tolist(), linear.tolist(), post.tolist(), strict=True))
    ]
    colours = colours_at(look.signed, 0.5 + 0.5 * post / limit)
    points = Points(activated, linear, colours, size=9, outline=look.faint, texts=texts)
    return Chart(
        look,
        [points, *_marks(activated, linear, strongest, chosen, look)],
        x=Axis(across),
        y=Axis(up),
        height=HEIGHT,
        apart=True,
        key=Key(look.signed, f"−{limit:.2g}", f"+{limit:.2g}", title=name),
    )


def _marks(x: np.ndarray, y: np.ndarray, strongest: Sequence[int], chosen: int | None, look: Look) -> list[Mark]:
    """Numbers beside the strongest neurons, and a ring around the chosen one."""
    some = list(strongest)
    marks: list[Mark] = [Points(x[some], y[some], "none", size=12, outline=look.ink, hover="")]
    marks += [Words(float(x[i]), float(y[i]), str(i), look.ink, side="above") for i in some]
    if chosen is not None:
        ring = np.array([chosen])
        marks.append(Points(x[ring], y[ring], "none", size=20, outline=look.accent, hover=""))
    return marks
