"""The panel of a lesson that runs: it stands beside every room, asks before it tells, and leads on."""

from __future__ import annotations

import streamlit as st

import model
from app.kit import session
from app.kit.address import View
from app.kit.component import declare
from app.kit.lessons import shelf
from app.kit.lessons.check import Answer, answer, read, run_of, said, target
from app.kit.lessons.errors import LessonError
from app.kit.lessons.format import Lesson, Station
from app.kit.lessons.quantities import Run
from app.text import error_text, escape_markdown, translate

ROOM = "lesson"  # the room with the list of lessons

_mark = declare(__file__, "mark")


def panel(view: View, here: str) -> None:
    """Draw it where a lesson runs.

    Args:
        here: address of the room that is drawn.
    """
    if not view.lesson or view.away or here == ROOM:
        return
    with st.container(key="lesson_panel"):
        lesson = shelf.lesson(view.lesson, view.lang)
        if lesson is None:
            st.info(translate(view.lang, "lesson.gone", name=escape_markdown(view.lesson)))
            _leave(view)
            return
        number = min(max(view.station, 1), len(lesson.stations))
        try:
            _station(lesson, number, view, here)
        except LessonError as error:
            error.file = lesson.file
            st.error(escape_markdown(error.sentence(view.lang)))
        except model.BadInput as error:
            reason = error_text(view.lang, error)
            st.info(translate(view.lang, "lesson.unavailable", reason=escape_markdown(reason)))
        _ways(lesson, number, view)


def start(lesson: Lesson, number: int, view: View) -> None:
    """Show a station; for callbacks."""
    session.show(lesson.stations[number - 1].room, target(lesson, number, view))


def _station(lesson: Lesson, number: int, view: View, here: str) -> None:
    station = lesson.stations[number - 1]
    progress = translate(view.lang, "lesson.progress", station=number, count=len(lesson.stations))
    st.caption(f"{escape_markdown(lesson.title)} · {progress}")
    st.markdown(f"##### {escape_markdown(station.title)}")
    if station.room != here:
        st.info(translate(view.lang, "lesson.elsewhere"))
        st.button(
            translate(view.lang, "lesson.return"), key="lesson-return", on_click=start, args=(lesson, number, view)
        )
        return
    place = f"{lesson.name} {number}"
    _mark.draw("lesson_mark", {"mark": station.mark, "station": place, "step": f"{place} {view.predicted}"})
    run = run_of(lesson, number, view)
    st.markdown(escape_markdown(said(station.look, run, view.lang)))
    st.markdown(f"**{escape_markdown(said(station.ask, run, view.lang))}**")
    found = answer(station, run, view.lang)
    if view.predicted == "":
        _ask(station, number, run, view)
    else:
        _tell(station, run, found, view)


def _ask(station: Station, number: int, run: Run, view: View) -> None:
    key = f"lesson-prediction-{number}"
    if station.choices:
        given: float | None = st.radio(
            translate(view.lang, "lesson.choose"),
            range(len(station.choices)),
            format_func=lambda place: escape_markdown(said(station.choices[place].text, run, view.lang)),
            index=None,
            key=key,
        )
    else:
        given = st.number_input(translate(view.lang, "lesson.number"), value=None, key=key)
    st.button(
        translate(view.lang, "lesson.reveal"),
        key="lesson-reveal",
        type="primary",
        disabled=given is None,
        on_click=lambda: session.change(predicted=f"{given:.6f}".rstrip("0").rstrip(".")),
    )


def _tell(station: Station, run: Run, found: Answer, view: View) -> None:
    predicted = float(view.predicted)
    if found.number is None:
        right = predicted == found.right
        lines = []
        for place, (choice, value) in enumerate(zip(station.choices, found.values, strict=True)):
            sign = "✓" if place == found.right else "✗" if place == predicted else "·"
            text = escape_markdown(said(choice.text, run, view.lang))
            lines.append(f"{sign} {text}" + (f": {escape_markdown(value)}" if value else ""))
        st.markdown("  \n".join(lines))
    else:
        right = abs(predicted - found.number) <= station.close
        shown = {name: read(value, "number", view.lang) for name, value in _numbers(predicted, found.number, station)}
        st.markdown(translate(view.lang, "lesson.was.number", **shown))
    verdict = translate(view.lang, "lesson.right" if right else "lesson.wrong")
    st.markdown(f"**{verdict}** {escape_markdown(found.reveal)}")


def _numbers(predicted: float, computed: float, station: Station) -> list[tuple[str, float]]:
    return [("predicted", predicted), ("right", computed), ("close", station.close)]


def _ways(lesson: Lesson, number: int, view: View) -> None:
    last = number == len(lesson.stations)
    with st.container(horizontal=True, gap="small", key="lesson_ways"):
        st.button(
            translate(view.lang, "lesson.back"),
            key="lesson-back",
            disabled=number == 1,
            on_click=start,
            args=(lesson, max(1, number - 1), view),
        )
        if last:
            st.button(
                translate(view.lang, "lesson.finish"),
                key="lesson-forward",
                type="primary" if view.predicted else "secondary",
                on_click=session.go,
                args=(ROOM,),
                kwargs={"away": True},
            )
        else:
            st.button(
                translate(view.lang, "lesson.forward"),
                key="lesson-forward",
                type="primary" if view.predicted else "secondary",
                on_click=start,
                args=(lesson, number + 1, view),
            )
        _leave(view)


def _leave(view: View) -> None:
    st.button(
        translate(view.lang, "lesson.leave"),
        key="lesson-leave",
        type="tertiary",
        on_click=session.go,
        args=(ROOM,),
        kwargs={"away": True},
    )
