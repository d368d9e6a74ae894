"""The small map on every page: the stations in a line, where you are, and the way to any other."""

from __future__ import annotations

from app.kit import session
from app.kit.component import declare
from app.kit.stations import STATIONS
from app.text import translate

_small_map = declare(__file__, "small_map", front=("dom", "events"))


def small_map(lang: str, current: str, *, key: str = "small_map") -> None:
    """Draw the line of stations with `current`, an address, marked; a click goes to that room with the same view."""
    stations = [
        {
            "address": station.address,
            "title": translate(lang, f"{station.folder}.title"),
            "section": translate(lang, f"common.section.{station.section}"),
        }
        for station in STATIONS
    ]
    labels = {name: translate(lang, f"common.way.{name}") for name in ("label", "previous", "next")}
    _small_map.draw(key, {"stations": stations, "current": current, "labels": labels}, go=session.go)
