"""The lessons: which there are, where one was left, a teacher's page for each, and drafts."""

from __future__ import annotations

import streamlit as st

from app.kit import frame, session
from app.kit.frame import Room
from app.kit.lessons import draft, shelf, teacher
from app.kit.lessons.check import check
from app.kit.lessons.draft import Sketch, Written
from app.kit.lessons.errors import LessonError
from app.kit.lessons.format import MOST_BYTES, Lesson, read
from app.kit.lessons.panel import start
from app.kit.lessons.words import MOST_STATIONS
from app.text import escape_markdown

SKETCHES = "_lesson_sketches"  # session: the stations of the draft
PROBLEM = "_lesson_problem"  # session: what is wrong with the station that was typed last
FIELDS = {"title": 100, "text": 300, "ask": 300, "yes": 150, "no": 150, "reveal": 300}  # most characters


def show() -> None:
    """Draw the page."""
    room = frame.enter()
    st.markdown(f"#### {room.translate('lesson.heading')}")
    st.markdown(room.translate("lesson.look"))
    found = shelf.lessons(room.view.lang)
    for lesson in found:
        _row(room, lesson)
    if not found:
        st.info(room.translate("lesson.empty"))
    for error in shelf.wrong():
        st.error(escape_markdown(error.sentence(room.view.lang)))
    _upload(room)
    _draft(room)


def _row(room: Room, lesson: Lesson) -> None:
    view = room.view
    here = view.lesson == lesson.name and view.station > 0
    with st.container(border=True, key=f"lesson_row_{lesson.name}"):
        text, buttons = st.columns([3, 1], vertical_alignment="center")
        with text:
            st.markdown(f"**{escape_markdown(lesson.title)}**")
            facts = room.translate("lesson.facts", count=len(lesson.stations), minutes=f"{lesson.minutes:g}")
            st.markdown(f"{escape_markdown(lesson.about)} ({facts})")
            if lesson.needs:
                st.caption(room.translate("lesson.needs", needs=escape_markdown(lesson.needs)))
            if here and view.predicted and view.station == len(lesson.stations):
                st.success(room.translate("lesson.done", title=escape_markdown(lesson.title)))
        with buttons:
            if here and view.station > 1:
                st.button(
                    room.translate("lesson.continue", station=view.station),
                    key=f"continue_{lesson.name}",
                    on_click=start,
                    args=(lesson, view.station, view),
                    width="stretch",
                )
            st.button(
                room.translate("lesson.start"),
                key=f"start_{lesson.name}",
                type="primary",
                on_click=start,
                args=(lesson, 1, view),
                width="stretch",
            )
            st.download_button(
                room.translate("lesson.teacher"),
                lambda: teacher.page(lesson, view),
                file_name=f"{lesson.name}.{lesson.lang}.html",
                mime="text/html",
                key=f"teacher_{lesson.name}",
                help=room.translate("lesson.teacher.help"),
                on_click="ignore",
                width="stretch",
            )


def _upload(room: Room) -> None:
    given = st.file_uploader(room.translate("lesson.upload"), type=["toml"], key="lesson_upload", max_upload_size=1)
    if given is None:
        return
    try:
        lesson = read(given.getvalue()[: MOST_BYTES + 1], given.name)
        check(lesson)
    except LessonError as error:
        error.file = error.file or given.name
        st.error(escape_markdown(error.sentence(room.view.lang)))
        return
    if lesson is not None and (lesson.name, lesson.lang) not in shelf.own():
        shelf.keep(lesson)
        st.rerun()
    st.success(room.translate("lesson.upload.done", title=escape_markdown(lesson.title)))


def _draft(room: Room) -> None:
    sketches: list[Sketch] = st.session_state.get(SKETCHES, [])
    with st.expander(
        room.translate("lesson.draft"), key="lesson_draft", expanded=bool(sketches) or PROBLEM in st.session_state
    ):
        st.markdown(room.translate("lesson.draft.look"))
        seen = session.room_before()
        if seen is None and not sketches:
            st.info(room.translate("lesson.draft.none"))
        if seen is not None:
            _form(room, seen, sketches)
        if sketches:
            _file(room, sketches)


def _form(room: Room, seen: str, sketches: list[Sketch]) -> None:
    with st.form("lesson_station"):
        for name in FIELDS:
            st.text_input(room.translate(f"lesson.draft.{name}"), max_chars=FIELDS[name], key=f"draft_{name}")
        full = len(sketches) >= MOST_STATIONS
        st.form_submit_button(
            room.translate("lesson.draft.add"), disabled=full, on_click=_add, args=(room, seen, sketches)
        )
    problem = st.session_state.pop(PROBLEM, None)
    if problem is not None:
        st.error(escape_markdown(problem.sentence(room.view.lang)))


def _add(room: Room, seen: str, sketches: list[Sketch]) -> None:
    """Keep what was typed as a station; where it cannot be one, it stays in the form."""
    added = draft.sketch(seen, room.view, Written(*(st.session_state[f"draft_{name}"] for name in FIELDS)))
    try:
        draft.lesson(added.written.title, [added], room.view.lang)
    except LessonError as error:
        st.session_state[PROBLEM] = error
        return
    st.session_state[SKETCHES] = [*sketches, added]
    for name in FIELDS:
        st.session_state[f"draft_{name}"] = ""


def _file(room: Room, sketches: list[Sketch]) -> None:
    lang, title = room.view.lang, sketches[0].written.title
    names = ", ".join(room.quoted(one.written.title) for one in sketches)
    st.markdown(room.translate("lesson.draft.count", stations=names))
    with st.container(horizontal=True, gap="small"):
        st.download_button(
            room.translate("lesson.draft.download"),
            draft.toml(title, sketches),
            file_name=f"my-lesson.{lang}.toml",
            mime="application/toml",
            key="draft_download",
            on_click="ignore",
        )
        st.button(room.translate("lesson.draft.play"), key="draft_play", on_click=_play, args=(room, title, sketches))
        st.button(
            room.translate("lesson.draft.clear"),
            key="draft_clear",
            on_click=lambda: st.session_state.pop(SKETCHES, None),
        )


def _play(room: Room, title: str, sketches: list[Sketch]) -> None:
    lesson = draft.lesson(title, sketches, room.view.lang)
    shelf.keep(lesson)
    start(lesson, 1, room.view)
