"""What the page shows, as one frozen value that an address can carry.

Every word of `ViewState` is a query parameter, the key of a widget (or of a value that a
click sets) in `st.session_state`, and so the class ``st-key-<word>`` on the page.

The address is read when a browser arrives or goes back or forward; from then on the
session is ahead of it, and `publish` makes the address follow.  Widgets of a page that is
not shown are forgotten by Streamlit, so `arrive` puts their last values back.

Knows nothing about models: what depends on one (how many layers there are) is checked by
`ViewState.within`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

LANGUAGES = ("en", "zh")
STAGES = ("all", "dot", "scaled", "masked", "softmax")
PARTS = ("rows", "position", "nearest")  # of the embeddings page
ROUTING = ("who", "decision", "active", "likes", "whatif")  # parts of the experts' page
ROUTES = ("map", "layers", "flow")  # ways to draw who goes where
CHANGES = ("off", "force", "top", "bias")  # what can be changed about the experts
LATENT = ("path", "cache", "size", "cost", "lost")  # parts of the latent attention's page
SCOPES = ("layer", "all")  # whose keys and values are compressed
DTYPES = ("fp32", "bf16", "fp16", "fp8", "int8", "int4")  # of a cache at real size
PROMPT = "Once upon a time there was a"
LINE_BREAK = "↵"  # stands for a line break in the prompt's one-line box, as on the token chips
UNDO_DEPTH = 200

_SHADOW, _PAGE, _BARE, _UNDO, _REDO, _LATER = "_view", "_page", "_bare", "_undo", "_redo", "_later"


def _text(value: Any) -> str:
    return str(value)


def _one_of(*choices: str) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if value not in choices:
            raise ValueError(f"{value!r} is none of {choices}")
        return value

    return read


def _whole(lowest: int = 0, highest: int = 2**31 - 1) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        number = int(value)
        if not lowest <= number <= highest:
            raise ValueError(f"{number} is outside {lowest}..{highest}")
        return number

    return read


def _real(lowest: float, highest: float) -> Callable[[Any], float]:
    def read(value: Any) -> float:
        number = float(value)
        if not (math.isfinite(number) and lowest <= number <= highest):
            raise ValueError(f"{number} is outside {lowest}..{highest}")
        return number

    return read


def _optional(inner: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else inner(value)


def _ids(value: Any) -> tuple[int, ...]:
    numbers = value.split(".") if isinstance(value, str) else value
    return tuple(_whole()(number) for number in numbers)


def word(default: Any, read: Callable[[Any], Any], *, always: bool = False) -> Any:
    """A field of `ViewState`: its default, the reader of its text, and whether the address always names it."""
    return field(default=default, metadata={"read": read, "always": always})


@dataclass(frozen=True, kw_only=True)
class ViewState:
    """Everything that decides the picture. Positions are token indices; None is the last token."""

    prompt: str = word(PROMPT, _text, always=True)
    ids: tuple[int, ...] | None = word(None, _optional(_ids))  # exact token ids, where the prompt's text alone would be cut otherwise
    model: str = word("", _text, always=True)  # a name of the catalog, or a path
    lang: str = word("en", _one_of(*LANGUAGES), always=True)
    layer: int = word(0, _whole())
    head: int = word(0, _whole())
    query: int | None = word(None, _optional(_whole()))
    key: int | None = word(None, _optional(_whole()))
    stage: str = word("all", _one_of(*STAGES))
    part: str = word("rows", _one_of(*PARTS))
    routing: str = word("who", _one_of(*ROUTING))
    routes: str = word("map", _one_of(*ROUTES))
    change: str = word("off", _one_of(*CHANGES))
    expert: int = word(0, _whole())
    kept: int = word(1, _whole(1))  # experts left of those chosen, where `change` is "top"
    latent: str = word("path", _one_of(*LATENT))
    preset: str = word("deepseek-v3", _text)  # a published model
    shape: tuple[int, ...] | None = word(None, _optional(_ids))  # layers, heads, head width, groups, latent, rotated width; None: the preset's
    context: int = word(32_768, _whole(1, 10_000_000))  # tokens of a request
    batch: int = word(1, _whole(1, 100_000))  # requests
    dtype: str = word("bf16", _one_of(*DTYPES))
    memory: int = word(2256, _whole(1, 1_000_000))  # GB of all GPUs together
    scope: str = word("layer", _one_of(*SCOPES))
    rank: int = word(4, _whole(1))
    token: int | None = word(None, _optional(_whole()))  # id of a token of the vocabulary, chosen instead of one of the prompt
    temperature: float = word(1.0, _real(0.0, 2.0))
    top_k: int = word(0, _whole())  # 0: no limit
    top_p: float = word(1.0, _real(0.01, 1.0))
    seed: int = word(1, _whole())

    @property
    def source(self) -> str | list[int]:
        """What `run_trace` reads: the exact ids where there are some, else the text."""
        return self.prompt if self.ids is None else list(self.ids)

    def within(self, *, layers: int, heads: int, tokens: int) -> ViewState:
        """This view on a model and prompt of that size: what points outside goes back to its default."""
        return replace(
            self,
            layer=self.layer if self.layer < layers else 0,
            head=self.head if self.head < heads else 0,
            query=self.query if self.query is not None and self.query < tokens else None,
            key=self.key if self.key is not None and self.key < tokens else None,
        )

    def position(self, tokens: int) -> int:
        """The chosen token's index: `query`, or the last one's."""
        return tokens - 1 if self.query is None else self.query


WORDS = {f.name: f for f in fields(ViewState)}


def parse(params: Mapping[str, Any], defaults: ViewState) -> ViewState:
    """A view from an address's parameters; a value that makes no sense counts as absent."""
    read: dict[str, Any] = {}
    for name, spec in WORDS.items():
        if name in params:
            try:
                read[name] = spec.metadata["read"](params[name])
            except (ValueError, TypeError):
                continue
    return replace(defaults, **read)


