"""Positions as the model has them: pairs that turn in queries and keys, or a table of learned vectors.

T tokens, H heads, K key heads, P pairs of a head that turn, C positions of a table, D width.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model import LanguageModel, Trace
from model.rope import frequencies


@dataclass(frozen=True)
class Pairs:
    """One query and one key of a head as they were before rotation, each pair of entries as a complex number."""

    query: np.ndarray  # (P,) complex128
    key: np.ndarray  # (P,)
    rates: np.ndarray  # (P,) radians by which a pair turns at each position
    scale: float  # factor on the dot product
    content: float  # what the parts that do not turn add to the score, scaled
    score: float  # the model's own, scaled, before the mask
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
    return f"blocks.{layer}.attn.hook_rot_q" in trace


def pairs(trace: Trace, layer: int, head: int, query: int, key: int) -> Pairs:
    """The pairs of the query at position `query` and the key at `key`, turned back by their positions.

    Works on grouped queries, where heads share a key head and the whole head turns, and on latent
    attention, where one key part turns for all heads and the rest adds a score of its own.
    """
    config = trace.config
    rates = frequencies(config.rope, config.attention.rope_dim).numpy().astype(np.float64)
    turned_q = trace[f"blocks.{layer}.attn.hook_rot_q"]  # (T, H, Dr)
    turned_k = trace[f"blocks.{layer}.attn.hook_rot_k"]  # (T, K, Dr); K = 1 in latent attention
    H = turned_q.shape[1]
    q = _complex(turned_q[query, head], config.rope.pairing) * np.exp(-1j * query * rates)
    k = _complex(turned_k[key, head // (H // turned_k.shape[1])], config.rope.pairing) * np.exp(-1j * key * rates)
    scale = float(trace.scale(layer))
    q_whole, k_whole = trace.query(layer), trace.key(layer)
    shared = H // k_whole.shape[1]
    whole_q, whole_k = q_whole[query, head].astype(np.float64), k_whole[key, head // shared].astype(np.float64)
    still = whole_q.size - turned_q.shape[2]  # entries that do not turn; they come first
    content = scale * float(whole_q[:still] @ whole_k[:still])
    score = float(np.float32(q_whole[query, head] @ k_whole[key, head // shared]) * trace.scale(layer))
    return Pairs(q, k, rates, scale, content, score, query - key)


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
