"""What all pages share: the head with prompt, model and tokens, and the source that ran.

A page begins with ``room = page.enter()`` and draws with what the room holds; where the
prompt or the model cannot be used, `enter` says why in one sentence instead.
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import plotly.graph_objects as go
import streamlit as st

import model
from app import offer, runtime, state
from app.components import theme
from app.components.chips import chips
from app.figures.layout import LOOKS, Look
from app.text import LANGUAGE_NAMES, plain, say, told
from app.view import ViewState

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

    def quoted(self, token: str) -> str:
        """A token in quotation marks, as Markdown that shows exactly it."""
        return self.say("common.quoted", token=plain(token))

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
        with st.spinner(say(view.lang, "common.loading")):
            lm = runtime.language_model(view.model)
    except model.BadInput as error:
        st.error(plain(told(view.lang, error)), icon=":material/error:")
        if view.model == offer.NAME:
            offer.row(view.lang, say(view.lang, "common.offer"))
        st.stop()
    if not lm.trained:
        _untrained(view.lang)
    elif runtime.download().running:
        offer.row(view.lang, say(view.lang, "common.offer"))
    shown, trace = _traced(view, lm)
    shown = shown.within(layers=lm.config.n_layers, heads=lm.config.attention.n_heads, tokens=len(trace.ids))
    st.session_state[_GOOD] = shown
    state.put(replace(shown, prompt=view.prompt))  # what was typed stays in the box, even where it cannot be used
    state.publish(shown, defaults())
    view = shown
    room = Room(view, lm, trace, look())
    theme.follow(room.look.name)
    chips(
        trace.tokens,
        trace.ids,
        selected=room.position,
        label=room.say("common.chips"),
        on_choose=lambda position: state.change(query=position, token=None),
    )
    return room


def _untrained(lang: str) -> None:
    words = say(lang, "common.untrained")
    if model.smollm2_path() is None:
        offer.row(lang, f"{words} {say(lang, 'common.offer')}")
    else:
        st.markdown(words)


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
        names = [entry.name for entry in runtime.entries()]  # SmolLM2 too: choosing it offers the download
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
            on_change=state.relabel,
            required=True,
            label_visibility="collapsed",
        )


def _traced(view: ViewState, lm: model.LanguageModel) -> tuple[ViewState, model.Trace]:
    """The view's trace; or, after a sentence about its prompt, that of the last good prompt."""
    try:
        view = _respelled(view, lm)
        return view, runtime.trace(lm, view.source)
    except model.BadInput as error:
        sentence = plain(told(view.lang, error))
        good = st.session_state.get(_GOOD)
        if good is None:
            st.error(sentence, icon=":material/error:")
            st.stop()
        st.error(f"{sentence} {say(view.lang, 'common.kept')}", icon=":material/error:")
        view = _respelled(replace(view, prompt=good.prompt, ids=good.ids), lm)
    try:
        return view, runtime.trace(lm, view.source)
    except model.BadInput:  # good for the model before, but not for this one: the sentence above has said it
        st.stop()


def _respelled(view: ViewState, lm: model.LanguageModel) -> ViewState:
    """Without its exact ids where they belong to another model's vocabulary."""
    return view if view.ids is None or _spell(lm, view.ids, view.prompt) else replace(view, ids=None)


def _spell(lm: model.LanguageModel, ids: tuple[int, ...], prompt: str) -> bool:
    return all(token < lm.config.vocab_size for token in ids) and lm.tokenizer.decode(list(ids)) == prompt


def spelled(lm: model.LanguageModel, ids: list[int]) -> dict:
    """The words of the view whose prompt is exactly these tokens: ``prompt`` and ``ids``."""
    prompt = lm.tokenizer.decode(ids)
    return {"prompt": prompt, "ids": None if lm.tokenizer.encode(prompt) == ids else tuple(ids)}


def rewrite(lm: model.LanguageModel, ids: list[int]) -> None:
    """Make the prompt exactly these tokens; undo comes back. For callbacks."""
    state.change_prompt(**spelled(lm, ids))


def chart(figure: go.Figure, *, key: str, alt: str, **options) -> object:
    """Show a figure of app/figures as it was drawn: in our colours, without a tool bar."""
    return st.plotly_chart(
        figure, theme=None, key=key, alt=alt, config={"displayModeBar": False, "displaylogo": False}, **options
    )


def source(room: Room, *functions: Callable) -> None:
    """An expander with the lines of model/ that computed this page's picture."""
    with st.expander(room.say("common.source"), icon=":material/code:"):
        for function in functions:
            lines, first = inspect.getsourcelines(function)
            file = Path(inspect.getsourcefile(function)).relative_to(ROOT)
            st.caption(plain(room.say("common.source.where", file=file.as_posix(), line=first)))
            st.code(textwrap.dedent("".join(lines)), language="python")
