"""MXFP4, the four bits in which GPT-OSS's experts are published (OCP Microscaling Formats 1.0, section 5.3.1).

Thirty-two numbers share one power of two; each is one of sixteen values.  E experts, R rows, G groups
of 32 numbers along a row.
"""

from __future__ import annotations

import torch
from torch import Tensor

from .assembly import Source

_VALUES = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)  # and their negatives: sign, two bits of exponent, one of mantissa
_BIAS = 127
_ENDS = "_blocks", "_scales"


def unpack(blocks: Tensor, scales: Tensor) -> Tensor:
    """Numbers (E, 32 G, R), float32, of `blocks` (E, R, G, 16) and `scales` (E, R, G), bytes both.

    A byte holds two numbers, the lower four bits first.  The result is turned to (in, out), as the
    unpacked file has it.
    """
    table = torch.tensor(_VALUES + tuple(-value for value in _VALUES))
    pairs = torch.stack((blocks & 0x0F, blocks >> 4), dim=-1).flatten(-2)  # (E, R, G, 32)
    numbers = torch.ldexp(table[pairs.int()], (scales.int() - _BIAS)[..., None])
    return numbers.flatten(-2).transpose(1, 2)


class Unpacked:
    """A source in which every pair of blocks and scales is one tensor, unpacked when it is read."""

    def __init__(self, packed: Source):
        self._packed = packed
        self._names = {name.removesuffix(_ENDS[0]) for name in packed.names() if name.endswith(_ENDS[0])}

    def names(self) -> set[str]:
        """Names of all tensors."""
        return {name for name in self._packed.names() if not name.endswith(_ENDS)} | self._names

    def shape(self, name: str) -> tuple[int, ...]:
        """Shape of a tensor, as it will be read."""
        if name not in self._names:
            return self._packed.shape(name)
        experts, rows, groups, half = self._packed.shape(name + _ENDS[0])
        return experts, 2 * groups * half, rows

    def read(self, name: str) -> Tensor:
        """One tensor."""
        if name not in self._names:
            return self._packed.read(name)
        return unpack(*(self._packed.read(name + end) for end in _ENDS))
