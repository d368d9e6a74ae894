"""The session's view, and how it keeps in step with widgets, the address and the browser's history.

The address is read when a browser arrives or goes back or forward; from then on the
session is ahead of it, and `publish` makes the address follow.  Widgets of a page that is
not shown are forgotten by Streamlit, so `arrive` puts their last values back.
"""

from __future__ import annotations

from typing import Any

import streamlit as st
import streamlit.runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.script_run_context import ScriptRunContext

from app.kit import link
from app.kit.address import WORDS, View, describe, parse

UNDO_DEPTH = 200

_SHADOW, _PAGE, _BARE, _DRAWN = "_view", "_page", "_bare", "_drawn"
_UNDO, _REDO, _LATER, _GO, _HERE, _BEFORE = "_undo", "_redo", "_later", "_go", "_here", "_before"


def _run() -> ScriptRunContext:
    """What Streamlit knows of the script run that this is."""
    context = get_script_run_ctx()
    if context is None:
        raise RuntimeError("There is no page without a script run: start the app with streamlit run app/main.py.")
    return context


def own_id() -> str:
    """What tells this session from others."""
    return _run().session_id


def alive(session_id: str) -> bool:
    """Whether that session's page is open; every one is where there is no server, as in tests."""
    return not streamlit.runtime.exists() or streamlit.runtime.get_instance().is_active_session(session_id)


def arrive(defaults: View) -> View:
    """The view at the start of a script run. Call once, before any widget."""
    context, session = _run(), st.session_state
    page = context.page_script_hash
    first, other_page = _SHADOW not in session, session.get(_PAGE, page) != page
    bare = not st.query_params
    if context.is_history_navigation and bare:
        put(session.get(_BARE, {}).get(page, defaults), anew=True)
    elif first or context.is_history_navigation or (other_page and not bare):
        put(parse(_linked(), defaults), anew=True)
    else:
        # What another page's widgets held is gone: Streamlit has older values of theirs in its place.
        put(session[_SHADOW] if other_page else _held(), anew=other_page)
    _settle()
    view = session[_SHADOW]
    if bare and (first or other_page):
        # The navigation's links carry no view: going back to where one led must show what it showed.
        session[_BARE] = session.get(_BARE, {}) | {page: view}
    return view


def _linked() -> dict[str, str]:
    """The address's parameters, unpacked; without what cannot be."""
    try:
        return link.unpacked(st.query_params.to_dict())
    except ValueError:
        return {name: value for name, value in st.query_params.to_dict().items() if name != link.PACKED}


def broken_link() -> bool:
    """Whether the address has a packed part that cannot be read; until something else is shown."""
    try:
        link.unpacked(st.query_params.to_dict())
    except ValueError:
        return True
    return False


def lost() -> str | None:
    """The room that was asked for and does not exist; said once, and then no part of the address."""
    return st.query_params.pop("lost", None)


def current() -> View:
    """The view that the session's widgets hold now, on the page that is being drawn."""
    st.session_state[_PAGE] = _run().page_script_hash
    return st.session_state[_SHADOW]


def leave() -> None:
    """Say that the page is drawn to its end. Call once, after its last widget."""
    keys = _run().shared.widget_user_keys_this_run
    st.session_state[_DRAWN] = frozenset(name for name in WORDS if name in keys)


def _held() -> View:
    """The view with what the widgets hold that were drawn last; a widget that was not has nothing new to say."""
    drawn = st.session_state.get(_DRAWN, WORDS)
    told = {name: st.session_state[name] for name in WORDS if name in drawn and name in st.session_state}
    shadow = st.session_state[_SHADOW]
    # A widget that shows something for None says nothing until it is moved.
    news = {name: value for name, value in told.items() if value != _shown(shadow, name)}
    return parse(news, shadow)


def _shown(view: View, name: str) -> Any:
    """What the widget of a word shows."""
    return WORDS[name].shown if view[name] is None else view[name]


def put(view: View, *, anew: bool = False) -> None:
    """Make the session show `view`; before the widgets of this run, or in a callback.

    Args:
        anew: tell the widgets even what the session holds already: on another page they are
            other widgets, which know nothing of it.
    """
    drawn = st.session_state.get(_DRAWN, WORDS)
    for name in WORDS:
        if anew or name not in drawn or name not in st.session_state or st.session_state[name] != _shown(view, name):
            st.session_state[name] = _shown(view, name)
    st.session_state[_SHADOW] = view


