"""What all pages share: the head with prompt, model and tokens, and the source that ran.

A page begins with ``room = page.enter()`` and draws with what the room holds; where the
prompt or the model cannot be used, `enter` says why in one sentence instead.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import plotly.graph_objects as go
import streamlit as st

import model
from app import runtime, state
from app.components.chips import chips
from app.figures.layout import LOOKS, Look
from app.state import ViewState
from app.text import LANGUAGE_NAMES, TEXT, plain, say

ROOT = Path(__file__).resolve().parent.parent
_GOOD = "_good"  # session: the last view whose picture could be drawn


@dataclass(frozen=True)
class Room:
    """What a page draws from."""

    view: ViewState  # as shown, everything in range
    lm: model.LanguageModel
    trace: model.Trace
    look: Look

    @property
    def position(self) -> int:
        """Index of the chosen token: the last, unless a chip was clicked."""
        return self.view.position(len(self.trace.ids))

    def say(self, key: str, **values: object) -> str:
        """The sentence `key` ("module.name" in app/text) in the page's language."""
        return say(self.view.lang, key, **values)


def defaults() -> ViewState:
    """The view of someone who brought no address: their browser's language, the built-in model."""
    chinese = (st.context.locale or "").lower().startswith("zh")
    return ViewState(lang="zh" if chinese else "en", model=runtime.default_name())


def look() -> Look:
    """The colours of the browser's theme."""
    return LOOKS[st.context.theme.type or "light"]


def enter() -> Room:
    """Draw the page's head, and return what the page draws from.

    Stops the script run, after one clear sentence, where there is nothing to draw.
    """
    view = state.current(defaults())
    _controls(view)
    try:
        lm = runtime.language_model(view.model)
    except model.BadInput as error:
        st.error(told(view.lang, error), icon=":material/error:")
        st.stop()
    if not lm.trained:
        st.caption(say(view.lang, "common.untrained"))
    view, trace = _traced(view, lm)
    view = view.within(layers=lm.config.n_layers, heads=lm.config.attention.n_heads, tokens=len(trace.ids))
    st.session_state[_GOOD] = view
    if view.prompt == state.current(defaults()).prompt:
        state.put(view)
    state.publish(view, defaults())
    room = Room(view, lm, trace, look())
    chips(trace.tokens, trace.ids, selected=room.position, label=room.say("common.chips"), on_choose=lambda position: state.change(query=position))
    return room


def _controls(view: ViewState) -> None:
    prompt, chosen, language = st.columns([6.4, 2.2, 1.4], vertical_alignment="center", gap="small")
    with prompt:
        st.text_input(
            say(view.lang, "common.prompt"),
            key="prompt",
            placeholder=say(view.lang, "common.prompt.placeholder"),
            on_change=state.prompt_typed,
            label_visibility="collapsed",
        )
    with chosen:
        names = [entry.name for entry in runtime.entries() if entry.available]
        st.selectbox(
            say(view.lang, "common.model"),
            names if view.model in names else [*names, view.model],
            key="model",
            accept_new_options=True,
            label_visibility="collapsed",
        )
    with language:
        st.segmented_control(
            say(view.lang, "common.lang"),
            list(LANGUAGE_NAMES),
            format_func=LANGUAGE_NAMES.get,
            key="lang",
            required=True,
            label_visibility="collapsed",
        )


def _traced(view: ViewState, lm: model.LanguageModel) -> tuple[ViewState, model.Trace]:
    """The view's trace; or, after a sentence about its prompt, the last good one's."""
    if view.ids is not None and not _spell(lm, view.ids, view.prompt):
        view = replace(view, ids=None)  # ids of another model's vocabulary
    try:
        return view, runtime.trace(lm, view.source)
    except model.BadInput as error:
        good = st.session_state.get(_GOOD)
        sentence = told(view.lang, error)
        if good is None:
            st.error(sentence, icon=":material/error:")
            st.stop()
        st.error(f"{sentence} {say(view.lang, 'common.kept')}", icon=":material/error:")
        view = replace(view, prompt=good.prompt, ids=good.ids)
        if view.ids is not None and not _spell(lm, view.ids, view.prompt):
            view = replace(view, ids=None)
        try:
            return view, runtime.trace(lm, view.source)
        except model.BadInput:  # the prompt before was good for another model only
            st.stop()


def _spell(lm: model.LanguageModel, ids: tuple[int, ...], prompt: str) -> bool:
    return all(token < lm.config.vocab_size for token in ids) and lm.tokenizer.decode(list(ids)) == prompt


def told(lang: str, error: model.BadInput) -> str:
    """The error's sentence in `lang`, as Markdown that shows exactly it."""
    key = f"common.error.{error.code}"
    return plain(say(lang, key, **error.values) if key in TEXT else str(error))


def chart(figure: go.Figure, *, key: str, alt: str, **options) -> object:
    """Show a figure of app/figures as it was drawn: in our colours, without a tool bar."""
    return st.plotly_chart(figure, theme=None, key=key, alt=alt, config={"displayModeBar": False, "displaylogo": False}, **options)


def source(room: Room, *functions: Callable) -> None:
    """An expander with the lines of model/ that computed this page's picture."""
    with st.expander(room.say("common.source"), icon=":material/code:"):
        for function in functions:
            lines, first = inspect.getsourcelines(function)
            file = Path(inspect.getsourcefile(function)).relative_to(ROOT)
            st.caption(plain(room.say("common.source.where", file=file.as_posix(), line=first)))
            st.code(inspect.cleandoc("".join(lines)) if not lines[0][0].isspace() else _dedented(lines), language="python")


def _dedented(lines: list[str]) -> str:
    return inspect.cleandoc("\n" + "".join(lines))
