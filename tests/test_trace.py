"""A trace is a photograph: complete, frozen, and independent of the model."""

from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from model import load
from model.errors import BadInput
from model.trace import run_trace
from model.transformer import Transformer
from tests.random_models import DENSE, LATENT, LEARNED, T, random_ids, random_model

MODELS = {"grouped": DENSE, "latent": LATENT, "learned": LEARNED}
every_model = pytest.mark.parametrize("config", MODELS.values(), ids=MODELS)


@every_model
def test_nothing_in_it_can_be_written(config):
    trace = run_trace(random_model(config), random_ids(T))
    for name, array in trace.items():
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
        with pytest.raises(TypeError):
            trace.arrays[name] = array
    with pytest.raises(FrozenInstanceError):
        trace.prompt = "another"


@every_model
def test_no_array_is_a_weight(config):
    """Guards against a trace that changes when the model is trained on, or that keeps it in memory."""
    lm = random_model(config)
    weights = [weight.numpy() for weight in lm.transformer.state_dict().values()]
    for name, array in run_trace(lm, random_ids(T)).items():
        assert not any(np.shares_memory(array, weight) for weight in weights), name


@every_model
def test_the_stream_adds_up(config):
    """What the layers write is the difference between streams, from embedding to logits."""
    trace = run_trace(random_model(config), random_ids(T))
    stream = trace["hook_embed"] + trace.get("hook_pos_embed", 0)
    for layer in range(config.n_layers):
        name = f"blocks.{layer}."
        np.testing.assert_array_equal(trace[name + "hook_resid_pre"], stream)
        stream = stream + trace[name + "hook_attn_out"]
        np.testing.assert_array_equal(trace[name + "hook_resid_mid"], stream)
        stream = stream + trace[name + "hook_mlp_out"]
        np.testing.assert_array_equal(trace[name + "hook_resid_post"], stream)


@every_model
def test_the_lens_ends_in_the_logits(config):
    trace = run_trace(random_model(config), random_ids(T), capture="light")
    assert trace.lens.shape == (config.n_layers, T, config.vocab_size)
    np.testing.assert_allclose(trace.lens[-1], trace.logits, atol=1e-5)
    for position in (0, 7, -1):
        np.testing.assert_allclose(trace.lens_at(position), trace.lens[:, position], atol=1e-5)


@every_model
def test_pushes_of_all_addends_sum_to_the_logits(config):
    """Direct logit attribution is exact: the stream is a sum, and the rest is linear once the scale is held."""
    lm = random_model(config)
    trace = run_trace(lm, random_ids(T))
    addends = [trace["hook_embed"][-1], *([trace["hook_pos_embed"][-1]] if "hook_pos_embed" in trace else [])]
    addends += [
        trace[f"blocks.{layer}.hook_{part}_out"][-1] for layer in range(config.n_layers) for part in ("attn", "mlp")
    ]
    pushes = trace.push(np.stack(addends), -1)
    bias = getattr(lm.transformer.ln_final, "bias", None)
    left_out = 0 if bias is None else (lm.transformer.unembedding @ bias).numpy()
    np.testing.assert_allclose(pushes.sum(0) + left_out, trace.logits[-1], atol=1e-4)


def test_light_is_smaller_and_says_the_same():
    lm = random_model(DENSE)
    full, light = (run_trace(lm, random_ids(T), capture=kind) for kind in ("all", "light"))
    assert light.nbytes == sum(array.nbytes for array in light.values()) < full.nbytes / 2
    np.testing.assert_allclose(light.logits, full.logits, atol=1e-4)


def test_what_it_knows_of_its_prompt():
    lm = random_model(DENSE)
    trace = run_trace(lm, "Oh 你\n")
    assert trace.prompt == "Oh 你\n"
    assert trace.ids == tuple("Oh 你\n".encode())
    assert trace.tokens == ["O", "h", "·", "⟨E4⟩", "⟨BD⟩", "⟨A0⟩", "↵"]
    assert (trace.model, trace.fingerprint) == (lm.name, lm.fingerprint)
    assert run_trace(lm, list(trace.ids)).prompt == "Oh 你\n"