def change(**words: Any) -> None:
    """Change some words of the view; for callbacks, such as a click in a component."""
    put(_held().replace(**words))


def go(address: str, **words: Any) -> None:
    """Show the room at `address`, some words of the view changed; for callbacks, such as a click on the map."""
    change(**words)
    st.session_state[_GO] = address


def show(address: str, view: View) -> None:
    """Show the room at `address` with exactly this view; for callbacks, such as a lesson's next station."""
    put(view)
    st.session_state[_GO] = address


def destination() -> str | None:
    """The address of the room that a click has asked for since the last run; said once."""
    return st.session_state.pop(_GO, None)


def enter(address: str) -> None:
    """Say which room is about to be drawn."""
    if st.session_state.get(_HERE) not in (None, address):
        st.session_state[_BEFORE] = st.session_state[_HERE]
    st.session_state[_HERE] = address


def here() -> str:
    """The address of the room that is being drawn; empty where nobody has said so."""
    return st.session_state.get(_HERE, "")


def room_before() -> str | None:
    """The address of the room that was shown before this one; None where this is the first."""
    return st.session_state.get(_BEFORE)


def relabel() -> None:
    """The language switch's callback: set every widget's value again, under its new labels."""
    put(_held(), anew=True)


def change_later(**words: Any) -> None:
    """As `change`, when this run is over: for what is decided while widgets are on the screen.

    May be called again and again; the last call for a word counts, however the run ends.
    A new prompt can be taken back, as after `change_prompt`.
    """
    st.session_state[_LATER] = st.session_state.get(_LATER, {}) | words


def _settle() -> None:
    words = st.session_state.pop(_LATER, {})
    if "prompt" in words:
        change_prompt(words.pop("prompt"), words.pop("ids", None))
    if words:
        change(**words)


def address(defaults: View) -> dict[str, str]:
    """The parameters of the address that shows the session's view."""
    return describe(st.session_state[_SHADOW], defaults)


def publish(view: View, defaults: View) -> None:
    """Make the address show `view`, unless it already does.

    Not when the browser went back or forward: a new address would cut off the way on.
    """
    if not _run().is_history_navigation and parse(_linked(), defaults) != view:
        st.query_params.from_dict(describe(view, defaults))


# The prompt's history: typing, appending and generating can all be taken back.


def change_prompt(prompt: str, ids: tuple[int, ...] | None = None) -> None:
    """Replace the prompt, remembering the one before; the choice of a token starts anew at the last.

    For callbacks, or before the widgets of a run.

    Args:
        ids: the exact token ids, where encoding `prompt` would give others.
    """
    _settle()
    shadow = st.session_state[_SHADOW]
    st.session_state[_UNDO] = [*st.session_state.get(_UNDO, []), (shadow.prompt, shadow.ids)][-UNDO_DEPTH:]
    st.session_state[_REDO] = []
    change(prompt=prompt, ids=ids, query=None, key=None, token=None)


def prompt_typed() -> None:
    """The prompt box's callback."""
    change_prompt(st.session_state["prompt"] or "")


def undo() -> None:
    """Go back to the prompt before, if there is one."""
    _settle()
    _step(_UNDO, _REDO)


def redo() -> None:
    """Take an undo back, if there is one."""
    _step(_REDO, _UNDO)


def _step(source: str, target: str) -> None:
    past = st.session_state.get(source, [])
    if past:
        shadow = st.session_state[_SHADOW]
        st.session_state[target] = [*st.session_state.get(target, []), (shadow.prompt, shadow.ids)]
        st.session_state[source] = past[:-1]
        prompt, ids = past[-1]
        change(prompt=prompt, ids=ids, query=None, key=None, token=None)


def can_undo() -> bool:
    """Whether there is a prompt to go back to."""
    return bool(st.session_state.get(_UNDO))


def can_redo() -> bool:
    """Whether an undo can be taken back."""
    return bool(st.session_state.get(_REDO))
