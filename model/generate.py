"""Token after token: read the prompt once, then only what is new, with a cache.

Everything a generation changes (cache, random generator, recorder) is made here for this
call, so generations run side by side over one model.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import torch

from .cache import Cache, make_cache
from .capture import Recorder, recording
from .draft import GUESSES, Draft
from .errors import BadInput
from .interventions import Intervention, collect
from .language_model import LanguageModel
from .rope import switches
from .sampling import distribution, draw, rank

SHORT = 8  # tokens that are made sooner than a draft


@dataclass(frozen=True)
class Step:
    """One generated token."""

    id: int
    token: str  # as shown to people
    text: str  # what became printable with it: a character of several tokens comes whole, with its last
    probability: float  # under the distribution it was drawn from
    rank: int  # among all logits, 1 the most probable
    cache_nbytes: int  # held by the cache when this token was chosen, measured
    logits: np.ndarray = field(repr=False, compare=False)  # (V,) that it was chosen from


class TextStream:
    """Turns a stream of token ids into text that never shows half a character."""

    def __init__(self, lm: LanguageModel):
        self._lm = lm
        self._pending: list[int] = []

    def push(self, token: int) -> str:
        """The text that became certain with `token`."""
        self._pending.append(token)
        data = b"".join(self._lm.tokenizer.token_bytes(t) for t in self._pending)
        try:
            text = data.decode()
        except UnicodeDecodeError as error:
            if error.end == len(data) and len(data) - error.start < 4:
                return ""  # an unfinished character at the end: wait for the rest
            text = data.decode(errors="replace")
        self._pending.clear()
        return text


def generate(
    lm: LanguageModel,
    prompt: str | list[int],
    *,
    max_new_tokens: int = 50,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    min_p: float | None = None,
    seed: int | None = None,
    interventions: Iterable[Intervention] = (),
) -> Iterator[Step]:
    """Continue `prompt`, one `Step` at a time; stop at end-of-text, the limit, or a full context.

    Args:
        prompt: text, or token ids.
        temperature, top_k, top_p, min_p: see `sampling.distribution`; temperature 0 is greedy.
        seed: makes the draws repeatable; None draws differently each time.
        interventions: in force at every step.

    Raises:
        BadInput: at once, before the first step, for a prompt or setting that cannot be used.
    """
    ids = lm.read_prompt(prompt)
    if max_new_tokens < 0:
        raise BadInput(
            "bad_max_new_tokens",
            f"The number of new tokens must be 0 or more, not {max_new_tokens}.",
            value=max_new_tokens,
        )
    if seed is not None and seed < 0:
        raise BadInput("bad_seed", f"A seed must be 0 or more, not {seed}.", value=seed)
    distribution(np.zeros(2), temperature, top_k, top_p, min_p)  # checks the settings
    edits = collect(interventions, lm.config)
    room = min(max_new_tokens, lm.config.context - len(ids))
    return _steps(lm, ids, room, (temperature, top_k, top_p, min_p), np.random.default_rng(seed), edits)


def _steps(
    lm: LanguageModel, ids: list[int], room: int, settings: tuple, rng: np.random.Generator, edits: dict
) -> Iterator[Step]:
    greedy = settings[0] == 0

    def guess(draft: Draft, most: int) -> list[int]:
        noise = copy.deepcopy(rng)  # what the choices will be drawn with
        choose = np.argmax if greedy else lambda logits: draw(distribution(logits, *settings), noise)
        return draft.guess(read[-1], cache, lambda logits: int(choose(logits)), most)

    cache = make_cache(lm.config)
    stream = TextStream(lm)
    draft = None if edits or room < SHORT else lm.draft
    read, unread = list(ids), ids
    guesses: list[int] = []  # read ahead, not chosen yet
    scored: list[np.ndarray] = []  # logits (V,) of the next choice, and of one after each guess
    for made in range(room):
        if not scored:
            if cache.length and switches(lm.config, cache.length, len(read)):
                cache, unread = make_cache(lm.config), read
            if draft is not None and cache.length and not switches(lm.config, cache.length, len(read) + GUESSES):
                guesses = guess(draft, min(GUESSES, room - made - 1))
            scored = _scores(lm, [*unread, *guesses], cache, edits, 1 + len(guesses))
        held = cache.length - len(guesses)
        logits = scored.pop(0)
        probabilities = distribution(logits, *settings)
        token = int(logits.argmax()) if greedy else draw(probabilities, rng)
        if token in lm.tokenizer.end_ids:
            return
        yield Step(
            token,
            lm.tokenizer.shown(token),
            stream.push(token),
            float(probabilities[token]),
            rank(logits, token),
            cache.nbytes * held // cache.length,  # without the guesses
            logits,
        )
        read.append(token)
        if guesses and guesses[0] == token:
            guesses = guesses[1:]  # read already, and scored what follows
        else:
            cache.keep(held)
            guesses, scored, unread = [], [], [token]


def next_logits(lm: LanguageModel, ids: list[int], cache: Cache, edits: dict | None = None) -> np.ndarray:
    """Read `ids`, which follow what `cache` holds, and score every candidate for what comes next: (V,)."""
    return _scores(lm, ids, cache, edits, 1)[0]


def _scores(lm: LanguageModel, ids: list[int], cache: Cache, edits: dict | None, last: int) -> list[np.ndarray]:
    """Read `ids` after what `cache` holds; the scores (V,) of what follows each of the `last` of them."""
    tokens = torch.tensor([ids])
    # inference_mode is entered per step: a generator that is not being resumed must not leave it on.
    with torch.inference_mode():
        if edits:
            with recording(Recorder(lambda name: False, edits)):
                logits = lm.transformer(tokens, cache, last=last)
        else:
            logits = lm.transformer(tokens, cache, last=last)
    return list(logits[0].float().numpy())
