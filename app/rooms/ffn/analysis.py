"""What each hidden unit (neuron) of a feed-forward network does with one token.

D width, F hidden units, E experts, V vocabulary.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from model import LanguageModel, Trace
from model.config import DenseConfig, MoEConfig
from model.norm import LayerNorm

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


@dataclass(frozen=True)
class Network:
    """One network at one token: the layer's only one, one of its experts, or the shared experts together."""

    expert: int | str | None  # number, "shared", or None in a layer without experts
    weight: float  # with which its output counts; 0 of an expert that this token did not choose
    activation: str
    pre: np.ndarray  # (F,) before the activation; of a gated network the gate
    linear: np.ndarray | None  # (F,) the other factor of a gated network
    activated: np.ndarray  # (F,)
    post: np.ndarray  # (F,) what the output matrix reads
    down: np.ndarray  # (D, F): column n is what neuron n writes
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


def network(lm: LanguageModel, trace: Trace, layer: int, position: int, expert: int | str | None) -> Network:
    """The network of `layer` named by `expert`, on the token at `position`, computed again and compared."""
    mlp, config = lm.transformer.blocks[layer].mlp, trace.config
    x = _read(lm, trace, layer, position)
    name = f"blocks.{layer}.mlp"
    if isinstance(expert, int):
        kind, up, down = _expert(config.feed_forward), mlp.gate_up[expert], mlp.down[expert]
        return _network(
            kind, expert, x, _array(up), None, _array(down), None, *_of_expert(trace, name, expert, position)
        )
    if expert == "shared":
        gated = config.feed_forward.shared_gate
        weight = float(1 / (1 + np.exp(-(_array(mlp.shared_gate.weight)[0] @ x)))) if gated else 1.0
        kind, part, hook, out = (
            config.feed_forward.shared,
            mlp.shared,
            f"{name}.shared.hook_post",
            f"{name}.hook_shared_out",
        )
    else:
        weight, kind, part, hook, out = (
            1.0,
            config.dense_at(layer),
            mlp,
            f"{name}.hook_post",
            f"blocks.{layer}.hook_mlp_out",
        )
    up = part.gate_up if kind.gated else part.up
    biases = (_array(up.bias), _array(part.down.bias)) if kind.bias else (None, None)
    weights = _array(up.weight), biases[0], _array(part.down.weight), biases[1]
    return _network(kind, expert, x, *weights, weight, trace[hook][position], trace[out][position] / weight)


def _read(lm: LanguageModel, trace: Trace, layer: int, position: int) -> np.ndarray:
    """(D,): what the feed-forward part reads, the second norm's result."""
    norm = lm.transformer.blocks[layer].ln2
    x = trace[f"blocks.{layer}.ln2.hook_normalized"][position] * _array(norm.weight)
    return x + _array(norm.bias) if isinstance(norm, LayerNorm) else x


def _array(weight) -> np.ndarray:
    return weight.float().numpy()


def _expert(config: MoEConfig) -> DenseConfig:
    return DenseConfig(hidden=config.moe_intermediate_size)


def _of_expert(
    trace: Trace, name: str, expert: int, position: int
) -> tuple[float, np.ndarray | None, np.ndarray | None]:
    """Weight, hidden units and output of an expert at a token; 0 and None where the token did not choose it."""
    slots = np.flatnonzero(trace[f"{name}.hook_expert_indices"][position] == expert)
    if not len(slots):
        return 0.0, None, None
    weight, post, out = (trace[f"{name}.hook_expert_{part}"][position, slots[0]] for part in ("weights", "post", "out"))
    return float(weight), post, out


def _network(
    kind: DenseConfig,
    expert: int | str | None,
    x: np.ndarray,
    up: np.ndarray,
    up_bias: np.ndarray | None,
    down: np.ndarray,
    down_bias: np.ndarray | None,
    weight: float,
    hooked_post: np.ndarray | None,
    hooked_out: np.ndarray | None,
) -> Network:
    units = up @ x if up_bias is None else up @ x + up_bias
    pre, linear = np.split(units, 2) if kind.gated else (units, None)
    activated = ACTIVATIONS[kind.activation](pre)
    post = activated if linear is None else activated * linear
    out = down @ post if down_bias is None else down @ post + down_bias
    return Network(
        expert=expert,
        weight=weight,
        activation=kind.activation,
        pre=pre,
        linear=linear,
        activated=activated,
        post=post,
        down=down,
        post_apart=None if hooked_post is None else float(np.abs(post - hooked_post).max()),
        out_apart=None if hooked_out is None else float(np.abs(out - hooked_out).max()),
    )


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
