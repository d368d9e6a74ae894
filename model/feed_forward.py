"""The part of a layer that works on each token alone: one dense network, or a few of many experts.

B batch, T tokens, N = B T rows, D width, F hidden width, E experts, k chosen per token, G groups.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import repeat

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .capture import HookPoint
from .config import DenseConfig, ModelConfig, MoEConfig
from .linear import Linear, affine

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": F.relu,
    "gelu": F.gelu,
    "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
    "silu": F.silu,
}


def gated(gate: Tensor, linear: Tensor, config: DenseConfig) -> Tensor:
    """act(gate) * linear (..., F); with a limit both are clamped, and `linear` is lifted by 1 (GPT-OSS)."""
    if config.swiglu_limit is None:
        return ACTIVATIONS[config.activation](gate) * linear
    gate = gate.clamp(max=config.swiglu_limit)
    linear = linear.clamp(-config.swiglu_limit, config.swiglu_limit)
    return gate * (config.swiglu_alpha * gate).sigmoid() * (linear + 1)


class FeedForward(nn.Module):
    """down(act(up x)); gated: down(act(gate x) * up x) (Shazeer 2020, arXiv 2002.05202, eq. 5-6)."""

    def __init__(self, width: int, config: DenseConfig):
        super().__init__()
        self.config = config
        if config.gated:
            self.gate_up = Linear(width, 2 * config.hidden, bias=config.bias)  # gate and up in one product
        else:
            self.up = Linear(width, config.hidden, bias=config.bias)
        self.down = Linear(config.hidden, width, bias=config.bias)
        self.hook_pre = HookPoint()  # (B, T, F) before the activation
        if config.gated:
            self.hook_pre_linear = HookPoint()  # (B, T, F) the other factor
        self.hook_post = HookPoint()  # (B, T, F) what `down` reads

    def forward(self, x: Tensor) -> Tensor:
        """Transform each row of `x` (B, T, D) alone; (B, T, D)."""
        if self.config.gated:
            gate, linear = self.gate_up(x).chunk(2, -1)  # (B, T, F) each
            hidden = gated(self.hook_pre(gate), self.hook_pre_linear(linear), self.config)
        else:
            hidden = ACTIVATIONS[self.config.activation](self.hook_pre(self.up(x)))
        return self.down(self.hook_post(hidden))


class MixtureOfExperts(nn.Module):
    """A router, E small SwiGLU experts of which each token uses k, and shared experts that always work.

    DeepSeekMoE (arXiv 2401.06066, section 3): y = sum of weight_i expert_i(x) over the chosen + shared(x).
    """

    selection_bias: Tensor  # (E,)

    def __init__(self, width: int, config: MoEConfig):
        super().__init__()
        E, hidden = config.n_routed_experts, config.moe_intermediate_size
        self.config = config
        self.router = Linear(width, E, bias=config.router_bias)
        if config.selection_bias:
            self.register_buffer("selection_bias", torch.zeros(E))  # moved by load, not by gradients
        self.gate_up = nn.Parameter(torch.empty(E, 2 * hidden, width))  # gate and up of every expert
        self.down = nn.Parameter(torch.empty(E, width, hidden))
        if config.bias:
            self.gate_up_bias = nn.Parameter(torch.empty(E, 2 * hidden))
            self.down_bias = nn.Parameter(torch.empty(E, width))
        self.hook_router_scores = HookPoint()  # (B, T, E) sigmoid or softmax of the gate
        if config.selection_bias:
            self.hook_selection_bias = HookPoint()  # (1, E)
        self.hook_router_choice = HookPoint()  # (B, T, E) scores + bias
        if config.n_group > 1:
            self.hook_group_scores = HookPoint()  # (B, T, G)
            self.hook_groups_kept = HookPoint()  # (B, T, G) bool
        self.hook_expert_indices = HookPoint()  # (B, T, k)
        self.hook_expert_weights = HookPoint()  # (B, T, k) normalised and scaled
        self.hook_expert_post = HookPoint()  # (B, T, k, F) hidden units, what `down` of each chosen expert reads
        self.hook_expert_out = HookPoint()  # (B, T, k, D) of each chosen expert, before weighting
        self.hook_routed_out = HookPoint()  # (B, T, D)
        if config.shared:
            self.shared = FeedForward(width, config.shared)
            self.hook_shared_out = HookPoint()  # (B, T, D)
        if config.shared_gate:
            self.shared_gate = Linear(width, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Transform each row of `x` (B, T, D) by its own experts; (B, T, D)."""
        weights, indices = self.route(x)  # (B, T, k) each
        by_all = self.training and self.config.expert == DenseConfig(hidden=self.down.shape[-1])  # plain SwiGLU
        if by_all and not (self.hook_expert_out.listening or self.hook_routed_out.listening):
            out = self.run_all_experts(x, weights, indices)
        else:
            expert_out = self.hook_expert_out(self.run_experts(x, indices))
            out = self.hook_routed_out((expert_out * weights[..., None].to(x.dtype)).sum(-2))
        if self.config.shared:
            out = out + self.hook_shared_out(self.shared_part(x))
        return out

    def route(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Which experts each token goes to, and with what weight (DeepSeek-V3 report, section 2.1.2, eq. 12-16).

        Weights and indices of the chosen experts, (B, T, k) each, best choice first, for `x` (B, T, D).
        """
        config = self.config
        with torch.autocast(x.device.type, enabled=False):  # in float32: a near tie must not depend on dtype
            bias = self.router.bias.float() if config.router_bias else None
            logits = affine(x.float(), self.router.weight.float(), bias)  # (B, T, E)
        scores = logits.sigmoid() if config.scoring_func == "sigmoid" else logits.softmax(-1)
        scores = self.hook_router_scores(scores)

        choice = scores  # (B, T, E) decides which experts, never how much
        if config.selection_bias:
            choice = choice + self.hook_selection_bias(self.selection_bias[None].to(torch.float32, copy=True))
        choice = self.hook_router_choice(choice)
        if config.n_group > 1:
            choice = choice.masked_fill(~self.in_best_groups(choice), float("-inf"))
        indices = self.hook_expert_indices(choice.topk(config.num_experts_per_tok, dim=-1).indices)  # (B, T, k)

        weights = scores.gather(-1, indices)  # without the bias
        # Where interventions leave fewer than k experts, one switched off is "chosen" and must not work.
        weights = weights.masked_fill(choice.gather(-1, indices).isneginf(), 0.0)
        if config.norm_topk_prob:  # of softmax scores: the same as a softmax over the chosen alone (Mixtral, GPT-OSS)
            weights = weights / (weights.sum(-1, keepdim=True) + 1e-20)
        weights = self.hook_expert_weights(weights * config.routed_scaling_factor)
        return weights, indices

    def in_best_groups(self, choice: Tensor) -> Tensor:
        """Which experts lie in the best `topk_group` groups, (B, T, E) bool, for `choice` (B, T, E)."""
        config = self.config
        # An expert switched off (minus infinity) adds nothing to its group, and does not sink the others in it.
        grouped = choice.masked_fill(choice.isneginf(), 0.0).unflatten(-1, (config.n_group, -1))  # (B, T, G, E / G)
        group_scores = grouped.amax(-1)  # V2
        if config.group_score == "top2_sum":
            group_scores = grouped.topk(2, dim=-1).values.sum(-1)  # V3
        group_scores = self.hook_group_scores(group_scores)  # (B, T, G)
        best = group_scores.topk(config.topk_group, dim=-1).indices
        kept = self.hook_groups_kept(torch.zeros_like(group_scores, dtype=torch.bool).scatter(-1, best, True))
        return kept.repeat_interleave(grouped.shape[-1], dim=-1)

    def shared_part(self, x: Tensor) -> Tensor:
        """What the shared experts add to every row of `x` (B, T, D); (B, T, D)."""
        shared = self.shared(x)
        return shared * self.shared_gate(x).sigmoid() if self.config.shared_gate else shared

    def run_experts(self, x: Tensor, indices: Tensor) -> Tensor:
        """expert_i(x) for the chosen i only: `x` (B, T, D), `indices` (B, T, k) -> (B, T, k, D).

        Rows are sorted by expert, so that each expert in use works once, on its own rows;
        an expert that nobody chose costs nothing.
        """
        k = indices.shape[-1]
        order = indices.flatten().argsort(stable=True)  # (N k,) assignments, grouped by expert
        counts = indices.flatten().bincount(minlength=len(self.gate_up)).tolist()
        rows = x.flatten(0, 1)[order // k]  # (N k, D)
        expert = self.config.expert
        biases = zip(self.gate_up_bias, self.down_bias, strict=True) if expert.bias else repeat((None, None))
        parts = zip(self.gate_up.unbind(), self.down.unbind(), rows.split(counts), strict=True)
        hidden, working = [], []
        for (gate_up, down, own), (gate_up_bias, down_bias) in zip(parts, biases, strict=False):
            if len(own):
                gate, linear = affine(own, gate_up, gate_up_bias).chunk(2, -1)
                hidden.append(gated(gate, linear, expert))
                working.append((down, down_bias))
        if self.hook_expert_post.listening:  # in the order of the tokens, and back
            seen = torch.cat(hidden)[order.argsort()].view(*indices.shape, -1)
            hidden = self.hook_expert_post(seen).flatten(0, -2)[order].split([count for count in counts if count])
        results = [affine(own, *weights) for own, weights in zip(hidden, working, strict=True)]
        return torch.cat(results)[order.argsort()].view(*indices.shape, -1)

    def run_all_experts(self, x: Tensor, weights: Tensor, indices: Tensor) -> Tensor:
        """The weighted sum of the chosen experts, (B, T, D), by way of all experts as one wide network.

        The same as `run_experts` for small experts in training: E / k times its arithmetic, but in
        three large products without sorting, and so 1.6 times the tokens per second on two cores.
        """
        E, hidden = self.down.shape[0], self.down.shape[-1]
        gates = torch.zeros(*x.shape[:-1], E, dtype=weights.dtype, device=x.device).scatter(-1, indices, weights)
        gate, linear = (F.linear(x, half.flatten(0, 1)) for half in self.gate_up.split(hidden, dim=1))  # (B, T, E F)
        post = (F.silu(gate) * linear).unflatten(-1, (E, hidden)) * gates[..., None].to(gate.dtype)
        return F.linear(post.flatten(-2), self.down.transpose(0, 1).flatten(1))


def make_feed_forward(config: ModelConfig, layer: int) -> FeedForward | MixtureOfExperts:
    """The feed-forward part of `layer`: experts, unless the config says dense there."""
    own = config.feed_forward_at(layer)
    if isinstance(own, DenseConfig):
        return FeedForward(config.d_model, own)
    return MixtureOfExperts(config.d_model, own)
