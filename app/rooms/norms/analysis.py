"""What a norm makes of one vector, step by step, and the other norm on the same vector.

T tokens, D width, L layers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from model import LanguageModel, Trace
from model.config import ModelConfig
from model.norm import LayerNorm, RMSNorm

Which = Literal["first", "first_after", "second", "second_after", "final"]
Kind = Literal["layer", "rms"]


@dataclass(frozen=True)
class Steps:
    """A vector's way through a norm, all of width D, in float32 as in the model."""

    kind: Kind
    before: np.ndarray
    mean: float
    centred: np.ndarray | None  # before - mean; None where nothing is subtracted
    spread: float  # variance (LayerNorm) or mean of the squares (RMSNorm)
    eps: float
    scale: float  # sqrt(spread + eps)
    normalized: np.ndarray
    gain: np.ndarray | None  # None where the norm is not the model's own: it has learned none
    shift: np.ndarray | None

    @property
    def scaled(self) -> np.ndarray:
        """Normalised, times the gain where there is one."""
        return self.normalized if self.gain is None else self.normalized * self.gain

    @property
    def after(self) -> np.ndarray:
        """The result."""
        return self.scaled if self.shift is None else self.scaled + self.shift


def steps(
    vector: np.ndarray, kind: Kind, eps: float, gain: np.ndarray | None = None, shift: np.ndarray | None = None
) -> Steps:
    """Normalise `vector` (D,) as `model.norm` does, keeping every step."""
    mean = vector.mean()
    centred = vector - mean if kind == "layer" else None
    spread = np.square(vector if centred is None else centred).mean()
    scale = np.sqrt(spread + np.float32(eps))
    normalized = (vector if centred is None else centred) / scale
    return Steps(kind, vector, float(mean), centred, float(spread), eps, float(scale), normalized, gain, shift)


def norms(config: ModelConfig) -> tuple[Which, ...]:
    """The norms that each layer of a model has, in the order of computation, and the final one."""
    found: dict[str, tuple[Which, ...]] = {
        "before": ("first", "second", "final"),
        "after": ("first_after", "second_after", "final"),
        "both": ("first", "first_after", "second", "second_after", "final"),
    }
    return found[config.norm_placement]


def read_by(which: Which, layer: int, config: ModelConfig) -> tuple[str, str]:
    """Names in a trace: the vectors that this norm reads, and the beginning of the norm's own hooks."""
    start = "hook_resid_pre" if config.parallel else "hook_resid_mid"
    block = f"blocks.{layer}."
    return {
        "first": (f"{block}hook_resid_pre", f"{block}ln1"),
        "first_after": (f"{block}hook_attn_unnormed", f"{block}ln1_post"),
        "second": (f"{block}{start}", f"{block}ln2"),
        "second_after": (f"{block}hook_mlp_unnormed", f"{block}ln2_post"),
        "final": (f"blocks.{config.n_layers - 1}.hook_resid_post", "ln_final"),
    }[which]


def module_of(lm: LanguageModel, which: Which, layer: int) -> RMSNorm | LayerNorm:
    """The norm itself: its epsilon, gain and shift."""
    module = lm.transformer.get_submodule(read_by(which, layer, lm.config)[1])
    assert isinstance(module, RMSNorm | LayerNorm)
    return module


@dataclass(frozen=True)
class Norm:
    """One norm of the model at one token, beside the other kind, and how far our arithmetic is from the model's."""

    own: Steps
    other: Steps
    scale_apart: float  # largest difference from the hooks
    normalized_apart: float

    @property
    def kinds_apart(self) -> float:
        """The largest difference of the two kinds' normalised vectors."""
        return float(np.abs(self.own.normalized - self.other.normalized).max())


def norm(lm: LanguageModel, trace: Trace, which: Which, layer: int, position: int) -> Norm:
    """The norm `which` of `layer` (which "final" does not ask for) on the token at `position`."""
    stream, hooks = read_by(which, layer, trace.config)
    module, vector = module_of(lm, which, layer), trace[stream][position]
    gain = module.weight.float().numpy()
    layered = isinstance(module, LayerNorm)
    shift = module.bias.float().numpy() if isinstance(module, LayerNorm) else None
    own = steps(vector, "layer" if layered else "rms", module.eps, gain, shift)
    return Norm(
        own=own,
        other=steps(vector, "rms" if layered else "layer", module.eps),
        scale_apart=float(abs(own.scale - trace[f"{hooks}.hook_scale"][position, 0])),
        normalized_apart=float(np.abs(own.normalized - trace[f"{hooks}.hook_normalized"][position]).max()),
    )


def lengths(lm: LanguageModel, trace: Trace, position: int) -> tuple[np.ndarray, np.ndarray]:
    """Lengths of the token's vector before and after every norm of the stream, in order: (n L + 1,) each."""
    before, after = [], []
    L, own = trace.config.n_layers, norms(trace.config)[:-1]
    places: list[tuple[Which, int]] = [(which, layer) for layer in range(L) for which in own]
    for which, layer in [*places, ("final", L - 1)]:
        stream, hooks = read_by(which, layer, trace.config)
        module = module_of(lm, which, layer)
        result = trace[f"{hooks}.hook_normalized"][position] * module.weight.float().numpy()
        if isinstance(module, LayerNorm):
            result = result + module.bias.float().numpy()
        before.append(np.linalg.norm(trace[stream][position]))
        after.append(np.linalg.norm(result))
    return np.array(before), np.array(after)
