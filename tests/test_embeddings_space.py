"""The vocabulary's space and the paths through it: against the trace and by their properties."""

import numpy as np
import pytest

from app.rooms.embeddings import space_analysis as analysis
from model import run_trace
from tests.random_models import DENSE, LATENT, LEARNED, random_ids, random_model

MODELS = {"grouped": DENSE, "latent": LATENT, "learned": LEARNED}


@pytest.mark.parametrize("config", MODELS.values(), ids=MODELS)
@pytest.mark.parametrize("function", [analysis.of_lengths, analysis.of_directions])
def test_a_path_begins_at_the_tokens_own_dot(config, function):
    """Guards against streams that are projected by other axes, or another middle, than the cloud."""
    lm, ids = random_model(config), random_ids(9)
    trace, space = run_trace(lm, ids), function(lm)
    found = analysis.paths(trace, space, 2, 7)
    assert found.points.shape == (5, config.n_layers + 1, 3) and found.start == 2
    np.testing.assert_allclose(space.place(trace["hook_embed"]), space.points[ids], atol=1e-4)
    if config.positions == "rope":  # what enters layer 0 is the embedding itself
        np.testing.assert_allclose(found.points[:, 0], space.points[ids[2:7]], atol=1e-4)
    last = trace[f"blocks.{config.n_layers - 1}.hook_resid_post"][4]
    np.testing.assert_allclose(found.points[2, -1], space.place(last), atol=1e-4)
    assert found.lengths[2, -1] == pytest.approx(np.linalg.norm(last), rel=1e-5)


def test_the_share_that_is_shown_is_that_of_the_squared_distance():
    lm = random_model(DENSE)
    space = analysis.of_lengths(lm)
    rows = lm.transformer.embed.weight.numpy()
    away = rows - rows.mean(axis=0)
    shown = space.shown(rows)
    assert ((shown >= 0) & (shown <= 1 + 1e-5)).all()
    assert (shown * (away**2).sum(axis=1)).sum() / (away**2).sum() == pytest.approx(sum(space.explained), rel=1e-3)


def test_directions_have_length_one_and_nothing_stays_nothing():
    vectors = np.array([[3.0, 4.0], [0.0, 0.0]])
    np.testing.assert_allclose(analysis.directed(vectors), [[0.6, 0.8], [0, 0]])


def test_thinned_tokens_are_evenly_apart():
    assert analysis.thinned(257, 8192).tolist() == list(range(257))
    assert len(analysis.thinned(49_152, 8192)) == 8192
