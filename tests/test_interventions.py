"""Each "what if" changes what it says and nothing else, alone, together and under threads."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from model.errors import BadInput
from model.generate import generate
from model.interventions import (
    AblateAttention,
    AblateExpert,
    AblateFeedForward,
    AblateHead,
    AblateNeuron,
    ChooseTop,
    ForceExpert,
    FreezePattern,
    NoMask,
    NoPositions,
    NoScaling,
    NoSelectionBias,
    UniformPattern,
)
from model.trace import run_trace
from tests.random_models import DENSE, LATENT, LEARNED, T, random_ids, random_model

IDS = random_ids(T)
MODELS = {"grouped": DENSE, "latent": LATENT, "learned": LEARNED}
every_model = pytest.mark.parametrize("config", MODELS.values(), ids=MODELS)


def ask(config, *interventions):
    return run_trace(random_model(config), IDS, interventions=interventions)


@every_model
def test_a_head_switched_off_adds_nothing(config):
    """The other heads of the layer keep their numbers; the layer's output loses exactly this head's part."""
    plain, changed = ask(config), ask(config, AblateHead(1, 2))
    before, after = (trace["blocks.1.attn.hook_z"] for trace in (plain, changed))
    assert (after[:, 2] == 0).all()
    np.testing.assert_array_equal(np.delete(after, 2, axis=1), np.delete(before, 2, axis=1))
    out = random_model(config).transformer.blocks[1].attn.out.weight.numpy()  # (D, H Dv)
    width = config.attention.value_dim
    part = before[:, 2] @ out[:, 2 * width : 3 * width].T
    np.testing.assert_allclose(plain["blocks.1.hook_attn_out"] - changed["blocks.1.hook_attn_out"], part, atol=1e-5)
    np.testing.assert_array_equal(plain["blocks.0.hook_resid_post"], changed["blocks.0.hook_resid_post"])
    assert not np.allclose(plain.logits, changed.logits)


@every_model
def test_a_layer_switched_off_leaves_the_stream_as_it_was(config):
    changed = ask(config, AblateAttention(1), AblateFeedForward(1))
    assert (changed["blocks.1.hook_attn_out"] == 0).all()
    assert (changed["blocks.1.hook_mlp_out"] == 0).all()
    np.testing.assert_array_equal(changed["blocks.1.hook_resid_post"], changed["blocks.1.hook_resid_pre"])


@every_model
def test_without_mask_every_token_is_seen(config):
    changed = ask(config, NoMask())
    for layer in range(config.n_layers):
        pattern = changed.pattern(layer)
        assert (pattern > 0).mean() > 0.99  # a weight may still round to nothing
        np.testing.assert_allclose(pattern.sum(-1), 1, atol=1e-5)
        assert changed.mask(layer).all()


@every_model
def test_without_scaling_scores_are_the_dot_products(config):
    changed = ask(config, NoScaling())
    np.testing.assert_array_equal(changed.stage(0, "scaled"), changed.stage(0, "dot"))
    allowed = np.tri(T, dtype=bool)
    np.testing.assert_allclose(
        changed["blocks.0.attn.hook_attn_scores"][:, allowed], changed.dots(0)[:, allowed], rtol=1e-5, atol=1e-5
    )


@every_model
def test_without_positions_order_does_not_matter(config):
    """The last token's logits stay when the tokens before it change places."""
    lm = random_model(config)
    shuffled = IDS[7:-1] + IDS[:7] + IDS[-1:]
    plain, other = (run_trace(lm, ids, interventions=[NoPositions()]).lens_at(-1)[0] for ids in (IDS, shuffled))
    np.testing.assert_allclose(plain, other, atol=1e-4)
    plain, other = (run_trace(lm, ids).lens_at(-1)[0] for ids in (IDS, shuffled))
    assert not np.allclose(plain, other, atol=1e-2)


@every_model
def test_a_uniform_pattern_is_a_plain_mean(config):
    plain, changed = ask(config), ask(config, UniformPattern(0, 1))
    mean = np.tri(T) / np.arange(1, T + 1)[:, None]
    np.testing.assert_allclose(changed.pattern(0)[1], mean, atol=1e-6)
    np.testing.assert_array_equal(np.delete(changed.pattern(0), 1, axis=0), np.delete(plain.pattern(0), 1, axis=0))
    np.testing.assert_allclose(
        ask(config, UniformPattern(0)).pattern(0), np.broadcast_to(mean, plain.pattern(0).shape), atol=1e-6
    )


