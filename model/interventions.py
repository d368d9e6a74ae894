"""Questions of the form "what if", as edits of the tensor at a hook point.

Each intervention is frozen and hashable: it is part of a trace's identity, so a cache can
tell two traces of one prompt apart.  Interventions compose in the order given.

This module knows hook names and shapes (B batch, T queries, S keys, H heads, E experts,
k chosen), not models.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from .capture import Edit
from .config import DenseConfig, MLAConfig, ModelConfig
from .errors import BadInput


def _check(name: str, value: int, count: int) -> None:
    if not 0 <= value < count:
        raise BadInput(
            "bad_intervention",
            f"{name} {value} does not exist: this model has {name}s 0 to {count - 1}.",
            name=name,
            value=value,
            last=count - 1,
        )


class Intervention:
    """A change of the computation: `edits(config)` names the hooks it changes and how.

    `edits` raises `BadInput` where the model has no such layer, head or expert.
    """

    def edits(self, config: ModelConfig) -> dict[str, Edit]:
        """Hook name -> function from the tensor there to the tensor the model goes on with."""
        raise NotImplementedError


@dataclass(frozen=True)
class AblateHead(Intervention):
    """Switch off one head: its z is zero, so it adds nothing to the residual stream."""

    layer: int
    head: int

    def edits(self, config: ModelConfig) -> dict[str, Edit]:
        _check("layer", self.layer, config.n_layers)
        H = config.attention_at(self.layer).n_heads
        _check("head", self.head, H)
        heads = torch.arange(H)
        return {f"blocks.{self.layer}.attn.hook_z": lambda z: z.masked_fill((heads == self.head)[:, None], 0.0)}


@dataclass(frozen=True)
class AblateAttention(Intervention):
    """Switch off a layer's attention: it adds nothing to the residual stream."""

    layer: int

    def edits(self, config: ModelConfig) -> dict[str, Edit]:
        _check("layer", self.layer, config.n_layers)
        return {f"blocks.{self.layer}.hook_attn_out": torch.zeros_like}


@dataclass(frozen=True)
class AblateFeedForward(Intervention):
    """Switch off a layer's feed-forward network or experts."""

    layer: int

    def edits(self, config: ModelConfig) -> dict[str, Edit]:
        _check("layer", self.layer, config.n_layers)
        return {f"blocks.{self.layer}.hook_mlp_out": torch.zeros_like}


@dataclass(frozen=True)
class _OfExperts(Intervention):
    """Common to interventions in a layer with experts."""

    def _name(self, config: ModelConfig, layer: int, hook: str) -> str:
        _check("layer", layer, config.n_layers)
        if config.dense_at(layer):
            raise _no_experts(layer)
        return f"blocks.{layer}.mlp.{hook}"


@dataclass(frozen=True)
class AblateExpert(_OfExperts):
    """Switch off one expert: the router cannot choose it, another takes its place."""

    layer: int
    expert: int

    def edits(self, config: ModelConfig) -> dict[str, Edit]:
        name = self._name(config, self.layer, "hook_router_choice")
        _check("expert", self.expert, config.experts.n_routed_experts)
        if config.experts.num_experts_per_tok == config.experts.n_routed_experts:
            raise BadInput(
                "no_other_expert",
                "Every expert is chosen for every token: none can take the place of one switched off.",
            )
        return {name: lambda choice: _set_column(choice, self.expert, float("-inf"))}


