"""Routing tables against the model's own arithmetic, done again here with plain numpy."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from app.kit.prediction import difference
from app.rooms.moe import analysis as routing
from model import BadInput, distribution, run_trace
from model.interventions import AblateExpert, ChooseTop, ForceExpert
from model.measure.experts import mutual_information, statistics
from model.measure.memory import count_parameters, layer_parameters
from tests.expert_models import KINDS, V2, V3, saved
from tests.random_models import DENSE, configs, expert_networks, random_ids, random_model

CONFIGS = {"v3": V3, "v2": V2}


@pytest.fixture(scope="module", params=CONFIGS)
def trained(request):
    """A model, and its trace of a few tokens."""
    lm = random_model(CONFIGS[request.param])
    return lm, run_trace(lm, random_ids(11))


def test_weights_and_load_agree_with_what_the_router_chose(trained):
    lm, trace = trained
    for layer in routing.expert_layers(lm.config):
        chosen, weights = (trace[f"blocks.{layer}.mlp.hook_expert_{name}"] for name in ("indices", "weights"))
        table = routing.weights(trace, layer)
        for t in range(11):
            assert set(np.flatnonzero(~np.isnan(table[t]))) == set(chosen[t])
            assert [table[t, e] for e in chosen[t]] == pytest.approx(weights[t])
        load = routing.load(trace, layer)
        assert load.sum() == pytest.approx(1)
        assert load[chosen[0, 0]] == pytest.approx((chosen == chosen[0, 0]).sum() / chosen.size)


def test_a_decision_can_be_followed_with_a_pocket_calculator(trained):
    """Guards against weights that still contain the bias, or are normalised where the model does not."""
    lm, trace = trained
    moe = lm.config.feed_forward
    layer, position = routing.expert_layers(lm.config)[-1], 4
    made = routing.decision(trace, layer, position)
    bias = 0 if made.bias is None else made.bias
    assert made.choice == pytest.approx(made.scores + bias, abs=1e-6)
    allowed = (
        np.ones(moe.n_routed_experts, bool)
        if made.kept_groups is None
        else np.repeat(made.kept_groups, moe.n_routed_experts // moe.n_group)
    )
    best = np.argsort(-np.where(allowed, made.choice, -np.inf))[: moe.num_experts_per_tok]
    assert made.chosen.tolist() == best.tolist()
    raw = made.scores[best]
    assert made.normalised == pytest.approx(raw / raw.sum() if moe.norm_topk_prob else raw, rel=1e-5)
    assert made.weights == pytest.approx(made.normalised * moe.routed_scaling_factor, rel=1e-5)
    out = trace[f"blocks.{layer}.mlp.hook_expert_out"][position]
    assert made.routed_norm == pytest.approx(np.linalg.norm((out * made.weights[:, None]).sum(0)), rel=1e-4)


def test_by_bias_marks_exactly_those_that_scores_alone_would_not_choose():
    lm = random_model(V3)
    with torch.no_grad():
        for block in lm.transformer.blocks:
            block.mlp.selection_bias[2] = 5.0  # chosen by everyone now
    trace = run_trace(lm, random_ids(11))
    marked = 0
    for position in range(11):
        made = routing.decision(trace, 1, position)
        expected = [expert not in np.argsort(-made.scores)[:3] for expert in made.chosen]
        assert made.by_bias.tolist() == expected
        marked += sum(expected)
    assert marked


def test_without_a_bias_nothing_is_chosen_because_of_it():
    trace = run_trace(random_model(V2), random_ids(11))
    assert not any(routing.decision(trace, 1, position).by_bias.any() for position in range(11))


def test_pushes_are_what_the_addends_do_to_the_logits(trained):
    """Taking one expert's output out of the stream, the final norm held, lowers logits by exactly its push."""
    lm, trace = trained
    layer, position = routing.expert_layers(lm.config)[0], 6
    found = routing.pushes(trace, layer, position)
    assert [push.expert for push in found] == [*trace[f"blocks.{layer}.mlp.hook_expert_indices"][position], None]
    stream = trace[f"blocks.{lm.config.n_layers - 1}.hook_resid_post"][position]
    out = (
        trace[f"blocks.{layer}.mlp.hook_expert_out"][position][0]
        * trace[f"blocks.{layer}.mlp.hook_expert_weights"][position][0]
    )
    lowered = trace.push(stream, position) - trace.push(stream - out, position)
    lowered -= lowered.mean()
    assert found[0].up[0][1] == pytest.approx(lowered.max(), rel=1e-3) and found[0].up[0][0] == lowered.argmax()
    assert found[0].down[0][1] == pytest.approx(lowered.min(), rel=1e-3)
    assert found[0].predicted == pytest.approx(lowered[trace.logits[position].argmax()], rel=1e-3, abs=1e-4)


