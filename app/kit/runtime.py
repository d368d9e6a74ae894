"""Models and traces shared by every browser: the only place that caches.

One process serves many sessions, each in a thread, over the same models.  Forwards take
turns, because two cores do not become faster when thirty threads use them.
"""

from __future__ import annotations

import ipaddress
import logging
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakValueDictionary

import streamlit as st
import torch
from streamlit.runtime.scriptrunner import get_script_run_ctx

import model
from app.kit import tidy
from app.kit.limits import limits, public
from app.kit.own_models import OwnModels
from app.kit.turns import Forwards, Pages, Turns
from model import LanguageModel, Trace
from model.beam import Branch, beam_search
from model.files.catalog import STORYTELLERS, TINY, file_of, load_tokenizer, present
from model.files.tokenizer import Tokenizer
from model.trace import DERIVED

T = TypeVar("T")
_LOGGER = logging.getLogger("glassformer")  # app/kit/server.py says where it goes

TORCH_THREADS = 2
PAGES = 1  # drawn at a time: Python runs one thread at a time, and a forward of a thousand small steps beside other
# pages would wait for them at each step (p95 of thirty people's prompts: 2.9 s, and 1.0 s so)
LONG_FORWARD = 3e9  # parameters times tokens, from which a forward lets other pages be drawn meanwhile
PATIENCE = 2.0  # seconds after which a page is drawn beside those that take long
TRACE_ENTRIES = 32
MODELS_HELD = 3
OWN_MODELS = 12  # that people made on this server, of all sessions together
PROMPT_CHARACTERS = 20_000
ALLOW_PATHS = "GLASSFORMER_ALLOW_PATHS"  # set by python3 -m app --allow-paths
LOG_PROMPTS = "GLASSFORMER_LOG_PROMPTS"  # set by python3 -m app --public --log-prompts
_NAMES = {*STORYTELLERS, *model.FETCHABLE, TINY}


@st.cache_resource(show_spinner=False)
def warm_up() -> bool:
    """Once per process: what the first page needs, and then an eye on the memory."""
    torch.set_num_threads(_threads())
    entries()
    language_model(default_name())
    tidy.keep_tidy()
    return True


def _threads() -> int:
    return min(TORCH_THREADS, os.cpu_count() or 1)


@cache
def pages() -> Pages:
    """The places for drawing pages: in the order of asking, each is drawn sooner than all at once would be."""
    return Pages(PAGES, still_wanted, PATIENCE)


@cache
def forwards() -> Forwards:
    """The places for forwards: as many as torch has threads, which somebody who is alone has together."""
    return Forwards(_threads(), still_wanted, lambda: _threads() if pages().crowd <= 1 else 1)


@cache
def writers() -> Turns:
    """The places for those who ask for one forward after another, each of which still waits for its own turn."""
    return Turns(limits().writers, still_wanted)


def still_wanted() -> None:
    """End this run here where its tab was closed or something else was clicked; Streamlit looks only when it draws."""
    if get_script_run_ctx(suppress_warning=True) is not None:
        _ = "prompt" in st.session_state  # asking its session for anything makes Streamlit look


@st.cache_resource(show_spinner=False, max_entries=2)
def _entries(present: tuple[str, ...]) -> list[model.Entry]:
    return model.catalog()


def entries() -> list[model.Entry]:
    """The catalog, read anew once SmolLM2 has been fetched or a built-in model's file has come."""
    return _entries(tuple(present()))


@cache
def default_name() -> str:
    """The model shown to someone who chose none: one that came with the project."""
    return model.default_name()


def language_model(name: str, weights: str = "fp32") -> LanguageModel:
    """The model of that name or path, loaded once, and again when its file changes.

    Args:
        weights: how they are kept in memory, "fp32" or "bf16".

    Raises:
        BadInput: "paths_off" for a path where none may be read, "not_kept" for a model that was made here and has
            gone; and if the model cannot be loaded.
    """
    own = own_models().file(name)
    if own is not None:
        return _load(str(own), weights, None)
    if not paths_allowed() and name not in _NAMES:
        raise model.BadInput(
            "paths_off",
            f"{name[:200]!r} is no model of the list, and this server reads no paths: choose a model from the list.",
            name=name[:200],
        )
    return _load(name, weights, _stamp(name))


@cache
def own_models() -> OwnModels:
    """The models that people made on this server."""
    return OwnModels(OWN_MODELS)


