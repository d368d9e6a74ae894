"""The core of attention: two ways through one function, and the stages that a trace derives."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from model.attention import attend, causal_mask
from model.capture import HookPoint, Recorder, recording
from model.interventions import NoMask, NoPositions, NoScaling, UniformPattern
from model.trace import DERIVED, STAGES, run_trace
from tests.random_models import DENSE, LATENT, LEARNED, T, random_ids, random_model

B, H, K, DH = 2, 15, 5, 13


def explicit(*inputs) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """`attend` with somebody listening; also what was heard."""
    points = HookPoint(), HookPoint()
    points[0].name, points[1].name = "scores", "pattern"
    with recording(Recorder(lambda name: True)) as heard:
        return attend(*inputs, *points), heard.tensors


@pytest.mark.parametrize("window", [None, 7])
@pytest.mark.parametrize("value_width", [DH, 3, 19])
@pytest.mark.parametrize(("queries", "keys"), [(17, 17), (1, 17), (5, 17)])
def test_fused_equals_explicit(queries, keys, value_width, window):
    """Guards against a mask that is right only for as many queries as keys, and values cut or padded wrongly."""
    generator = torch.Generator().manual_seed(1)
    q = torch.randn(B, queries, H, DH, generator=generator)
    k = torch.randn(B, keys, K, DH, generator=generator)
    v = torch.randn(B, keys, K, value_width, generator=generator)
    inputs = q, k, v, DH**-0.5, causal_mask(queries, keys, window)
    fused = attend(*inputs, HookPoint(), HookPoint())
    slow, _ = explicit(*inputs)
    assert fused.shape == slow.shape == (B, queries, H, value_width)
    torch.testing.assert_close(fused, slow, atol=1e-6, rtol=1e-6)


def test_against_loops():
    """The textbook's formula, one number at a time, for one head and its shared key."""
    generator = torch.Generator().manual_seed(2)
    q, k, v = (torch.randn(1, 4, heads, 3, generator=generator) for heads in (4, 2, 2))
    z, heard = explicit(q, k, v, 0.5, causal_mask(4, 4))
    for head in range(4):
        for t in range(4):
            scores = [
                0.5 * sum(float(a * b) for a, b in zip(q[0, t, head], k[0, s, head // 2], strict=True))
                for s in range(t + 1)
            ]
            weights = [math.exp(score) / sum(map(math.exp, scores)) for score in scores]
            expected = [sum(w * float(v[0, s, head // 2, i]) for s, w in enumerate(weights)) for i in range(3)]
            np.testing.assert_allclose(heard["pattern"][0, head, t], weights + [0.0] * (3 - t), atol=1e-6)
            np.testing.assert_allclose(z[0, t, head], expected, atol=1e-6)


def test_mask_of_a_window():
    """A window of 2 shows a token itself and the one before."""
    expected = [[False, True, True, False], [False, False, True, True]]
    assert causal_mask(2, 4, window=2)[0].tolist() == expected


MODELS = {"grouped": DENSE, "latent": LATENT, "learned": LEARNED}
CHANGES = {
    "none": (),
    "all at once": (NoMask(), NoScaling(), NoPositions(), UniformPattern(1, 0)),
    "one head": (UniformPattern(0, 2),),
    "no mask": (NoMask(),),
    "no scaling": (NoScaling(),),
}


@pytest.mark.parametrize("changes", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("config", MODELS.values(), ids=MODELS)
def test_light_trace_derives_what_a_full_one_captured(config, changes):
    """Guards against pictures of attention that the model did not compute: derived = captured, changed or not."""
    lm, ids = random_model(config), random_ids(T)
    full, light = (run_trace(lm, ids, capture=kind, interventions=changes) for kind in ("all", "light"))
    np.testing.assert_allclose(light.logits, full.logits, atol=2e-4)
    for layer in range(config.n_layers):
        name = f"blocks.{layer}.attn."
        assert light.scale(layer) == full[name + "hook_scaling"]
        np.testing.assert_array_equal(light.mask(layer), full[name + "hook_mask"])
        if any(isinstance(change, UniformPattern) and change.layer == layer for change in changes):
            continue  # its scores do not follow from queries and keys any more: they are stored
        assert name + "hook_attn_scores" not in light
        assert name + "hook_pattern" not in light
        # The fused run differs in the last bits; from one run's own queries and keys the rest follows closer.
        bare = replace(
            full, arrays={key: array for key, array in full.items() if not key.endswith(DERIVED) or key in light}
        )
        for hook in ("hook_attn_scores", "hook_pattern"):
            np.testing.assert_allclose(light[name + hook], full[name + hook], atol=2e-4)
            np.testing.assert_allclose(bare[name + hook], full[name + hook], atol=1e-5, rtol=1e-5)


def test_uniform_pattern_is_stored_in_a_light_trace():
    """A pattern that was changed cannot be derived: guards against showing the one before the change."""
    lm, ids = random_model(DENSE), random_ids(T)
    full, light = (run_trace(lm, ids, capture=kind, interventions=[UniformPattern(1, 4)]) for kind in ("all", "light"))
    np.testing.assert_allclose(
        light.pattern(1), full.pattern(1), atol=1e-5
    )  # of 0.8: the two runs may round differently
    np.testing.assert_allclose(light.pattern(1)[4], np.tri(T) / np.arange(1, T + 1)[:, None], atol=1e-6)


@pytest.mark.parametrize("config", MODELS.values(), ids=MODELS)
def test_the_four_stages(config):
    """Each stage follows from the one before, and the first from the vectors the page prints."""
    trace = run_trace(random_model(config), random_ids(T), capture="light")
    heads = config.attention.n_heads
    for layer in range(config.n_layers):
        dot, scaled, masked, softmax = (trace.stage(layer, stage) for stage in STAGES)
        assert dot.shape == (heads, T, T)
        q, k = trace.query(layer), trace.key(layer)
        group = heads // k.shape[1]
        for head, query, key in [(0, 3, 2), (heads - 1, T - 1, 5), (heads // 2, 7, 7)]:
            np.testing.assert_allclose(
                dot[head, query, key], q[query, head] @ k[key, head // group], rtol=1e-4, atol=1e-5
            )
        np.testing.assert_array_equal(scaled, dot * trace.scale(layer))
        allowed = np.tri(T, dtype=bool)
        np.testing.assert_array_equal(masked[:, allowed], scaled[:, allowed])
        assert np.isneginf(masked[:, ~allowed]).all()
        np.testing.assert_allclose(softmax.sum(-1), 1, atol=1e-6)
        assert (softmax[:, ~allowed] == 0).all()
        np.testing.assert_allclose(softmax, np.exp(masked) / np.exp(masked).sum(-1, keepdims=True), atol=1e-6)
        z = np.einsum("hts,shd->thd", softmax, trace.value(layer).repeat(heads // trace.value(layer).shape[1], axis=1))
        np.testing.assert_allclose(z, trace[f"blocks.{layer}.attn.hook_z"], atol=1e-5)
