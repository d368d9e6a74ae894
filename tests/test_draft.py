"""Guessing ahead changes nothing but the time: the same tokens, numbers and draws as one pass for each token."""

from dataclasses import replace

import numpy as np
import pytest

from model import draft, load
from model.config import DenseConfig, GQAConfig, MLAConfig, ModelConfig, MoEConfig
from model.generate import generate
from model.language_model import LanguageModel
from tests.random_models import random_ids, random_model

WIDE = {"vocab_size": 320, "d_model": 64, "n_layers": 2, "context": 71}
DENSE = DenseConfig(hidden=128)
MODELS = {
    "grouped": ModelConfig(**WIDE, attention=GQAConfig(n_heads=4, n_kv_heads=2, head_dim=16), feed_forward=DENSE),
    "windows": ModelConfig(
        **WIDE,
        attention=GQAConfig(n_heads=4, n_kv_heads=1, head_dim=16, sliding_window=5, score_cap=9.0, sinks=True),
        feed_forward=DENSE,
    ),
    "latent": ModelConfig(
        **WIDE,
        attention=MLAConfig(
            n_heads=4, q_lora_rank=64, kv_lora_rank=64, qk_nope_head_dim=8, qk_rope_head_dim=8, v_head_dim=16
        ),
        feed_forward=DENSE,
        tied_embeddings=False,
    ),
    "experts": ModelConfig(
        **WIDE,
        attention=GQAConfig(n_heads=4, n_kv_heads=4, head_dim=16),
        feed_forward=MoEConfig(n_routed_experts=6, num_experts_per_tok=2, moe_intermediate_size=32),
    ),
}


@pytest.fixture(params=MODELS)
def pair(request, monkeypatch) -> tuple[LanguageModel, LanguageModel]:
    """A model that guesses, however small, and the same one that does not."""
    monkeypatch.setattr(draft, "LEAST_WEIGHTS", 0)
    monkeypatch.setattr(draft, "LEAST_SHARE", 0)
    monkeypatch.setattr(draft, "SURE", 0)  # random models are never sure
    guessing = random_model(MODELS[request.param])
    assert guessing.draft is not None
    plain = replace(guessing)
    plain.__dict__["draft"] = None
    return guessing, plain


@pytest.mark.parametrize(
    "settings", [{"temperature": 0}, {"seed": 3}, {"temperature": 0.3, "top_k": 9, "top_p": 0.9, "seed": 4}]
)
def test_the_same_steps_as_without_guesses(pair, settings):
    """Guards against guesses that stay in the cache, draws made twice, and numbers of the rounded model."""
    guessing, plain = (list(generate(lm, random_ids(9), max_new_tokens=40, **settings)) for lm in pair)
    assert [step.id for step in guessing] == [step.id for step in plain] and len(plain) == 40
    for ours, theirs in zip(guessing, plain, strict=True):
        assert (ours.rank, ours.cache_nbytes) == (theirs.rank, theirs.cache_nbytes)
        np.testing.assert_allclose(ours.logits, theirs.logits, atol=1e-4)
        np.testing.assert_allclose(ours.probability, theirs.probability, rtol=1e-3)


def test_guesses_end_where_the_context_does(pair):
    assert [len(list(generate(lm, random_ids(55), max_new_tokens=50, temperature=0))) for lm in pair] == [16, 16]


def test_small_models_and_rounded_ones_make_their_tokens_alone():
    """A storyteller lies in the processor's cache: guessing would only cost."""
    assert load("storyteller").draft is None
    assert load("storyteller", weights="bf16").draft is None