def paths_allowed() -> bool:
    """Whether people may name folders and files of this machine: not on a server for others, unless it was allowed."""
    if public():
        return False
    if os.environ.get(ALLOW_PATHS) == "1":
        return True
    address = st.get_option("server.address") or ""
    try:
        return address == "localhost" or ipaddress.ip_address(address).is_loopback
    except ValueError:  # another machine's name, or none: every address of this one
        return False


def _stamp(name: str) -> tuple[int, int] | None:
    try:
        found = (file_of(name) if name in STORYTELLERS else Path(name).expanduser()).stat()
    except (OSError, ValueError, RuntimeError):  # another name, or a text that cannot be a path
        return None
    return found.st_mtime_ns, found.st_size


@st.cache_resource(show_spinner=False, max_entries=MODELS_HELD)
def _load(name: str, weights: str, stamp: tuple[int, int] | None) -> LanguageModel:
    with pages().aside():
        return model.load(name, weights=weights)


class TraceCache:
    """The traces used last, bounded in number and bytes; safe under threads."""

    def __init__(self, entries: int, nbytes: int):
        self._entries, self._nbytes = entries, nbytes
        self._held: OrderedDict[tuple, tuple[Trace, int]] = OrderedDict()  # with its bytes, which take time to add up
        self._total = 0  # bytes of all of them
        self._makers: WeakValueDictionary[tuple, threading.Lock] = WeakValueDictionary()
        self._lock = threading.Lock()

    def get(self, key: tuple) -> Trace | None:
        """The trace of `key`, which becomes the one used last; None where it is not held."""
        with self._lock:
            if key not in self._held:
                return None
            self._held.move_to_end(key)
            return self._held[key][0]

    def making(self, key: tuple) -> threading.Lock:
        """What to hold while computing the trace of `key`: whoever wants the same one waits for it."""
        with self._lock:
            lock = self._makers.get(key) or threading.Lock()
            self._makers[key] = lock
            return lock

    def put(self, key: tuple, trace: Trace) -> None:
        """Hold `trace`, and let go of the oldest beyond the bounds."""
        nbytes = trace.nbytes
        with self._lock:
            self._total -= self._held.pop(key, (trace, 0))[1]
            self._held[key] = trace, nbytes
            self._total += nbytes
            while len(self._held) > 1 and (len(self._held) > self._entries or self._total > self._nbytes):
                self._total -= self._held.popitem(last=False)[1][1]

    def __len__(self) -> int:
        return len(self._held)


@cache
def traces() -> TraceCache:
    """The one trace cache of the process."""
    return TraceCache(TRACE_ENTRIES, limits().trace_bytes)


def read_prompt(lm: LanguageModel, source: str | list[int]) -> list[int]:
    """Token ids of a prompt, short enough to be looked at.

    Raises:
        BadInput: "empty_prompt", "blank_prompt", "too_long_to_show", and what the model itself refuses.
    """
    if len(source) > PROMPT_CHARACTERS:
        raise _too_long(f"{len(source):,} characters")
    if isinstance(source, str) and source and not source.strip():
        raise model.BadInput("blank_prompt", "The prompt has only spaces: type at least one visible character.")
    ids = lm.read_prompt(source)
    if len(ids) > limits().prompt_tokens:
        raise _too_long(f"{len(ids):,} tokens")
    return ids


def _too_long(length: str) -> model.BadInput:
    return model.BadInput(
        "too_long_to_show",
        f"The prompt has {length}; these pages show at most {limits().prompt_tokens:,} tokens: shorten it.",
        length=length,
        limit=f"{limits().prompt_tokens:,}",
    )


def trace(lm: LanguageModel, source: str | list[int], interventions: tuple = ()) -> Trace:
    """What `lm` computes on a prompt: from the cache, or by one forward.

    Raises:
        BadInput: as `read_prompt`, and for an intervention that has no place in this model.
    """
    ids = read_prompt(lm, source)
    key = (lm.fingerprint, tuple(ids), tuple(interventions))
    held = traces().get(key)
    if held is None:
        work = len(ids) * sum(weight.numel() for weight in lm.transformer.parameters())
        meanwhile = pages().aside() if work > LONG_FORWARD else nullcontext()
        with meanwhile, traces().making(key):  # a class types the same prompt: the first one computes it for all
            held = traces().get(key)
            if held is None:
                held = _computed(lm, ids, tuple(interventions))
                traces().put(key, held)
    return held


