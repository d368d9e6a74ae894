"""Visitors of the attention page, what they do and what they saw; and one who trains meanwhile.

Every visitor has prompts of their own.  What comes back has to be theirs: the tokens always, and the numbers of a
sample are computed again here, without the app.
"""

from __future__ import annotations

import asyncio
import base64
import random
import time
from dataclasses import dataclass, field
from urllib.parse import urlencode

import numpy as np

import model
from tests.bench.visitor import Answer, Visitor, data_of, until

WIDGET_SECONDS, PROMPT_SECONDS = 1.0, 5.0
SAMPLE = 100  # pictures whose numbers are computed again
WORDS = ("lantern", "sang", "over", "seven", "quiet", "rivers", "while", "clocks", "dreamed", "of", "salt", "snow")
KINDS = ("widget", "prompt")


@dataclass(frozen=True)
class Picture:
    """What a visitor asked for, and the weights that came."""

    prompt: str
    layer: int
    head: int
    weights: bytes


@dataclass
class Tally:
    """What all visitors saw."""

    answers: dict[str, list[Answer]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    lately: list[float] = field(default_factory=list)  # seconds of those since the last line of progress
    late: int = 0  # actions that could not begin in time, because the one before was not over
    errors: list[str] = field(default_factory=list)
    mixed: list[str] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)


class Person:
    """One visitor of the attention page, and what they do."""

    def __init__(self, number: int, url: str, lm: model.LanguageModel):
        self._dice = random.Random(number)
        self._number, self._lm = number, lm
        self._prompt, self._layer, self._head = self._next_prompt(), 0, 0
        query = urlencode({"prompt": self._prompt, "model": lm.name, "layer": 0, "head": 0})
        self._visitor = Visitor(url, "attention", query, cookie=f"visitor={number}")
        self._acts = 0

    def _next_prompt(self) -> str:
        return f"visitor {self._number} " + " ".join(self._dice.choices(WORDS, k=9)) + f" {self._dice.randrange(10**6)}"

    async def arrive(self) -> None:
        """Open the page."""
        await self._visitor.open()

    async def leave(self) -> None:
        """Close the tab."""
        await self._visitor.close()

    async def stay(self, begin: float, end: float, tally: Tally) -> None:
        """A widget each second and a prompt every five, from `begin` to `end`: of the monotonic clock."""
        moment = begin + self._dice.random()
        while moment < end:
            await until(moment)
            tally.late += time.monotonic() - moment > 0.1
            prompt = self._acts % int(PROMPT_SECONDS + 1) == PROMPT_SECONDS
            await self._act("prompt" if prompt else "widget", tally)
            self._acts += 1
            if self._acts % int(PROMPT_SECONDS + 1):
                moment += WIDGET_SECONDS
            moment = max(moment, time.monotonic())  # who had to wait does not hurry afterwards

    async def _act(self, kind: str, tally: Tally) -> None:
        try:
            if kind == "prompt":
                self._prompt = self._next_prompt()
                answer = await self._visitor.change("prompt", self._prompt)
            else:
                widget = self._dice.choice(("layer", "head"))
                answer = await self._visitor.change(widget, self._other(widget))
        except Exception as error:
            tally.errors.append(f"{kind}: {error!r}")
            raise
        tally.lately.append(answer.seconds)
        tally.answers[kind].append(Answer(answer.seconds, answer.nbytes, {}, []))  # the elements are not kept
        self._check(answer, tally)

    def _other(self, widget: str) -> int:
        config = self._lm.config
        count = config.n_layers if widget == "layer" else config.attention.n_heads
        held = self._layer if widget == "layer" else self._head
        value = self._dice.choice([one for one in range(count) if one != held])
        if widget == "layer":
            self._layer = value
        else:
            self._head = value
        return value

    def _check(self, answer: Answer, tally: Tally) -> None:
        if "stages" not in answer.elements:
            tally.errors.append(f"no picture for {self._prompt!r}")
            return
        data = data_of(answer.elements["stages"])
        shown = self._lm.tokenizer.encode(self._prompt)
        if data["tokens"] != [self._lm.tokenizer.shown(token) for token in shown]:
            tally.mixed.append(f"{self._prompt!r} got the tokens {data['tokens']}")
        if not data["file"].endswith(f"-layer{self._layer}-head{self._head}.png"):
            tally.mixed.append(f"layer {self._layer} head {self._head} got {data['file']}")
        weights = base64.b64decode(data["pattern"])
        tally.pictures.append(Picture(self._prompt, self._layer, self._head, weights))


class Trainer:
    """One visitor of the page that trains, and watches."""

    def __init__(self, url: str):
        # The longest of the room's trainings: it must outlast the measurement.
        query = urlencode({"learn_size": "medium", "learn_attention": "mla", "learn_network": "moe"})
        self._visitor = Visitor(url, "train", query, cookie="visitor=trainer")
        self._watching: asyncio.Task | None = None
        self.share = 0.0  # of the training's steps that are done

    async def begin(self) -> None:
        """Press the button; returns when the first steps are done."""
        await self._visitor.open()
        self._note(await self._visitor.press("train_start"))
        while self.share == 0.0:
            self._note(await self._visitor.again())
        self._watching = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        while self._visitor.watches:
            self._note(await self._visitor.again())

    def _note(self, answer: Answer) -> None:
        shown = [part.progress.value / 100 for part in answer.unnamed if part.HasField("progress")]
        self.share = max([self.share, *shown])

    async def end(self) -> bool:
        """Stop the training and leave; whether it was still at work."""
        assert self._watching is not None, "begin comes first"
        at_work = not self._watching.done()
        self._watching.cancel()
        await self._visitor.close()
        return at_work


def compare(lm: model.LanguageModel, tally: Tally) -> int:
    """Compute a sample of what was shown again; how many pictures. What differs is noted as mixed up."""
    sample = random.Random(0).sample(tally.pictures, min(SAMPLE, len(tally.pictures)))
    for picture in sample:
        trace = model.run_trace(lm, picture.prompt, capture="light")
        right = trace.pattern(picture.layer)[picture.head][trace.mask(picture.layer)]
        shown = np.frombuffer(picture.weights, "<f4")
        if shown.shape != right.shape or not np.allclose(shown, right, atol=1e-5):
            tally.mixed.append(f"layer {picture.layer} head {picture.head} of {picture.prompt!r}: other numbers")
    return len(sample)
