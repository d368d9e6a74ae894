"""Positions as the model has them: pairs that turn in queries and keys, or a table of learned vectors.

T tokens, H heads, K key heads, P pairs of a head that turn, C positions of a table, D width.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model import LanguageModel, MLAConfig, Trace
from model.rope import frequencies


@dataclass(frozen=True)
class Pairs:
    """One query and one key of a head as they were before rotation, each pair of entries as a complex number."""

    query: np.ndarray  # (P,) complex128
    key: np.ndarray  # (P,)
    rates: np.ndarray  # (P,) radians by which a pair turns at each position
    scale: float  # factor on the dot product
    content: float  # what the parts that do not turn add to the score, scaled
    score: float  # the model's own, scaled; before a cap, where there is one, and the mask
    distance: int  # positions from the key to the query

    def contributions(self, distances: np.ndarray) -> np.ndarray:
        """(n, P): what each pair adds to the score if the key lay `distances` (n,) before the query.

        Su et al. 2021, arXiv 2104.09864, eq. 16: the angle between the two hands is that before the
        rotation plus distance times rate, wherever the two tokens stand.
        """
        turned = np.exp(1j * np.asarray(distances, dtype=np.float64)[:, None] * self.rates)
        return self.scale * (self.query * self.key.conj() * turned).real

    def scores(self, distances: np.ndarray) -> np.ndarray:
        """(n,): the score at each of `distances`."""
        return self.content + self.contributions(distances).sum(axis=1)


def rotates(trace: Trace, layer: int) -> bool:
    """Whether that layer turns its queries and keys."""
    return trace.config.rope_at(layer) is not None


def pairs(trace: Trace, layer: int, head: int, query: int, key: int) -> Pairs:
    """The pairs of the query at position `query` and the key at `key`, turned back by their positions.

    Works on grouped queries, where heads share a key head and the first entries of a head turn (mostly
    all of them), and on latent attention, where the last entries turn, the key's for all heads together.

    Raises:
        ValueError: if the layer does not rotate.
    """
    attention, turning = trace.config.attention_at(layer), trace.config.rope_at(layer)
    if turning is None:
        raise ValueError(f"Layer {layer} does not rotate its queries and keys.")
    rates = frequencies(turning, attention.rope_dim, len(trace.ids)).numpy().astype(np.float64)
    queries, keys = trace.query(layer), trace.key(layer)  # (T, H, Dh), (T, K, Dh), as they meet
    q, k = queries[query, head], keys[key, head // (queries.shape[1] // keys.shape[1])]
    Dr = attention.rope_dim
    first = q.size - Dr if isinstance(attention, MLAConfig) else 0
    turns, still = slice(first, first + Dr), np.r_[0:first, first + Dr : q.size]
    scale = trace.scale(layer)
    return Pairs(
        query=_complex(q[turns], turning.pairing) * np.exp(-1j * query * rates),
        key=_complex(k[turns], turning.pairing) * np.exp(-1j * key * rates),
        rates=rates,
        scale=float(scale),
        content=float(scale) * float(q[still].astype(np.float64) @ k[still].astype(np.float64)),
        score=float((q @ k) * scale),
        distance=query - key,
    )


def _complex(vector: np.ndarray, pairing: str) -> np.ndarray:
    """(P,) of a vector (2 P,): its pairs, as `model.rope.rotate` takes them."""
    half = vector.size // 2
    first, second = (vector[:half], vector[half:]) if pairing == "halves" else (vector[0::2], vector[1::2])
    return first.astype(np.float64) + 1j * second


def table(lm: LanguageModel) -> np.ndarray:
    """(C, D) float32: the learned position vectors, shared with the model and never written."""
    rows = lm.transformer.pos_embed.weight.float().numpy()
    rows.flags.writeable = False
    return rows


def similarities(lm: LanguageModel) -> np.ndarray:
    """(C, C): cosines of the angles between the position vectors; 0 for a vector of length 0."""
    rows = table(lm)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    directions = rows / np.where(lengths > 0, lengths, 1)
    return directions @ directions.T


def thinned(count: int, most: int) -> np.ndarray:
    """Every nth of `count` rows, so that at most `most` are left."""
    return np.arange(0, count, -(-count // most))
