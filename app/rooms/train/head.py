"""The picture of one attention head at one moment of a training, chosen among small pictures of all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.kit.component import declare

_head = declare(__file__, "head", front=("dom", "colour", "arrays", "numbers"))


def head(moment: Mapping[str, Any], clearest: int, labels: dict[str, str], colours: dict, *, key: str = "seen") -> None:
    """Draw the heads.

    Args:
        moment: a record "look" of model/training/watched.py.
        clearest: number of the head, counted through the layers, that is shown until another is clicked.
        labels: sentences by name; see app/text/en/train.toml, "part.*".
        colours: of the theme, with "probability", a scale.
    """
    names = ("step", "tokens", "shape", "patterns")
    data = {name: moment[name] for name in names}
    _head.draw(key, data | {"clearest": clearest, "labels": labels, "colours": colours})
