"""Take home: one menu on every page with a link, a handout, the page's pictures, a work sheet and the whole trace.

Its content is drawn once somebody opens it, and each file made when it is asked for.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

from app.kit import link, runtime, session
from app.kit.component import declare
from app.kit.files import file_stem
from app.kit.numbers import percent
from app.kit.prediction import most_probable
from model import Trace, distribution
from model.trace import LONG

if TYPE_CHECKING:
    from app.kit.address import View
    from app.kit.frame import Room

FORESEEN = 5  # tokens that a handout names as the next one

_home = declare(
    __file__, "home", front=("dom", "colour", "boxes", "vector", "files"), scripts=("handout.js", "home.js")
)


def home(room: Room, defaults: View, sheet: Callable[[Room], str] | None, *, foretold: bool) -> None:
    """The menu's button; its panel lies over the page, and moves nothing.

    Args:
        sheet: makes the room's work sheet, a file of HTML, where it has one.
        foretold: whether a handout names the tokens that the model expects next.
    """
    st.fragment(_menu)(room, defaults, sheet, foretold)


def _menu(room: Room, defaults: View, sheet: Callable[[Room], str] | None, foretold: bool) -> None:
    translate = room.translate
    panel = st.popover(
        translate("common.home"),
        icon=":material/file_save:",
        help=translate("common.home"),
        key="home",
        on_change="rerun",
    )
    if not panel.open:
        return
    station = session.here()
    file = f"{file_stem(room.lm.name)}-trace.npz"
    with panel:
        _home.draw("home_page", _page(room, defaults, station, foretold))
        with st.container(horizontal=True, gap="small"):
            if sheet is not None:
                st.download_button(
                    translate("common.home.sheet"),
                    lambda: sheet(room),
                    f"{file_stem(room.lm.name, station, 'work-sheet')}.html",
                    "text/html",
                    key="home_sheet",
                    icon=":material/edit_note:",
                    help=translate("common.home.sheet.help"),
                    on_click="ignore",
                )
            st.download_button(
                translate("common.home.trace"),
                lambda: _npz(room),
                file,
                "application/octet-stream",
                key="home_trace",
                icon=":material/database:",
                help=translate("common.home.trace.help"),
                on_click="ignore",
            )
        # As plain text: the colours that Streamlit gives to Python are too faint to read.
        st.code(snippet(room.trace, room.view.layer, room.view.head, file), language=None)


def _page(room: Room, defaults: View, station: str, foretold: bool) -> dict:
    translate, trace = room.translate, room.trace
    facts = []
    if foretold:
        chances = distribution(trace.logits[-1])
        best = most_probable(trace.logits[-1], FORESEEN).tolist()
        said = ", ".join(f"{room.lm.tokenizer.shown(token)} {percent(chances[token])}" for token in best)
        facts.append([translate("common.home.next"), said])
    return {
        "query": link.query_of(session.address(defaults)),
        "lang": room.view.lang,
        "title": translate(f"{station.replace('-', '_')}.title"),
        "stem": file_stem(room.lm.name),
        "prompt": trace.prompt,
        "model": room.lm.name,
        "places": [
            {"word": word, "name": translate(f"common.{word}"), "value": str(room.view[word])}
            for word in ("layer", "head")
        ],
        "rows": [[translate("common.prompt"), trace.prompt], [translate("common.model"), room.lm.name]],
        "facts": facts,
        "labels": room.templates("common.home.part."),
    }


def snippet(trace: Trace, layer: int, head: int, file: str) -> str:
    """Python that reads the file of `trace`: its tokens, one head of it, the next token."""
    # Of longer prompts a trace may leave out what follows from other arrays.
    whole = len(trace.ids) < LONG
    what = f'"blocks.{layer}.attn.hook_pattern"][{head}]' if whole else f'"blocks.{layer}.attn.hook_z"][:, {head}]'
    said = "weights, query by key" if whole else "what it read, token by token"
    return f'''import numpy as np

trace = np.load("{file}")
list(trace)  # the arrays' names: model/HOOKS.md
trace["tokens"]
# Layer {layer}, head {head}: {said}
trace[{what}
# The token foreseen next, as an id
trace["logits"][-1].argmax()'''


def _npz(room: Room) -> bytes:
    """The file that ``python -m model trace PROMPT --out FILE.npz`` writes."""
    data = io.BytesIO()
    runtime.whole_trace(room.lm, room.trace.ids).save(data)
    return data.getvalue()


def origin(room: Room, *facts: str) -> str:
    """Where the numbers of a work sheet are from: model, `facts` such as the layer, prompt."""
    return f"{' · '.join([room.lm.name, *facts])}\n{room.translate('common.prompt')}: {room.trace.prompt}"


def words_of_sheets(room: Room) -> dict[str, str]:
    """What the tables of work sheets call their rows and columns, for `app.kit.worksheet.softmax`."""
    return room.templates("common.sheet.word.")
