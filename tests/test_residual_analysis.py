"""Additions sum to the stream, and their direct effects to the model's difference of logits."""

from dataclasses import replace

import numpy as np
import pytest

from app.kit.theme import LIGHT
from app.rooms.residual import analysis, figures
from model import AblateHead, run_trace
from tests.random_models import DENSE, LATENT, LEARNED, T, random_ids, random_model

TEXTS = ["+1.00", "−3.00", "+0.50", "−1.50"]
POSITION, TARGET, AGAINST = 11, 65, 101
CONFIGS = {
    "grouped": DENSE,
    "latent, experts, own unembedding": LATENT,
    "classic": LEARNED,
    "one key head": replace(DENSE, attention=replace(DENSE.attention, n_kv_heads=1, out_bias=True)),
}
every_model = pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)


def asked(config):
    lm = random_model(config)
    return lm, run_trace(lm, random_ids(T))


@every_model
def test_additions_sum_to_what_the_final_norm_reads(config):
    _, trace = asked(config)
    found = analysis.growth(trace, POSITION)
    added = analysis.additions(trace, POSITION)
    assert len(added) == 1 + (config.positions == "learned") + 2 * config.n_layers == len(found.lengths)
    assert found.apart < 1e-4
    last = trace[f"blocks.{config.n_layers - 1}.hook_resid_post"][POSITION]
    assert found.stream[-1] == pytest.approx(np.linalg.norm(last), rel=1e-5)
    before, out = trace["blocks.1.hook_resid_mid"][POSITION], trace["blocks.1.hook_mlp_out"][POSITION]
    cosine = before @ out / np.linalg.norm(before) / np.linalg.norm(out)
    place = next(i for i, each in enumerate(added) if (each.kind, each.layer) == ("feed_forward", 1))
    assert found.cosines[place] == pytest.approx(cosine, abs=1e-5) and np.isnan(found.cosines[0])


@every_model
def test_effects_sum_to_the_real_difference_of_logits(config):
    """Guards against a lost bias, a forgotten shift, and a mean that LayerNorm takes off."""
    lm, trace = asked(config)
    found = analysis.effects(lm, trace, POSITION, TARGET, AGAINST)
    assert found.total == pytest.approx(found.real, abs=1e-4)
    assert found.real == pytest.approx(float(trace.logits[POSITION, TARGET] - trace.logits[POSITION, AGAINST]))
    kinds = [part.kind for part in found.parts]
    biased = bool(getattr(config.attention, "out_bias", False)) or getattr(config.feed_forward, "bias", False)
    assert ("bias" in kinds) == biased and ("shift" in kinds) == (config.norm == "layer")
    for layer in range(config.n_layers):
        attention = next(part.effect for part in found.parts if (part.kind, part.layer) == ("attention", layer))
        assert found.heads[layer].sum() == pytest.approx(attention, abs=1e-4)
    opposite = analysis.effects(lm, trace, POSITION, AGAINST, TARGET)
    assert opposite.total == pytest.approx(-found.total, abs=1e-4)


@every_model
def test_a_head_s_effect_is_what_the_stream_loses_without_it(config):
    """In the last layer, whose attention nothing but its own feed-forward part comes after."""
    lm, trace = asked(config)
    last, head = config.n_layers - 1, 1
    off = run_trace(lm, random_ids(T), interventions=[AblateHead(last, head)])
    name = f"blocks.{last}.hook_attn_out"
    push = trace.push(trace[name][POSITION] - off[name][POSITION], POSITION)
    found = analysis.effects(lm, trace, POSITION, TARGET, AGAINST)
    assert found.heads[last, head] == pytest.approx(float(push[TARGET] - push[AGAINST]), abs=1e-4)


def test_heads_are_ranked_by_size_either_way():
    heads = np.array([[0.1, -3.0, 0.2], [2.0, 0.0, -0.3]])
    assert analysis.ranked(heads, 3) == [(0, 1, -3.0), (1, 0, 2.0), (1, 2, -0.3)]


@pytest.mark.parametrize(
    ("target", "against", "pair"),
    [
        (None, None, (2, 1)),
        (0, None, (0, 2)),
        (2, None, (2, 1)),
        (None, 2, (1, 2)),
        (None, 3, (2, 3)),
        (3, 3, (3, 2)),
        (3, 0, (3, 0)),
    ],
)
def test_the_two_best_are_compared_unless_others_are_named(target, against, pair):
    """Guards against a token compared with itself."""
    assert analysis.pair(np.array([0.0, 2.0, 3.0, 1.0]), target, against) == pair


def test_tokens_are_named_by_their_text():
    """Guards against a number of one model's vocabulary read in another's; of equal texts the likelier one counts."""
    vocabulary, logits = ["a", "b", "b", "c"], np.array([0.0, 1.0, 2.0, 3.0])
    assert [analysis.named(vocabulary, logits, text) for text in ("b", "c", "d", None)] == [2, 3, None, None]


def test_bars_of_effects_begin_where_the_last_one_ended():
    values = np.array([1.0, -3.0, 0.5])
    names = {"attention": "attention", "feed_forward": "feed-forward", "axis": "logits"}
    made = figures.effects(
        ["<i>", "b", "c"], ["embedding", "attention", "feed_forward"], values, TEXTS, "sum", names, LIGHT
    )
    _, bars = made.marks
    spans = dict(zip(bars.at.tolist(), zip(bars.starts.tolist(), bars.ends.tolist(), strict=True), strict=True))
    assert spans == {0: (0.0, 1.0), 1: (1.0, -2.0), 2: (-2.0, -1.5), 3: (0.0, -1.5)}
    assert made.x.labels == ["<i>", "b", "c", "sum"] and bars.words == TEXTS
    assert [colour for _, colour in made.legend] == list(bars.colours[1:3])
    with pytest.raises(ValueError, match="2 parts"):
        figures.effects(["a", "b"], ["embedding", "attention"], values, TEXTS, "sum", names, LIGHT)


def test_the_stream_s_figure_draws_lengths_and_directions():
    names = {"attention": "attention", "feed_forward": "ffn", "stream": "stream", "length": "l", "cosine": "c"}
    lengths, stream, cosines = np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.5, 4.0]), np.array([np.nan, 0.5, -0.5])
    kinds = ["embedding", "attention", "feed_forward"]
    above, below = figures.growth(["a", "b", "c"], kinds, lengths, stream, cosines, names, LIGHT)
    level, at, points = above.marks
    assert level.y.tolist() == [1.0, 1.0, 2.5, 2.5, 4.0, 4.0] and level.x.tolist() == [-0.5, 0.5, 0.5, 1.5, 1.5, 2.5]
    np.testing.assert_array_equal(at.y, stream)
    np.testing.assert_array_equal(points.y, lengths)
    np.testing.assert_array_equal(below.marks[0].ends, cosines)
    assert above.x.labels == below.x.labels == ["a", "b", "c"] and (below.y.low, below.y.high) == (-1, 1)
    with pytest.raises(ValueError, match="3 additions"):
        figures.growth(["a", "b", "c"], kinds, lengths[1:], stream, cosines, names, LIGHT)


def test_the_heads_figure_has_zero_in_the_middle():
    made = figures.heads(
        np.array([[0.5, -2.0]]), {"layer": "l", "head": "h", "hover": "{layer} {head} {effect}"}, LIGHT
    )
    (cells,) = made.marks
    assert (cells.low, cells.high) == (-2.0, 2.0) and cells.hover == "{row} {column} {value}"
