"""What a head does on a prompt: scores of built patterns, against the trace, and the choice of the clearest."""

import numpy as np
import pytest

from app.kit import head_jobs
from app.kit.head_jobs import JOBS, PLACES, Overview, chance, clearest, job_scores, overview, places, row_entropy
from app.rooms.heads import words
from model import run_trace

IDS = np.array([5, 7, 9, 5, 7, 5, 5])


def pattern_of(where: np.ndarray) -> np.ndarray:
    """(1, T, T): each row's weight on its places, where it has some; else on itself."""
    rows = np.where(where.any(1, keepdims=True), where, np.eye(len(where), dtype=bool)).astype(np.float32)
    return (rows / rows.sum(-1, keepdims=True))[None]


@pytest.mark.parametrize("job", PLACES)
def test_a_head_that_does_only_its_job_scores_one(job):
    assert job_scores(pattern_of(places(job, IDS)), IDS)[job][0] == pytest.approx(1)


def test_places_are_what_the_jobs_say():
    """Guards against a shift by one: induction looks one to the right of the same token earlier."""
    assert np.argwhere(places("same", IDS)).tolist() == [[3, 0], [4, 1], [5, 0], [5, 3], [6, 0], [6, 3], [6, 5]]
    assert np.argwhere(places("induction", IDS)).tolist() == [[3, 1], [4, 2], [5, 1], [5, 4], [6, 1], [6, 4]]
    assert np.argwhere(places("previous", IDS))[0].tolist() == [2, 1]
    assert np.argwhere(places("first", IDS)).tolist() == [[query, 0] for query in range(2, 7)]


def test_no_place_is_after_the_query():
    for job in PLACES:
        assert not np.triu(places(job, IDS), 1).any()


def test_what_a_prompt_has_no_place_for_has_no_score():
    """NaN, never a 0 that would say "does not do it"."""
    scores = job_scores(np.ones((2, 1, 1), np.float32), np.array([3]))
    assert all(np.isnan(scores[job]).all() for job in JOBS)
    scores = job_scores(np.tril(np.full((1, 3, 3), 0.5, np.float32)), np.array([1, 2, 3]))
    assert np.isnan(scores["same"]).all() and np.isnan(scores["induction"]).all() and scores["previous"][0] == 0.5


def test_entropy_is_in_bits_and_spread_is_its_share():
    uniform = np.tril(np.ones((4, 4), np.float32)) / np.arange(1, 5, dtype=np.float32)[:, None]
    np.testing.assert_allclose(row_entropy(uniform), [0, 1, np.log2(3), 2], atol=1e-6)
    assert job_scores(uniform[None], np.arange(4))["spread"][0] == pytest.approx(1)
    assert job_scores(np.eye(4, dtype=np.float32)[None], np.arange(4))["spread"][0] == 0
    assert chance(np.arange(4))["previous"] == pytest.approx((1 / 3 + 1 / 4) / 2)


def test_the_overview_is_the_traces(tiny):
    trace = run_trace(tiny, "to be or not to be", capture="light")
    seen = overview(trace)
    for layer in (0, 3):
        pattern = trace.pattern(layer)
        cells = seen.pictures[layer, 5]
        assert cells.tolist() == np.round(255 * pattern[5][np.tril_indices(len(trace.ids))]).astype(int).tolist()
        weights = [pattern[5, query, query - 1] for query in range(2, len(trace.ids))]
        assert seen.scores["previous"][layer, 5] == pytest.approx(np.mean(weights), rel=1e-5)
        assert seen.entropy[layer, 5] == pytest.approx(row_entropy(pattern[5]).mean(), rel=1e-5)


def test_a_picture_of_all_heads_is_small_enough(tiny):
    """SmolLM2's 270 heads on 64 tokens: half a megabyte, as base64 and with all that goes beside it."""
    side = head_jobs.thumbnails(np.zeros((1, 64, 64), np.float32)).shape[-1]
    assert 270 * side * (side + 1) / 2 * 4 / 3 < 430_000


def made(ids: np.ndarray, patterns: dict[tuple[int, int], np.ndarray]) -> Overview:
    """An overview of 2 layers of 3 heads that look everywhere alike, but those given."""
    count = len(ids)
    flat = np.tril(np.ones((count, count), np.float32)) / np.arange(1, count + 1, dtype=np.float32)[:, None]
    table = np.stack([[patterns.get((layer, head), flat) for head in range(3)] for layer in range(2)])
    scores = [job_scores(of_layer, ids) for of_layer in table]
    by_job = {job: np.stack([score[job] for score in scores]) for job in JOBS}
    beyond = {job: (by_job[job] - chance(ids)[job]) / (1 - chance(ids)[job]) for job in PLACES}
    rows = {job: int(places(job, ids).any(1).sum()) for job in PLACES}
    return Overview(count, np.zeros((2, 3, 1), np.uint8), by_job, beyond, rows, row_entropy(table).mean(-1))


def test_the_clearest_head_tells_more_than_where_heads_rest():
    """A head that rests on the first token is common and says little: any that carries something comes first."""
    ids = np.arange(7)
    rests, steps = pattern_of(places("first", ids))[0], pattern_of(places("previous", ids))[0]
    best = clearest(made(ids, {(0, 1): rests, (1, 2): 0.6 * steps + 0.4 * np.eye(7, dtype=np.float32)}))
    assert (best.layer, best.head, best.job) == (1, 2, "previous")
    best = clearest(made(ids, {(0, 1): rests}))
    assert (best.layer, best.head, best.job, best.score) == (0, 1, "first", 1)
    assert clearest(made(ids, {})) is None


def test_one_lucky_row_is_no_clear_job():
    """Guards against a head called an induction head because one token of the prompt came back."""
    ids = np.array([1, 2, 3, 4, 5, 6, 2])
    lucky = pattern_of(places("induction", ids))[0]
    assert clearest(made(ids, {(1, 1): 0.5 * lucky + 0.5 * pattern_of(places("first", ids))[0]})).job != "induction"


def test_the_main_job_is_the_one_furthest_beyond_chance():
    seen = made(IDS, {(1, 0): pattern_of(places("same", IDS))[0]})
    assert seen.job(1, 0) == "same" and seen.job(0, 0) is None


def test_the_rooms_filter_knows_every_job():
    assert words.JOBS == JOBS
