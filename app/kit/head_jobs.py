"""What each attention head does on one prompt: scores of the known jobs, from the prompt's own patterns.

A score is a share of attention: what a head pays, on average over the queries that could, to the place its job
names.  Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits"; Olsson et al. 2022, arXiv 2209.11895.

L layers, H heads, T tokens (queries), S = T keys.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model import Trace

# In this order everywhere: on the page, and where two scores are equal.
PLACES = ("previous", "first", "itself", "same", "induction")
JOBS = (*PLACES, "spread")
TELLING = ("previous", "same", "induction")  # jobs that carry something from one token to another
LEAST = 0.2  # beyond chance, for a head to be said to have a job: as for jobs found on random tokens
ROWS = 3  # queries, for a job to be clear
THUMBNAIL = 48  # cells of a thumbnail's side at most


def places(job: str, ids: np.ndarray) -> np.ndarray:
    """(T, S) bool: where the attention of a head with that job would go.

    The first two tokens count for no job but "itself": of the second, the token before is the first one too.
    A row without a place does not count: "same" and "induction" need a token that was there before.

    Args:
        job: one of `PLACES`; "same" is the same token earlier, "induction" the token that came after it then.
        ids: (T,) token ids.
    """
    count = len(ids)
    query, key = np.arange(count)[:, None], np.arange(count)[None]
    if job == "itself":
        return (key == query) & (query > 0)
    if job == "previous":
        return (key == query - 1) & (query > 1)
    if job == "first":
        return (key == 0) & (query > 1)
    again = (ids[:, None] == ids[None]) & (key < query)
    if job == "same":
        return again
    if job == "induction":  # one to the right of "same", but never the query itself
        return np.pad(again[:, :-1], ((0, 0), (1, 0))) & (key < query)
    raise ValueError(f"{job!r} is none of {PLACES}")


def job_scores(pattern: np.ndarray, ids: np.ndarray) -> dict[str, np.ndarray]:
    """Each job's score of each head: name -> (H,), 0 to 1, NaN where this prompt has no place for the job.

    "spread" is the entropy of a row over that of the same weight on every key, averaged over the rows.

    Args:
        pattern: (H, T, S), rows sum to 1, no weight after the diagonal.
        ids: (T,) token ids.
    """
    scores = {}
    for job in PLACES:
        where = places(job, ids)
        rows = where.any(1)
        paid = np.where(where, pattern, 0).sum(-1)[:, rows]  # (H, rows)
        scores[job] = paid.mean(-1) if rows.any() else np.full(len(pattern), np.nan)
    if len(ids) > 1:
        most = np.log2(np.arange(2, len(ids) + 1))  # of row t over its t + 1 keys
        scores["spread"] = (row_entropy(pattern)[:, 1:] / most).mean(-1)
    else:
        scores["spread"] = np.full(len(pattern), np.nan)
    return scores


def row_entropy(pattern: np.ndarray) -> np.ndarray:
    """(..., T) bits: the entropy of each row of weights; 0 where all is on one key."""
    return -(pattern * np.log2(np.where(pattern > 0, pattern, 1))).sum(-1)


def chance(ids: np.ndarray) -> dict[str, float]:
    """Each job's score of a head that gives every key it may look at the same weight; "spread" of it is 1."""
    count = len(ids)
    uniform = np.tril(np.ones((count, count), np.float32))
    uniform /= uniform.sum(-1, keepdims=True)
    return {job: float(score[0]) for job, score in job_scores(uniform[None], ids).items()}


@dataclass(frozen=True)
class Overview:
    """Every head of a model on one prompt."""

    side: int  # t, cells of a thumbnail's side
    pictures: np.ndarray  # (L, H, t (t + 1) / 2) uint8: lower triangles row by row, 255 for a weight of 1
    scores: dict[str, np.ndarray]  # job -> (L, H), NaN where the prompt has no place for it
    beyond: dict[str, np.ndarray]  # place -> (L, H): of what chance leaves, how much the head pays more; NaN as above
    rows: dict[str, int]  # place -> how many queries have it: what the score is a mean of
    entropy: np.ndarray  # (L, H) bits, mean of the rows

    def job(self, layer: int, head: int) -> str | None:
        """The head's main job on this prompt: the one furthest beyond chance; None where none is far enough."""
        best = max(PLACES, key=lambda job: np.nan_to_num(self.beyond[job][layer, head], nan=-1.0))
        return best if self.beyond[best][layer, head] >= LEAST else None


@dataclass(frozen=True)
class Clearest:
    """The head of a prompt with the clearest job."""

    layer: int
    head: int
    job: str
    score: float


def overview(trace: Trace) -> Overview:
    """Read every head's pattern once: pictures, scores and entropy."""
    ids = np.array(trace.ids)
    pictures, scores, entropy = [], [], []
    for layer in range(trace.config.n_layers):
        pattern = trace.pattern(layer)
        small = thumbnails(pattern)
        pictures.append(small[:, *np.tril_indices(small.shape[-1])])
        scores.append(job_scores(pattern, ids))
        entropy.append(row_entropy(pattern).mean(-1))
    by_job = {job: np.stack([of_layer[job] for of_layer in scores]) for job in JOBS}
    by_chance = chance(ids)
    beyond = {job: (by_job[job] - by_chance[job]) / max(1 - by_chance[job], 1e-9) for job in PLACES}
    rows = {job: int(places(job, ids).any(1).sum()) for job in PLACES}
    return Overview(small.shape[-1], np.stack(pictures), by_job, beyond, rows, np.stack(entropy))


def clearest(seen: Overview, layer: int | None = None) -> Clearest | None:
    """The head of `layer`, or of all, that stands out most: furthest beyond chance in one of the `TELLING` jobs.

    Only where no head does any of those, one that looks at itself or rests on the first token;
    None where no head has a job at all.  A job that fewer than `ROWS` queries could show proves nothing.
    """
    shown = [job for job in PLACES if seen.rows[job] >= ROWS]
    for jobs in ([job for job in shown if job in TELLING], shown):
        if not jobs:
            continue
        table = np.nan_to_num(np.stack([seen.beyond[job] for job in jobs]), nan=-1.0)  # (jobs, L, H)
        if layer is not None:
            table[:, np.arange(table.shape[1]) != layer] = -1.0
        best, where, head = (int(at) for at in np.unravel_index(table.argmax(), table.shape))
        if table[best, where, head] >= LEAST:
            return Clearest(where, head, jobs[best], float(seen.scores[jobs[best]][where, head]))
    return None


def thumbnails(pattern: np.ndarray, side: int = THUMBNAIL) -> np.ndarray:
    """(H, t, t) uint8, t = min(T, side): each head's pattern made small, 255 for a weight of 1.

    A small cell has the largest weight of the cells it stands for: a thin line stays visible.

    Args:
        pattern: (H, T, T), 0..1.
    """
    tokens = pattern.shape[-1]
    if tokens > side:
        starts = np.arange(side) * tokens // side
        pattern = np.maximum.reduceat(np.maximum.reduceat(pattern, starts, axis=1), starts, axis=2)
    return np.round(pattern * 255).astype(np.uint8)
