"""The small pictures in the boxes of the map: all of them numbers of this prompt's trace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from app.kit import runtime
from app.kit.component import pack
from app.kit.prediction import most_probable
from app.rooms.map.analysis import hands, histogram, load, parts, shrink, strip, window
from model import LanguageModel, Trace, distribution

SIDE = 24  # cells of an attention picture's side at most
ROWS, COLUMNS = 12, 48  # of a picture of vectors, at most
BARS = 48  # of a picture of one vector, at most
PAIRS = 6  # of rotating pairs
BINS = 40
BEST = 5


def pictures(lm: LanguageModel, trace: Trace, head: int, position: int) -> dict[str, Any]:
    """Everything that the boxes draw, for all layers: opening another block asks nobody."""
    layers = range(trace.config.n_layers)
    seen = runtime.derived(attention, trace)
    patterns = seen.small[:, head]  # (L, t, t)
    scales = {"ln_final": float(trace["ln_final.hook_scale"][position, 0])}
    norms = {"ln_final": _bars(trace["ln_final.hook_normalized"][position])}
    for layer in layers:
        for part in parts(lm.transformer.blocks[layer]):
            if part.startswith("ln"):
                name = f"blocks.{layer}.{part}"
                norms[name] = _bars(trace[f"{name}.hook_normalized"][position])
                scales[name] = float(trace[f"{name}.hook_scale"][position, 0])
    logits = trace.logits[position]
    best = most_probable(logits, BEST)
    probabilities = distribution(logits)
    start = trace["hook_embed"]
    return {
        "embed": _rows(start, position),
        "embedLength": float(np.linalg.norm(start[position])),
        "positions": _positions(trace, position),
        "side": patterns.shape[-1],
        "patterns": pack(patterns),
        "looks": [[int(seen.key[i, head, position]), float(seen.weight[i, head, position])] for i in layers],
        "norms": norms,
        "scales": scales,
        "mlp": [_feed_forward(trace, layer, position) for layer in layers],
        "logits": {
            "bins": histogram(logits, BINS).tolist(),
            "low": float(logits.min()),
            "high": float(logits.max()),
        },
        "next": [[lm.tokenizer.shown(int(i)), float(probabilities[i])] for i in best],
        "vocabulary": len(logits),
    }


@dataclass(frozen=True)
class Attention:
    """All heads' patterns made small, and what each token looks at most."""

    small: np.ndarray  # (L, H, t, t) uint8, t = min(T, SIDE), 255 for a weight of 1
    key: np.ndarray  # (L, H, T) the key with the largest weight
    weight: np.ndarray  # (L, H, T) that weight


def attention(trace: Trace) -> Attention:
    """What the map shows of the attention of every layer and head."""
    small, key, weight = [], [], []
    for layer in range(trace.config.n_layers):
        pattern = trace.pattern(layer)  # (H, T, S)
        small.append(np.stack([np.round(255 * shrink(head, SIDE, SIDE)) for head in pattern]).astype(np.uint8))
        key.append(pattern.argmax(-1))
        weight.append(pattern.max(-1))
    return Attention(np.stack(small), np.stack(key), np.stack(weight))


def _rows(vectors: np.ndarray, position: int) -> dict[str, Any]:
    """The rows (T, D) near the chosen token's, made narrow."""
    first = window(len(vectors), ROWS, position)
    small = shrink(vectors[first : first + ROWS], ROWS, COLUMNS).astype(np.float32)
    return {
        "first": first,
        "rows": small.shape[0],
        "columns": small.shape[1],
        "values": pack(small),
        "most": float(np.abs(small).max()),
    }


def _bars(vector: np.ndarray) -> str:
    return pack(strip(vector, BARS).astype(np.float32))


def _positions(trace: Trace, position: int) -> dict[str, Any]:
    if trace.config.positions == "learned":
        added = trace["hook_pos_embed"]
        return _rows(added, position) | {"length": float(np.linalg.norm(added[position]))}
    return {"hands": hands(trace.config, position, PAIRS).tolist()}


def _feed_forward(trace: Trace, layer: int, position: int) -> dict[str, Any]:
    counts = load(trace, layer)
    if counts is None:
        return {"neurons": _bars(trace[f"blocks.{layer}.mlp.hook_post"][position])}
    return {"load": counts.tolist()}
