"""Neurons of a feed-forward network: the model's numbers, each expert's own, and what they write."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional

from app.kit.theme import LIGHT, colours_at
from app.rooms.ffn import analysis, figures
from app.rooms.ffn.words import network as read_word
from model import AblateNeuron, run_trace
from model.config import DenseConfig
from tests.random_models import DENSE, LATENT, LEARNED, T, random_ids, random_model

POSITION = 7
GATED_SHARED = replace(LATENT, feed_forward=replace(LATENT.feed_forward, shared_gate=True))
RELU = replace(LEARNED, feed_forward=DenseConfig(hidden=37, activation="relu", gated=False, bias=True))


def asked(config, layer, expert):
    lm = random_model(config)
    trace = run_trace(lm, random_ids(T))
    if expert == "chosen":
        expert = analysis.chosen_experts(trace, layer, POSITION)[0][0]
    return trace, analysis.network(lm, trace, layer, POSITION, expert)


NETWORKS = {
    "gated": (DENSE, 1, None),
    "gelu, biases": (LEARNED, 1, None),
    "relu": (RELU, 1, None),
    "dense layer before experts": (LATENT, 0, None),
    "expert": (LATENT, 1, "chosen"),
    "shared": (LATENT, 1, "shared"),
    "shared behind a gate": (GATED_SHARED, 2, "shared"),
}


@pytest.mark.parametrize(("config", "layer", "expert"), NETWORKS.values(), ids=NETWORKS)
def test_neurons_are_the_model_s(config, layer, expert):
    _, found = asked(config, layer, expert)
    assert found.post_apart < 1e-4 and found.out_apart < 1e-4
    assert found.down.shape == (config.d_model, len(found.post))


def test_an_expert_that_was_not_chosen_says_so():
    lm = random_model(LATENT)
    trace = run_trace(lm, random_ids(T))
    chosen = analysis.chosen_experts(trace, 1, POSITION)
    assert len(chosen) == 4 and all(weight > 0 for _, weight in chosen)
    other = next(expert for expert in range(14) if expert not in dict(chosen))
    found = analysis.network(lm, trace, 1, POSITION, other)
    assert found.weight == 0 and found.post_apart is None and found.out_apart is None
    x = torch.tensor(analysis._read(lm, trace, 1, POSITION))[None, None]
    said = lm.transformer.blocks[1].mlp.run_experts(x, torch.tensor([[[other]]]))[0, 0, 0].numpy()
    np.testing.assert_allclose(found.down @ found.post, said, atol=1e-4)
    assert analysis.chosen_experts(trace, 0, POSITION) == []


def test_what_a_neuron_writes_is_what_the_logits_lose_directly():
    """In the last layer nothing comes after it but the final norm, whose divisor is held."""
    lm, ids = random_model(DENSE), random_ids(T)
    trace = run_trace(lm, ids)
    found = analysis.network(lm, trace, 1, POSITION, None)
    neuron = int(found.most_active(1)[0])
    (wrote,) = analysis.written(trace, found, POSITION, np.array([neuron]), count=5)
    off = run_trace(lm, ids, interventions=[AblateNeuron(1, neuron)])
    streams = [each["blocks.1.hook_resid_post"][POSITION] for each in (trace, off)]
    push = trace.push(streams[0] - streams[1], POSITION)
    push -= push.mean()
    assert [token for token, _ in wrote.up] == np.argsort(-push, kind="stable")[:5].tolist()
    assert [token for token, _ in wrote.down] == np.argsort(push, kind="stable")[:5].tolist()
    np.testing.assert_allclose([logit for _, logit in wrote.up], np.sort(push)[::-1][:5], atol=1e-4)
    assert found.lengths[neuron] == pytest.approx(np.linalg.norm(streams[0] - streams[1]), rel=1e-3)


@pytest.mark.parametrize(
    ("name", "real"),
    [
        ("relu", functional.relu),
        ("gelu", functional.gelu),
        ("gelu_tanh", lambda x: functional.gelu(x, approximate="tanh")),
        ("silu", functional.silu),
    ],
)
def test_activations(name, real):
    x = np.linspace(-6, 6, 101)
    np.testing.assert_allclose(analysis.ACTIVATIONS[name](x), real(torch.tensor(x)).numpy(), atol=1e-12)


def test_how_few_neurons_have_half_of_the_activity():
    _, found = asked(DENSE, 0, None)
    activity = np.sort(np.abs(found.post))[::-1]
    assert activity[: found.carrying_half].sum() >= activity.sum() / 2 > activity[: found.carrying_half - 1].sum()


def test_the_figures_draw_every_neuron_and_mark_the_one_switched_off():
    _, found = asked(DENSE, 0, None)
    names = {"neuron": "<b>", "pre": "gate", "activated": "SiLU(gate)", "linear": "up", "post": "product"}
    x = np.linspace(-3, 3, 5)
    curves = {name: (x, function(x)) for name, function in analysis.ACTIVATIONS.items()}
    made = figures.activation(found.pre, found.activated, curves, "silu", [3, 5], 11, names, LIGHT)
    lines, (points, strongest, *words, ring) = made.marks[:4], made.marks[4:]
    assert lines[-1].name == "silu" and lines[-1].width > lines[0].width
    np.testing.assert_array_equal(points.x, found.pre)
    np.testing.assert_array_equal(points.y, found.activated)
    np.testing.assert_array_equal(strongest.x, found.pre[[3, 5]])
    assert {each.text for each in words} == {"3", "5"} and ring.x[0] == found.pre[11]
    assert "<b> {i}" in points.hover
    made = figures.product(found.activated, found.linear, [3, 5], None, names, LIGHT)
    share = 0.5 + 0.5 * found.post / np.abs(found.post).max()
    assert list(made.marks[0].colours) == colours_at(LIGHT.signed, share)
    assert made.marks[0].texts[7].endswith(f"product: {found.post[7]:.4g}".replace("-", "−"))
    with pytest.raises(ValueError, match="shapes"):
        figures.product(found.activated, found.linear[1:], [], None, names, LIGHT)


@pytest.mark.parametrize("word", ["choice0", "expert12", "shared"])
def test_words_of_a_network(word):
    assert read_word(word) == word


@pytest.mark.parametrize("word", ["", "expert", "choice-1", "expert1.5", None, "all"])
def test_a_word_that_names_no_network_is_refused(word):
    with pytest.raises(ValueError, match="network"):
        read_word(word)
