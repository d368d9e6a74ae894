"""What the map says of a model and of a prompt, against the model itself."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import model
from app.rooms.map.analysis import hands, histogram, kinds, load, parameters, parts, shapes, shrink, walk, window
from model.measure.memory import count_parameters, layer_parameters
from model.rope import rotation
from tests.random_models import DENSE, LATENT, LEARNED, random_ids, random_model

MODELS = {"grouped": DENSE, "latent": LATENT, "learned": LEARNED}


@pytest.fixture(params=MODELS, scope="module")
def lm(request):
    return random_model(MODELS[request.param])


@pytest.fixture(scope="module")
def trace(lm):
    return model.run_trace(lm, random_ids(11))


def test_the_boxes_hold_every_parameter_of_the_model_once(lm):
    """Guards against shares that do not add up: a tied matrix counted twice, or a norm in no box."""
    counts = parameters(lm.transformer)
    assert sum(counts.values()) == lm.parameters == count_parameters(lm.config).total
    for layer in range(lm.config.n_layers):
        own = sum(count for box, count in counts.items() if box.startswith(f"blocks.{layer}."))
        assert own == sum(part.total for part in layer_parameters(lm.config, layer).values())


def test_a_block_is_drawn_in_the_order_in_which_it_computes(lm):
    for block in lm.transformer.blocks:
        assert parts(block) == ["ln1", "attn", "add1", "ln2", "mlp", "add2"]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"norm_placement": "after"}, ["attn", "ln1_post", "add1", "mlp", "ln2_post", "add2"]),
        ({"norm_placement": "both"}, ["ln1", "attn", "ln1_post", "add1", "ln2", "mlp", "ln2_post", "add2"]),
        ({"parallel": True}, ["ln1", "attn", "ln2", "mlp", "add2"]),
    ],
)
def test_other_families_blocks_are_drawn_as_they_compute(settings, expected):
    """OLMo 2 norms what is added, Gemma 2 does both, Pythia adds both parts at once."""
    lm = random_model(replace(DENSE, **settings))
    assert parts(lm.transformer.blocks[0]) == expected
    assert sum(parameters(lm.transformer).values()) == lm.parameters
    way = walk(model.run_trace(lm, random_ids(5)), 4)
    assert np.isfinite(way.after).all()


def test_shapes_are_those_of_the_trace(lm, trace):
    config, T = lm.config, len(trace.ids)
    for layer in range(config.n_layers):
        said = {box: tuple(sizes.values()) for box, sizes in shapes(config, T, layer).items()}
        block = f"blocks.{layer}"
        assert said["embed"] == trace["hook_embed"].shape
        assert said["norm"] == trace[f"{block}.ln1.hook_normalized"].shape
        assert said["attn"] == trace.pattern(layer).shape
        assert said["add"] == trace[f"{block}.hook_resid_mid"].shape
        assert said["output"] == said["softmax"] == trace.logits.shape
        if config.dense_at(layer):
            assert said["mlp"] == trace[f"{block}.mlp.hook_post"].shape
        else:
            assert said["mlp"][:2] == trace[f"{block}.mlp.hook_expert_indices"].shape
        if config.positions == "learned":
            assert said["positions"] == trace["hook_pos_embed"].shape
        else:
            assert said["positions"] == (T, trace[f"{block}.attn.hook_rot_k"].shape[-1])


def test_the_walk_has_the_lengths_and_guesses_of_the_trace(lm, trace):
    for position in (0, 5):
        way = walk(trace, position)
        stream = [trace[f"blocks.{i}.hook_resid_post"][position] for i in range(lm.config.n_layers)]
        np.testing.assert_allclose(way.after, np.linalg.norm(stream, axis=-1), rtol=1e-6)
        np.testing.assert_allclose(way.before[1:], way.after[:-1], rtol=1e-6)
        assert way.best[-1] == trace.logits[position].argmax()
        np.testing.assert_allclose(way.probability[-1], model.distribution(trace.logits[position]).max(), rtol=1e-4)
        for layer, chosen in enumerate(way.experts):
            assert bool(chosen) == (lm.config.dense_at(layer) is None)


def test_the_load_counts_each_choice_of_each_token(lm, trace):
    for layer in range(lm.config.n_layers):
        counts = load(trace, layer)
        if lm.config.dense_at(layer):
            assert counts is None
        else:
            assert counts.sum() == len(trace.ids) * lm.config.feed_forward.num_experts_per_tok


def test_hands_stand_as_the_model_rotates(lm):
    if lm.config.positions != "rope":
        assert kinds(lm.config, 0).positions == "learned"
        return
    width = lm.config.attention.rope_dim
    turn = rotation(lm.config.rope, width, torch.tensor([7]), torch.float32)
    cosines = turn.cos.flatten()[: width // 2] if turn.pairing == "halves" else turn.cos.flatten()[::2]
    np.testing.assert_allclose(np.cos(hands(lm.config, 7, 100)), cosines, atol=1e-5)
    assert len(hands(lm.config, 7, 2)) == 2


@pytest.mark.parametrize("size", [(1, 1), (3, 70), (40, 5), (97, 101)])
def test_a_small_picture_keeps_the_weightiest_number_and_its_sign(size):
    values = np.linspace(-1, 1, size[0] * size[1]).reshape(size)
    values[size[0] // 2, size[1] // 2] = -9.0
    small = shrink(values, 12, 24)
    assert small.shape == (min(size[0], 12), min(size[1], 24)) and small.min() == -9.0
    if small.shape == size:
        np.testing.assert_array_equal(small, values)


def test_the_histogram_counts_every_token_of_the_vocabulary():
    assert histogram(np.array([0.0, 1.0, 1.0, 4.0]), 4).tolist() == [0.25, 0.5, 0.0, 0.25]


@pytest.mark.parametrize(
    ("total", "position", "first"), [(7, 6, 0), (12, 0, 0), (300, 0, 0), (300, 150, 144), (300, 299, 288)]
)
def test_the_window_holds_the_chosen_row_and_is_full(total, position, first):
    assert window(total, 12, position) == first
    assert first <= position < min(first + 12, total)
