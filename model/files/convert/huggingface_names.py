"""Where each of our weights lies among the weights that transformers saves.

Our fused products (q, k, v; gate, up; all experts) are made of several of theirs, one below
the other.
"""

from __future__ import annotations

import re

from torch import Tensor

from ...config import GQAConfig, MLAConfig, ModelConfig, MoEConfig
from .assembly import Piece, Recipe


def is_no_weight(family: str, config: ModelConfig, name: str) -> bool:
    """Whether the tensor `name` in a checkpoint takes no part in predicting the next token.

    These are tables of masks and frequencies that old versions saved, a second copy of a
    tied embedding, and layers for predicting further tokens (multi-token prediction).
    """
    if name.endswith("rotary_emb.inv_freq") or (config.tied_embeddings and name == "lm_head.weight"):
        return True
    if family == "gpt2":
        return re.search(r"\bh\.\d+\.attn\.(bias|masked_bias)$", name) is not None
    layer = re.match(r"model\.layers\.(\d+)\.", name)
    return family == "deepseek_v3" and layer is not None and int(layer[1]) >= config.n_layers


def recipe_of(family: str, config: ModelConfig, names: set[str]) -> Recipe:
    """For every weight of `config`'s model, the pieces it is made of; `names` are those in the checkpoint."""
    return _gpt2(config, names) if family == "gpt2" else _llama_like(family, config)


def _transposed(weight: Tensor) -> Tensor:
    return weight.T  # GPT-2 was saved as (in, out)


def _gpt2(config: ModelConfig, names: set[str]) -> Recipe:
    trunk = "transformer." if "transformer.wte.weight" in names else ""  # the oldest files have no prefix
    recipe = {"embed.weight": [Piece(f"{trunk}wte.weight")], "pos_embed.weight": [Piece(f"{trunk}wpe.weight")]}
    if not config.tied_embeddings:
        recipe["unembed.weight"] = [Piece("lm_head.weight")]
    norms = {"ln1": "ln_1", "ln2": "ln_2"}
    products = {"attn.qkv": "attn.c_attn", "attn.out": "attn.c_proj", "mlp.up": "mlp.c_fc", "mlp.down": "mlp.c_proj"}
    for part in ("weight", "bias"):
        recipe[f"ln_final.{part}"] = [Piece(f"{trunk}ln_f.{part}")]
        change = _transposed if part == "weight" else None
        for i in range(config.n_layers):
            for ours, theirs in norms.items():
                recipe[f"blocks.{i}.{ours}.{part}"] = [Piece(f"{trunk}h.{i}.{theirs}.{part}")]
            for ours, theirs in products.items():
                recipe[f"blocks.{i}.{ours}.{part}"] = [Piece(f"{trunk}h.{i}.{theirs}.{part}", change)]
    return recipe


def _llama_like(family: str, config: ModelConfig) -> Recipe:
    recipe = {"embed.weight": [Piece("model.embed_tokens.weight")], "ln_final.weight": [Piece("model.norm.weight")]}
    if not config.tied_embeddings:
        recipe["unembed.weight"] = [Piece("lm_head.weight")]
    for i in range(config.n_layers):
        ours, theirs = f"blocks.{i}.", f"model.layers.{i}."
        layer = {
            "ln1.weight": [Piece("input_layernorm.weight")],
            "ln2.weight": [Piece("post_attention_layernorm.weight")],
        }
        if isinstance(config.attention, GQAConfig):
            layer |= _grouped_attention(config.attention)
        else:
            layer |= _latent_attention(config.attention)
        dense = config.dense_at(i)
        layer |= _dense("mlp.", "mlp.", dense.bias) if dense else _experts(family, config.experts)
        recipe |= {
            ours + name: [Piece(theirs + piece.name, piece.change) for piece in pieces]
            for name, pieces in layer.items()
        }
    return recipe


def _grouped_attention(attention: GQAConfig) -> Recipe:
    recipe = {}
    for part in ("weight", "bias") if attention.qkv_bias else ("weight",):
        recipe[f"attn.qkv.{part}"] = [Piece(f"self_attn.{letter}_proj.{part}") for letter in "qkv"]
    for part in ("weight", "bias") if attention.out_bias else ("weight",):
        recipe[f"attn.out.{part}"] = [Piece(f"self_attn.o_proj.{part}")]
    if attention.qk_norm:
        recipe |= {f"attn.{letter}_norm.weight": [Piece(f"self_attn.{letter}_norm.weight")] for letter in "qk"}
    return recipe


def _latent_attention(attention: MLAConfig) -> Recipe:
    places = {"kv_down": "kv_a_proj_with_mqa", "kv_norm": "kv_a_layernorm", "kv_up": "kv_b_proj", "out": "o_proj"}
    if attention.q_lora_rank is None:
        places |= {"q_up": "q_proj"}
    else:
        places |= {"q_down": "q_a_proj", "q_norm": "q_a_layernorm", "q_up": "q_b_proj"}
    return {f"attn.{ours}.weight": [Piece(f"self_attn.{theirs}.weight")] for ours, theirs in places.items()}


def _dense(ours: str, theirs: str, bias: bool = False) -> Recipe:
    recipe = {}
    for part in ("weight", "bias") if bias else ("weight",):
        recipe[f"{ours}gate_up.{part}"] = [Piece(f"{theirs}gate_proj.{part}"), Piece(f"{theirs}up_proj.{part}")]
        recipe[f"{ours}down.{part}"] = [Piece(f"{theirs}down_proj.{part}")]
    return recipe


def _experts(family: str, moe: MoEConfig) -> Recipe:
    home, gate, up, down = (
        ("block_sparse_moe.", "w1", "w3", "w2")
        if family == "mixtral"
        else ("mlp.", "gate_proj", "up_proj", "down_proj")
    )
    experts = [f"{home}experts.{e}." for e in range(moe.n_routed_experts)]
    recipe = {
        "mlp.router.weight": [Piece(f"{home}gate.weight")],
        "mlp.gate_up": [Piece(f"{expert}{part}.weight") for expert in experts for part in (gate, up)],
        "mlp.down": [Piece(f"{expert}{down}.weight") for expert in experts],
    }
    if moe.selection_bias:
        recipe["mlp.selection_bias"] = [Piece("mlp.gate.e_score_correction_bias")]
    if moe.n_shared_experts:
        recipe |= _dense("mlp.shared.", "mlp.shared_expert." if moe.shared_gate else "mlp.shared_experts.")
    if moe.shared_gate:
        recipe["mlp.shared_gate.weight"] = [Piece("mlp.shared_expert_gate.weight")]
    return recipe
