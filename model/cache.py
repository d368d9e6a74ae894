"""What a model remembers of the tokens it has read, so that it need not read them again.

A cache is a plain object made for one generation and passed to the call; the model holds
none.  `KeyValueCache` keeps every key and value head; `LatentCache` keeps, for multi-head
latent attention, one compressed latent and one rotated key part for all heads together.

B batch, S tokens held, K key/value heads, Dh, Dv head widths, R latent width, Dr rotated width.
"""

from __future__ import annotations

from torch import Tensor

from .config import MLAConfig, ModelConfig


class _GrowingTensor:
    """Rows appended along axis 1; storage doubles, so n appends copy O(n) rows, not O(n^2)."""

    def __init__(self) -> None:
        self._storage: Tensor | None = None
        self.length = 0

    def append(self, rows: Tensor) -> Tensor:
        """Add `rows` (B, t, ...) and return a view of everything held, (B, S, ...)."""
        needed = self.length + rows.shape[1]
        storage = self._storage
        if storage is None:
            storage = rows.clone()
        elif needed > storage.shape[1]:
            grown = rows.new_empty(rows.shape[0], max(needed, 2 * storage.shape[1]), *rows.shape[2:])
            grown[:, : self.length] = storage[:, : self.length]
            storage = grown
        storage[:, self.length : needed] = rows
        self._storage, self.length = storage, needed
        return storage[:, :needed]

    def view(self) -> Tensor:
        assert self._storage is not None, "nothing was appended yet"
        return self._storage[:, : self.length]

    def keep(self, length: int) -> None:
        """Forget the rows after the first `length`."""
        self.length = min(self.length, length)

    def select(self, rows: Tensor) -> None:
        """Keep these rows of axis 0, in this order."""
        if self._storage is not None:
            self._storage = self._storage[rows]


class Cache:
    """Two growing tensors a layer.  `first` and `second` are named by the subclasses."""

    def __init__(self, n_layers: int):
        self._layers = [(_GrowingTensor(), _GrowingTensor()) for _ in range(n_layers)]

    def append(self, layer: int, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
        """Add the rows of new tokens at `layer`; return views of all rows held there."""
        held = self._layers[layer]
        return held[0].append(first), held[1].append(second)

    def keep(self, length: int) -> None:
        """Forget the tokens after the first `length`: guesses that were wrong."""
        for layer in self._layers:
            for part in layer:
                part.keep(length)

    def select(self, sequences: Tensor) -> None:
        """Go on with these sequences of the batch, (B',) int64, each as often as it is named: for beam search."""
        for layer in self._layers:
            for part in layer:
                part.select(sequences)

    @property
    def length(self) -> int:
        """Tokens read so far, the same in every layer between two calls of the model."""
        return self._layers[-1][1].length

    def tensors(self) -> list[Tensor]:
        """Everything held, layer by layer, as views of exactly the tokens read so far."""
        return [part.view() for layer in self._layers for part in layer if part.length]

    @property
    def nbytes(self) -> int:
        """Bytes held for the tokens read so far, measured from the tensors themselves."""
        return sum(tensor.nbytes for tensor in self.tensors())


class KeyValueCache(Cache):
    """Per layer: rotated keys (B, S, K, Dh) and values (B, S, K, Dv)."""


class LatentCache(Cache):
    """Per layer: the normalised latent (B, S, R) and one rotated key part (B, S, Dr); nothing else.

    DeepSeek-V2 report, section 2.1.3 and Table 1: (R + Dr) elements per token and layer.
    """


def make_cache(config: ModelConfig) -> Cache:
    """An empty cache of the kind that `config`'s attention uses."""
    kind = LatentCache if isinstance(config.attention, MLAConfig) else KeyValueCache
    return kind(config.n_layers)
