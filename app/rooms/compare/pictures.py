"""Every picture of arrays that two sides can be compared in, each as a table out of one trace.

T tokens (queries), S = T keys, H heads, D width, Dh and Dv width of a head, F hidden, R latent, E experts, L layers,
V vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from app.kit.head_jobs import row_entropy
from app.kit.prediction import foreseen
from model import MLAConfig, Trace
from model.trace import STAGES, Stage

Along = Literal["token", "layer", "stream", "part", "expert", "head", "number", "unit", "one"]
Scale = Literal["probability", "amount", "signed"]
Table = Callable[[Trace, int, int], np.ndarray]  # of a trace, a layer and a head


@dataclass(frozen=True)
class Picture:
    """One kind of table, (R, C) or (n, R, C), NaN where there is no number."""

    name: str
    table: Table
    rows: Along
    columns: Along
    scale: Scale  # 0..1; 0 to the largest; or both signs
    layer: bool = True  # whether it is of one layer
    head: bool = False  # and of one head
    has: Callable[[Trace, int], bool] = lambda trace, layer: True
    empty_is_zero: bool = False  # a weight that was not given
    of_model: bool = False  # its columns are a model's own: those of another have other meanings


def _stage(name: Stage) -> Table:
    def table(trace: Trace, layer: int, head: int) -> np.ndarray:
        values = trace.stage(layer, name)[head]  # (T, S)
        return np.where(trace.mask(layer), values, np.nan) if name in ("masked", "softmax") else values

    return table


def _heads(trace: Trace, layer: int, _: int) -> np.ndarray:
    """(H, T, S)."""
    return np.where(trace.mask(layer), trace.pattern(layer), np.nan)


def _entropy(trace: Trace, _: int, __: int) -> np.ndarray:
    """(L, H): mean bits of a head's rows."""
    return np.stack([row_entropy(trace.pattern(layer)).mean(-1) for layer in range(trace.config.n_layers)])


