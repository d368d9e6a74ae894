"""The quantities that a lesson can name, each computed from a run. app/lessons/README.md lists them.

A room may offer quantities of its own by `offer`, as it claims address words.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from app.kit.address import View
from app.kit.prediction import most_probable, ranks
from model import LanguageModel, MoEConfig, Trace, distribution
from model.measure.memory import elements_per_token, grouped_elements
from model.measure.presets import PRESETS


@dataclass(frozen=True)
class Run:
    """What quantities are computed from: a prompt's trace, and the station's view of it."""

    lm: LanguageModel
    trace: Trace
    view: View

    @property
    def last(self) -> int:
        """The chosen position: the view's query, else the last."""
        return self.view.position(len(self.trace.ids))


@dataclass(frozen=True)
class Quantity:
    """One of them."""

    compute: Callable[..., float | str]
    unit: str  # "lesson.unit.<unit>"


class NotHere(Exception):
    """An operand names what this model or prompt does not have; `kind` and `values` as of `LessonError`."""

    def __init__(self, kind: str, /, **values: object):
        self.kind, self.values = kind, values
        super().__init__(kind)


QUANTITIES: dict[str, Quantity] = {}


def offer(unit: str) -> Callable[[Callable[..., float | str]], Callable[..., float | str]]:
    """Declare the decorated function as the quantity of its name; its first argument is a `Run`."""

    def declare(function: Callable[..., float | str]) -> Callable[..., float | str]:
        QUANTITIES[function.__name__] = Quantity(function, unit)
        return function

    return declare


def operands(name: str) -> str:
    """What a quantity can be given, for a message."""
    return ", ".join(list(inspect.signature(QUANTITIES[name].compute).parameters)[1:])


def index(value: object, count: int, what: str) -> int:
    """A position in 0 ... count - 1, negative from the end."""
    if not isinstance(value, int) or not -count <= value < count:
        raise NotHere("no_such", what=what, value=str(value), last=count - 1)
    return value % count


def _at(run: Run, at: int | None) -> int:
    return run.last if at is None else index(at, len(run.trace.ids), "position")


def _layer(run: Run, layer: int | None) -> int:
    return index(run.view.layer or 0 if layer is None else layer, run.lm.config.n_layers, "layer")


def _head(run: Run, head: int | None) -> int:
    return index(run.view.head or 0 if head is None else head, run.lm.config.attention.n_heads, "head")


def _key(run: Run, key: int | None) -> int:
    return index(run.view.key or 0 if key is None else key, len(run.trace.ids), "key")


def _id(run: Run, text: object) -> int:
    ids = run.lm.tokenizer.encode(str(text))
    if len(ids) != 1:
        raise NotHere("not_one_token", token=str(text), model=run.lm.name, count=len(ids))
    return ids[0]


# The next token


def _chances(run: Run, at: int | None, temperature: float = 1.0) -> np.ndarray:
    if not isinstance(temperature, int | float) or not 0.01 <= temperature <= 100:
        raise NotHere("no_such", what="temperature", value=str(temperature), last=100)
    return distribution(run.trace.logits[_at(run, at)] / temperature)


@offer("share")
def probability(run: Run, token: str, at: int | None = None, temperature: float = 1.0) -> float:
    return float(_chances(run, at, temperature)[_id(run, token)])


@offer("share")
def best_probability(run: Run, place: int = 1, at: int | None = None, temperature: float = 1.0) -> float:
    return float(np.sort(_chances(run, at, temperature))[-1 - index(place - 1, run.lm.config.vocab_size, "place")])


@offer("text")
def best(run: Run, place: int = 1, at: int | None = None) -> str:
    order = most_probable(run.trace.logits[_at(run, at)], 1 + index(place - 1, run.lm.config.vocab_size, "place"))
    return run.lm.tokenizer.shown(int(order[-1]))


@offer("share")
def best_together(run: Run, count: int, at: int | None = None) -> float:
    return float(np.sort(_chances(run, at))[-1 - index(count - 1, run.lm.config.vocab_size, "count") :].sum())


