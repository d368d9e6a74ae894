"""One head's attention as the attention page shows it: four stages and the vectors behind them.

T tokens (queries), S = T keys, H heads, K key/value heads, Dh head width, Dv value width.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model import Trace


@dataclass(frozen=True)
class HeadStages:
    """What one head computed; every array is a slice of the trace's."""

    dot: np.ndarray  # (T, S) every query times every key
    scores: np.ndarray  # (T, S) dot * scale, minus infinity where masked
    pattern: np.ndarray  # (T, S) softmax of each row of the scores
    mask: np.ndarray  # (T, S) bool, True where a query may look
    query: np.ndarray  # (T, Dh)
    key: np.ndarray  # (T, Dh) of the key head that this head shares
    value: np.ndarray  # (T, Dv)
    result: np.ndarray  # (T, Dv) the values summed with the pattern's weights
    scale: float
    key_head: int  # which key/value head this head meets
    key_heads: int  # K


def head_stages(trace: Trace, layer: int, head: int) -> HeadStages:
    """The four stages of `head` in `layer`, and their operands."""
    query, key, value = trace.query(layer), trace.key(layer), trace.value(layer)
    heads, key_heads = query.shape[1], key.shape[1]
    shared = head * key_heads // heads
    return HeadStages(
        dot=trace.stage(layer, "dot")[head],
        scores=trace.stage(layer, "masked")[head],
        pattern=trace.stage(layer, "softmax")[head],
        mask=trace.mask(layer),
        query=query[:, head],
        key=key[:, shared],
        value=value[:, head * value.shape[1] // heads],
        result=trace[f"blocks.{layer}.attn.hook_z"][:, head],
        scale=float(trace.scale(layer)),
        key_head=shared,
        key_heads=key_heads,
    )
