"""How the stream grows, how its additions sum to a difference of logits, and which heads did it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from app.kit.charts import Axis, Bars, Cells, Chart, Key, Line, Mark, Points
from app.kit.theme import Look

NAMED = ("attention", "feed_forward")  # kinds that the legend names; the others stand below their only bar


def _colours(look: Look) -> dict[str, str]:
    rest = dict.fromkeys(("embedding", "position", "bias", "shift"), look.residual)
    return rest | {"attention": look.attention, "feed_forward": look.drawn, "total": look.query}


def _legend(names: Mapping[str, str], look: Look) -> list[tuple[str, str]]:
    return [(names[kind], _colours(look)[kind]) for kind in NAMED]


def growth(
    labels: Sequence[str],
    kinds: Sequence[str],
    lengths: np.ndarray,
    stream: np.ndarray,
    cosines: np.ndarray,
    names: Mapping[str, str],
    look: Look,
) -> tuple[Chart, Chart]:
    """Above, lengths of the additions and of the stream after each; below, their directions.

    Args:
        labels, kinds: n, what each addition is: plain text, and the name of its colour and of its line in the legend.
        lengths, stream: (n,), drawn on a logarithmic axis.
        cosines: (n,) with what was there before, -1 to 1.
        names: of the kinds in the legend, "stream", "length" and "cosine".

    Raises:
        ValueError: if the shapes do not fit.
    """
    shape = (len(labels),)
    if not len(kinds) == len(labels) or not lengths.shape == stream.shape == cosines.shape == shape:
        raise ValueError(f"{len(labels)} additions do not fit shapes {lengths.shape}, {stream.shape}, {cosines.shape}.")
    at, colours, across = np.arange(len(labels)), _colours(look), Axis(labels=labels)
    # Level while a part is at work: as a step, halfway from one to the next.
    edges = np.stack([at - 0.5, at + 0.5], axis=1).ravel()
    marks: list[Mark] = [
        Line(edges, stream.repeat(2), look.residual, width=4, hover=""),
        Line(at, stream, look.residual, name=names["stream"], width=0, hover="{y}"),
    ]
    marks.append(Points(at, lengths, [colours[kind] for kind in kinds], size=11, hover=f"{names['length']}: {{y}}"))
    long = Chart(
        look, marks, x=across, y=Axis(title=names["length"], log=True), height=250, legend=_legend(names, look)
    )
    bars = Bars(at, cosines, [colours[kind] for kind in kinds])
    up = Axis(title=names["cosine"], low=-1, high=1, ticks=(-1, -0.5, 0, 0.5, 1))
    return long, Chart(look, [bars], x=across, y=up, height=220)


def effects(
    labels: Sequence[str],
    kinds: Sequence[str],
    values: np.ndarray,
    texts: Sequence[str],
    total: str,
    names: Mapping[str, str],
    look: Look,
) -> Chart:
    """Each part's effect as a step from the sum of those before it; the last bar is the sum of all.

    Args:
        labels, kinds: n, as for `growth`.
        values: (n,) in logits; texts: n + 1, each of them and their sum as written.
        total: label of the last bar.
        names: of the kinds in the legend, and "axis".

    Raises:
        ValueError: if the shapes do not fit.
    """
    if values.shape != (len(labels),) or len(kinds) != len(labels) or len(texts) != len(labels) + 1:
        raise ValueError(f"{len(labels)} parts do not fit effects of shape {values.shape}.")
    ends = values.cumsum()
    tops = np.append(ends, ends[-1] if len(ends) else 0.0)
    starts = np.concatenate([[0.0], ends[:-1], [0.0]]) if len(ends) else np.zeros(1)
    every = [*labels, total]
    at, colours = np.arange(len(every)), _colours(look)
    hovers = [f"{label}: {text}" for label, text in zip(every, texts, strict=True)]
    inks = [colours[kind] for kind in (*kinds, "total")]
    marks: list[Mark] = [
        Line(np.repeat(at, 2)[1:-1], np.repeat(ends, 2), look.faint, width=1, hover=""),
        Bars(at, tops, inks, starts=starts, words=texts, texts=hovers),
    ]
    up = Axis(title=names["axis"])
    return Chart(look, marks, x=Axis(labels=every), y=up, height=415, legend=_legend(names, look))


def heads(values: np.ndarray, names: Mapping[str, str], look: Look) -> Chart:
    """Every head's effect: layers downwards, heads across.

    Args:
        values: (L, H) in logits.
        names: "layer" and "head" for the axes, "hover" with {layer}, {head} and {effect}, plain text.
    """
    L, H = values.shape
    limit = float(np.abs(values).max()) or 1.0
    hover = names["hover"].format(layer="{row}", head="{column}", effect="{value}")
    cells = Cells(values, look.signed, -limit, limit, hover=hover)
    return Chart(
        look,
        [cells],
        x=Axis(title=names["head"], labels=[str(head) for head in range(H)]),
        y=Axis(title=names["layer"], labels=[str(layer) for layer in range(L)]),
        height=min(620, max(400, 18 * L + 90)),
        key=Key(look.signed, f"−{limit:.2g}", f"+{limit:.2g}"),
    )