@offer("count")
def rank(run: Run, token: str, at: int | None = None) -> float:
    return float(ranks(run.trace.logits[_at(run, at)])[_id(run, token)])


@offer("bits")
def entropy(run: Run, at: int | None = None, temperature: float = 1.0) -> float:
    p = _chances(run, at, temperature)
    return float(-(p[p > 0] * np.log2(p[p > 0])).sum())


@offer("bits")
def surprise(run: Run, at: int) -> float:
    place = _at(run, at)
    if place == 0:
        raise NotHere("no_such", what="at", value="0", last=len(run.trace.ids) - 1)
    return float(-np.log2(distribution(run.trace.logits[place - 1])[run.trace.ids[place]]))


@offer("text")
def lens_best(run: Run, layer: int, at: int | None = None) -> str:
    logits = run.trace.lens_at(_at(run, at))[_layer(run, layer)]
    return run.lm.tokenizer.shown(int(logits.argmax()))


@offer("share")
def lens_probability(run: Run, token: str, layer: int, at: int | None = None) -> float:
    return float(distribution(run.trace.lens_at(_at(run, at))[_layer(run, layer)])[_id(run, token)])


@offer("count")
def lens_rank(run: Run, token: str, layer: int, at: int | None = None) -> float:
    return float(ranks(run.trace.lens_at(_at(run, at))[_layer(run, layer)])[_id(run, token)])


# Tokens, sizes


@offer("count")
def tokens(run: Run) -> float:
    return float(len(run.trace.ids))


@offer("text")
def token(run: Run, at: int | None = None) -> str:
    return run.trace.tokens[_at(run, at)]


@offer("count")
def token_id(run: Run, token: str) -> float:
    return float(_id(run, token))


@offer("count")
def vocabulary(run: Run) -> float:
    return float(run.lm.config.vocab_size)


@offer("count")
def layers(run: Run) -> float:
    return float(run.lm.config.n_layers)


@offer("count")
def heads(run: Run) -> float:
    return float(run.lm.config.attention.n_heads)


@offer("count")
def width(run: Run) -> float:
    return float(run.lm.config.d_model)


@offer("number")
def similarity(run: Run, first: str, second: str) -> float:
    rows = run.lm.transformer.embedding.weight[[_id(run, first), _id(run, second)]].float().numpy()
    return float(rows[0] @ rows[1] / (np.linalg.norm(rows[0]) * np.linalg.norm(rows[1])))


@offer("number")
def stream_length(run: Run, layer: int | None = None, at: int | None = None) -> float:
    return float(np.linalg.norm(run.trace[f"blocks.{_layer(run, layer)}.hook_resid_post"][_at(run, at)]))


# Attention; row = query, column = key


@offer("share")
def weight(
    run: Run, query: int | None = None, key: int | None = None, layer: int | None = None, head: int | None = None
) -> float:
    return float(run.trace.pattern(_layer(run, layer))[_head(run, head), _at(run, query), _key(run, key)])


@offer("number")
def score(
    run: Run,
    query: int | None = None,
    key: int | None = None,
    stage: str = "dot",
    layer: int | None = None,
    head: int | None = None,
) -> float:
    if stage not in run.trace.stages(_layer(run, layer)):
        raise NotHere("no_such", what="stage", value=str(stage), last="softmax")
    return float(run.trace.stage(_layer(run, layer), stage)[_head(run, head), _at(run, query), _key(run, key)])


@offer("share")
def row_sum(run: Run, query: int | None = None, layer: int | None = None, head: int | None = None) -> float:
    return float(run.trace.pattern(_layer(run, layer))[_head(run, head), _at(run, query)].sum())


@offer("share")
def later_weight(run: Run, query: int | None = None, layer: int | None = None, head: int | None = None) -> float:
    row = run.trace.pattern(_layer(run, layer))[_head(run, head), _at(run, query)]
    return float(row[_at(run, query) + 1 :].sum())


