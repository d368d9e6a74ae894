"""The keys of the whole app, the overlay that explains them, and the projector mode.

One table: `KEYS`.  A key acts unless somebody types into a field, and unless the part of the page that has the
focus has taken it: arrows in a focused picture move its cell.  Keys with a name (arrows, Page Up and Down) act in the
projector mode only, where the page is not scrolled by them; single letters can be switched off in the overlay.
"""

from __future__ import annotations

from dataclasses import dataclass

import model
from app.kit import comparing, runtime, session
from app.kit.address import View, Word, claim, whole
from app.kit.component import declare
from app.kit.stations import STATIONS
from app.text import templates, translate

claim("keys", projector=Word(0, whole(0, 1)))

_keys = declare(__file__, "keys", front=("dom", "events"))


@dataclass(frozen=True)
class Key:
    """What one of some keys does: "common.key.<action>" in app/text."""

    action: str
    keys: tuple[str, ...]  # as `KeyboardEvent.key` has them


KEYS = (
    Key("next", ("n", "PageDown")),
    Key("previous", ("b", "PageUp")),
    Key("layer_up", ("w", "ArrowUp")),
    Key("layer_down", ("s", "ArrowDown")),
    Key("head_left", ("a", "ArrowLeft")),
    Key("head_right", ("d", "ArrowRight")),
    Key("pin", ("p",)),
    Key("reveal", ("r",)),
    Key("compare", ("c",)),
    Key("projector", ("f",)),
    Key("help", ("?",)),
)


def keys(view: View, current: str, *, key: str = "keyboard") -> None:
    """Attend to the keys of a page, and draw the buttons of the projector mode and of the help.

    Args:
        current: address of the room that is shown.
    """
    addresses = [station.address for station in STATIONS]
    at = addresses.index(current) if current in addresses else 0
    titles = {station.address: translate(view.lang, f"{station.folder}.title") for station in STATIONS}
    _keys.draw(
        key,
        {
            "keys": [{"action": one.action, "keys": list(one.keys)} for one in KEYS],
            "labels": templates(view.lang, "common.key."),
            "title": titles.get(current, ""),
            "previous": addresses[at - 1] if at > 0 else None,
            "next": addresses[at + 1] if at + 1 < len(addresses) else None,
            "projector": bool(view.projector),
        },
        go=session.go,
        step=lambda steps: _step(int(steps["layer"]), int(steps["head"])),
        projector=lambda on: session.change(projector=int(bool(on))),
        compare=lambda _: comparing.go(current),
    )


def _step(layers: int, heads: int) -> None:
    """Show the layer and head that many places further on, as far as the model has them."""
    view = session.current()
    try:
        config = runtime.language_model(view.model, view.weights).config
    except model.BadInput:  # the page says so, and has no layers
        return
    layer = min(max(0, (view.layer or 0) + layers), config.n_layers - 1)
    head = min(max(0, (view.head or 0) + heads), config.attention.n_heads - 1)
    session.change(layer=layer, head=head)