def describe(view: ViewState, defaults: ViewState) -> dict[str, str]:
    """The parameters of an address that shows `view`: `parse` reads them back to it."""
    words = {}
    for name, spec in WORDS.items():
        value = getattr(view, name)
        if spec.metadata["always"] or value != getattr(defaults, name):
            words[name] = ".".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return words


def to_box(prompt: str) -> str:
    """A prompt as its one-line box shows it."""
    return prompt.replace("\n", LINE_BREAK)


def from_box(text: str | None) -> str:
    """The prompt that the box's text stands for."""
    return (text or "").replace(LINE_BREAK, "\n")


def arrive(defaults: ViewState) -> ViewState:
    """The view at the start of a script run. Call once, before any widget."""
    context, session = get_script_run_ctx(), st.session_state
    page = context.page_script_hash
    first, other_page = _SHADOW not in session, session.get(_PAGE, page) != page
    bare = not st.query_params
    if context.is_history_navigation and bare:
        put(session.get(_BARE, {}).get(page, defaults), anew=True)
    elif first or context.is_history_navigation or (other_page and not bare):
        put(parse(st.query_params.to_dict(), defaults), anew=True)
    else:
        put(_held(session[_SHADOW]), anew=other_page)
    _settle()
    view = _held(defaults)
    if bare and (first or other_page):
        # The navigation's links carry no view: going back to where one led must show what it showed.
        session[_BARE] = session.get(_BARE, {}) | {page: view}
    return view


def current(defaults: ViewState) -> ViewState:
    """The view that the session's widgets hold now, on the page that is being drawn."""
    st.session_state[_PAGE] = get_script_run_ctx().page_script_hash
    return _held(defaults)


def _held(defaults: ViewState) -> ViewState:
    held = {name: st.session_state[name] for name in WORDS if name in st.session_state}
    if "prompt" in held:
        held["prompt"] = from_box(held["prompt"])
    view = parse(held, defaults)
    st.session_state[_SHADOW] = view
    return view


def put(view: ViewState, *, anew: bool = False) -> None:
    """Make the session show `view`; before the widgets of this run, or in a callback.

    Args:
        anew: tell the widgets even what the session holds already: on another page they are
            other widgets, which know nothing of it.
    """
    for name in WORDS:
        value = to_box(view.prompt) if name == "prompt" else getattr(view, name)
        if anew or name not in st.session_state or st.session_state[name] != value:
            st.session_state[name] = value
    st.session_state[_SHADOW] = view


def change(**words: Any) -> None:
    """Change some words of the view; for callbacks, such as a click in a component."""
    put(replace(_held(st.session_state[_SHADOW]), **words))


def relabel() -> None:
    """The language switch's callback: what widgets hold is told to them again, in their new words."""
    put(_held(st.session_state[_SHADOW]), anew=True)


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


def publish(view: ViewState, defaults: ViewState) -> None:
    """Make the address show `view`, unless it already does.

    Not when the browser went back or forward: a new address would cut off the way on.
    """
    if not get_script_run_ctx().is_history_navigation and parse(st.query_params.to_dict(), defaults) != view:
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
    change_prompt(from_box(st.session_state["prompt"]))


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
