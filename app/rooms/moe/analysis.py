"""What a router decided on a prompt, step by step, out of a trace.

T tokens, E experts, k chosen per token, G groups of experts, D width, V vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model import LanguageModel, ModelConfig, MoEConfig, Trace
from model.measure.memory import layer_parameters


def expert_layers(config: ModelConfig) -> list[int]:
    """Indices of the layers that have experts; empty for a dense model."""
    return [layer for layer in range(config.n_layers) if config.dense_at(layer) is None]


def telling_layer(lm: LanguageModel) -> int:
    """The layer whose experts tell kinds of text apart best, as its record says; else the first with experts."""
    counted = lm.record.get("experts", {}).get("layers", {})
    layers = expert_layers(lm.config)
    return max(layers, key=lambda layer: counted.get(str(layer), {}).get("information", 0.0))


def experts_of(config: ModelConfig) -> MoEConfig:
    """The configuration of a model's experts.

    Raises:
        ValueError: if the model has none.
    """
    if not isinstance(config.feed_forward, MoEConfig):
        raise ValueError("This model has no experts: its feed-forward networks are dense.")
    return config.feed_forward


def weights(trace: Trace, layer: int) -> np.ndarray:
    """(T, E): the weight with which each expert's output counts; NaN where it was not chosen."""
    mlp = f"blocks.{layer}.mlp"
    table = np.full(trace[f"{mlp}.hook_router_scores"].shape, np.nan, np.float32)
    np.put_along_axis(table, trace[f"{mlp}.hook_expert_indices"], trace[f"{mlp}.hook_expert_weights"], axis=-1)
    return table


def load(trace: Trace, layer: int) -> np.ndarray:
    """(E,): share of all choices (k for each token) that went to each expert; sums to 1. Even is 1 / E."""
    chosen = working(trace, layer)
    count = np.bincount(chosen[chosen >= 0], minlength=trace.config.feed_forward.n_routed_experts)
    return count / count.sum()


@dataclass(frozen=True)
class Decision:
    """One token's way through one router, in the order of DeepSeek-V3's section 2.1.2."""

    scores: np.ndarray  # (E,) sigmoid or softmax of the gate
    bias: np.ndarray | None  # (E,) added for choosing only
    choice: np.ndarray  # (E,) scores + bias
    group_scores: np.ndarray | None  # (G,)
    kept_groups: np.ndarray | None  # (G,) bool
    chosen: np.ndarray  # (k,) experts, best choice first
    chosen_scores: np.ndarray  # (k,) without the bias
    normalised: np.ndarray  # (k,) sum 1 where the model normalises, else the scores
    weights: np.ndarray  # (k,) normalised, times the scaling factor
    out_norms: np.ndarray  # (k,) length of each chosen expert's output, before weighting
    shared_norm: float | None  # length of the shared experts' output
    routed_norm: float  # length of the weighted sum
    by_bias: np.ndarray  # (k,) bool: chosen only because of the bias; by scores alone another would have been


def decision(trace: Trace, layer: int, position: int) -> Decision:
    """How the token at `position` chose its experts in `layer`, all numbers from the trace."""
    config = experts_of(trace.config)
    step = _Steps(trace, layer, position)
    scores, chosen = step("hook_router_scores"), step("hook_expert_indices")
    chosen_scores = scores[chosen]
    total = chosen_scores.sum()
    shared = step.optional("hook_shared_out")
    bias = trace.arrays.get(f"blocks.{layer}.mlp.hook_selection_bias")
    bias = None if bias is None else bias.reshape(-1)
    return Decision(
        scores=scores,
        bias=bias,
        choice=step("hook_router_choice"),
        group_scores=step.optional("hook_group_scores"),
        kept_groups=step.optional("hook_groups_kept"),
        chosen=chosen,
        chosen_scores=chosen_scores,
        normalised=chosen_scores / total if config.norm_topk_prob else chosen_scores,
        weights=step("hook_expert_weights"),
        out_norms=np.linalg.norm(step("hook_expert_out"), axis=-1),
        shared_norm=None if shared is None else float(np.linalg.norm(shared)),
        routed_norm=float(np.linalg.norm(step("hook_routed_out"))),
        by_bias=~np.isin(chosen, chosen if bias is None else _best(scores, config)),
    )