@offer("count")
def visible(run: Run, query: int | None = None, layer: int | None = None) -> float:
    return float(run.trace.mask(_layer(run, layer))[_at(run, query)].sum())


@offer("text")
def most_looked(run: Run, query: int | None = None, layer: int | None = None, head: int | None = None) -> str:
    row = run.trace.pattern(_layer(run, layer))[_head(run, head), _at(run, query)]
    return run.trace.tokens[int(row.argmax())]


@offer("share")
def most_looked_weight(run: Run, query: int | None = None, layer: int | None = None, head: int | None = None) -> float:
    return float(run.trace.pattern(_layer(run, layer))[_head(run, head), _at(run, query)].max())


# Experts; numbered from 0


def _experts(run: Run, layer: int | None) -> tuple[int, MoEConfig]:
    number = _layer(run, layer)
    found = run.lm.config.feed_forward_at(number)
    if not isinstance(found, MoEConfig):
        raise NotHere("no_experts", model=run.lm.name, layer=number)
    return number, found


@offer("count")
def experts(run: Run, layer: int | None = None) -> float:
    return float(_experts(run, layer)[1].n_routed_experts)


@offer("count")
def experts_chosen(run: Run, layer: int | None = None) -> float:
    return float(_experts(run, layer)[1].num_experts_per_tok)


@offer("count")
def expert(run: Run, place: int = 1, at: int | None = None, layer: int | None = None) -> float:
    number, config = _experts(run, layer)
    place = index(place - 1, config.num_experts_per_tok, "place")
    return float(run.trace[f"blocks.{number}.mlp.hook_expert_indices"][_at(run, at), place])


@offer("share")
def expert_weight(run: Run, place: int = 1, at: int | None = None, layer: int | None = None) -> float:
    number, config = _experts(run, layer)
    place = index(place - 1, config.num_experts_per_tok, "place")
    return float(run.trace[f"blocks.{number}.mlp.hook_expert_weights"][_at(run, at), place])


@offer("number")
def router_score(run: Run, expert: int, at: int | None = None, layer: int | None = None) -> float:
    number, config = _experts(run, layer)
    chosen = index(expert, config.n_routed_experts, "expert")
    return float(run.trace[f"blocks.{number}.mlp.hook_router_scores"][_at(run, at), chosen])


def _loads(run: Run, layer: int | None) -> np.ndarray:
    number, config = _experts(run, layer)
    chosen = run.trace[f"blocks.{number}.mlp.hook_expert_indices"].ravel()
    return np.bincount(chosen, minlength=config.n_routed_experts) / len(chosen)


@offer("share")
def expert_load(run: Run, expert: int, layer: int | None = None) -> float:
    loads = _loads(run, layer)
    return float(loads[index(expert, len(loads), "expert")])


@offer("count")
def busiest_expert(run: Run, layer: int | None = None) -> float:
    return float(_loads(run, layer).argmax())


@offer("share")
def busiest_load(run: Run, layer: int | None = None) -> float:
    return float(_loads(run, layer).max())


@offer("count")
def experts_used(run: Run, layer: int | None = None) -> float:
    return float((_loads(run, layer) > 0).sum())


# The cache; numbers that one token adds to it, all layers together


@offer("count")
def cache_numbers(run: Run) -> float:
    return float(elements_per_token(run.lm.config))


@offer("count")
def mha_cache_numbers(run: Run) -> float:
    return float(grouped_elements(run.lm.config, run.lm.config.attention.n_heads))


@offer("count")
def published_cache_numbers(run: Run, name: str) -> float:
    return float(elements_per_token(_published(name)))


@offer("count")
def published_mha_cache_numbers(run: Run, name: str) -> float:
    return float(grouped_elements(_published(name), _published(name).attention.n_heads))


def _published(name: str):
    if name not in PRESETS:
        raise NotHere("no_such", what="name", value=str(name), last=", ".join(PRESETS))
    return PRESETS[name].config
