"""The frame of every page: prompt, model, language and tokens.

A page begins with ``room = frame.enter()`` and draws with what the room holds; where the
prompt or the model cannot be used, `enter` says why in one sentence instead.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

import model
from app.kit import bring, browser, download, home, runtime, session, theme_watch
from app.kit.address import View
from app.kit.chips import chips
from app.kit.help import help_here
from app.kit.keys import keys
from app.kit.small_map import small_map
from app.kit.theme import Look
from app.text import (
    LANGUAGE_NAMES,
    error_text,
    escape_markdown,
    kind_of_text,
    offered,
    template,
    templates,
    translate,
)

_GOOD = "_good"  # session: the last view whose picture could be drawn
_OWN = "_own_models"  # session: names of the models made here that its list shows


@dataclass(frozen=True)
class Text:
    """What a page shows in place of the prompt, which it leaves as it is."""

    control: Callable[[View], None]  # draws what stands where the prompt's box does
    ids: Callable[[View, model.LanguageModel], list[int]]  # the tokens that the page is about


@dataclass(frozen=True)
class Room:
    """What a page draws from."""

    view: View  # as shown, everything in range
    lm: model.LanguageModel
    trace: model.Trace
    look: Look

    @property
    def position(self) -> int:
        """Index of the chosen token: the last, unless a chip was clicked."""
        return self.view.position(len(self.trace.ids))

    def quoted(self, token: str) -> str:
        """A token in quotation marks, as Markdown that shows exactly it."""
        return self.translate("common.quoted", token=escape_markdown(token))

    def translate(self, key: str, /, **values: object) -> str:
        """The sentence `key` ("module.name" in app/text) in the page's language."""
        return translate(self.view.lang, key, **values)

    def template(self, key: str) -> str:
        """That sentence with its placeholders left open, for the browser to fill."""
        return template(self.view.lang, key)

    def kind_of_text(self, kind: str) -> str:
        """The name of a kind of training text, such as "zh-poems"."""
        return kind_of_text(self.view.lang, kind)

    def templates(self, prefix: str) -> dict[str, str]:
        """Every sentence whose key begins with `prefix`, by the rest of its key, placeholders left open."""
        return templates(self.view.lang, prefix)


def defaults() -> View:
    """The view of someone who brought no address: their browser's language, the built-in model."""
    spoken = (st.context.locale or "").lower().split("-")[0]
    return View(lang=spoken if spoken in offered() else "en", model=runtime.default_name())


def enter(
    choose: Callable[[model.LanguageModel, model.Trace], dict[str, Any]] | None = None,
    *,
    sheet: Callable[[Room], str] | None = None,
    text: Text | None = None,
) -> Room:
    """Draw the page's head, and return what the page draws from.

    Stops the script run, after one clear sentence, where there is nothing to draw.

    Args:
        choose: says which words the view begins with where nobody has chosen a layer or a head.
        sheet: makes the page's work sheet, one file of HTML, when somebody asks for it.
        text: what the page is about, where that is not the prompt.
    """
    view = session.current()
    keys(view, session.here())
    help_here(view.lang)
    small_map(view.lang, session.here())
    place, menu = _controls(view, prompt=text is None)
    lost = session.lost()
    if lost is not None:
        st.info(translate(view.lang, "common.lost", room=escape_markdown(lost)), icon=":material/explore_off:")
    if session.broken_link():
        st.warning(translate(view.lang, "common.link.broken"), icon=":material/link_off:")
    try:
        with st.spinner(translate(view.lang, "common.loading")):
            lm = runtime.language_model(view.model, view.weights)
    except model.BadInput as error:
        st.error(escape_markdown(error_text(view.lang, error)), icon=":material/error:")
        if view.model in model.FETCHABLE:
            download.row(view.lang, view.model)
        _stop()
    if not lm.trained:
        _untrained(view.lang)
    elif download.download().running:
        download.row(view.lang, download.NAME)
    shown, trace = _traced(view, lm) if text is None else (view, _of_text(view, lm, text))
    asked = shown
    shown = shown.within(layers=lm.config.n_layers, heads=lm.config.attention.n_heads, tokens=len(trace.ids))
    if choose is not None and shown.layer is None and shown.head is None:
        shown = shown.replace(**choose(lm, trace))
    st.session_state[_GOOD] = shown
    session.put(shown.replace(prompt=view.prompt))  # what was typed stays in the box, even where it cannot be used
    session.publish(shown, defaults())
    if text is not None:  # after `put`: a widget that is drawn can be told nothing more
        with place:
            text.control(shown)
    room = Room(shown.complete(), lm, trace, theme_watch.look(projected=bool(shown.projector)))
    with menu:
        home.home(room, defaults(), sheet, foretold=text is None)
    _fallback(asked, room)
    theme_watch.follow(room.look.name)
    chips(
        trace.tokens,
        trace.ids,
        selected=room.position,
        label=room.translate("common.chips"),
        words=room.templates("common.chips."),
        parts=[place for place, token in enumerate(trace.ids) if _is_part(lm, token)],
        added=_added(lm, trace),
        on_choose=lambda position: session.change(query=position, token=None),
    )
    return room


def _is_part(lm: model.LanguageModel, token: int) -> bool:
    """Whether a token is bytes that form no whole character."""
    return "\ufffd" in lm.tokenizer.token_bytes(token).decode(errors="replace")


def _added(lm: model.LanguageModel, trace: model.Trace) -> int:
    """How many tokens stand before the prompt's because the tokenizer's own rules add them."""
    start = lm.tokenizer.start_ids
    return len(start) if trace.ids[: len(start)] == start else 0


