"""Models and traces shared by every browser: the only place that caches.

One process serves many sessions, each in a thread, over the same models.  Forwards are
bounded by a semaphore, because two cores do not become faster when thirty threads use them.
"""

from __future__ import annotations

import gc
import ipaddress
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import streamlit as st
import torch

import model
from model import LanguageModel, Trace
from model.beam import Branch, beam_search
from model.files.catalog import STORYTELLERS, TINY, file_of, load_tokenizer, present
from model.files.tokenizer import Tokenizer

T = TypeVar("T")

TORCH_THREADS = 2
TRACE_ENTRIES = 32
TRACE_BYTES = 1_500_000_000
MODELS_HELD = 3
PROMPT_TOKENS = 512  # more than a picture can show, and half a second of waiting on two cores
PROMPT_CHARACTERS = 20_000
ALLOW_PATHS = "GLASSFORMER_ALLOW_PATHS"  # set by python3 -m app --allow-paths
_NAMES = {*STORYTELLERS, *model.FETCHABLE, TINY}


@st.cache_resource(show_spinner=False)
def warm_up() -> bool:
    """Once per process: two threads for torch, and a garbage collector that skips what stays.

    Streamlit collects garbage after every script run; walking all imported modules each
    time costs about 50 ms, which freezing them saves.
    """
    torch.set_num_threads(min(TORCH_THREADS, os.cpu_count() or 1))
    entries()
    language_model(default_name())
    gc.collect()
    gc.freeze()
    return True


@st.cache_resource(show_spinner=False)
def forwards() -> threading.Semaphore:
    """How many forwards run at once: as many as have `TORCH_THREADS` cores each."""
    return threading.Semaphore(max(1, (os.cpu_count() or 1) // TORCH_THREADS))


@st.cache_resource(show_spinner=False, max_entries=2)
def _entries(present: tuple[str, ...]) -> list[model.Entry]:
    return model.catalog()


def entries() -> list[model.Entry]:
    """The catalog, read anew once SmolLM2 has been fetched or a built-in model's file has come."""
    return _entries(tuple(present()))


@st.cache_resource(show_spinner=False)
def default_name() -> str:
    """The model shown to someone who chose none: one that came with the project."""
    return model.default_name()


def language_model(name: str, weights: str = "fp32") -> LanguageModel:
    """The model of that name or path, loaded once, and again when its file changes.

    Args:
        weights: how they are kept in memory, "fp32" or "bf16".

    Raises:
        BadInput: "paths_off" for a path where none may be read; and if the model cannot be loaded.
    """
    if not paths_allowed() and name not in _NAMES:
        raise model.BadInput(
            "paths_off",
            f"{name[:200]!r} is no model of the list, and this server reads no paths: choose a model from the list.",
            name=name[:200],
        )
    return _load(name, weights, _stamp(name))


def paths_allowed() -> bool:
    """Whether people may name folders and files of this machine: not on a server for others, unless it was allowed."""
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
    return model.load(name, weights=weights)


class TraceCache:
    """The traces used last, bounded in number and bytes; safe under threads."""

    def __init__(self, entries: int = TRACE_ENTRIES, nbytes: int = TRACE_BYTES):
        self._entries, self._nbytes = entries, nbytes
        self._held: OrderedDict[tuple, Trace] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: tuple) -> Trace | None:
        """The trace of `key`, which becomes the one used last; None where it is not held."""
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
            return self._held.get(key)

    def put(self, key: tuple, trace: Trace) -> None:
        """Hold `trace`, and let go of the oldest beyond the bounds."""
        with self._lock:
            self._held[key] = trace
            total = sum(held.nbytes for held in self._held.values())
            while len(self._held) > 1 and (len(self._held) > self._entries or total > self._nbytes):
                total -= self._held.popitem(last=False)[1].nbytes

    def __len__(self) -> int:
        return len(self._held)


@st.cache_resource(show_spinner=False)
def traces() -> TraceCache:
    """The one trace cache of the process."""
    return TraceCache()


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
    if len(ids) > PROMPT_TOKENS:
        raise _too_long(f"{len(ids):,} tokens")
    return ids


def _too_long(length: str) -> model.BadInput:
    return model.BadInput(
        "too_long_to_show",
        f"The prompt has {length}; these pages show at most {PROMPT_TOKENS} tokens: shorten it.",
        length=length,
        limit=PROMPT_TOKENS,
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
        with forwards():
            held = traces().get(key)  # a class types the same prompt: the first one computes it for all
            if held is None:
                held = model.run_trace(lm, ids, capture="light", interventions=tuple(interventions))
                traces().put(key, held)
    return held


def whole_trace(lm: LanguageModel, ids: Sequence[int]) -> Trace:
    """Every hook of `lm` on these tokens, to take home: as ``python -m model trace`` has it. Not kept.

    Raises:
        BadInput: as `model.run_trace`.
    """
    with forwards():
        return model.run_trace(lm, list(ids))


def generate(lm: LanguageModel, ids: list[int], **settings: Any) -> Iterator[model.Step]:
    """`model.generate`, holding a place among the forwards only while a token is computed."""
    return in_turn(model.generate(lm, ids, **settings))


def in_turn(steps: Iterable[T]) -> Iterator[T]:
    """`steps`, each computed while holding a place among the forwards."""
    waiting = iter(steps)
    while True:
        with forwards():
            try:
                step = next(waiting)
            except StopIteration:
                return
        yield step


def of_process(factory: Callable[[], T]) -> T:
    """``factory()``, made once: what all sessions of the process share."""
    return _of_process(f"{factory.__module__}.{factory.__qualname__}", factory)


@st.cache_resource(show_spinner=False)
def _of_process(name: str, _factory: Callable[[], T]) -> T:
    return _factory()


def derived(function: Callable[..., T], held: Trace, *settings: Hashable) -> T:
    """``function(held, *settings)``, computed once for each: for analysis that takes long. Do not change it."""
    name = f"{function.__module__}.{function.__qualname__}"
    return _derived(name, (held.fingerprint, held.ids, held.interventions), settings, function, held)


@st.cache_resource(show_spinner=False, max_entries=64)
def _derived(name: str, key: tuple, settings: tuple, _function: Callable[..., T], _held: Trace) -> T:
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
    return _function(_lm)


def beams(lm: LanguageModel, ids: list[int], *, width: int, steps: int) -> list[tuple[Branch, ...]]:
    """Every step of `model.beam.beam_search`, computed once. Do not change it."""
    return _beams(lm.fingerprint, tuple(ids), width, steps, lm)


@st.cache_resource(show_spinner=False, max_entries=64)
def _beams(fingerprint: str, ids: tuple[int, ...], width: int, steps: int, _lm: LanguageModel) -> list:
    return list(in_turn(beam_search(_lm, list(ids), width=width, steps=steps)))
