"""Where each of our weights lies among the weights that transformers saves, for all families like Llama.

Our fused products (q, k, v; gate, up; all experts) are made of several of theirs, one below
the other.  What a family lays out in its own way stands in its `Layout`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from torch import Tensor

from ....config import GQAConfig, MLAConfig, ModelConfig, MoEConfig
from ..assembly import Piece, Recipe

Change = Callable[[Tensor], Tensor]
Experts = Callable[[MoEConfig], Recipe]


def one_by_one(
    home: str, router: str, gate: str = "gate_proj", up: str = "up_proj", down: str = "down_proj"
) -> Experts:
    """Experts as modules of their own: ``<home>experts.<e>.<part>.weight``."""

    def experts(moe: MoEConfig) -> Recipe:
        each = [f"{home}experts.{e}." for e in range(moe.n_routed_experts)]
        return {
            "mlp.router.weight": [Piece(f"{home}{router}.weight")],
            "mlp.gate_up": [Piece(f"{expert}{part}.weight") for expert in each for part in (gate, up)],
            "mlp.down": [Piece(f"{expert}{down}.weight") for expert in each],
        }

    return experts


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How a family lays its weights out, where it differs from Llama."""

    qkv: tuple[str, ...] = ("q_proj", "k_proj", "v_proj")
    gate_up: tuple[str, ...] = ("gate_proj", "up_proj")
    norm: Change | None = None  # from what is stored to a norm's gain
    experts: Experts = field(default_factory=lambda: one_by_one("mlp.", "gate"))
    shared: str = "mlp.shared_experts."


def llama_like(layout: Layout | None = None) -> Callable[[ModelConfig], Recipe]:
    """The recipe of a family of this layout, Llama's if there is none."""
    layout = layout or Layout()

    def recipe(config: ModelConfig) -> Recipe:
        made = {"embed.weight": [Piece("embed_tokens.weight")], "ln_final.weight": [Piece("norm.weight", layout.norm)]}
        for layer in range(config.n_layers):
            parts = _norms(config, layout) | _attention(config, layer, layout) | _feed_forward(config, layer, layout)
            made |= placed(parts, f"blocks.{layer}.", f"layers.{layer}.")
        return made

    return recipe


def placed(parts: Recipe, ours: str, theirs: str) -> Recipe:
    """A layer's recipe with the layer's name in front of all names."""
    return {
        ours + name: [Piece(theirs + piece.name, piece.change) for piece in pieces] for name, pieces in parts.items()
    }


def _norms(config: ModelConfig, layout: Layout) -> Recipe:
    places = {
        "before": {"ln1": "input_layernorm", "ln2": "post_attention_layernorm"},
        "after": {"ln1_post": "post_attention_layernorm", "ln2_post": "post_feedforward_layernorm"},
        "both": {
            "ln1": "input_layernorm",
            "ln1_post": "post_attention_layernorm",
            "ln2": "pre_feedforward_layernorm",
            "ln2_post": "post_feedforward_layernorm",
        },
    }[config.norm_placement]
    return {f"{ours}.weight": [Piece(f"{theirs}.weight", layout.norm)] for ours, theirs in places.items()}


def _attention(config: ModelConfig, layer: int, layout: Layout) -> Recipe:
    attention = config.attention_at(layer)
    return _latent(attention) if isinstance(attention, MLAConfig) else _grouped(attention, layout)


def _grouped(attention: GQAConfig, layout: Layout) -> Recipe:
    recipe = {}
    for part in ("weight", "bias") if attention.qkv_bias else ("weight",):
        recipe[f"attn.qkv.{part}"] = [Piece(f"self_attn.{name}.{part}") for name in layout.qkv]
    for part in ("weight", "bias") if attention.out_bias else ("weight",):
        recipe[f"attn.out.{part}"] = [Piece(f"self_attn.o_proj.{part}")]
    if attention.qk_norm:
        recipe |= {f"attn.{x}_norm.weight": [Piece(f"self_attn.{x}_norm.weight", layout.norm)] for x in "qk"}
    if attention.sinks:
        recipe["attn.sinks"] = [Piece("self_attn.sinks")]
    return recipe


def _latent(attention: MLAConfig) -> Recipe:
    places = {"kv_down": "kv_a_proj_with_mqa", "kv_norm": "kv_a_layernorm", "kv_up": "kv_b_proj", "out": "o_proj"}
    if attention.q_lora_rank is None:
        places |= {"q_up": "q_proj"}
    else:
        places |= {"q_down": "q_a_proj", "q_norm": "q_a_layernorm", "q_up": "q_b_proj"}
    return {f"attn.{ours}.weight": [Piece(f"self_attn.{theirs}.weight")] for ours, theirs in places.items()}


def dense(ours: str, theirs: str, gate_up: tuple[str, ...], bias: bool = False) -> Recipe:
    """A gated network."""
    recipe = {}
    for part in ("weight", "bias") if bias else ("weight",):
        recipe[f"{ours}gate_up.{part}"] = [Piece(f"{theirs}{name}.{part}") for name in gate_up]
        recipe[f"{ours}down.{part}"] = [Piece(f"{theirs}down_proj.{part}")]
    return recipe


def _feed_forward(config: ModelConfig, layer: int, layout: Layout) -> Recipe:
    moe = config.feed_forward_at(layer)
    if not isinstance(moe, MoEConfig):
        return dense("mlp.", "mlp.", layout.gate_up, moe.bias)
    recipe = layout.experts(moe)
    if moe.selection_bias:
        recipe["mlp.selection_bias"] = [Piece("mlp.gate.e_score_correction_bias")]
    if moe.n_shared_experts and "mlp.shared.down.weight" not in recipe:
        recipe |= dense("mlp.shared.", layout.shared, layout.gate_up)
    if moe.shared_gate:
        recipe["mlp.shared_gate.weight"] = [Piece("mlp.shared_expert_gate.weight")]
    return recipe