def _fallback(asked: View, room: Room) -> None:
    """Say that the model has no such layer or head, and which one is shown."""
    counts = {"layer": room.lm.config.n_layers, "head": room.lm.config.attention.n_heads}
    sentences = [
        room.translate(
            f"common.fallback.{word}", model=room.quoted(room.lm.name), wanted=asked[word], count=count, shown=0
        )
        for word, count in counts.items()
        if asked[word] is not None and asked[word] >= count
    ]
    if sentences:
        st.info(" ".join(sentences), icon=":material/info:")


def leave() -> None:
    """Say that the page stands to its end. Call once, after its last widget."""
    session.leave()
    browser.whole()


def _stop() -> NoReturn:
    leave()
    st.stop()


def _untrained(lang: str) -> None:
    words = translate(lang, "common.untrained")
    if model.fetched_path(download.NAME) is None or download.download().running:
        download.row(lang, download.NAME, words)
    else:
        st.markdown(words)


def _controls(view: View, *, prompt: bool) -> tuple[DeltaGenerator, DeltaGenerator]:
    """Draw the controls; returns where the prompt's box stands, or would, and the place of the menu to take home."""
    place, chosen, language = st.columns([5.6, 2.6, 1.8], vertical_alignment="center", gap="small")
    if prompt:
        with place:
            _prompt_box(view)
    with chosen, st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="models"):
        # Choosing one that is not here offers its download.
        entries = {entry.name: entry for entry in [*runtime.entries(), *_own(view.model)]}
        names = list(entries)
        st.selectbox(
            translate(view.lang, "common.model"),
            names if view.model in names else [*names, view.model],
            format_func=lambda name: _described(view.lang, name, entries),
            key="model",
            accept_new_options=True,
            label_visibility="collapsed",
        )
        bring.bring(view.lang)
    with language, st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="languages"):
        languages = offered()
        st.segmented_control(
            translate(view.lang, "common.lang"),
            languages if view.lang in languages else [*languages, view.lang],
            format_func=lambda lang: LANGUAGE_NAMES[lang],
            key="lang",
            on_change=session.relabel,
            required=True,
            label_visibility="collapsed",
        )
        menu = st.container(key="home_place", width="content")
    return place, menu


def _prompt_box(view: View) -> None:
    st.text_area(
        translate(view.lang, "common.prompt"),
        key="prompt",
        height="content",
        placeholder=translate(view.lang, "common.prompt.placeholder"),
        on_change=session.prompt_typed,
        label_visibility="collapsed",
    )


def own_model(name: str) -> None:
    """Show a model that was made on this server in this session's list."""
    st.session_state[_OWN] = [*dict.fromkeys([*st.session_state.get(_OWN, []), name])]


def _own(chosen: str) -> list[model.Entry]:
    """Those of this session's list that are still kept; one that came by the address joins it."""
    if runtime.own_models().entry(chosen) is not None:
        own_model(chosen)
    found = [runtime.own_models().entry(name) for name in st.session_state.get(_OWN, [])]
    return [entry for entry in found if entry is not None]


def _described(lang: str, name: str, entries: dict[str, model.Entry]) -> str:
    if name not in entries:
        return name  # a path that was typed
    entry = entries[name]
    return translate(lang, "common.model.entry", name=name, attention=entry.attention, feed_forward=entry.feed_forward)


def _traced(view: View, lm: model.LanguageModel) -> tuple[View, model.Trace]:
    """The view's trace; or, after a sentence about its prompt, that of the last good prompt."""
    try:
        view = _respelled(view, lm)
        return view, runtime.trace(lm, view.source)
    except model.BadInput as error:
        sentence = escape_markdown(error_text(view.lang, error))
        good = st.session_state.get(_GOOD)
        if good is None:
            st.error(sentence, icon=":material/error:")
            _stop()
        st.error(f"{sentence} {translate(view.lang, 'common.kept')}", icon=":material/error:")
        view = _respelled(view.replace(prompt=good.prompt, ids=good.ids), lm)
    try:
        return view, runtime.trace(lm, view.source)
    except model.BadInput:  # good for the model before, but not for this one: the sentence above has said it
        _stop()


def _of_text(view: View, lm: model.LanguageModel, text: Text) -> model.Trace:
    try:
        return runtime.trace(lm, text.ids(view, lm))
    except model.BadInput as error:
        st.error(escape_markdown(error_text(view.lang, error)), icon=":material/error:")
        _stop()


def _respelled(view: View, lm: model.LanguageModel) -> View:
    """Without its exact ids where they belong to another model's vocabulary."""
    return view if view.ids is None or _spell(lm, view.ids, view.prompt) else view.replace(ids=None)


def _spell(lm: model.LanguageModel, ids: tuple[int, ...], prompt: str) -> bool:
    return all(token < lm.config.vocab_size for token in ids) and lm.tokenizer.decode(list(ids)) == prompt


def spelled(lm: model.LanguageModel, ids: list[int]) -> dict:
    """The words of the view whose prompt is exactly these tokens: ``prompt`` and ``ids``."""
    prompt = lm.tokenizer.decode(ids)
    return {"prompt": prompt, "ids": None if lm.tokenizer.encode(prompt) == ids else tuple(ids)}


def rewrite(lm: model.LanguageModel, ids: list[int]) -> None:
    """Make the prompt exactly these tokens; undo comes back. For callbacks."""
    session.change_prompt(**spelled(lm, ids))
