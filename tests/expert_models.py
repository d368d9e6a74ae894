"""Small random models with experts, saved as files that the app opens by their path."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from model import LanguageModel, load
from model.config import MLAConfig, ModelConfig, MoEConfig, RopeConfig
from model.files.checkpoint import save
from model.measure.experts import statistics
from tests.random_models import LATENT, random_model

# As the storyteller: sigmoid scores, a bias for choosing, no groups, one shared expert.
V3 = replace(
    LATENT,
    feed_forward=MoEConfig(
        n_routed_experts=7, num_experts_per_tok=3, moe_intermediate_size=23, n_shared_experts=1, selection_bias=True
    ),
)
# As DeepSeek-V2: softmax scores, the best of a group is its score, weights not normalised, a dense first layer.
V2 = ModelConfig(
    vocab_size=257,
    d_model=29,
    n_layers=3,
    context=257,
    attention=MLAConfig(
        n_heads=5, q_lora_rank=None, kv_lora_rank=13, qk_nope_head_dim=9, qk_rope_head_dim=8, v_head_dim=11
    ),
    feed_forward=MoEConfig(
        n_routed_experts=20,
        num_experts_per_tok=3,
        moe_intermediate_size=23,
        n_shared_experts=2,
        scoring_func="softmax",
        n_group=5,
        topk_group=2,
        group_score="max",
        norm_topk_prob=False,
        routed_scaling_factor=16.0,
        first_k_dense_replace=1,
        dense_intermediate_size=37,
    ),
    rope=RopeConfig(pairing="interleaved"),
    tied_embeddings=False,
)
KINDS = {"letters": ["abcdefgh" * 6, "hello there"], "digits": ["12 + 34 = 46\n" * 5]}


def saved(config: ModelConfig, folder: Path, *, counted: bool = False) -> LanguageModel:
    """A random model of `config`, written to a file in `folder` and read back; its name is the file's path.

    Args:
        counted: store statistics of its experts with it.
    """
    made = random_model(config)
    path = folder / "experts.safetensors"
    save(
        replace(made, name=str(path), trained=True, record={"experts": statistics(made, KINDS)} if counted else {}),
        path,
    )
    return load(path)
