"""The same model with plain multi-head attention, to compare a latent model with.

What a cache holds depends on the architecture, not on what was learned, so an untrained
twin is enough to measure bytes.  It says nothing about quality: that takes a trained one.

H heads, Dn unrotated part of an MLA head, Dv value width.
"""

from __future__ import annotations

from dataclasses import replace

import torch

from ..config import DenseConfig, GQAConfig, MLAConfig, ModelConfig
from ..language_model import LanguageModel
from ..transformer import Transformer

FEED_FORWARD = DenseConfig(hidden=8)  # as small as may be: it leaves no trace in the cache


def mha_config(config: ModelConfig) -> ModelConfig | None:
    """`config` with multi-head attention of the same heads: keys and values as wide as MLA's Dn = Dv.

    None where the model is not latent, or its heads have no plain counterpart (Dn is not Dv, or odd).
    """
    latent = config.attention
    if not isinstance(latent, MLAConfig) or latent.qk_nope_head_dim != latent.v_head_dim or latent.v_head_dim % 2:
        return None
    return replace(
        config, attention=GQAConfig(n_heads=latent.n_heads, n_kv_heads=latent.n_heads, head_dim=latent.v_head_dim)
    )


def untrained_twin(lm: LanguageModel) -> LanguageModel | None:
    """`mha_config` as a model of random weights from a fixed seed, its feed-forward networks shrunk.

    None where `mha_config` is None.
    """
    config = mha_config(lm.config)
    if config is None:
        return None
    transformer = Transformer(replace(config, feed_forward=FEED_FORWARD)).initialise(torch.Generator().manual_seed(0))
    return LanguageModel(f"{lm.name}, multi-head, untrained", transformer, lm.tokenizer, trained=False)