def _best(choice: np.ndarray, config: MoEConfig) -> np.ndarray:
    """The k experts that `choice` (E,) leads to, groups included: the router's steps on numbers it did not use."""
    grouped = choice.reshape(config.n_group, -1)  # (G, E / G)
    ordered = np.sort(grouped, axis=-1)[:, ::-1]
    group_scores = ordered[:, :2].sum(-1) if config.group_score == "top2_sum" else ordered[:, 0]
    kept = np.argsort(-group_scores, kind="stable")[: config.topk_group]
    allowed = np.full_like(grouped, -np.inf)
    allowed[kept] = grouped[kept]
    return np.argsort(-allowed.ravel(), kind="stable")[: config.num_experts_per_tok]


class _Steps:
    """Rows of one layer's router at one position, by hook name."""

    def __init__(self, trace: Trace, layer: int, position: int):
        self._trace, self._prefix, self._position = trace, f"blocks.{layer}.mlp.", position

    def __call__(self, hook: str) -> np.ndarray:
        return self._trace[self._prefix + hook][self._position]

    def optional(self, hook: str) -> np.ndarray | None:
        return self(hook) if self._prefix + hook in self._trace else None


@dataclass(frozen=True)
class Push:
    """What one addend of the residual stream adds to the logits of the next token, directly."""

    expert: int | None  # None: the shared experts
    up: tuple[tuple[int, float], ...]  # (token id, logit added), largest first
    down: tuple[tuple[int, float], ...]  # (token id, logit added), most negative first
    predicted: float  # added to the logit of the token the model finds most probable


def pushes(trace: Trace, layer: int, position: int, count: int = 5) -> list[Push]:
    """For each chosen expert, weighted, and the shared ones: the `count` tokens pushed most up and down.

    The mean over the vocabulary is taken off each push: adding one number to all logits changes no probability.
    """
    step = _Steps(trace, layer, position)
    addends = list(step("hook_expert_out") * step("hook_expert_weights")[:, None])  # k times (D,)
    names: list[int | None] = [int(expert) for expert in step("hook_expert_indices")]
    shared = step.optional("hook_shared_out")
    if shared is not None:
        addends.append(shared)
        names.append(None)
    predicted = int(trace.logits[position].argmax())
    result = []
    for name, push in zip(names, trace.push(np.stack(addends), position), strict=True):
        push = push - push.mean()
        order = np.argsort(push)
        up = tuple((int(i), float(push[i])) for i in order[::-1][:count])
        down = tuple((int(i), float(push[i])) for i in order[:count])
        result.append(Push(name, up, down, float(push[predicted])))
    return result


@dataclass(frozen=True)
class Worked:
    """One token's parameters in one layer, in the order they are drawn."""

    name: str  # one of model.measure.memory.PARTS
    parameters: int
    active: bool
    expert: int | None = None


def worked(trace: Trace, layer: int, position: int) -> list[Worked]:
    """Which parameters of `layer` computed with the token at `position`: every expert on its own."""
    config = trace.config
    pieces = []
    for name, count in layer_parameters(config, layer).items():
        if name != "experts":
            pieces.append(Worked(name, count.total, True))
            continue
        chosen = set(working(trace, layer)[position].tolist())
        each = count.total // config.feed_forward.n_routed_experts
        pieces += [
            Worked(name, each, expert in chosen, expert) for expert in range(config.feed_forward.n_routed_experts)
        ]
    return pieces


def working(trace: Trace, layer: int) -> np.ndarray:
    """(T, k): the chosen experts; -1 where one was "chosen" with weight 0 because too few were left."""
    mlp = f"blocks.{layer}.mlp"
    return np.where(trace[f"{mlp}.hook_expert_weights"] > 0, trace[f"{mlp}.hook_expert_indices"], -1)


def rerouted(before: Trace, after: Trace) -> int:
    """Tokens of the prompt whose set of working experts changed in at least one layer."""
    changed = np.zeros(len(before.ids), bool)
    for layer in expert_layers(before.config):
        changed |= [
            set(a) != set(b)
            for a, b in zip(working(before, layer).tolist(), working(after, layer).tolist(), strict=True)
        ]
    return int(changed.sum())