@every_model
def test_a_frozen_pattern_is_the_one_given(config):
    """Rows that were drawn are normalised, with later keys too; all others and every other head keep theirs."""
    drawn = FreezePattern(0, 1, ((3, 0, 1.0), (3, 2, 3.0), (1, 4, 2.0), (T + 5, 0, 1.0), (2, T, 1.0)))
    plain, changed = ask(config), ask(config, drawn)
    before, after = plain.pattern(0), changed.pattern(0)
    expected = np.zeros((2, T))
    expected[0, 4], expected[1, [0, 2]] = 1, (0.25, 0.75)
    np.testing.assert_allclose(after[1, [1, 3]], expected)
    np.testing.assert_array_equal(np.delete(after[1], [1, 3], 0), np.delete(before[1], [1, 3], 0))
    np.testing.assert_array_equal(np.delete(after, 1, axis=0), np.delete(before, 1, axis=0))
    value = changed.value(0)
    z = expected @ value[:, 1 * value.shape[1] // config.attention.n_heads]
    np.testing.assert_allclose(changed["blocks.0.attn.hook_z"][[1, 3], 1], z, atol=1e-5)
    assert not np.allclose(plain.logits[3], changed.logits[3])


def test_a_frozen_row_is_frozen_while_generating():
    lm, drawn = random_model(DENSE), FreezePattern(1, 0, ((5, 0, 1.0), (6, 1, 1.0)))
    ids = list(IDS[:5])
    for step in generate(lm, ids, max_new_tokens=4, temperature=0.0, interventions=(drawn,)):
        np.testing.assert_allclose(step.logits, run_trace(lm, ids, interventions=(drawn,)).logits[-1], atol=1e-3)
        ids.append(step.id)


def test_an_expert_switched_off_is_chosen_by_none():
    layer, hook = 1, "blocks.1.mlp.hook_expert_indices"
    popular = np.bincount(ask(LATENT)[hook].ravel()).argmax()
    changed = ask(LATENT, AblateExpert(layer, int(popular)))
    assert not (changed[hook] == popular).any()


@every_model
def test_a_neuron_switched_off_takes_away_exactly_what_it_wrote(config):
    """In layer 0, which is dense in all three."""
    plain, changed = ask(config), ask(config, AblateNeuron(0, 5))
    out = random_model(config).transformer.blocks[0].mlp.down.weight.numpy()  # (D, F)
    part = plain["blocks.0.mlp.hook_post"][:, 5, None] * out[:, 5]
    np.testing.assert_allclose(plain["blocks.0.hook_mlp_out"] - changed["blocks.0.hook_mlp_out"], part, atol=1e-5)
    np.testing.assert_array_equal(
        np.delete(changed["blocks.0.mlp.hook_post"], 5, -1), np.delete(plain["blocks.0.mlp.hook_post"], 5, -1)
    )


def test_a_neuron_of_an_expert_switched_off_is_silent_in_that_expert_alone():
    """Guards against the same neuron of other experts, which share a tensor, going silent with it."""
    plain, changed = ask(LATENT), ask(LATENT, AblateNeuron(1, 5, expert=3))
    own = plain["blocks.1.mlp.hook_expert_indices"] == 3
    assert own.any() and not own.all()
    before, after = (trace["blocks.1.mlp.hook_expert_post"] for trace in (plain, changed))
    assert (after[own][:, 5] == 0).all()
    np.testing.assert_array_equal(after[~own], before[~own])
    down = random_model(LATENT).transformer.blocks[1].mlp.down[3, :, 5].numpy()  # (D,)
    lost = (plain["blocks.1.mlp.hook_expert_out"] - changed["blocks.1.mlp.hook_expert_out"])[own]
    np.testing.assert_allclose(lost, before[own][:, 5, None] * down, atol=1e-5)
    shared = ask(LATENT, AblateNeuron(1, 42, expert="shared"))
    assert (shared["blocks.1.mlp.shared.hook_post"][:, 42] == 0).all()


def test_a_forced_expert_is_chosen_by_all():
    changed = ask(LATENT, ForceExpert(2, 11))
    assert (changed["blocks.2.mlp.hook_expert_indices"][:, 0] == 11).all()
    weights = changed["blocks.2.mlp.hook_expert_weights"]
    scores = np.take_along_axis(
        changed["blocks.2.mlp.hook_router_scores"], changed["blocks.2.mlp.hook_expert_indices"], -1
    )
    np.testing.assert_allclose(weights, 2.5 * scores / scores.sum(-1, keepdims=True), rtol=1e-5)


def test_fewer_experts_are_the_best_of_those_chosen():
    plain, changed = ask(LATENT), ask(LATENT, ChooseTop(2))
    hook = "blocks.1.mlp.hook_expert_indices"
    np.testing.assert_array_equal(changed[hook], plain[hook][:, :2])
    np.testing.assert_allclose(changed["blocks.1.mlp.hook_expert_weights"].sum(-1), 2.5, rtol=1e-5)


def test_without_selection_bias_choice_is_by_score():
    changed = ask(LATENT, NoSelectionBias())
    np.testing.assert_array_equal(
        changed["blocks.1.mlp.hook_router_choice"], changed["blocks.1.mlp.hook_router_scores"]
    )
    assert not np.array_equal(
        ask(LATENT)["blocks.1.mlp.hook_router_choice"], ask(LATENT)["blocks.1.mlp.hook_router_scores"]
    )


def test_interventions_compose():
    """Two heads off, one after the other or at once in either order: one result."""
    one, two = (
        ask(DENSE, *heads) for heads in ((AblateHead(0, 1), AblateHead(0, 3)), (AblateHead(0, 3), AblateHead(0, 1)))
    )
    assert (one["blocks.0.attn.hook_z"][:, [1, 3]] == 0).all()
    np.testing.assert_array_equal(one.logits, two.logits)


def test_nothing_of_it_stays():
    """The model is shared: guards against an intervention that outlives its call, or reaches another thread."""
    lm = random_model(LATENT)
    changes = [(), (NoMask(),), (AblateHead(0, 1),), (NoPositions(), NoScaling()), (ForceExpert(1, 3),)]
    alone = [run_trace(lm, IDS, interventions=change).logits for change in changes]
    with ThreadPoolExecutor(5) as pool:
        together = pool.map(lambda n: run_trace(lm, IDS, interventions=changes[n % 5]).logits, range(40))
    for n, logits in enumerate(together):
        # Another number of torch's threads adds in another order; what an intervention changes is far larger.
        np.testing.assert_allclose(logits, alone[n % 5], atol=1e-5)
    assert min(np.abs(one - alone[0]).max() for one in alone[1:]) > 1e-3


@every_model
def test_in_force_while_generating(config):
    """Every step of a changed generation is what a changed trace of the whole text predicts."""
    lm = random_model(config)
    changes = (AblateHead(1, 0), NoScaling())
    ids = list(IDS[:5])
    for step in generate(lm, ids, max_new_tokens=6, temperature=0.0, interventions=changes):
        np.testing.assert_allclose(step.logits, run_trace(lm, ids, interventions=changes).logits[-1], atol=1e-3)
        ids.append(step.id)


def test_part_of_a_trace_s_identity():
    assert len({AblateHead(0, 1), AblateHead(0, 1), AblateHead(1, 0), NoMask(), NoMask()}) == 3
    assert ask(DENSE, NoMask()).interventions == (NoMask(),)


@pytest.mark.parametrize(
    ("config", "change", "code", "words"),
    [
        (DENSE, AblateHead(0, 15), "bad_intervention", "0 to 14"),
        (DENSE, AblateHead(2, 0), "bad_intervention", "0 to 1"),
        (DENSE, AblateFeedForward(-1), "bad_intervention", "-1"),
        (DENSE, UniformPattern(0, 99), "bad_intervention", "99"),
        (DENSE, FreezePattern(0, 0, ((0, 0, 0.0),)), "bad_weight", "above 0"),
        (DENSE, ForceExpert(0, 0), "no_experts", "dense"),
        (DENSE, ChooseTop(1), "no_experts", "dense"),
        (LATENT, ForceExpert(0, 0), "no_experts", "Layer 0"),
        (LATENT, AblateExpert(1, 14), "bad_intervention", "0 to 13"),
        (LATENT, ChooseTop(5), "bad_intervention", "count"),
        (DENSE, AblateNeuron(0, 37), "bad_intervention", "0 to 36"),
        (DENSE, AblateNeuron(0, 0, expert=1), "no_experts", "Layer 0"),
        (LATENT, AblateNeuron(1, 0), "which_expert", "Layer 1"),
        (LATENT, AblateNeuron(1, 23, expert=0), "bad_intervention", "0 to 22"),
        (LATENT, AblateNeuron(1, 43, expert="shared"), "bad_intervention", "0 to 42"),
        (DENSE, NoSelectionBias(), "no_experts", "dense"),
    ],
)
def test_what_a_model_has_no_place_for_is_refused(config, change, code, words):
    with pytest.raises(BadInput, match=words) as refusal:
        ask(config, change)
    assert refusal.value.code == code
