"""GPT-2 and GPT-NeoX (Pythia): LayerNorm, biases everywhere, a network without a gate."""

from __future__ import annotations

from torch import Tensor

from ....config import DenseConfig, GQAConfig, ModelConfig
from ..assembly import Piece, Recipe
from ..options import Options, unsupported
from .defaults import DEFAULTS
from .family import Family
from .recipes import placed
from .rope import read_rope, rope_data
from .trunk import rotary_width, trunk


def _gpt2(options: Options) -> ModelConfig:
    d_model, n_heads = options.count("n_embd"), options.count("n_head")
    if n_heads < 1 or d_model % n_heads:
        raise unsupported("n_head", n_heads, f"it must divide n_embd = {d_model}")
    options.must_be("scale_attn_weights", True)
    options.must_be("scale_attn_by_inverse_layer_idx", False, None)
    options.must_be("add_cross_attention", False, None)
    hidden = options.count_or_none("n_inner")
    return ModelConfig(
        vocab_size=options.count("vocab_size"),
        d_model=d_model,
        n_layers=options.layers("n_layer"),
        context=options.count("n_positions"),
        attention=GQAConfig(
            n_heads=n_heads, n_kv_heads=n_heads, head_dim=d_model // n_heads, qkv_bias=True, out_bias=True
        ),
        feed_forward=DenseConfig(
            hidden=4 * d_model if hidden is None else hidden,
            activation=options.activation("activation_function"),
            gated=False,
            bias=True,
        ),
        norm="layer",
        norm_eps=options.number("layer_norm_epsilon"),
        positions="learned",
        tied_embeddings=options.flag("tie_word_embeddings"),
    )


def _transposed(weight: Tensor) -> Tensor:
    return weight.T  # GPT-2 was saved as (in, out)


def _gpt2_recipe(config: ModelConfig) -> Recipe:
    recipe = {"embed.weight": [Piece("wte.weight")], "pos_embed.weight": [Piece("wpe.weight")]}
    norms = {"ln1": "ln_1", "ln2": "ln_2"}
    products = {"attn.qkv": "attn.c_attn", "attn.out": "attn.c_proj", "mlp.up": "mlp.c_fc", "mlp.down": "mlp.c_proj"}
    for part, change in (("weight", _transposed), ("bias", None)):
        recipe[f"ln_final.{part}"] = [Piece(f"ln_f.{part}")]
        layer = {f"{ours}.{part}": [Piece(f"{theirs}.{part}")] for ours, theirs in norms.items()}
        layer |= {f"{ours}.{part}": [Piece(f"{theirs}.{part}", change)] for ours, theirs in products.items()}
        for i in range(config.n_layers):
            recipe |= placed(layer, f"blocks.{i}.", f"h.{i}.")
    return recipe


def _gpt_neox(options: Options) -> ModelConfig:
    n, d_model, n_heads = options.layers(), options.count("hidden_size"), options.count("num_attention_heads")
    if n_heads < 1 or d_model % n_heads:
        raise unsupported("num_attention_heads", n_heads, f"it must divide hidden_size = {d_model}")
    data, biased = rope_data(options), options.flag("attention_bias")
    theta = options.number("rotary_emb_base")
    options.must_be("rope_theta", None, theta)
    attention = GQAConfig(
        n_heads=n_heads,
        n_kv_heads=n_heads,
        head_dim=d_model // n_heads,
        qkv_bias=biased,
        out_bias=biased,
        rotary_dim=rotary_width(options, data, d_model // n_heads, options.number("rotary_pct")),
    )
    network = DenseConfig(
        hidden=options.count("intermediate_size"), activation=options.activation(), gated=False, bias=True
    )
    return trunk(
        options,
        [attention] * n,
        [network] * n,
        [read_rope(options, data, theta=theta)] * n,
        norm="layer",
        norm_eps=options.number("layer_norm_eps"),
        parallel=options.flag("use_parallel_residual"),
    )


def _gpt_neox_recipe(config: ModelConfig) -> Recipe:
    attention = config.attention

    def by_letter(rows: Tensor) -> Tensor:  # each head's q, k and v lie together in the file: (H 3 Dh, ...)
        return rows.unflatten(0, (attention.n_heads, 3, -1)).transpose(0, 1).flatten(0, 2)

    biased = isinstance(attention, GQAConfig) and attention.qkv_bias
    recipe = {"embed.weight": [Piece("embed_in.weight")]}
    for part in ("weight", "bias"):
        recipe[f"ln_final.{part}"] = [Piece(f"final_layer_norm.{part}")]
        layer = {
            f"ln1.{part}": [Piece(f"input_layernorm.{part}")],
            f"ln2.{part}": [Piece(f"post_attention_layernorm.{part}")],
            f"mlp.up.{part}": [Piece(f"mlp.dense_h_to_4h.{part}")],
            f"mlp.down.{part}": [Piece(f"mlp.dense_4h_to_h.{part}")],
        }
        if part == "weight" or biased:
            layer[f"attn.qkv.{part}"] = [Piece(f"attention.query_key_value.{part}", by_letter)]
            layer[f"attn.out.{part}"] = [Piece(f"attention.dense.{part}")]
        for i in range(config.n_layers):
            recipe |= placed(layer, f"blocks.{i}.", f"layers.{i}.")
    return recipe


FAMILIES = {
    "gpt2": Family(
        config=_gpt2,
        recipe=_gpt2_recipe,
        defaults=DEFAULTS["gpt2"],
        aliases={
            "hidden_size": "n_embd",
            "max_position_embeddings": "n_positions",
            "num_attention_heads": "n_head",
            "num_hidden_layers": "n_layer",
        },
        ignored=frozenset({"predict_special_tokens", "n_special", "afn", "scale_attn_softmax"}),
        trunk="transformer.",
        embedding="wte.weight",
        layer="h.",
        no_weight=r"h\.\d+\.attn\.(bias|masked_bias)",
    ),
    "gpt_neox": Family(
        config=_gpt_neox,
        recipe=_gpt_neox_recipe,
        defaults=DEFAULTS["gpt_neox"],
        trunk="gpt_neox.",
        head="embed_out.weight",
        embedding="embed_in.weight",
        no_weight=r"layers\.\d+\.attention\.(bias|masked_bias|rotary_emb\.inv_freq)",
    ),
}
