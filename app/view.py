"""What the page shows, as one frozen value that an address can carry.

Every word of `ViewState` is a query parameter; `app.state` makes it the key of a widget (or
of a value that a click sets) as well, and so the class ``st-key-<word>`` on the page.

Knows nothing about models: what depends on one (how many layers there are) is checked by
`ViewState.within`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

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
    ids: tuple[int, ...] | None = word(
        None, _optional(_ids)
    )  # exact token ids, where the prompt's text alone would be cut otherwise
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
    shape: tuple[int, ...] | None = word(
        None, _optional(_ids)
    )  # layers, heads, head width, groups, latent, rotated width; None: the preset's
    context: int = word(32_768, _whole(1, 10_000_000))  # tokens of a request
    batch: int = word(1, _whole(1, 100_000))  # requests
    dtype: str = word("bf16", _one_of(*DTYPES))
    memory: int = word(2256, _whole(1, 1_000_000))  # GB of all GPUs together
    scope: str = word("layer", _one_of(*SCOPES))
    rank: int = word(4, _whole(1))
    token: int | None = word(
        None, _optional(_whole())
    )  # id of a token of the vocabulary, chosen instead of one of the prompt
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
