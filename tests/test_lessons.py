"""Lessons: their files, what is refused and where, and that every question has its one right answer on the run."""

import os
from importlib import import_module

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from app.kit.address import View, describe
from app.kit.lessons import draft, shelf, teacher
from app.kit.lessons.check import answer, check, run_of, target
from app.kit.lessons.draft import Written
from app.kit.lessons.errors import LessonError
from app.kit.lessons.format import MOST_BYTES, Lesson, read
from app.kit.stations import STATIONS

for station in STATIONS:  # a lesson may name every word of every room
    import_module(f"app.rooms.{station.folder}.page")
FILES = sorted(shelf.SHIPPED.glob("*.toml"))
NAMES = sorted({file.name.split(".")[0] for file in FILES})

GOOD = """title = "A lesson"
model = "tiny"
prompt = "a bee"

[[station]]
title = "First"
room = "output"
look = "The best has {best_probability()}."
ask = "Which?"
reveal = "It is {best()}."
right = "largest"
[[station.choice]]
text = "one"
value = "best_probability(1)"
[[station.choice]]
text = "two"
value = "best_probability(2)"
[station.view]
layer = 1
"""


def lesson(text: str, file: str = "good.en.toml") -> Lesson:
    found = read(text.encode(), file)
    check(found)
    return found


def test_a_good_lesson_is_read_as_it_is_written():
    found = lesson(GOOD)
    assert (found.name, found.lang, found.title, len(found.stations)) == ("good", "en", "A lesson", 1)
    station = found.stations[0]
    assert (station.room, station.model, station.prompt, dict(station.words)) == (
        "output",
        "tiny",
        "a bee",
        {"layer": 1},
    )
    run = run_of(found, 1, View(model="storyteller"))
    assert run.lm.name == "tiny" and answer(station, run, "en").right == 0


