"""What both sides expect next, on the tokens most probable on either. V vocabulary."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.rooms.compare.analysis import Axis
from app.rooms.compare.sides import Side
from app.rooms.compare.tables import spoken
from model import distribution

COUNT = 8  # tokens


@dataclass(frozen=True)
class Candidate:
    """One next token; NaN where a side's vocabulary has no such token."""

    token: str
    a: float
    b: float


@dataclass(frozen=True)
class Next:
    """Two predictions."""

    rows: list[Candidate]  # best of A first
    best: tuple[tuple[str, float], tuple[str, float]]  # of A and of B
    last: bool  # whether B is read at its last token because A's token has no partner


def next_tokens(a: Side, b: Side, tokens: Axis, position: int) -> Next:
    """The predictions after A's token at `position` and after its partner; tokens of two vocabularies meet by bytes."""
    partner = tokens.partner(position)
    end = position == len(a.trace.ids) - 1  # the ends of both prompts belong together
    there = len(b.trace.ids) - 1 if end or partner is None else partner
    p, q = distribution(a.trace.logits[position]), distribution(b.trace.logits[there])
    pairs: dict[tuple[int, int], float] = {}
    same = a.lm.tokenizer.fingerprint == b.lm.tokenizer.fingerprint
    ours, theirs = ({}, {}) if same else (spoken(a), spoken(b))
    for token in np.argsort(-p, kind="stable")[:COUNT].tolist():
        other = token if same else theirs.get(a.lm.tokenizer.token_bytes(token), -1)
        pairs[token, other] = max(p[token], q[other] if other >= 0 else 0.0)
    for token in np.argsort(-q, kind="stable")[:COUNT].tolist():
        other = token if same else ours.get(b.lm.tokenizer.token_bytes(token), -1)
        pairs[other, token] = max(q[token], p[other] if other >= 0 else 0.0)
    rows = []
    for first, second in sorted(pairs, key=lambda pair: -pairs[pair])[:COUNT]:
        shown = a.lm.tokenizer.shown(first) if first >= 0 else b.lm.tokenizer.shown(second)
        rows.append(Candidate(shown, _share(p, first), _share(q, second)))
    rows.sort(key=lambda row: -np.nan_to_num(row.a, nan=-1.0))
    best = tuple((side.lm.tokenizer.shown(int(r.argmax())), float(r.max())) for side, r in ((a, p), (b, q)))
    return Next(rows, (best[0], best[1]), last=partner is None)


def _share(probabilities: np.ndarray, token: int) -> float:
    return float(probabilities[token]) if token >= 0 else float("nan")