def _keyed(read: Callable[[Trace, int], np.ndarray]) -> Table:
    """Of the key head that `head` shares with others."""

    def table(trace: Trace, layer: int, head: int) -> np.ndarray:
        heads = read(trace, layer)  # (T, K, Dh)
        return heads[:, head * heads.shape[1] // trace.config.attention_at(layer).n_heads]

    return table


def _has_experts(trace: Trace, layer: int) -> bool:
    return f"blocks.{layer}.mlp.hook_expert_weights" in trace


def _experts(trace: Trace, layer: int, _: int) -> np.ndarray:
    """(T, E): the weight with which each expert's output counts."""
    mlp = f"blocks.{layer}.mlp"
    table = np.full(trace[f"{mlp}.hook_router_scores"].shape, np.nan, np.float32)
    np.put_along_axis(table, trace[f"{mlp}.hook_expert_indices"], trace[f"{mlp}.hook_expert_weights"], axis=-1)
    return table


def _load(trace: Trace, _: int, __: int) -> np.ndarray:
    """(L, E): share of all choices that went to each expert; no numbers where a layer has none."""
    rows = []
    for layer in range(trace.config.n_layers):
        if _has_experts(trace, layer):
            chosen = trace[f"blocks.{layer}.mlp.hook_expert_indices"].ravel()
            rows.append(np.bincount(chosen, minlength=trace.config.experts.n_routed_experts) / chosen.size)
        else:
            rows.append(np.full(trace.config.experts.n_routed_experts, np.nan))
    return np.stack(rows)


def _hidden(trace: Trace, layer: int) -> str | None:
    names = [f"blocks.{layer}.mlp.hook_post", f"blocks.{layer}.mlp.shared.hook_post"]
    return next((name for name in names if name in trace), None)


def _lengths(trace: Trace, _: int, __: int) -> np.ndarray:
    """(L + 1, T): length of the stream before the first layer and after each."""
    layers = range(trace.config.n_layers)
    streams = [trace["blocks.0.hook_resid_pre"], *(trace[f"blocks.{layer}.hook_resid_post"] for layer in layers)]
    return np.linalg.norm(np.stack(streams), axis=-1)


def _writes(trace: Trace, _: int, __: int) -> np.ndarray:
    """(2 L, T): length of what attention and feed-forward of each layer add to the stream."""
    names = [f"blocks.{layer}.hook_{part}_out" for layer in range(trace.config.n_layers) for part in ("attn", "mlp")]
    return np.linalg.norm(np.stack([trace[name] for name in names]), axis=-1)


def _similarity(trace: Trace, layer: int, _: int) -> np.ndarray:
    """(T, T): cosine of every two tokens' streams after the layer."""
    stream = trace[f"blocks.{layer}.hook_resid_post"]
    unit = stream / np.maximum(np.linalg.norm(stream, axis=-1, keepdims=True), np.finfo(np.float32).tiny)
    return unit @ unit.T


def _surprise(trace: Trace, _: int, __: int) -> np.ndarray:
    """(1, T): bits; none for the first token, which nothing foresaw."""
    probabilities, _places = foreseen(trace.logits, np.array(trace.ids))
    bits = -np.log2(np.maximum(probabilities, np.finfo(float).tiny))
    return np.concatenate([[np.nan], np.maximum(bits, 0)])[None]


def lens(trace: Trace, places: tuple[int, ...], answers: tuple[int, ...]) -> np.ndarray:
    """(L, n): the probability that each layer's stream gives to a token, layer by layer: no (L, T, V) array is made.

    Args:
        places: n positions of the prompt.
        answers: n token ids; -1 for one that the vocabulary does not have.
    """
    asked, rows = np.array(answers), []
    for layer in range(trace.config.n_layers):
        logits = trace.readout.logits(trace[f"blocks.{layer}.hook_resid_post"][list(places)])  # (n, V)
        highest = logits.max(-1, keepdims=True)
        total = np.exp(logits - highest).sum(-1)
        rows.append(np.exp(logits[np.arange(len(asked)), asked] - highest[:, 0]) / total)
    return np.where(asked >= 0, np.stack(rows), np.nan)


def _own_answers(trace: Trace, _: int, __: int) -> np.ndarray:
    """(L, T): of the token that each position ends up with; the page asks for one side's answers on both."""
    return lens(trace, tuple(range(len(trace.ids))), tuple(trace.logits.argmax(-1).tolist()))


def _is_latent(trace: Trace, layer: int) -> bool:
    return isinstance(trace.config.attention_at(layer), MLAConfig)


def _capped(trace: Trace, layer: int) -> bool:
    return "capped" in trace.stages(layer)


_ALL = (
    Picture("embeddings", lambda t, i, h: t["hook_embed"], "token", "number", "signed", layer=False, of_model=True),
    *(
        Picture(
            name,
            _stage(name),
            "token",
            "token",
            "probability" if name == "softmax" else "signed",
            head=True,
            has=_capped if name == "capped" else lambda trace, layer: True,
            empty_is_zero=name == "softmax",
        )
        for name in (*STAGES[:2], "capped", *STAGES[2:])
    ),
    Picture("heads", _heads, "token", "token", "probability", empty_is_zero=True),
    Picture("entropy", _entropy, "layer", "head", "amount", layer=False, of_model=True),
    Picture("query", lambda t, i, h: t.query(i)[:, h], "token", "number", "signed", head=True, of_model=True),
    Picture("key", _keyed(Trace.key), "token", "number", "signed", head=True, of_model=True),
    Picture("value", _keyed(Trace.value), "token", "number", "signed", head=True, of_model=True),
    Picture(
        "result",
        lambda t, i, h: t[f"blocks.{i}.attn.hook_z"][:, h],
        "token",
        "number",
        "signed",
        head=True,
        of_model=True,
    ),
    Picture(
        "latent",
        lambda t, i, h: t[f"blocks.{i}.attn.hook_kv_latent"],
        "token",
        "number",
        "signed",
        has=_is_latent,
        of_model=True,
    ),
    Picture(
        "router",
        lambda t, i, h: t[f"blocks.{i}.mlp.hook_router_scores"],
        "token",
        "expert",
        "probability",
        has=_has_experts,
        of_model=True,
    ),
    Picture(
        "experts",
        _experts,
        "token",
        "expert",
        "amount",
        has=_has_experts,
        empty_is_zero=True,
        of_model=True,
    ),
    Picture(
        "load",
        _load,
        "layer",
        "expert",
        "probability",
        layer=False,
        has=lambda trace, _: any(_has_experts(trace, layer) for layer in range(trace.config.n_layers)),
        of_model=True,
    ),
    Picture(
        "ffn",
        lambda t, i, h: t[str(_hidden(t, i))],
        "token",
        "unit",
        "signed",
        has=lambda trace, layer: _hidden(trace, layer) is not None,
        of_model=True,
    ),
    Picture("stream", lambda t, i, h: t[f"blocks.{i}.hook_resid_post"], "token", "number", "signed", of_model=True),
    Picture("lengths", _lengths, "stream", "token", "amount", layer=False),
    Picture("writes", _writes, "part", "token", "amount", layer=False),
    Picture("similarity", _similarity, "token", "token", "signed"),
    Picture("lens", _own_answers, "layer", "token", "probability", layer=False),
    Picture("surprise", _surprise, "one", "token", "amount", layer=False),
)
OF_NAME = {picture.name: picture for picture in _ALL}  # all of `PICTURES` but "next", which is a chart