@pytest.mark.parametrize(
    ("old", "new", "line", "kind"),
    [
        ('room = "output"', 'room = "kitchen"', 7, "unknown_room"),
        ("layer = 1", "layer = 99", 19, "no_such"),
        ("layer = 1", "colour = 1", 19, "unknown_word"),
        ("layer = 1", 'layer = "red"', 19, "bad_value"),
        ("layer = 1", 'lesson = "other"', 19, "unknown_word"),
        ('model = "tiny"', 'model = "/etc/passwd"', 2, "unknown_model"),
        ('ask = "Which?"', 'ask = "Which?"\nmark = "nothing"', 10, "unknown_element"),
        ('title = "First"', 'titel = "First"', 6, "unknown_key"),
        ('reveal = "It is {best()}."', 'reveal = "It is {best("', 10, "open_brace"),
        ('reveal = "It is {best()}."', 'reveal = "{__import__(1)}"', 10, "unknown_quantity"),
        ('reveal = "It is {best()}."', 'reveal = "{open.read()}"', 10, "bad_expression"),
        ('value = "best_probability(2)"', 'value = "best_probability(1)"', 9, "not_one_right"),
        ('value = "best_probability(2)"', 'value = "weight(77, 1)"', 17, "no_such"),
        ('right = "largest"', 'right = "biggest"', 11, "unknown_right"),
        ('right = "largest"', "", 12, "needs_holds"),
        ('look = "The best has {best_probability()}."\n', "", 5, "missing_key"),
        ('prompt = "a bee"', "prompt = 7", 3, "wrong_type"),
        ('title = "First"', "title = ", 6, "not_toml"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(old, new, line, kind):
    with pytest.raises(LessonError) as refused:
        lesson(GOOD.replace(old, new, 1))
    assert (refused.value.kind, refused.value.line) == (kind, line)
    for lang in ("en", "zh"):
        sentence = refused.value.sentence(lang)
        assert "good.en.toml" in sentence and str(line) in sentence and "\n" not in sentence


@pytest.mark.parametrize(
    ("data", "file", "kind"),
    [
        (b"x" * (MOST_BYTES + 1), "a.en.toml", "too_big"),
        (b"\xff\xfe", "a.en.toml", "not_text"),
        (GOOD.encode(), "a.toml", "file_name"),
        (GOOD.encode(), "../../a.en.toml", "file_name"),
        (GOOD.encode(), "a.xx.toml", "file_name"),
        (b"title = '" + b"y" * 3000 + b"'", "a.en.toml", "long_line"),
        (b'title = "x"', "a.en.toml", "no_stations"),
        (b"a = " + b"[" * 1500 + b"]" * 1500, "a.en.toml", "long_line"),
        (b"a = " + b"[" * 900 + b"]" * 900, "a.en.toml", "not_toml"),
    ],
)
def test_a_hostile_file_is_one_sentence(data, file, kind):
    with pytest.raises(LessonError) as refused:
        read(data, file)
    assert refused.value.kind == kind


@given(st.integers(0, len(GOOD) - 1), st.text(min_size=0, max_size=3))
def test_a_damaged_lesson_is_read_or_refused_but_never_more(at, instead):
    damaged = (GOOD[:at] + instead + GOOD[at + 1 :]).encode("utf-8", "surrogatepass")
    try:
        check(read(damaged, "good.en.toml"))
    except LessonError as error:
        assert str(error) and error.line <= GOOD.count("\n") + 4


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_every_lesson_that_comes_along_holds_on_its_run(file):
    """Every layer and element exists, every question has one right answer; it takes a lesson's time."""
    found = read(file.read_bytes(), file.name)
    check(found)
    assert 15 <= found.minutes <= 30 and found.aims and found.about
    page = teacher.page(found, View(lang=found.lang, model="storyteller"))
    assert all(f"{number}. " in page for number in range(1, len(found.stations) + 1)) and "<script" not in page


@pytest.mark.parametrize("name", NAMES)
def test_a_lesson_is_the_same_in_both_languages(name):
    english, chinese = (
        read((shelf.SHIPPED / f"{name}.{lang}.toml").read_bytes(), f"{name}.{lang}.toml") for lang in ("en", "zh")
    )

    def skeleton(found: Lesson) -> list:
        return [
            (one.room, one.model, one.prompt, dict(one.words), one.mark, one.right, len(one.choices), one.minutes)
            for one in found.stations
        ]

    assert skeleton(english) == skeleton(chinese)


def station_page(folder: str, address: str) -> None:
    from importlib import import_module

    from app.kit import frame, session
    from app.kit.lessons.panel import panel

    view = session.arrive(frame.defaults())
    session.enter(address)
    panel(session.current(), address)
    assert view.lesson
    import_module(f"app.rooms.{folder}.page").show()
    session.leave()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_station_opens_its_room_and_tells_what_is_right(name, lang):
    found = shelf.lesson(name, lang)
    assert found is not None and found.lang == lang
    start = View(lang=lang, model="storyteller")
    for number, one in enumerate(found.stations, 1):
        app = AppTest.from_function(station_page, args=(one.room.replace("-", "_"), one.room), default_timeout=60)
        words = describe(target(found, number, start).replace(predicted="0"), View(lang="fr", model="tiny"))
        for word, value in words.items():
            app.query_params[word] = value
        app.run()
        assert not app.exception, (number, [error.value for error in app.exception])
        assert not app.error, (number, [error.value for error in app.error])
        said = " ".join(markdown.value.replace("\\", "") for markdown in app.markdown)
        assert answer(one, run_of(found, number, start), lang).reveal in said, number


def test_what_is_no_readable_file_is_said_and_the_others_stay(tmp_path, monkeypatch):
    """A link that leads nowhere, a folder, and a pipe, which would be waited for."""
    (tmp_path / "good.en.toml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "lost.en.toml").symlink_to(tmp_path / "nowhere")
    (tmp_path / "folder.en.toml").mkdir()
    os.mkfifo(tmp_path / "pipe.en.toml")
    monkeypatch.setenv(shelf.FOLDER, str(tmp_path))
    assert sorted((error.kind, error.file) for error in shelf.wrong()) == [
        ("unreadable", f"{name}.en.toml") for name in ("folder", "lost", "pipe")
    ]
    assert isinstance(shelf.read_file(tmp_path / "good.en.toml"), Lesson)


def test_a_draft_can_be_kept_and_read_again():
    view = View(lang="en", model="tiny", prompt='a "bee" {x}').replace(layer=1)
    written = Written("T\u0000 {1}", 'look "here" \\ {best()}', "Why?", "so", "not so", "that is why")
    found = draft.lesson("My own", [draft.sketch("output", view, written)], "en")
    station = found.stations[0]
    run = run_of(found, 1, view)
    assert (station.room, station.prompt, dict(station.words)) == ("output", view.prompt, {"layer": 1})
    assert answer(station, run, "en").right == 0
    assert "".join(map(str, station.look.parts)) == 'look "here" \\ {best()}'