@dataclass(frozen=True)
class AblateNeuron(Intervention):
    """Switch off one hidden unit of a layer's feed-forward network: it writes nothing to the residual stream."""

    layer: int
    neuron: int
    expert: int | Literal["shared"] | None = None  # whose unit it is, in a layer with experts

    def edits(self, config: ModelConfig) -> dict[str, Edit]:
        _check("layer", self.layer, config.n_layers)
        mlp, experts = f"blocks.{self.layer}.mlp", config.feed_forward_at(self.layer)
        if isinstance(experts, DenseConfig):
            if self.expert is not None:
                raise _no_experts(self.layer)
            return self._of_dense(f"{mlp}.hook_post", experts)
        if self.expert is None:
            raise BadInput("which_expert", f"Layer {self.layer} has experts: say which one's neuron.", layer=self.layer)
        if isinstance(self.expert, str):
            if experts.shared is None:
                raise BadInput("no_experts", "This model has no shared experts.", layer=self.layer)
            return self._of_dense(f"{mlp}.shared.hook_post", experts.shared)
        _check("expert", self.expert, experts.n_routed_experts)
        _check("neuron", self.neuron, experts.moe_intermediate_size)
        return self._of_routed(mlp, self.expert)

    def _of_dense(self, hook: str, network: DenseConfig) -> dict[str, Edit]:
        _check("neuron", self.neuron, network.hidden)
        return {hook: lambda post: _set_column(post, self.neuron, 0.0)}

    def _of_routed(self, mlp: str, expert: int) -> dict[str, Edit]:
        chosen: list[Tensor] = []  # (B, T, k): which expert each row of hidden units belongs to

        def remember(indices: Tensor) -> Tensor:
            chosen[:] = [indices]
            return indices

        def silence(post: Tensor) -> Tensor:  # (B, T, k, F)
            own = chosen[0].eq(expert)[..., None]
            return torch.where(own, _set_column(post, self.neuron, 0.0), post)

        return {f"{mlp}.hook_expert_indices": remember, f"{mlp}.hook_expert_post": silence}


@dataclass(frozen=True)
class ForceExpert(_OfExperts):
    """Every token chooses this expert first; its weight is still its own score."""

    layer: int
    expert: int

    def edits(self, config: ModelConfig) -> dict[str, Edit]:
        name = self._name(config, self.layer, "hook_router_choice")
        _check("expert", self.expert, config.experts.n_routed_experts)
        # Far above any score, yet finite: infinities would make NaN in a group's sum.
        return {name: lambda choice: _set_column(choice, self.expert, 1e9)}


@dataclass(frozen=True)
class ChooseTop(_OfExperts):
    """Only the best `count` of the chosen experts work, in every layer with experts."""

    count: int

    def edits(self, config: ModelConfig) -> dict[str, Edit]:
        names = _expert_layers(config, "hook_expert_indices")
        _check("count", self.count - 1, config.experts.num_experts_per_tok)
        return {name: lambda indices: indices[..., : self.count] for name in names}


@dataclass(frozen=True)
class NoSelectionBias(Intervention):
    """The router chooses by scores alone, in every layer with experts."""

    def edits(self, config: ModelConfig) -> dict[str, Edit]:
        names = _expert_layers(config, "hook_selection_bias")
        if not config.experts.selection_bias:
            raise BadInput("no_selection_bias", "This model's router has no selection bias to switch off.")
        return dict.fromkeys(names, torch.zeros_like)


@dataclass(frozen=True)
class NoMask(Intervention):
    """Every token may look at every other, later ones too."""

    def edits(self, config: ModelConfig) -> dict[str, Edit]:
        return {f"blocks.{layer}.attn.hook_mask": torch.ones_like for layer in range(config.n_layers)}


@dataclass(frozen=True)
class NoScaling(Intervention):
    """Dot products go to the softmax undivided."""

    def edits(self, config: ModelConfig) -> dict[str, Edit]:
        return {f"blocks.{layer}.attn.hook_scaling": torch.ones_like for layer in range(config.n_layers)}


@dataclass(frozen=True)
class NoPositions(Intervention):
    """The model cannot tell where a token stands: nothing rotates, or no position vector is added."""

    def edits(self, config: ModelConfig) -> dict[str, Edit]:
        return {"hook_pos_embed" if config.positions == "learned" else "hook_positions": torch.zeros_like}


@dataclass(frozen=True)
class UniformPattern(Intervention):
    """Freeze a head's pattern (or every head's of the layer): equal weight on each key it may look at."""

    layer: int
    head: int | None = None

    def edits(self, config: ModelConfig) -> dict[str, Edit]:
        _check("layer", self.layer, config.n_layers)
        H = config.attention_at(self.layer).n_heads
        if self.head is not None:
            _check("head", self.head, H)
        chosen = torch.ones(H, dtype=torch.bool) if self.head is None else torch.arange(H) == self.head

        def level(scores: Tensor) -> Tensor:  # (B, H, T, S): equal scores wherever the mask allows any
            return torch.where(chosen[:, None, None] & scores.isfinite(), 0.0, scores)

        return {f"blocks.{self.layer}.attn.hook_attn_scores": level}


