"""Prompts, addresses, links, names of models and lessons that nobody means well: never a traceback, one sentence.

`python -m tests.bench.hostile --count 10000` does the same with more of each.
"""

from __future__ import annotations

from importlib import import_module

import pytest

from app.kit.address import View, parse
from app.kit.stations import STATIONS
from model import BadInput, load
from model.errors import one_line
from tests import hostile

SEEDS = 400
DRAWS = 6  # of every room

for _station in STATIONS:
    import_module(f"app.rooms.{_station.folder}.page")  # which declares its address words


@pytest.fixture(autouse=True)
def paths_may_be_named(monkeypatch):
    monkeypatch.setenv("GLASSFORMER_ALLOW_PATHS", "1")


@pytest.mark.parametrize("kind", hostile.CHECKS)
def test_hostile_input_is_used_or_refused_in_one_sentence(kind):
    """Guards against half a surrogate pair in an address or a packed link, which broke hashing and every new link."""
    models = [load(name) for name in hostile.MODELS]
    for seed in range(SEEDS):
        hostile.run(kind, seed, models)


def test_every_naughty_string_as_prompt_model_and_number():
    models = [load(name) for name in hostile.MODELS]
    for text in hostile.NAUGHTY:
        for lm in models:
            hostile.check_text(text, lm)
        hostile.check_address(dict.fromkeys(("prompt", "model", "ids", "layer", "temperature", "lang", "seed"), text))
        hostile.check_model(text)
        hostile.check_path(text)


def test_what_a_prompt_says_of_half_a_character_is_kept_where_it_is_whole():
    """Two halves that meet are the character that they mean; one alone is U+FFFD."""
    assert parse({"prompt": "a\ud83d\ude00b\ud83d"}, View()).prompt == "a😀b\ufffd"


def test_a_prompt_longer_than_a_link_may_unpack_to_gets_a_link_that_can_be_read():
    hostile.check_address({"prompt": "🙂 once " * 60_000})


def test_an_error_is_one_line_whatever_the_name_in_it():
    error = BadInput("unknown_model", "There is no\n\x1b[31m\u2028model \ud800.", name="a\r\nb", count=3)
    assert str(error) == "There is no [31m model  ." and error.values == {"name": "a b", "count": 3}
    assert one_line("你好 · <b>") == "你好 · <b>"


@pytest.mark.parametrize("folder", [station.folder for station in STATIONS])
def test_a_room_with_a_hostile_address_is_drawn_or_says_one_sentence(folder):
    """No address, packed or not, and no prompt typed into the box ends in Streamlit's red box."""
    for seed in range(DRAWS):
        hostile.draw(folder, seed)
