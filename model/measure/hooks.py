"""The hooks of a model: name, shape and meaning of every tensor that can be seen or changed.

    python -m model.measure.hooks > model/HOOKS.md

writes the table of all of them; `python -m model hooks` prints those of one model.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..config import DenseConfig, GQAConfig, MLAConfig, ModelConfig
from ..transformer import Transformer

LETTERS = {
    "T": "tokens of the prompt (queries)",
    "S": "tokens looked at (keys); T where there is no cache, as in a trace",
    "D": "width of the residual stream",
    "V": "vocabulary",
    "H": "query heads",
    "K": "key/value heads",
    "Dh": "width of a head's query and key",
    "Dv": "width of a head's value",
    "HDh": "width of all heads' queries together, H Dh",
    "KDh": "width of all heads' keys together, K Dh",
    "Dr": "rotated part of a latent head",
    "R": "width of the latent of keys and values",
    "Rq": "width of the latent of queries",
    "F": "hidden width of the feed-forward network",
    "Fe": "hidden width of one expert",
    "Fs": "hidden width of the shared experts together",
    "E": "experts",
    "k": "experts chosen for each token",
    "G": "groups of experts",
}


@dataclass(frozen=True)
class Hook:
    """One hook point.  `shape` is that of a trace, without the batch; letters as in `LETTERS`."""

    name: str
    shape: tuple[str, ...]
    meaning: str
    where: str = ""  # which models have it, where not all of this kind do


def _hook(name: str, shape: str, meaning: str, where: str = "") -> Hook:
    return Hook(name, tuple(shape.split()), meaning, where)


def _norm(name: str, shape: str, what: str, where: str = "") -> list[Hook]:
    *outer, _ = shape.split()
    return [
        _hook(f"{name}.hook_scale", " ".join([*outer, "1"]), f"what {what} is divided by", where),
        _hook(f"{name}.hook_normalized", shape, f"{what}, normalised, before the learned gain", where),
    ]


BY_HEAD, OVER_ALL = "queries and keys normalised by head", "queries and keys normalised over all heads"
START = [
    _hook("hook_positions", "T", "position of each token, counted from 0"),
    _hook("hook_embed", "T D", "the embedding of each token"),
    _hook("hook_pos_embed", "T D", "the embedding of each position", "learned positions"),
]
BLOCK_START = [
    _hook("hook_resid_pre", "T D", "the residual stream as the block finds it"),
    *_norm("ln1", "T D", "the stream", "norms before the sublayers"),
]
GROUPED = [
    _hook("attn.hook_q", "T H Dh", "queries, before rotation"),
    _hook("attn.hook_k", "T K Dh", "keys, before rotation"),
    _hook("attn.hook_v", "T K Dv", "values"),
    *_norm("attn.q_norm", "T H Dh", "each query", BY_HEAD),
    *_norm("attn.k_norm", "T K Dh", "each key", BY_HEAD),
    *_norm("attn.q_norm", "T HDh", "the vector of all heads' queries", OVER_ALL),
    *_norm("attn.k_norm", "T KDh", "the vector of all heads' keys", OVER_ALL),
    _hook("attn.hook_rot_q", "T H Dh", "queries, rotated by their position", "rotary positions"),
    _hook("attn.hook_rot_k", "T K Dh", "keys, rotated by their position", "rotary positions"),
    _hook("attn.hook_norm_q", "T H Dh", "queries, normalised, as they meet the keys", "normalised, not rotated"),
    _hook("attn.hook_norm_k", "T K Dh", "keys, normalised, as they meet the queries", "normalised, not rotated"),
]
LATENT = [
    *_norm("attn.q_norm", "T Rq", "the latent of the queries", "compressed queries"),
    _hook("attn.hook_q_latent", "T Rq", "the latent that all heads' queries are made of", "compressed queries"),
    _hook("attn.hook_rot_q", "T H Dr", "the part of the queries that rotates, rotated"),
    *_norm("attn.kv_norm", "T R", "the latent of keys and values"),
    _hook("attn.hook_kv_latent", "T R", "the latent that all heads' keys and values are made of, as cached"),
    _hook("attn.hook_rot_k", "T 1 Dr", "the rotated key part that all heads share, as cached"),
    _hook("attn.hook_v", "S H Dv", "values, made of the latent"),
    _hook("attn.hook_q", "T H Dh", "queries, the rotated part last"),
    _hook("attn.hook_k", "S H Dh", "keys, the rotated part last"),
]
ATTENTION = [
    _hook("attn.hook_scaling", "", "the factor on the dot products"),
    _hook("attn.hook_mask", "T S", "whether a query may look at a key"),
    _hook("attn.hook_sinks", "H", "the score of each head's sink, the same for every query", "attention sinks"),
    _hook("attn.hook_capped", "H T S", "dot products, scaled and bent into the cap's range", "capped scores"),
    _hook("attn.hook_attn_scores", "H T S", "dot products, scaled (and capped); minus infinity where masked"),
    _hook(
        "attn.hook_sink_pattern", "H T", "what each query gives to the sink: 1 less its row's sum", "attention sinks"
    ),
    _hook("attn.hook_pattern", "H T S", "softmax of the scores: how much each query looks at each key"),
    _hook("attn.hook_z", "T H Dv", "values, weighted by the pattern and summed"),
    _hook("hook_attn_unnormed", "T D", "what attention writes, before the norm after it", "norms after the sublayers"),
    *_norm("ln1_post", "T D", "the output of attention", "norms after the sublayers"),
    _hook("hook_attn_out", "T D", "what attention adds to the stream"),
]
BLOCK_MIDDLE = [
    _hook("hook_resid_mid", "T D", "the stream after attention (where both read the block's start: not read by ln2)"),
    *_norm("ln2", "T D", "the stream", "norms before the sublayers"),
]
DENSE = [
    _hook("mlp.hook_pre", "T F", "hidden units before the activation (of a gated network: the gate)"),
    _hook("mlp.hook_pre_linear", "T F", "what the activated gate is multiplied with", "gated networks"),
    _hook("mlp.hook_post", "T F", "hidden units, as read by the output matrix"),
]
EXPERTS = [
    _hook("mlp.hook_router_scores", "T E", "the router's score of each expert: sigmoid or softmax"),
    _hook("mlp.hook_selection_bias", "E", "the bias that decides which experts, never how much", "selection bias"),
    _hook("mlp.hook_router_choice", "T E", "scores plus bias: what the choice is made by"),
    _hook("mlp.hook_group_scores", "T G", "score of each group of experts", "groups of experts"),
    _hook("mlp.hook_groups_kept", "T G", "whether experts of a group may be chosen", "groups of experts"),
    _hook("mlp.hook_expert_indices", "T k", "the experts chosen, best first"),
    _hook("mlp.hook_expert_weights", "T k", "the weight of each chosen expert"),
    _hook("mlp.hook_expert_post", "T k Fe", "hidden units of each chosen expert, as read by its output matrix"),
    _hook("mlp.hook_expert_out", "T k D", "what each chosen expert says, before weighting"),
    _hook("mlp.hook_routed_out", "T D", "the chosen experts, weighted and summed"),
    _hook("mlp.shared.hook_pre", "T Fs", "hidden units of the shared experts: the gate", "shared experts"),
    _hook("mlp.shared.hook_pre_linear", "T Fs", "what that activated gate is multiplied with", "shared experts"),
    _hook(
        "mlp.shared.hook_post",
        "T Fs",
        "hidden units of the shared experts, as read by their output matrix",
        "shared experts",
    ),
    _hook("mlp.hook_shared_out", "T D", "what the shared experts say", "shared experts"),
]
BLOCK_END = [
    _hook(
        "hook_mlp_unnormed", "T D", "what the feed-forward part writes, before its norm", "norms after the sublayers"
    ),
    *_norm("ln2_post", "T D", "the output of the feed-forward part", "norms after the sublayers"),
    _hook("hook_mlp_out", "T D", "what the feed-forward part adds to the stream"),
    _hook("hook_resid_post", "T D", "the stream as the block leaves it"),
]
END = [
    *_norm("ln_final", "T D", "the last stream"),
    _hook("logits", "T V", "the score of every candidate for the next token"),
]
SECTIONS = {
    "The beginning": ("", START),
    "Each block i: its beginning": ("blocks.i.", BLOCK_START),
    "Multi-head, grouped-query and multi-query attention": ("blocks.i.", GROUPED),
    "Multi-head latent attention": ("blocks.i.", LATENT),
    "Both kinds of attention go on": ("blocks.i.", ATTENTION),
    "Between attention and feed-forward": ("blocks.i.", BLOCK_MIDDLE),
    "Dense feed-forward network": ("blocks.i.", DENSE),
    "Mixture of experts": ("blocks.i.", EXPERTS),
    "The block's end": ("blocks.i.", BLOCK_END),
    "The end": ("", END),
}


def hooks_of(transformer: Transformer) -> list[tuple[Hook, tuple[int | str, ...]]]:
    """Every hook of a model in the order of computation, each with its shape in this model's numbers.

    T and S depend on the prompt and stay letters.
    """
    config = transformer.config
    existing = set(transformer.hook_names)
    own = LATENT if isinstance(config.attention, MLAConfig) else GROUPED
    places = [("", START, 0)]
    for layer in range(config.n_layers):
        feed_forward = EXPERTS if config.dense_at(layer) is None else DENSE
        block = [*BLOCK_START, *own, *ATTENTION, *BLOCK_MIDDLE, *feed_forward, *BLOCK_END]
        places.append((f"blocks.{layer}.", block, layer))
    places.append(("", END, 0))
    found = []
    for prefix, rows, layer in places:
        numbers = _numbers(config, layer)
        attention = config.attention_at(layer)
        over_all = isinstance(attention, GQAConfig) and attention.qk_norm_over == "projection"
        other_norm = BY_HEAD if over_all else OVER_ALL
        for row in rows:
            if prefix + row.name in existing and row.where != other_norm:
                size = tuple(1 if letter == "1" else numbers.get(letter, letter) for letter in row.shape)
                found.append((Hook(prefix + row.name, row.shape, row.meaning, row.where), size))
    return found


def _numbers(config: ModelConfig, layer: int) -> dict[str, int]:
    """What the letters stand for in `layer`, but for T and S."""
    attention, feed_forward = config.attention_at(layer), config.feed_forward_at(layer)
    numbers = {
        "D": config.d_model,
        "V": config.vocab_size,
        "H": attention.n_heads,
        "Dh": attention.head_dim,
        "Dv": attention.value_dim,
    }
    if isinstance(attention, GQAConfig):
        numbers["K"] = attention.n_kv_heads
        numbers["HDh"] = attention.n_heads * attention.head_dim
        numbers["KDh"] = attention.n_kv_heads * attention.head_dim
    else:
        numbers |= {"R": attention.kv_lora_rank, "Dr": attention.qk_rope_head_dim}
        if attention.q_lora_rank is not None:
            numbers["Rq"] = attention.q_lora_rank
    if isinstance(feed_forward, DenseConfig):
        numbers["F"] = feed_forward.hidden
    else:
        numbers |= {
            "E": feed_forward.n_routed_experts,
            "k": feed_forward.num_experts_per_tok,
            "G": feed_forward.n_group,
            "Fe": feed_forward.moe_intermediate_size,
        }
        if feed_forward.shared is not None:
            numbers["Fs"] = feed_forward.shared.hidden
    return numbers


def written(shape: tuple[int | str, ...]) -> str:
    """A shape as text: (T, 8, 32); a single number has none."""
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


def markdown() -> str:
    """The table of all hooks of all kinds of models."""
    lines = [
        "# Hooks",
        "",
        "Every tensor that a trace holds and an intervention can change, in the order of computation; names and shapes",
        "as in TransformerLens where it has the concept, the batch dimension dropped. `python -m model hooks` prints",
        "those of one model with its numbers. Written by `python -m model.measure.hooks`.",
        "",
        "| letter | stands for |",
        "|---|---|",
        *(f"| {letter} | {meaning} |" for letter, meaning in LETTERS.items()),
    ]
    for title, (prefix, rows) in SECTIONS.items():
        lines += ["", f"## {title}", "", "| hook | shape | meaning | only with |", "|---|---|---|---|"]
        lines += [f"| `{prefix}{row.name}` | {written(row.shape)} | {row.meaning} | {row.where} |" for row in rows]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    print(markdown(), end="")
