"""What every page asks of the browser: Enter in the prompt's box, its history, one theme for all rooms."""

from __future__ import annotations

from app.kit.component import declare
from app.kit.stations import STATIONS

_browser = declare(__file__, "browser")


def attend(*, key: str = "browser") -> None:
    """Begin to attend to the browser; draws nothing."""
    _browser.draw(key, {"paths": ["/", *(f"/{station.address}" for station in STATIONS)]})
