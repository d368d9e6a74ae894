"""The vocabulary in two or three dimensions, and the way of this prompt's residual streams through the same space.

V vocabulary, D width, N positions, L layers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model import LanguageModel, Trace

AXES = 3


@dataclass(frozen=True)
class Space:
    """The directions in which the embedding matrix spreads most, and all its rows seen along them."""

    middle: np.ndarray  # (D,) mean of the rows
    axes: np.ndarray  # (3, D) orthonormal
    points: np.ndarray  # (V, 3) float32
    explained: tuple[float, ...]  # share of the variance along each axis, 0..1
    directions: bool  # whether every vector was brought to length 1 first

    def place(self, vectors: np.ndarray) -> np.ndarray:
        """(..., 3): where vectors (..., D) lie among the rows."""
        return (self._sized(vectors) - self.middle) @ self.axes.T

    def shown(self, vectors: np.ndarray) -> np.ndarray:
        """(...,): the share of a vector's squared distance from the middle that the three axes show, 0..1."""
        away = self._sized(vectors) - self.middle
        whole = (away**2).sum(axis=-1)
        return ((away @ self.axes.T) ** 2).sum(axis=-1) / np.where(whole > 0, whole, 1)

    def _sized(self, vectors: np.ndarray) -> np.ndarray:
        return directed(vectors) if self.directions else vectors


def directed(vectors: np.ndarray) -> np.ndarray:
    """`vectors` (..., D) at length 1; a vector of length 0 stays."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / np.where(lengths > 0, lengths, 1)


def of_lengths(lm: LanguageModel) -> Space:
    """The space of `lm`'s embedding rows as they are."""
    return _space(lm, directions=False)


def of_directions(lm: LanguageModel) -> Space:
    """The space of their directions alone."""
    return _space(lm, directions=True)


def _space(lm: LanguageModel, *, directions: bool) -> Space:
    from sklearn.decomposition import PCA  # here, because importing it takes a second that only this picture needs

    rows = lm.transformer.embed.weight.float().numpy()
    rows = directed(rows) if directions else rows
    found = PCA(n_components=AXES, svd_solver="covariance_eigh").fit(rows)
    points = found.transform(rows).astype(np.float32)
    return Space(found.mean_, found.components_, points, tuple(found.explained_variance_ratio_.tolist()), directions)


@dataclass(frozen=True)
class Paths:
    """Where the streams of some positions lie, from the embedding to the last layer."""

    start: int  # the first position
    points: np.ndarray  # (N, L + 1, 3) float32
    lengths: np.ndarray  # (N, L + 1) of the whole vectors
    shown: np.ndarray  # (N, L + 1) share that the axes show


def paths(trace: Trace, space: Space, start: int, stop: int) -> Paths:
    """The streams of positions `start` ... `stop` - 1 in `space`: what enters layer 0, then after each layer."""
    layers = range(trace.config.n_layers)
    streams = [trace["blocks.0.hook_resid_pre"], *(trace[f"blocks.{layer}.hook_resid_post"] for layer in layers)]
    vectors = np.stack([stream[start:stop] for stream in streams], axis=1)  # (N, L + 1, D)
    return Paths(
        start,
        space.place(vectors).astype(np.float32),
        np.linalg.norm(vectors, axis=-1),
        space.shown(vectors),
    )


def thinned(count: int, most: int) -> np.ndarray:
    """Every nth of `count` tokens, so that at most `most` are left."""
    return np.arange(0, count, -(-count // most))
