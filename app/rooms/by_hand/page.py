"""Attention by hand: four tokens, numbers to change, all seven steps, an exercise and a work sheet."""

from __future__ import annotations

import streamlit as st

from app.kit import frame, session
from app.kit.frame import Room
from app.kit.numbers import tiny
from app.kit.source import source
from app.kit.take import Matrix, take
from app.rooms.by_hand import quantities  # noqa: F401  what lessons can say of this room
from app.rooms.by_hand.analysis import gap, recomputed
from app.rooms.by_hand.board import board
from app.rooms.by_hand.examples import Example, changes, example
from app.rooms.by_hand.paper import given, steps
from app.rooms.by_hand.sheet import sheet
from app.rooms.by_hand.words import EXAMPLES, HIDDEN
from model.attention import attend, causal_mask
from model.measure.worked import Worked, work

_HISTORY, _AT = "_by_hand_history", "_by_hand_at"  # session: (example, edit) one after the other, and which is shown


def show() -> None:
    """Draw the page."""
    room = frame.enter(sheet=_sheet)
    view = room.view
    numbers = example(view.example, view.edit)
    worked = numbers.work()
    _remember((view.example, view.edit))
    st.markdown(f"#### {room.translate('by_hand.heading')}")
    _controls(room)
    _board(room, numbers, worked)
    second = recomputed(
        numbers.x, numbers.q, numbers.k, numbers.v, numbers.o, heads=numbers.heads, scaling=numbers.scaling
    )
    st.markdown(room.translate("by_hand.checked", gap=tiny(gap(worked, second))))
    _take(room, numbers, worked)
    source(room, work, attend, causal_mask)


def _controls(room: Room) -> None:
    translate = room.translate
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.segmented_control(
            translate("by_hand.example"),
            EXAMPLES,
            format_func=lambda name: translate(f"by_hand.example.{name}"),
            key="example",
            required=True,
            label_visibility="collapsed",
            on_change=lambda: session.change(edit=""),
        )
        st.selectbox(
            translate("by_hand.hidden"),
            HIDDEN,
            format_func=lambda name: translate(f"by_hand.hidden.{name}"),
            key="hidden",
            width=230,
            label_visibility="collapsed",
        )
        st.download_button(
            translate("by_hand.sheet"),
            lambda: _sheet(room),
            f"attention-by-hand-{room.view.example}.html",
            "text/html",
            key="sheet",
            icon=":material/print:",
            on_click="ignore",
        )


def _board(room: Room, numbers: Example, worked: Worked) -> None:
    view, look = room.view, room.look
    names = (
        "paper",
        "faint",
        "masked",
        "hatch",
        "query",
        "key",
        "value",
        "attention",
        "accent",
        "probability",
        "signed",
    )
    dark = look.name == "dark"
    board(
        view.example,
        numbers,
        worked,
        hidden=view.hidden,
        cell=_cell(view.cell, numbers),
        edited=bool(view.edit),
        undoable=st.session_state[_AT] > 0,
        redoable=st.session_state[_AT] + 1 < len(st.session_state[_HISTORY]),
        labels=room.templates("by_hand.part.") | {"look": room.translate(f"by_hand.look.{view.example}")},
        colours={name: getattr(look, name) for name in names}
        | {"good": "#12462F" if dark else "#D5F2E6", "bad": "#5A2A10" if dark else "#FBE0CE"},
        on_numbers=lambda given: session.change(edit=changes(view.example, given)),
        on_cell=lambda cell: session.change(cell=cell),
        on_undo=lambda: _step(-1),
        on_redo=lambda: _step(1),
        on_reset=lambda: session.change(edit=""),
    )


def _take(room: Room, numbers: Example, worked: Worked) -> None:
    matrices = {}
    for table in [*given(numbers), *steps(numbers, worked)]:
        weights = table.name.startswith("w_")
        name = room.translate(f"by_hand.part.matrix.{table.name[2:]}" if weights else f"by_hand.part.step.{table.name}")
        if table.head is not None:
            name = f"{name} · {room.translate('by_hand.part.head', head=table.head + 1)}"
        matrices[name] = Matrix(table.values, table.rows, table.columns, probability=table.name == "pattern")
    take(room, matrices, of=room.translate(f"by_hand.example.{room.view.example}"))


def _sheet(room: Room) -> str:
    numbers = example(room.view.example, room.view.edit)
    return sheet(numbers, numbers.work(), room.view.lang)


def _cell(cell: tuple[int, ...], numbers: Example) -> tuple[int, int, int]:
    """Query, key and column that exist, whatever an address says."""
    tokens, columns = numbers.x.shape
    query, key, column = (*cell, 0, 0, 0)[:3]
    return min(query, tokens - 1), min(key, tokens - 1), min(column, columns - 1)


# Undo: each state that was shown, as browsers do it: a new one cuts off what was undone.


def _remember(state: tuple[str, str]) -> None:
    history = st.session_state.setdefault(_HISTORY, [state])
    at = st.session_state.setdefault(_AT, 0)
    if history[at] != state:
        st.session_state[_HISTORY] = [*history[: at + 1], state]
        st.session_state[_AT] = at + 1


def _step(by: int) -> None:
    history = st.session_state[_HISTORY]
    at = st.session_state[_AT] = min(max(0, st.session_state[_AT] + by), len(history) - 1)
    name, edit = history[at]
    session.change(example=name, edit=edit)