def _computed(lm: LanguageModel, ids: list[int], interventions: tuple) -> Trace:
    with forwards():
        still_wanted()
        started = time.monotonic()
        trace = model.run_trace(lm, ids, capture=_light, interventions=interventions)
        _log(trace, time.monotonic() - started)
        return trace


def _light(hook: str) -> bool:
    """As ``capture="light"``; and once a layer, end the run where nobody waits for it any more."""
    if hook.endswith("hook_resid_mid"):
        still_wanted()
    return not hook.endswith(DERIVED)


def _log(trace: Trace, seconds: float) -> None:
    """What was computed, for a server's log: what people type only where that was asked for."""
    prompt = f" {trace.prompt!r}" if os.environ.get(LOG_PROMPTS) == "1" else ""
    _LOGGER.info("%s: %d tokens in %.0f ms%s", trace.model, len(trace.ids), 1000 * seconds, prompt)


def whole_trace(lm: LanguageModel, ids: Sequence[int]) -> Trace:
    """Every hook of `lm` on these tokens, to take home: as ``python -m model trace`` has it. Not kept.

    Raises:
        BadInput: as `model.run_trace`.
    """
    with pages().aside(), forwards():
        return model.run_trace(lm, list(ids))


def generate(lm: LanguageModel, ids: list[int], **settings: Any) -> Iterator[model.Step]:
    """`model.generate`, holding a place among the forwards only while a token is computed."""
    return in_turn(model.generate(lm, ids, **settings))


def in_turn(steps: Iterable[T]) -> Iterator[T]:
    """`steps`, each computed while holding a place among the forwards."""
    waiting = iter(steps)
    while True:
        with pages().aside(), forwards():
            still_wanted()
            try:
                step = next(waiting)
            except StopIteration:
                return
        yield step


@cache
def of_process(factory: Callable[[], T]) -> T:
    """``factory()``, made once: what all sessions of the process share."""
    return factory()


def derived(function: Callable[..., T], held: Trace, *settings: Hashable) -> T:
    """``function(held, *settings)``, computed once for each: for analysis that takes long. Do not change it."""
    name = f"{function.__module__}.{function.__qualname__}"
    return _derived(name, (held.fingerprint, held.ids, held.interventions), settings, function, held)


@st.cache_resource(show_spinner=False, max_entries=64)
def _derived(name: str, key: tuple, settings: tuple, _function: Callable[..., T], _held: Trace) -> T:
    with pages().aside():
        return _function(_held, *settings)


@st.cache_resource(show_spinner=False, max_entries=MODELS_HELD)
def vocabulary(fingerprint: str, _lm: LanguageModel) -> list[str]:
    """Every token as shown to people, by id, (V,); of the tokenizer of `_lm`."""
    return [_lm.tokenizer.shown(token) for token in range(_lm.config.vocab_size)]


def tokenizers() -> list[tuple[list[str], Tokenizer]]:
    """Every tokenizer of the models that can be loaded now, with the names of the models that share it."""
    return _tokenizers(tuple(entry.name for entry in entries() if entry.available))


@st.cache_resource(show_spinner=False, max_entries=2)
def _tokenizers(names: tuple[str, ...]) -> list[tuple[list[str], Tokenizer]]:
    found: dict[str, tuple[list[str], Tokenizer]] = {}
    for name in names:
        tokenizer = load_tokenizer(name)
        found.setdefault(tokenizer.fingerprint, ([], tokenizer))[0].append(name)
    return list(found.values())


def of_model(function: Callable[[LanguageModel], T], lm: LanguageModel) -> T:
    """``function(lm)``, computed once per function and model: for analysis of weights. Do not change it."""
    return _of_model(f"{function.__module__}.{function.__qualname__}", lm.fingerprint, function, lm)


@st.cache_resource(show_spinner=False, max_entries=4 * MODELS_HELD)
def _of_model(name: str, fingerprint: str, _function: Callable[[LanguageModel], T], _lm: LanguageModel) -> T:
    with pages().aside():
        return _function(_lm)


def beams(lm: LanguageModel, ids: list[int], *, width: int, steps: int) -> list[tuple[Branch, ...]]:
    """Every step of `model.beam.beam_search`, computed once. Do not change it."""
    return _beams(lm.fingerprint, tuple(ids), width, steps, lm)


@st.cache_resource(show_spinner=False, max_entries=64)
def _beams(fingerprint: str, ids: tuple[int, ...], width: int, steps: int, _lm: LanguageModel) -> list:
    with pages().aside(), writers():
        return list(in_turn(beam_search(_lm, list(ids), width=width, steps=steps)))
