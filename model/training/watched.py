"""A training that another process watches and drives: what `python -m model train --watched` says and obeys.

Records go out and orders come in, each one line of JSON.  Records, by "kind":

- ``stage``: what is being done before the first step ("text", "peers")
- ``begin``: sizes of text and model, and the bits per byte of the peers on the held-out text
- ``step``: step, loss (nats per token), gradient (norm before clipping), rate, seconds (of computing so far)
- ``look``: what the model does now: bits per byte of the held-out text, the prompt's continuation, every head
- ``paused``, ``going``: after an order
- ``done``: where the finished model is, and whether it was stopped early
- ``failed``: a `BadInput`, as its `to_dict` writes it

Orders, by "do": ``pause``, ``go``, ``stop``, and ``ask`` with a "prompt".  When no more orders can come the process
ends at once: nobody is left who would use its model.

Looks are taken of a copy of the model with generators of their own, so that a watched run has the losses and weights
of one that nobody watches.
"""

from __future__ import annotations

import base64
import copy
import json
import os
import threading
import time
from typing import Any, TextIO

import numpy as np

from ..errors import BadInput
from ..files.tokenizer import Tokenizer
from ..generate import generate
from ..language_model import LanguageModel
from ..trace import run_trace
from . import evaluate
from .loop import Run

LOOK_SECONDS = 2.0  # between looks, at least
LOOK_SHARE = 0.15  # of the time goes into looks, at most
PROMPT_TOKENS = 32  # of a prompt that are read: as many as a picture can name
NEW_TOKENS = 48  # of a continuation
MEMORY = 4 * 2**30  # bytes that such a process may take


class Watch:
    """Says what happens in a training, and holds the orders that came in."""

    def __init__(self, orders: TextIO, records: TextIO):
        self._records = records
        self._changed = threading.Condition()
        self._paused = self._stopped = False
        self._prompt = ""
        self._asked = False
        self._looked = -1e9  # time of the last look, and what it took
        self._took = 0.0
        self.tokenizer: Tokenizer | None = None
        self.held_out: list[str] = []
        threading.Thread(target=self._obey, args=(orders,), daemon=True).start()

    @property
    def stopped(self) -> bool:
        """Whether an order to stop has come."""
        return self._stopped

    def tell(self, kind: str, **values: Any) -> None:
        """Write one record."""
        self._records.write(json.dumps({"kind": kind} | values) + "\n")
        self._records.flush()

    def fail(self, error: BadInput) -> None:
        """Write why there will be no model."""
        self.tell("failed", **error.to_dict())

    def begin(self, run: Run, tokenizer: Tokenizer, held_out: list[str], peers: dict[str, float]) -> None:
        """Say what is about to be trained, and look at it before its first step."""
        self.tokenizer, self.held_out = tokenizer, held_out
        self.tell(
            "begin",
            parameters=sum(weight.numel() for weight in run.model.parameters()),
            tokens=len(run.tokens),
            vocabulary=tokenizer.vocab_size,
            steps=run.schedule.steps,
            tokens_per_step=run.schedule.batch * run.schedule.length,
            held_out_bytes=sum(len(text.encode()) for text in held_out),
            peers=peers,
        )
        self.look(run)

    def after_step(self, run: Run, loss: float) -> bool:
        """Report a step, look where it is time to, wait while paused; whether to go on."""
        self.tell(
            "step",
            step=run.step,
            loss=loss,
            gradient=run.gradient,
            rate=run.schedule.rate_at(run.step - 1),
            seconds=run.seconds,
        )
        since = time.monotonic() - self._looked
        if self._asked or since > max(LOOK_SECONDS, self._took / LOOK_SHARE):
            self.look(run)
        if self._paused and not self._stopped:
            self.tell("paused", step=run.step)
            while self._waits():
                if self._asked:
                    self.look(run)
            self.tell("going", step=run.step)
        return not self._stopped

    def look(self, run: Run) -> None:
        """Report what the model does at this step."""
        assert self.tokenizer is not None, "begin() says which"
        began = time.monotonic()
        with self._changed:
            prompt, self._asked = self._prompt, False
        lm = LanguageModel("watched", copy.deepcopy(run.model).cpu(), self.tokenizer)
        ids = self.tokenizer.encode(prompt) or [min(self.tokenizer.end_ids)]
        ids, left_out = ids[-PROMPT_TOKENS:], max(0, len(ids) - PROMPT_TOKENS)
        trace = run_trace(lm, ids)
        patterns = np.stack([trace[f"blocks.{layer}.attn.hook_pattern"] for layer in range(lm.config.n_layers)])
        # Drawn alike each time: only the model differs.
        written = generate(lm, list(ids), max_new_tokens=NEW_TOKENS, temperature=0.8, top_p=0.95, seed=1)
        self.tell(
            "look",
            step=run.step,
            bits=evaluate.score(lm, self.held_out).bits_per_byte,
            prompt=self.tokenizer.decode(ids),
            left_out=left_out,  # tokens of the prompt before these
            text="".join(step.text for step in written),
            tokens=list(trace.tokens),
            shape=list(patterns.shape),  # (layers, H, T, S)
            patterns=base64.b64encode(patterns.astype("<f4").tobytes()).decode("ascii"),
        )
        self._looked = time.monotonic()
        self._took = self._looked - began

    def _waits(self) -> bool:
        """Wait for the next order; whether the run is still paused."""
        with self._changed:
            if self._paused and not self._stopped and not self._asked:
                self._changed.wait()
            return self._paused and not self._stopped

    def _obey(self, orders: TextIO) -> None:
        for line in orders:
            order = json.loads(line)
            with self._changed:
                if order["do"] == "ask":
                    self._prompt, self._asked = order["prompt"], True
                elif order["do"] == "stop":
                    self._stopped = True
                else:
                    self._paused = order["do"] == "pause"
                self._changed.notify_all()
        os._exit(1)  # whoever watched is gone


def be_modest() -> None:
    """Take the lowest priority, and no more memory than `MEMORY`, where the system knows these."""
    if hasattr(os, "nice"):
        os.nice(19)
    try:
        import resource
    except ImportError:  # Windows
        return
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY if most == resource.RLIM_INFINITY else min(MEMORY, most), most))