def test_fingerprint_changes_with_the_weights():
    """A cache key that forgot the weights would show one model's numbers under another's name."""
    assert (
        len(
            {random_model(DENSE, seed).fingerprint for seed in (0, 1)}
            | {random_model(replace(DENSE, context=72)).fingerprint}
        )
        == 3
    )
    assert random_model(DENSE).fingerprint == random_model(DENSE).fingerprint


def test_fingerprint_changes_with_any_entry_of_any_weight():
    """Guards against a digest of samples: of the storytellers it read column 0 of every other row alone."""

    def changed(lm, name, index):
        weights = {key: weight.clone() for key, weight in lm.transformer.state_dict().items()}
        weights[name].view(-1)[index] += 0.5
        transformer = Transformer(lm.config)
        transformer.load_state_dict(weights)
        return replace(lm, transformer=transformer).fingerprint

    lm = random_model(LATENT)
    first_and_last = [changed(lm, name, index) for name in lm.transformer.state_dict() for index in (0, 1, -1)]
    assert len({lm.fingerprint, *first_and_last}) == 1 + len(first_and_last)

    storyteller = load("storyteller")
    width = storyteller.config.d_model
    odd = [changed(storyteller, "embed.weight", index) for index in (1, width, width + 1, 2 * width - 1)]
    assert len({storyteller.fingerprint, *odd}) == 5


def test_a_trace_can_be_compared_and_hashed():
    """A trace is equal to itself alone: arrays have no one truth value."""
    lm = random_model(DENSE)
    first, second = run_trace(lm, [1, 2, 3]), run_trace(lm, [1, 2, 3])
    assert first == first and first != second and first != dict(first)
    assert {first: 1, second: 2}[second] == 2
    assert first.readout == first.readout and len({first.readout, second.readout}) == 2
    assert all(np.array_equal(first[name], second[name]) for name in first)


def test_unknown_name_is_refused():
    trace = run_trace(random_model(DENSE), [1, 2], capture="light")
    for name in (
        "blocks.0.attn.hook_nothing",
        "blocks.2.attn.hook_pattern",
        "hook_pattern",
        "blocks.x.attn.hook_pattern",
    ):
        with pytest.raises(KeyError):
            trace[name]


@pytest.mark.parametrize(
    ("prompt", "code", "words"),
    [
        ("", "empty_prompt", "at least one character"),
        ([], "empty_prompt", "at least one character"),
        ("a" * 72, "too_long", "72 tokens"),
        ("a" * 100_000, "too_long", "100,000 characters"),
        ([257], "bad_token", "0 to 256"),
        ([-1], "bad_token", "-1"),
    ],
)
def test_bad_input_is_told_in_one_sentence(prompt, code, words):
    with pytest.raises(BadInput, match=words) as refusal:
        run_trace(random_model(DENSE), prompt)
    assert refusal.value.code == code
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("capture", ["heavy", ["hook_embed"], {"hook_embed"}, None, 3])
def test_unknown_capture_is_refused(capture):
    """A list of names too: guards against "unhashable type: 'list'"."""
    with pytest.raises(BadInput, match="function of the hook name") as refusal:
        run_trace(random_model(DENSE), "a", capture=capture)
    assert refusal.value.code == "bad_capture" and "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    "prompt", [" ", "\t\n", "\x00\x1b[31m", "<script>alert(1)</script>", "$x$ :red[x]", "\ud83d", "a" * 71]
)
def test_odd_prompts_are_read_like_any_other(prompt):
    """Whitespace, control characters, markup, half a surrogate pair, exactly the context."""
    trace = run_trace(random_model(DENSE), prompt)
    assert np.isfinite(trace.logits).all()
    assert len(trace.tokens) == len(trace.ids)