@settings(max_examples=25, deadline=None)
@given(configs(feed_forwards=expert_networks()))
def test_pieces_of_a_layer_add_up_to_its_parameters(config):
    lm = random_model(config)
    trace = run_trace(lm, [1, 2, 3])
    for layer in range(config.n_layers):
        pieces, counts = routing.worked(trace, layer, 1), layer_parameters(config, layer).values()
        assert sum(piece.parameters for piece in pieces) == sum(count.total for count in counts)
        # A weight of exactly 0 (an underflow) would be an expert that did not work.
        assert sum(piece.parameters for piece in pieces if piece.active) == sum(count.active for count in counts)
    assert count_parameters(config).active <= count_parameters(config).total


def test_an_effect_compares_the_two_predictions(trained):
    lm, before = trained
    layer = routing.expert_layers(lm.config)[0]
    after = run_trace(lm, list(before.ids), interventions=(ForceExpert(layer, 1),))
    found = difference(before.logits[10], after.logits[10])
    p, q = distribution(before.logits[10]), distribution(after.logits[10])
    assert found.before == pytest.approx(p[found.ids]) and found.after == pytest.approx(q[found.ids])
    assert {int(p.argmax()), int(q.argmax())} <= set(found.ids.tolist())
    assert found.bits == pytest.approx((p * np.log2(p / q)).sum(), rel=1e-6)
    assert (
        routing.rerouted(before, after) > 0
        and routing.working(after, layer).tolist() != routing.working(before, layer).tolist()
    )
    assert difference(before.logits[10], before.logits[10]).bits == 0 and routing.rerouted(before, before) == 0


def test_an_ablated_expert_has_no_load_and_fewer_experts_have_all_of_it():
    lm = random_model(V3)
    ids = random_ids(11)
    assert routing.load(run_trace(lm, ids, interventions=(AblateExpert(1, 2),)), 1)[2] == 0
    top = run_trace(lm, ids, interventions=(ChooseTop(1),))
    assert routing.load(top, 1).sum() == pytest.approx(1)
    assert (np.isfinite(routing.weights(top, 1)).sum(1) == 1).all()


def test_dense_models_have_no_expert_layers():
    assert routing.expert_layers(DENSE) == []
    assert routing.expert_layers(V2) == [1, 2]
    with pytest.raises(BadInput, match="no experts"):
        statistics(random_model(DENSE), KINDS)


def test_statistics_count_what_the_traces_show(tmp_path):
    lm = saved(V2, tmp_path, counted=True)
    record = lm.record["experts"]
    assert json.loads(json.dumps(record)) == record and record["kinds"] == list(KINDS)
    assert record["tokens"] == {kind: sum(map(len, texts)) for kind, texts in KINDS.items()}
    assert list(record["layers"]) == ["1", "2"]
    counts = np.zeros(20)
    for text in KINDS["letters"]:
        counts += np.bincount(run_trace(lm, text)["blocks.2.mlp.hook_expert_indices"].ravel(), minlength=20)
    # Weights are stored in bfloat16, the counts were made before: a near tie may go the other way.
    assert record["layers"]["2"]["share"]["letters"] == pytest.approx(counts / counts.sum(), abs=0.1)
    for layer in record["layers"].values():
        assert all(0 < share <= 1 for tokens in layer["top"] for _, share in tokens)
        assert 0 <= layer["information"] <= 1  # two kinds: one bit at most


@given(
    st.lists(st.lists(st.integers(0, 50), min_size=3, max_size=3), min_size=2, max_size=4).map(
        lambda rows: np.array(rows) + np.eye(len(rows), 3)
    )
)
def test_mutual_information_is_between_zero_and_what_the_kinds_hold(counts):
    joint = counts / counts.sum()
    kinds = joint.sum(1)[joint.sum(1) > 0]
    assert -1e-9 <= mutual_information(counts) <= -(kinds * np.log2(kinds)).sum() + 1e-9


def test_mutual_information_of_known_tables():
    assert mutual_information(np.eye(4)) == pytest.approx(2)
    assert mutual_information(np.ones((4, 8))) == pytest.approx(0, abs=1e-12)


def test_statistics_refuse_a_kind_without_text():
    with pytest.raises(BadInput, match="empty"):
        statistics(random_model(replace(V3, n_layers=2)), {"nothing": [""]})
