"""Which experts a token goes to: DeepSeek's steps in plain Python, and what interventions may do to them.

Parity with transformers is in test_convert_families; here every step is written out once more,
by hand, for random configs, so that a step can fail alone.
"""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from model.config import GQAConfig, ModelConfig, MoEConfig
from model.feed_forward import MixtureOfExperts
from model.files.tokenizer import Tokenizer
from model.interventions import AblateExpert, ForceExpert
from model.language_model import LanguageModel
from model.trace import run_trace
from model.transformer import Transformer

torch.set_num_threads(1)

WIDTH, LAYER = 20, 1
PROMPT = list(range(20, 50))


@st.composite
def routers(draw):
    """Any MoE config of type V3 or V2."""
    n_group, size = draw(st.integers(1, 4)), draw(st.integers(2, 5))
    topk_group = draw(st.integers(1, n_group))
    third = draw(st.booleans())
    return MoEConfig(
        n_routed_experts=n_group * size,
        num_experts_per_tok=draw(st.integers(1, topk_group * size)),
        moe_intermediate_size=3,
        scoring_func="sigmoid" if third else "softmax",
        selection_bias=third,
        n_group=n_group,
        topk_group=topk_group,
        group_score="top2_sum" if third else "max",
        norm_topk_prob=draw(st.booleans()),
        routed_scaling_factor=draw(st.sampled_from((1.0, 2.5, 16.0))),
    )


def route_by_hand(config: MoEConfig, gate: list[float], bias: list[float]) -> dict[int, float]:
    """Expert -> weight for one token whose gate products are `gate`: DeepSeek-V3 report, eq. 12-16, step by step."""
    if config.scoring_func == "sigmoid":
        scores = [1 / (1 + math.exp(-x)) for x in gate]
    else:
        scores = [math.exp(x) / sum(map(math.exp, gate)) for x in gate]
    choice = [score + b for score, b in zip(scores, bias, strict=True)]
    size = config.n_routed_experts // config.n_group
    groups = [sorted(choice[g * size : (g + 1) * size], reverse=True) for g in range(config.n_group)]
    group_scores = [best[0] + best[1] if config.group_score == "top2_sum" else best[0] for best in groups]
    kept = sorted(range(config.n_group), key=lambda g: -group_scores[g])[: config.topk_group]
    open_experts = [e for e in range(config.n_routed_experts) if e // size in kept]
    chosen = sorted(open_experts, key=lambda e: -choice[e])[: config.num_experts_per_tok]
    total = sum(scores[e] for e in chosen) if config.norm_topk_prob else 1.0
    return {e: scores[e] / total * config.routed_scaling_factor for e in chosen}


@settings(max_examples=100, deadline=None)
@given(routers(), st.integers(0, 2**32 - 1))
def test_routing_step_by_step(config, seed):
    """Bias leaking into the weights; groups scored as the other version does; normalised where it must not be."""
    layer, generator = MixtureOfExperts(WIDTH, config), torch.Generator().manual_seed(seed)
    layer.router.weight.data.normal_(0, 0.5, generator=generator)
    bias = torch.zeros(config.n_routed_experts)
    if config.selection_bias:
        bias = layer.selection_bias.normal_(0, 0.3, generator=generator)
    x = torch.randn(1, 5, WIDTH, generator=generator)
    with torch.inference_mode():
        weights, indices = layer.route(x)
    for t in range(5):
        expected = route_by_hand(config, (layer.router.weight.double() @ x[0, t].double()).tolist(), bias.tolist())
        found = dict(zip(indices[0, t].tolist(), weights[0, t].tolist(), strict=True))
        assert found == pytest.approx(expected, rel=1e-4)


@pytest.fixture(scope="module")
def model() -> LanguageModel:
    """A small random model with eight experts in four groups of two."""
    moe = MoEConfig(
        n_routed_experts=8, num_experts_per_tok=3, moe_intermediate_size=9, selection_bias=True, n_group=4,
        topk_group=2,
        first_k_dense_replace=1, dense_intermediate_size=11,
    )  # fmt: skip
    config = ModelConfig(
        vocab_size=257,
        d_model=WIDTH,
        n_layers=3,
        context=64,
        attention=GQAConfig(n_heads=2, n_kv_heads=1, head_dim=6),
        feed_forward=moe,
    )
    transformer, generator = Transformer(config), torch.Generator().manual_seed(1)
    with torch.no_grad():
        for weight in (*transformer.parameters(), *transformer.buffers()):
            weight.normal_(0, 0.4, generator=generator)
    return LanguageModel("random", transformer, Tokenizer.of_bytes())


def work_of(model: LanguageModel, *interventions) -> np.ndarray:
    """(T, E): the weight of every expert for every token in `LAYER`."""
    trace = run_trace(model, PROMPT, interventions=interventions)
    work = np.zeros((len(PROMPT), 8))
    np.put_along_axis(
        work,
        trace[f"blocks.{LAYER}.mlp.hook_expert_indices"],
        trace[f"blocks.{LAYER}.mlp.hook_expert_weights"],
        axis=-1,
    )
    return work


@pytest.mark.parametrize("off", [(3,), (0, 2), (1, 2, 3, 4, 5), tuple(range(7))])
def test_experts_switched_off_never_work(model, off):
    """With fewer experts left than a token uses, one that was switched off was chosen and worked all the same."""
    assert (work_of(model)[:, off] > 0).any()
    work = work_of(model, *(AblateExpert(LAYER, expert) for expert in off))
    assert not work[:, off].any()
    assert np.isfinite(work).all()


def test_a_forced_expert_works_although_its_neighbour_is_off(model):
    """Minus infinity for one expert sank the score of its whole group, the forced expert with it."""
    work = work_of(model, AblateExpert(LAYER, 4), ForceExpert(LAYER, 5))
    assert (work[:, 5] > 0).all() and not work[:, 4].any()


def test_a_gate_without_shared_experts_is_refused():
    """A weight that nothing reads, counted as a parameter."""
    with pytest.raises(ValueError, match="shared_gate"):
        MoEConfig(n_routed_experts=2, num_experts_per_tok=1, moe_intermediate_size=3, shared_gate=True)
