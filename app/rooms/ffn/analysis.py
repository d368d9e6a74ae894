"""What each hidden unit (neuron) of a feed-forward network does with one token.

D width, F hidden units, E experts, V vocabulary.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from model import LanguageModel, Trace
from model.config import DenseConfig

Which = int | Literal["shared"] | None  # a network of a layer: an expert, the shared experts, or the only one

_erf = np.vectorize(math.erf, otypes=[float])


def relu(x: np.ndarray) -> np.ndarray:
    """max(x, 0)."""
    return np.maximum(x, 0)


def gelu(x: np.ndarray) -> np.ndarray:
    """x times the normal distribution's share below x (Hendrycks & Gimpel 2016, arXiv 1606.08415)."""
    return x * 0.5 * (1 + _erf(x / math.sqrt(2)))


def gelu_tanh(x: np.ndarray) -> np.ndarray:
    """GPT-2's approximation of GELU."""
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def silu(x: np.ndarray) -> np.ndarray:
    """x sigmoid(x)."""
    return x / (1 + np.exp(-x))


ACTIVATIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "relu": relu,
    "gelu": gelu,
    "gelu_tanh": gelu_tanh,
    "silu": silu,
}
NAMES = {"relu": "ReLU", "gelu": "GELU", "gelu_tanh": "GELU (tanh)", "silu": "SiLU"}


@dataclass(frozen=True)
class Network:
    """One network at one token: the layer's only one, one of its experts, or the shared experts together."""

    expert: Which  # number, "shared", or None in a layer without experts
    weight: float  # with which its output counts; 0 of an expert that this token did not choose
    kind: DenseConfig
    pre: np.ndarray  # (F,) before the activation; of a gated network the gate
    linear: np.ndarray | None  # (F,) the other factor of a gated network
    activated: np.ndarray  # (F,)
    post: np.ndarray  # (F,) what the output matrix reads
    down: np.ndarray  # (D, F): column n is what neuron n writes, as it is added to the stream
    post_apart: float | None  # largest difference of `post` from the hook; None where the model ran no such expert
    out_apart: float | None  # of the sum of all that the neurons write from the layer's own

    @property
    def lengths(self) -> np.ndarray:
        """(F,) length of what each neuron writes to the stream, weight included; of one not chosen as if it were."""
        return np.abs(self.post) * np.linalg.norm(self.down, axis=0) * (self.weight or 1.0)

    @property
    def carrying_half(self) -> int:
        """How few neurons have half of the activity, the sum of all |post|."""
        activity = np.sort(np.abs(self.post))[::-1].cumsum()
        return int(np.searchsorted(activity, activity[-1] / 2)) + 1

    def most_active(self, count: int) -> np.ndarray:
        """Indices of the neurons with the largest |post|, the largest first."""
        return np.argsort(-np.abs(self.post), kind="stable")[:count]


def activation_of(kind: DenseConfig) -> Callable[[np.ndarray], np.ndarray]:
    """What a network of that kind makes of its input, or gate; with GPT-OSS's limit and slope where it has them."""
    limit, slope = kind.swiglu_limit, kind.swiglu_alpha
    if limit is None:
        return ACTIVATIONS[kind.activation]
    return lambda gate: silu(slope * np.minimum(gate, limit)) / slope


def network(lm: LanguageModel, trace: Trace, layer: int, position: int, expert: Which) -> Network:
    """The network of `layer` named by `expert`, on the token at `position`, computed again and compared."""
    x = _read(lm, trace, layer, position)
    name, own = f"blocks.{layer}.mlp", trace.config.feed_forward_at(layer)
    weight: float = 1.0
    post: np.ndarray | None
    out: np.ndarray | None
    if isinstance(own, DenseConfig):
        kind, weights = own, _weights(lm, name, own)
        post, out = trace[f"{name}.hook_post"][position], trace[f"blocks.{layer}.hook_mlp_out"][position]
    elif isinstance(expert, int):
        kind, weights = own.expert, _weights_of_expert(lm, name, own.expert, expert)
        weight, post, out = _of_expert(trace, name, expert, position)
    else:
        assert own.shared is not None
        kind, weights = own.shared, _weights(lm, f"{name}.shared", own.shared)
        if own.shared_gate:
            weight = float(1 / (1 + np.exp(-(_weight(lm, f"{name}.shared_gate.weight")[0] @ x))))
        post, out = trace[f"{name}.shared.hook_post"][position], trace[f"{name}.hook_shared_out"][position] / weight
    units = weights.up @ x + weights.up_bias
    pre, linear = np.split(units, 2) if kind.gated else (units, None)
    if linear is not None and kind.swiglu_limit is not None:
        linear = linear.clip(-kind.swiglu_limit, kind.swiglu_limit) + 1
    activated = activation_of(kind)(pre)
    said = activated if linear is None else activated * linear
    whole = weights.down @ said + weights.down_bias
    if expert is None:
        whole = _to_stream(lm, trace, layer, position, whole, shift=True)
    return Network(
        expert=expert,
        weight=weight,
        kind=kind,
        pre=pre,
        linear=linear,
        activated=activated,
        post=said,
        down=_to_stream(lm, trace, layer, position, weights.down.T).T,
        post_apart=None if post is None else float(np.abs(said - post).max()),
        out_apart=None if out is None else float(np.abs(whole - out).max()),
    )


