"""What distinguishes one transformer from another, as frozen data.

A `ModelConfig` is a trunk (width, layers, norm, positions) that holds the attention config
and the feed-forward config that most layers share; what a layer has of its own stands in
`layers`, and whoever wants to know about a layer asks `attention_at(layer)` and the like.
Everything a checkpoint says about architecture is here; weights, tokenizer and names are
not.  Each config checks itself, so a `Transformer` can be written without defensive code.

Field names follow the config.json of DeepSeek-V3 where it has the concept.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field
from typing import Any, Literal, get_args, get_origin, get_type_hints

from .errors import BadInput
from .parts import (
    Activation,
    DenseConfig,
    GQAConfig,
    LinearScaling,
    Llama3Scaling,
    LongScaling,
    MLAConfig,
    MoEConfig,
    RopeConfig,
    YarnScaling,
    require,
)

__all__ = [
    "Activation",
    "DenseConfig",
    "GQAConfig",
    "LayerConfig",
    "LinearScaling",
    "Llama3Scaling",
    "LongScaling",
    "MLAConfig",
    "MoEConfig",
    "ModelConfig",
    "RopeConfig",
    "YarnScaling",
    "require",
]


@dataclass(frozen=True, kw_only=True)
class LayerConfig:
    """What one layer has of its own; None: as the whole model."""

    attention: GQAConfig | MLAConfig | None = None
    feed_forward: DenseConfig | MoEConfig | None = None
    rope: RopeConfig | None = None
    rotates: bool = True  # where it does not, nothing tells this layer the order of the tokens (SmolLM3)


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """A whole language model: trunk, attention and feed-forward.

    norm_placement    before: x + f(norm(x))    after: x + norm(f(x)) (OLMo 2)    both: x + norm(f(norm(x))) (Gemma 2)
    parallel          x + attention(norm(x)) + feed_forward(norm'(x)), both from the same x (Pythia)
    """

    vocab_size: int
    d_model: int
    n_layers: int
    context: int  # the longest sequence the model was made for, in tokens
    attention: GQAConfig | MLAConfig
    feed_forward: DenseConfig | MoEConfig
    norm: Literal["rms", "layer"] = "rms"
    norm_eps: float = 1e-5
    positions: Literal["rope", "learned"] = "rope"
    rope: RopeConfig = field(default_factory=RopeConfig)
    tied_embeddings: bool = True
    layers: tuple[LayerConfig, ...] = ()  # one for each layer, or none where all layers are alike
    norm_placement: Literal["before", "after", "both"] = "before"
    parallel: bool = False
    embed_scale: float = 1.0  # factor on what the embedding table holds (Gemma)
    residual_scale: float = 1.0  # factor on whatever is added to the residual stream (Granite)
    logit_scale: float = 1.0  # factor on the logits (Granite)
    logit_cap: float | None = None  # logits l become cap tanh(l / cap) (Gemma 2)

    def __post_init__(self) -> None:
        for name in ("vocab_size", "d_model", "n_layers", "context"):
            require(getattr(self, name) > 0, f"{name} must be positive, not {getattr(self, name)}.")
        require(self.norm in ("rms", "layer"), f"norm {self.norm!r} is unknown: use rms or layer.")
        require(self.positions in ("rope", "learned"), f"positions {self.positions!r} is unknown: use rope or learned.")
        require(
            math.isfinite(self.norm_eps) and self.norm_eps >= 0,
            f"norm_eps must be a small positive number, not {self.norm_eps}.",
        )
        require(
            self.norm_placement in ("before", "after", "both"),
            f"norm_placement {self.norm_placement!r} is unknown: use before, after or both.",
        )
        require(
            len(self.layers) in (0, self.n_layers),
            f"layers must describe all {self.n_layers} layers or none, not {len(self.layers)}.",
        )
        require(self.logit_cap is None or self.logit_cap > 0, f"logit_cap must be positive, not {self.logit_cap}.")
        for layer in range(self.n_layers if self.layers else 1):
            self._check_layer(self.attention_at(layer), self.rope_at(layer))

    def _check_layer(self, attention: GQAConfig | MLAConfig, rope: RopeConfig | None) -> None:
        latent = isinstance(attention, MLAConfig)
        require(latent == isinstance(self.attention, MLAConfig), "all layers must cache alike: all MLA, or none.")
        require(
            rope is None or attention.rope_dim % 2 == 0,
            f"rotary positions turn pairs: the rotated width ({attention.rope_dim}) must be even.",
        )
        require(
            rope is not None or not latent,
            "latent attention needs rotary positions: set positions to 'rope'.",
        )
        if rope is not None and isinstance(rope.scaling, LongScaling):
            pairs = attention.rope_dim // 2
            require(
                len(rope.scaling.short) == len(rope.scaling.long) == pairs,
                f"LongRoPE needs a divisor for each of the {pairs} pairs, short and long.",
            )

    # What a layer has: the one place where `layers` is read.

    def attention_at(self, layer: int) -> GQAConfig | MLAConfig:
        """The attention config of `layer`."""
        own = self.layers[layer].attention if self.layers else None
        return self.attention if own is None else own

    def feed_forward_at(self, layer: int) -> DenseConfig | MoEConfig:
        """The feed-forward config of `layer`."""
        own = self.layers[layer].feed_forward if self.layers else None
        if own is not None:
            return own
        common = self.feed_forward
        if isinstance(common, MoEConfig) and layer < common.first_k_dense_replace:
            assert common.dense_intermediate_size is not None  # MoEConfig has checked it
            return DenseConfig(hidden=common.dense_intermediate_size, activation=common.activation)
        return common

    def dense_at(self, layer: int) -> DenseConfig | None:
        """The dense feed-forward config of `layer`, or None where the layer has experts."""
        made = self.feed_forward_at(layer)
        return made if isinstance(made, DenseConfig) else None

    def rope_at(self, layer: int) -> RopeConfig | None:
        """How the queries and keys of `layer` rotate; None where they do not."""
        if self.positions != "rope" or (self.layers and not self.layers[layer].rotates):
            return None
        own = self.layers[layer].rope if self.layers else None
        return self.rope if own is None else own

    @property
    def experts(self) -> MoEConfig:
        """The config of the layers with experts.

        Raises:
            BadInput: "no_experts" for a dense model.
        """
        if isinstance(self.feed_forward, DenseConfig):
            raise BadInput("no_experts", "This model has no experts: its feed-forward networks are dense.")
        return self.feed_forward

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON; `from_dict` reads it back to an equal config."""
        return _to_plain(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> ModelConfig:
        """Rebuild a config from `to_dict`'s data; unknown names raise `BadInput`."""
        made = _from_plain(data)
        if not isinstance(made, cls):
            raise BadInput("bad_config", f"this describes {str(data)[:60]!r}, not a ModelConfig.")
        return made


_CLASSES = {
    c.__name__: c
    for c in (
        YarnScaling,
        Llama3Scaling,
        LinearScaling,
        LongScaling,
        RopeConfig,
        GQAConfig,
        MLAConfig,
        DenseConfig,
        MoEConfig,
        LayerConfig,
        ModelConfig,
    )
}


def _to_plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_to_plain(each) for each in value]
    if not dataclasses.is_dataclass(value):
        return value
    return {"class": type(value).__name__} | {
        f.name: _to_plain(getattr(value, f.name)) for f in dataclasses.fields(value)
    }


def _from_plain(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_from_plain(each) for each in value)
    if not isinstance(value, dict):
        return value
    name = value.get("class")
    if not isinstance(name, str) or name not in _CLASSES:
        raise BadInput("bad_config", f"config class {str(name)[:60]!r} is unknown.")
    fields = {k: _from_plain(v) for k, v in value.items() if k != "class"}
    hints = get_type_hints(_CLASSES[name])
    unknown = fields.keys() - hints.keys()
    require(not unknown, f"{name} has no field {sorted(unknown)}.")
    for field_name, field_value in fields.items():
        require(_fits(field_value, hints[field_name]), f"{field_name} cannot be {str(field_value)[:60]!r}.")
    try:
        return _CLASSES[name](**fields)
    except TypeError as error:  # a missing field
        raise BadInput("bad_config", f"the config of {name} cannot be read: {error}.") from error


def _fits(value: Any, hint: Any) -> bool:
    """Whether `value` is of the type that a field's annotation `hint` names; an int is a float too."""
    if get_origin(hint) is Literal:
        return value in get_args(hint)
    if get_origin(hint) is tuple:  # of any length
        return isinstance(value, tuple) and all(_fits(each, get_args(hint)[0]) for each in value)
    if hint is float:
        return type(value) in (int, float)
    if hint is int:
        return type(value) is int and abs(value) < 2**63  # no tensor is larger
    if get_args(hint):  # one type or another
        return any(_fits(value, each) for each in get_args(hint))
    return type(value) is hint
