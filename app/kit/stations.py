"""The rooms in order: the map, the way of a token from its id to the next one, and the classroom.

Adding a room is one line here and the folder app/rooms/<address>, "-" written "_".
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Station:
    """A room: its address, its icon, and the section of the navigation that it belongs to."""

    address: str
    icon: str
    section: str  # "common.section.<section>" in app/text

    @property
    def folder(self) -> str:
        """Of app/rooms, and the file of its sentences in app/text/<language>."""
        return self.address.replace("-", "_")


STATIONS = (
    Station("map", ":material/map:", "start"),
    Station("tokens", ":material/content_cut:", "input"),
    Station("embeddings", ":material/view_column:", "input"),
    Station("positions", ":material/schedule:", "input"),
    Station("attention", ":material/grid_on:", "attention"),
    Station("heads", ":material/grid_view:", "attention"),
    Station("by-hand", ":material/calculate:", "attention"),
    Station("what-if", ":material/rule_settings:", "attention"),
    Station("norms", ":material/straighten:", "network"),
    Station("ffn", ":material/hub:", "network"),
    Station("moe", ":material/call_split:", "network"),
    Station("mla", ":material/compress:", "network"),
    Station("residual", ":material/stacked_line_chart:", "output"),
    Station("output", ":material/bar_chart:", "output"),
    Station("compare", ":material/compare:", "classroom"),
    Station("guess", ":material/casino:", "classroom"),
    Station("lesson", ":material/menu_book:", "classroom"),
    Station("train", ":material/school:", "classroom"),
)
