"""Every room with every kind of model in every finished language: nothing fails, and everything is said."""

import re

import pytest
from streamlit.testing.v1 import AppTest

from app.kit.stations import STATIONS
from app.text import ENGLISH, offered

MODELS = ("storyteller", "storyteller-classic", "storyteller-dense", "tiny")
PROMPT = "He said: 你好 <b>12</b>"  # a token that is half a character, and one that looks like markup

FILES = {key.split(".")[0] for key in ENGLISH}
KEY = re.compile(rf"(?<![\w/.])(?:{'|'.join(sorted(FILES))})\.[a-z_]+(?:\.[a-z_]+)*\b(?!\()")


def script(folder: str) -> None:
    from importlib import import_module

    from app.kit import frame, session

    session.arrive(frame.defaults())
    import_module(f"app.rooms.{folder}.page").show()
    session.leave()


def said(app: AppTest) -> list[str]:
    """Everything that the page says: texts, labels, helps, choices, and alternatives of pictures."""
    words = []
    for element in app.main:
        words += [
            str(getattr(element, name, "") or "") for name in ("value", "label", "help", "placeholder", "options")
        ]
    return words


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("folder", [station.folder for station in STATIONS])
def test_a_room_can_show_every_kind_of_model_in_every_language(folder, name):
    """Guards against rooms that fail on parts they were not tried with, and against a key in place of a sentence."""
    for lang in offered():
        app = AppTest.from_function(script, args=(folder,), default_timeout=120)
        for word, value in {"model": name, "lang": lang, "prompt": PROMPT, "layer": "1"}.items():
            app.query_params[word] = value
        app.run()
        assert not app.exception, (lang, app.exception)
        assert not app.error, (lang, [error.value for error in app.error])
        words = said(app)
        assert len(words) > 10
        found = [key for text in words for key in KEY.findall(text.replace("\\", "")) if key in ENGLISH]
        assert not found, (lang, found)


def test_every_station_has_a_name_and_a_section():
    for station in STATIONS:
        assert f"{station.folder}.title" in ENGLISH and f"common.section.{station.section}" in ENGLISH
    assert len({station.address for station in STATIONS}) == len(STATIONS)
