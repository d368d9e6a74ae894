"""What the page shows, as one frozen value that an address can carry.

Every word of a `View` is a query parameter; `app.kit.session` makes it the key of a widget
(or of a value that a click sets) as well, and so the class ``st-key-<word>`` on the page.
The words that all pages share are declared here; each room declares its own beside its page
by `claim`.

Knows nothing about models: what depends on one (how many layers there are) is checked by
`within`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from app.text import LANGUAGE_NAMES

WEIGHTS = ("fp32", "bf16")  # how weights may be kept in memory
# Chosen by assets/first_view.py from what the default model does well.
PROMPT: str = json.loads(Path(__file__).with_name("first_view.json").read_text(encoding="utf-8"))["prompt"]


# Readers: each turns an address's text (or a widget's value) into a word's value, or raises ValueError.


def text(value: Any) -> str:
    """Any text; halves of surrogate pairs, which no browser could be sent, become U+FFFD."""
    return str(value).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def one_of(*choices: str) -> Callable[[Any], str]:
    """One of these texts."""

    def read(value: Any) -> str:
        if value not in choices:
            raise ValueError(f"{value!r} is none of {choices}")
        return value

    return read


def whole(lowest: int = 0, highest: int = 2**31 - 1) -> Callable[[Any], int]:
    """A whole number in that range."""

    def read(value: Any) -> int:
        number = int(value)
        if not lowest <= number <= highest:
            raise ValueError(f"{number} is outside {lowest}..{highest}")
        return number

    return read


def real(lowest: float, highest: float) -> Callable[[Any], float]:
    """A finite number in that range."""

    def read(value: Any) -> float:
        number = float(value)
        if not (math.isfinite(number) and lowest <= number <= highest):
            raise ValueError(f"{number} is outside {lowest}..{highest}")
        return number

    return read


def flag(value: Any) -> bool:
    """True or False."""
    if str(value) not in ("True", "False"):
        raise ValueError(f"{value!r} is neither True nor False")
    return str(value) == "True"


def optional(inner: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """None, or what `inner` reads."""
    return lambda value: None if value is None else inner(value)


def numbers(value: Any) -> tuple[int, ...]:
    """Whole numbers from 0 on, with dots between in an address."""
    parts = value.split(".") if isinstance(value, str) and value else value
    return tuple(whole()(part) for part in parts)


@dataclass(frozen=True)
class Word:
    """One query parameter: its value where the address has none, and the reader of its text."""

    default: Any
    read: Callable[[Any], Any]
    always: bool = False  # the address names it even where it has its default
    shown: Any = None  # what a widget shows for None, which it cannot hold itself


_words: dict[str, Word] = {}
_owners: dict[str, str] = {}


def claim(owner: str, **words: Word) -> None:
    """Declare address words, when a room is imported.

    Raises:
        ValueError: if another owner has claimed one of them.
    """
    for name, word in words.items():
        if _owners.setdefault(name, owner) != owner:
            raise ValueError(f"{owner} and {_owners[name]} both claim the address word {name!r}: rename one of them.")
        _words[name] = word


def owned(owner: str) -> tuple[str, ...]:
    """The words that `owner` has claimed."""
    return tuple(name for name, whose in _owners.items() if whose == owner)


WORDS: Mapping[str, Word] = MappingProxyType(_words)  # every word claimed so far, in that order

claim(
    "kit",
    prompt=Word(PROMPT, text, always=True),
    ids=Word(None, optional(numbers)),  # exact token ids, where encoding the prompt's text would give others
    model=Word("", text, always=True),  # a name of the catalog, or a path
    weights=Word("fp32", one_of(*WEIGHTS)),
    lang=Word("en", one_of(*LANGUAGE_NAMES), always=True),
    layer=Word(None, optional(whole()), shown=0),  # None, as of `head`: nobody has chosen; see `View.complete`
    head=Word(None, optional(whole()), shown=0),
    query=Word(None, optional(whole())),  # position of the chosen token; None is the last
    key=Word(None, optional(whole())),
    token=Word(None, optional(whole())),  # id of a token of the vocabulary, chosen instead of one of the prompt
    # How the next token is drawn, wherever text is generated.
    temperature=Word(1.0, real(0.0, 2.0)),
    top_k=Word(0, whole()),  # 0: no limit
    top_p=Word(1.0, real(0.01, 1.0)),
    min_p=Word(0.0, real(0.0, 1.0)),  # of the best token's probability
    seed=Word(1, whole()),
)


class View(Mapping[str, Any]):
    """Everything that decides the picture: a value for each word, read as an attribute. Never changed."""

    def __init__(self, values: Mapping[str, Any] = MappingProxyType({}), /, **words: Any):
        given = {**values, **words}
        unknown = given.keys() - WORDS.keys()
        if unknown:
            raise TypeError(f"No room has claimed the address words {sorted(unknown)}.")
        object.__setattr__(self, "_values", given)

    def __getitem__(self, name: str) -> Any:
        return self._values[name] if name in self._values else WORDS[name].default

    def __iter__(self) -> Iterator[str]:
        return iter(WORDS)

    def __len__(self) -> int:
        return len(WORDS)

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"No room has claimed the address word {name!r}.") from None

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError("A view is never changed: use replace().")

    def __repr__(self) -> str:
        return f"View({', '.join(f'{name}={self[name]!r}' for name in WORDS if self[name] != WORDS[name].default)})"

    def replace(self, **words: Any) -> View:
        """This view with some words changed."""
        return View(self._values, **words)

    @property
    def source(self) -> str | list[int]:
        """What `run_trace` reads: the exact ids where there are some, else the text."""
        return self.prompt if self.ids is None else list(self.ids)

    def within(self, *, layers: int, heads: int, tokens: int) -> View:
        """This view on a model and prompt of that size: what points outside goes back to its default."""
        return self.replace(
            layer=self.layer if self.layer is None or self.layer < layers else 0,
            head=self.head if self.head is None or self.head < heads else 0,
            query=self.query if self.query is not None and self.query < tokens else None,
            key=self.key if self.key is not None and self.key < tokens else None,
        )

    def complete(self) -> View:
        """This view with a layer and a head: the first ones where nobody has chosen others."""
        return self.replace(layer=self.layer or 0, head=self.head or 0)

    def position(self, tokens: int) -> int:
        """The chosen token's index: `query`, or the last one's."""
        return tokens - 1 if self.query is None else self.query


def parse(params: Mapping[str, Any], defaults: View) -> View:
    """A view from an address's parameters; a value that makes no sense counts as absent."""
    read: dict[str, Any] = {}
    for name, word in WORDS.items():
        if name in params:
            try:
                read[name] = word.read(params[name])
            except (ValueError, TypeError, OverflowError):
                continue
    return defaults.replace(**read)


def describe(view: View, defaults: View) -> dict[str, str]:
    """The parameters of an address that shows `view`: `parse` reads them back to it."""
    parameters = {}
    for name, word in WORDS.items():
        value = view[name]
        if word.always or value != defaults[name]:
            parameters[name] = ".".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return parameters
