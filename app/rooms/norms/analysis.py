"""What a norm makes of one vector, step by step, and the other norm on the same vector.

T tokens, D width, L layers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from model import LanguageModel, ModelConfig, Trace

Which = Literal["first", "second", "final"]
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


def available(config: ModelConfig) -> tuple[Which, ...]:
    """The norms through which the stream is read; a model that norms what is added instead has the final one alone."""
    return ("final",) if config.norm_placement == "after" else ("first", "second", "final")


def read_by(which: Which, layer: int, config: ModelConfig) -> tuple[str, str]:
    """The stream that this norm reads, by its name in a trace, and the norm itself, by its name in the model."""
    middle = "pre" if config.parallel else "mid"
    return {
        "first": (f"blocks.{layer}.hook_resid_pre", f"blocks.{layer}.ln1"),
        "second": (f"blocks.{layer}.hook_resid_{middle}", f"blocks.{layer}.ln2"),
        "final": (f"blocks.{config.n_layers - 1}.hook_resid_post", "ln_final"),
    }[which]


def learned(lm: LanguageModel, name: str) -> tuple[np.ndarray, np.ndarray | None]:
    """Gain and shift of the norm `name` ("blocks.0.ln1"), (D,) each; RMSNorm has no shift."""
    gain, *shift = (
        lm.transformer.get_parameter(f"{name}.{part}").float().numpy()
        for part in (("weight", "bias") if lm.config.norm == "layer" else ("weight",))
    )
    return gain, shift[0] if shift else None


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
    stream, name = read_by(which, layer, trace.config)
    vector, kind, eps = trace[stream][position], trace.config.norm, trace.config.norm_eps
    own = steps(vector, kind, eps, *learned(lm, name))
    return Norm(
        own=own,
        other=steps(vector, "rms" if kind == "layer" else "layer", eps),
        scale_apart=float(abs(own.scale - trace[f"{name}.hook_scale"][position, 0])),
        normalized_apart=float(np.abs(own.normalized - trace[f"{name}.hook_normalized"][position]).max()),
    )


def places(config: ModelConfig) -> list[tuple[Which, int]]:
    """Every norm of the stream and its layer, in order; the final one has the last layer's number."""
    own = [which for which in available(config) if which != "final"]
    return [*((which, layer) for layer in range(config.n_layers) for which in own), ("final", config.n_layers - 1)]


def lengths(lm: LanguageModel, trace: Trace, position: int) -> tuple[np.ndarray, np.ndarray]:
    """Lengths of the token's vector before and after each of `places`: (n,) each."""
    before, after = [], []
    for which, layer in places(trace.config):
        stream, name = read_by(which, layer, trace.config)
        gain, shift = learned(lm, name)
        result = trace[f"{name}.hook_normalized"][position] * gain
        if shift is not None:
            result = result + shift
        before.append(np.linalg.norm(trace[stream][position]))
        after.append(np.linalg.norm(result))
    return np.array(before), np.array(after)