def _read(lm: LanguageModel, trace: Trace, layer: int, position: int) -> np.ndarray:
    """(D,): what the feed-forward part reads: the second norm's result, or the stream where none is before it."""
    config, norm = trace.config, f"blocks.{layer}.ln2"
    if config.norm_placement == "after":
        return trace[f"blocks.{layer}.hook_resid_{'pre' if config.parallel else 'mid'}"][position]
    x = trace[f"{norm}.hook_normalized"][position] * _weight(lm, f"{norm}.weight")
    return x + _weight(lm, f"{norm}.bias") if config.norm == "layer" else x


def _to_stream(
    lm: LanguageModel, trace: Trace, layer: int, position: int, written: np.ndarray, *, shift: bool = False
) -> np.ndarray:
    """What is written (..., D) as it is added to the stream: through a norm and a factor, where the model has them."""
    config, norm = trace.config, f"blocks.{layer}.ln2_post"
    if config.norm_placement != "before":
        if config.norm == "layer":
            written = written - written.mean(-1, keepdims=True)
        written = written / trace[f"{norm}.hook_scale"][position] * _weight(lm, f"{norm}.weight")
        if shift and config.norm == "layer":
            written = written + _weight(lm, f"{norm}.bias")
    return written * np.float32(config.residual_scale)


@dataclass(frozen=True)
class _Weights:
    """Of one network; a bias that it does not have is zero."""

    up: np.ndarray  # (F, D), or (2 F, D): gate and up
    up_bias: np.ndarray | float
    down: np.ndarray  # (D, F)
    down_bias: np.ndarray | float


def _weight(lm: LanguageModel, name: str) -> np.ndarray:
    return lm.transformer.get_parameter(name).float().numpy()


def _weights(lm: LanguageModel, name: str, kind: DenseConfig) -> _Weights:
    up, down = f"{name}.{'gate_up' if kind.gated else 'up'}", f"{name}.down"
    biases = (_weight(lm, f"{up}.bias"), _weight(lm, f"{down}.bias")) if kind.bias else (0.0, 0.0)
    return _Weights(_weight(lm, f"{up}.weight"), biases[0], _weight(lm, f"{down}.weight"), biases[1])


def _weights_of_expert(lm: LanguageModel, name: str, kind: DenseConfig, expert: int) -> _Weights:
    def own(part: str) -> np.ndarray:
        return lm.transformer.get_parameter(f"{name}.{part}")[expert].float().numpy()

    biases = (own("gate_up_bias"), own("down_bias")) if kind.bias else (0.0, 0.0)
    return _Weights(own("gate_up"), biases[0], own("down"), biases[1])


def _of_expert(
    trace: Trace, name: str, expert: int, position: int
) -> tuple[float, np.ndarray | None, np.ndarray | None]:
    """Weight, hidden units and output of an expert at a token; 0 and None where the token did not choose it."""
    slots = np.flatnonzero(trace[f"{name}.hook_expert_indices"][position] == expert)
    if not len(slots):
        return 0.0, None, None
    weight, post, out = (trace[f"{name}.hook_expert_{part}"][position, slots[0]] for part in ("weights", "post", "out"))
    return float(weight), post, out


@dataclass(frozen=True)
class Written:
    """What one neuron adds to the logits of the next token, directly."""

    neuron: int
    up: tuple[tuple[int, float], ...]  # (token id, logit added), largest first
    down: tuple[tuple[int, float], ...]  # (token id, logit added), most negative first


def written(trace: Trace, found: Network, position: int, neurons: np.ndarray, count: int = 3) -> list[Written]:
    """For each of `neurons`: the `count` tokens it pushes most up and down, the mean over the vocabulary taken off."""
    addends = (found.down[:, neurons] * found.post[neurons] * (found.weight or 1.0)).T  # (n, D)
    pushes = trace.push(addends.astype(np.float32), position)  # (n, V)
    pushes = pushes - pushes.mean(-1, keepdims=True)
    return [
        Written(int(neuron), _ends(push, count, largest=True), _ends(push, count, largest=False))
        for neuron, push in zip(neurons, pushes, strict=True)
    ]


def _ends(push: np.ndarray, count: int, *, largest: bool) -> tuple[tuple[int, float], ...]:
    values = -push if largest else push
    best = np.argpartition(values, count)[:count]
    return tuple((int(i), float(push[i])) for i in best[np.argsort(values[best], kind="stable")])


def chosen_experts(trace: Trace, layer: int, position: int) -> list[tuple[int, float]]:
    """The experts that the token chose in `layer` and their weights, best choice first; empty where it is dense."""
    if trace.config.dense_at(layer) is not None:
        return []
    indices, weights = (trace[f"blocks.{layer}.mlp.hook_expert_{name}"][position] for name in ("indices", "weights"))
    return [(int(expert), float(weight)) for expert, weight in zip(indices, weights, strict=True)]