@dataclass(frozen=True)
class FreezePattern(Intervention):
    """Freeze rows of a head's pattern to given weights; rows without any keep their own.

    Each row's weights are divided by their sum.  Where a call has no such query or key (a shorter
    prompt, a step of generation), they are left out.
    """

    layer: int
    head: int
    weights: tuple[tuple[int, int, float], ...]  # query, key, weight above 0

    def edits(self, config: ModelConfig) -> dict[str, Edit]:
        _check("layer", self.layer, config.n_layers)
        _check("head", self.head, config.attention.n_heads)
        for query, key, weight in self.weights:
            if min(query, key) < 0 or not 0 < weight < float("inf"):
                raise BadInput(
                    "bad_weight",
                    f"A pattern's weight has a query and a key from 0 on and is above 0: not {query}, {key}, {weight}.",
                )
        return {f"blocks.{self.layer}.attn.hook_pattern": self._freeze}

    def _freeze(self, pattern: Tensor) -> Tensor:  # (B, H, T, S)
        T, S = pattern.shape[-2:]
        given = torch.zeros(T, S)
        for query, key, weight in self.weights:
            row = query - (S - T)  # the queries are the last T of S tokens
            if 0 <= row < T and key < S:
                given[row, key] = weight
        total = given.sum(-1, keepdim=True)  # (T, 1)
        frozen = pattern.clone()
        frozen[:, self.head] = torch.where(total > 0, given / total.clamp_min(1e-30), pattern[:, self.head])
        return frozen


@dataclass(frozen=True)
class CompressKeysValues(Intervention):
    """Keys (before rotation) and values of the prompt become their best approximation of `rank`.

    Eckart and Young 1936.

    All heads of a layer together, as MLA does: (T, K Dh) becomes (T, rank) times (rank, K Dh), so
    that a cache would hold `rank` numbers for a token's keys and as many for its values.  The
    basis is fitted to all tokens read in one call: meant for traces, not for token-by-token
    generation, where one row is always its own basis.
    """

    layer: int | None  # None: every layer
    rank: int

    def edits(self, config: ModelConfig) -> dict[str, Edit]:
        if isinstance(config.attention, MLAConfig):
            raise BadInput(
                "already_latent",
                "This model caches a latent already: it has no keys and values of its own to compress.",
            )
        if self.layer is not None:
            _check("layer", self.layer, config.n_layers)
        if self.rank < 1:
            raise BadInput(
                "bad_intervention", f"rank must be at least 1, not {self.rank}.", name="rank", value=self.rank
            )
        layers = range(config.n_layers) if self.layer is None else (self.layer,)
        return {f"blocks.{layer}.attn.hook_{letter}": self._compress for layer in layers for letter in "kv"}

    def _compress(self, rows: Tensor) -> Tensor:  # (B, T, K, Dh)
        flat = rows.flatten(2)  # (B, T, K Dh)
        if self.rank >= min(flat.shape[1:]):
            return rows  # nothing to leave out
        left, values, right = torch.linalg.svd(flat, full_matrices=False)
        kept = left[..., : self.rank] * values[:, None, : self.rank]  # (B, T, rank): what a cache would hold
        return (kept @ right[:, : self.rank]).view_as(rows)


def collect(interventions: Iterable[Intervention], config: ModelConfig) -> dict[str, tuple[Edit, ...]]:
    """All edits by hook name, in order; raises `BadInput` where one does not fit the model."""
    edits: dict[str, tuple[Edit, ...]] = {}
    for intervention in interventions:
        for name, edit in intervention.edits(config).items():
            edits[name] = (*edits.get(name, ()), edit)
    return edits


def _no_experts(layer: int) -> BadInput:
    return BadInput("no_experts", f"Layer {layer} has no experts: its feed-forward network is dense.", layer=layer)


def _expert_layers(config: ModelConfig, hook: str) -> list[str]:
    if isinstance(config.feed_forward, DenseConfig):
        raise BadInput("no_experts", "This model has no experts: its feed-forward networks are dense.")
    return [f"blocks.{layer}.mlp.{hook}" for layer in range(config.n_layers) if not config.dense_at(layer)]


def _set_column(rows: Tensor, place: int, value: float) -> Tensor:
    return rows.masked_fill(torch.arange(rows.shape[-1]) == place, value)
