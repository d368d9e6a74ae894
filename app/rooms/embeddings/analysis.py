"""What the rows of an embedding matrix say: lengths, nearest rows, a map of all of them.

V vocabulary, D width, T tokens of the prompt, P pairs of entries that a position turns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from model import LanguageModel
from model.rope import frequencies


def matrix(lm: LanguageModel) -> np.ndarray:
    """(V, D) float32: the model's own embedding matrix, shared with it and never written."""
    rows = lm.transformer.embed.weight.float().numpy()
    rows.flags.writeable = False
    return rows


@dataclass(frozen=True)
class Measure:
    """What is said about a whole matrix, whatever the prompt."""

    lengths: np.ndarray  # (V,) Euclidean length of each row
    limit: float  # 99 % of all entries lie within -limit ... limit
    largest: float  # the largest absolute entry


def measured(lm: LanguageModel) -> Measure:
    """Lengths of the rows and the spread of the entries of `lm`'s embedding matrix."""
    rows = matrix(lm)
    sizes = np.abs(rows).ravel()
    at = int(0.99 * (sizes.size - 1))
    return Measure(np.linalg.norm(rows, axis=1), float(np.partition(sizes, at)[at]), float(sizes.max()))


def cosines(rows: np.ndarray, lengths: np.ndarray, token: int) -> np.ndarray:
    """(V,): cosine of the angle between each row and the row of `token`, by one product of matrix and vector.

    NaN for rows of length 0, which have no direction, and everywhere if `token`'s is one.

    Args:
        rows: (V, D).
        lengths: (V,), of the rows.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        return rows @ rows[token] / (lengths * lengths[token])


def nearest(similarity: np.ndarray, token: int, count: int) -> np.ndarray:
    """Ids of the `count` tokens most similar to `token`, best first, itself and NaN left out; of equals the smaller id.

    Args:
        similarity: (V,), as `cosines` gives it.
    """
    others = np.flatnonzero(~np.isnan(similarity))
    others = others[others != token]
    count = min(count, len(others))
    if not count:
        return others
    worst = np.partition(similarity[others], len(others) - count)[len(others) - count]
    among = others[similarity[others] >= worst]
    return among[np.argsort(-similarity[among], kind="stable")[:count]]


@dataclass(frozen=True)
class VocabularyMap:
    """All rows seen from the direction in which they spread most."""

    points: np.ndarray  # (V, 2) float32
    explained: tuple[float, float]  # share of the variance along each axis, 0..1


def mapped(lm: LanguageModel) -> VocabularyMap:
    """The two principal components of `lm`'s embedding matrix, exact: by the covariance's eigenvectors."""
    from sklearn.decomposition import PCA  # here, because importing it takes a second that only this picture needs

    found = PCA(n_components=2, svd_solver="covariance_eigh").fit(matrix(lm))
    points = found.transform(matrix(lm)).astype(np.float32)
    first, second = found.explained_variance_ratio_.tolist()
    return VocabularyMap(points, (first, second))


def turns(lm: LanguageModel) -> np.ndarray:
    """(P,): radians by which each pair turns per position, in a model that rotates."""
    return frequencies(lm.config.rope, lm.config.attention.rope_dim).numpy()


def found(lm: LanguageModel, vocabulary: Sequence[str], text: str, count: int) -> list[int]:
    """Ids of at most `count` tokens for a typed text, the best first.

    First the text itself, and the same after a space, where that is one token; then the
    tokens it is cut into; then all that contain it, the shortest first.

    Args:
        vocabulary: every token as shown to people, by id.
    """
    if not text:
        return []
    whole = [ids[0] for ids in (lm.tokenizer.encode(text), lm.tokenizer.encode(f" {text}")) if len(ids) == 1]
    pieces = [] if whole else lm.tokenizer.encode(text)
    wanted = text.replace(" ", "·").casefold()
    containing = [token for token, shown in enumerate(vocabulary) if wanted in shown.casefold()]
    containing.sort(key=lambda token: len(vocabulary[token]))
    return list(dict.fromkeys([*whole, *pieces, *containing]))[:count]
