"""A second opinion: the same steps in plain numpy, without any code of the model's."""

from __future__ import annotations

import numpy as np

from model.measure.worked import Worked


def recomputed(
    x: np.ndarray, w_q: np.ndarray, w_k: np.ndarray, w_v: np.ndarray, w_o: np.ndarray, *, heads: int, scaling: bool
) -> Worked:
    """As `model.measure.worked.work`, head by head; shapes as there."""
    q, k, v = x @ w_q, x @ w_k, x @ w_v
    T, width = len(x), q.shape[1] // heads
    dots, scaled, masked, pattern, z = [], [], [], [], []
    for head in range(heads):
        own = slice(head * width, (head + 1) * width)
        dots.append(q[:, own] @ k[:, own].T)
        scaled.append(dots[-1] / np.sqrt(width) if scaling else dots[-1])
        masked.append(np.where(np.tri(T, dtype=bool), scaled[-1], -np.inf))
        power = np.exp(masked[-1] - masked[-1].max(axis=1, keepdims=True))
        pattern.append(power / power.sum(axis=1, keepdims=True))
        z.append(pattern[-1] @ v[:, own])
    side_by_side = np.concatenate(z, axis=1)
    stages = {"dots": dots, "scaled": scaled, "masked": masked, "pattern": pattern}
    stacked = {name: np.stack(stage) for name, stage in stages.items()}
    return Worked(q=q, k=k, v=v, **stacked, z=side_by_side, out=side_by_side @ w_o)


def gap(one: Worked, other: Worked) -> float:
    """The largest difference between two calculations, in any cell of any step; equal infinities differ by 0."""
    differences = []
    for name, first in vars(one).items():
        second = getattr(other, name)
        same = first == second
        differences.append(np.abs(np.where(same, 0, first) - np.where(same, 0, second)).max())
    return float(max(differences))
