"""The peer that any language model must beat: a 5-gram model with interpolated Kneser-Ney smoothing.

Kneser & Ney 1995; the interpolated form with one discount for each of the counts 1, 2 and
3 or more of Chen & Goodman 1999, section 4.1.  Works on the same tokens as the models.

N tokens of training text, n the order of a gram, V vocabulary.
"""

from __future__ import annotations

import numpy as np

ORDER = 5


class KneserNey:
    """Counts of all grams up to `ORDER`, as sorted arrays of hashed keys.

    Args:
        documents: token ids of each training document, its end-of-text token last.
        vocab_size: V; the lowest order falls back on 1 / V.
    """

    def __init__(self, documents: list[np.ndarray], vocab_size: int):
        self.vocab_size = vocab_size
        # Grams do not cross documents: each starts behind its own padding token, id V.
        pad = np.full(ORDER - 1, vocab_size, np.uint64)
        text = np.concatenate([part for tokens in documents for part in (pad, tokens.astype(np.uint64))])
        real = np.concatenate(
            [part for tokens in documents for part in (np.zeros(ORDER - 1, bool), np.ones(len(tokens), bool))]
        )
        self._orders: list[_Order] = []
        # The highest order counts occurrences; each lower one, in how many different contexts a gram occurs.
        representative = np.empty(0, np.int64)
        for order in range(ORDER, 0, -1):
            if order == ORDER:
                keys, counts = np.unique(_keys(text, order)[real], return_counts=True)
                representative = _positions(text, order, real)
            else:
                # One position for each different (order + 1)-gram: its tail is a gram in one more context.
                keys, counts = np.unique(_keys(text, order)[representative], return_counts=True)
                representative = _first_of(_keys(text, order), representative)
            self._orders.append(
                _Order(
                    keys, counts, _keys(text, order - 1, shift=1)[representative], _keys(text, order)[representative]
                )
            )
        self._orders.reverse()

    def surprise(self, tokens: np.ndarray) -> float:
        """- sum of ln p(token | up to four before), in nats, of one document with its end-of-text token."""
        text = np.concatenate((np.full(ORDER - 1, self.vocab_size, np.uint64), tokens.astype(np.uint64)))
        real = slice(ORDER - 1, None)
        probability = np.full(len(tokens), 1.0 / self.vocab_size)
        for order, table in enumerate(self._orders, start=1):
            probability = table.interpolate(
                _keys(text, order)[real], _keys(text, order - 1, shift=1)[real], probability
            )
        return float(-np.log(probability).sum())


class _Order:
    """Grams of one order: their counts, and per context the total and how many grams it was followed by."""

    def __init__(self, keys: np.ndarray, counts: np.ndarray, contexts: np.ndarray, grams: np.ndarray):
        self.keys, self.counts = keys, counts
        context_of = np.empty(len(keys), np.uint64)
        context_of[np.searchsorted(keys, grams)] = contexts
        self.contexts, place = np.unique(context_of, return_inverse=True)
        self.totals = np.bincount(place, counts)
        self.discounts = _discounts(counts)
        # Mass that discounting takes from a context's grams: what the lower order is given.
        self.freed = np.bincount(place, self.discounts[np.minimum(counts, 3)])

    def interpolate(self, grams: np.ndarray, contexts: np.ndarray, lower: np.ndarray) -> np.ndarray:
        """max(count - D, 0) / total + freed / total * lower; `lower` where the context is unknown."""
        gram, known_gram = _find(self.keys, grams)
        context, known = _find(self.contexts, contexts)
        count = np.where(known_gram, self.counts[gram], 0)
        kept = np.maximum(count - self.discounts[np.minimum(count, 3)], 0)
        return np.where(known, (kept + self.freed[context] * lower) / self.totals[context], lower)


def _discounts(counts: np.ndarray) -> np.ndarray:
    """Discount of a gram seen 0, 1, 2, and 3 or more times (Chen & Goodman 1999, eq. 26)."""
    n1, n2, n3, n4 = (max(1, int((counts == c).sum())) for c in (1, 2, 3, 4))
    y = n1 / (n1 + 2 * n2)
    return np.clip([0.0, 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3], 0.0, [0.0, 1.0, 2.0, 3.0])


def _keys(text: np.ndarray, order: int, shift: int = 0) -> np.ndarray:
    """A 64-bit hash of the `order` tokens that end `shift` before each position, (N,).

    With 10^7 grams the chance that any two of one order share a key is about 10^-5.
    """
    key = np.zeros(len(text), np.uint64)
    for back in range(order - 1 + shift, shift - 1, -1):
        moved = np.roll(text, back)
        key = (key ^ (moved + np.uint64(0x9E3779B97F4A7C15))) * np.uint64(0xBF58476D1CE4E5B9)
        key ^= key >> np.uint64(31)
    return key


def _positions(text: np.ndarray, order: int, real: np.ndarray) -> np.ndarray:
    """One position of each different gram that ends on a real token."""
    return _first_of(_keys(text, order), np.flatnonzero(real))


def _first_of(keys: np.ndarray, positions: np.ndarray) -> np.ndarray:
    return positions[np.unique(keys[positions], return_index=True)[1]]


def _find(sorted_keys: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Index of each wanted key and whether it is there."""
    index = np.minimum(np.searchsorted(sorted_keys, wanted), len(sorted_keys) - 1)
    return index, sorted_keys[index] == wanted
