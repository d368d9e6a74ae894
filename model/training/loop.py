"""The training loop: one optimiser step after another, from wherever the last run stopped.

A batch depends on the seed and the step's number alone, and there is no dropout: so weights,
optimiser and the step's number are the whole state, and a run that was killed continues with
exactly the losses of one that was not.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor
from tqdm import tqdm

from ..capture import Recorder, recording
from ..config import ModelConfig
from ..errors import BadInput
from ..feed_forward import MixtureOfExperts
from ..files.checkpoint import with_todays_names
from ..files.whole import put_in_place
from ..transformer import Transformer
from .loss import cross_entropy
from .optimiser import make_optimisers
from .recipes import Schedule

SAVE_SECONDS = 120.0
LOG_STEPS = 10  # losses are kept as means of this many steps
SHORTER = 32  # times, the short sequences of the last steps: 16 tokens instead of 512
LEAST_PERIOD = 8  # tokens of a passage that is said again
NARROW = 128  # width up to which bfloat16 saves nothing: turning numbers into it takes longer than the sums


class Run:
    """A model in training: weights, optimisers, the number of steps done, the losses so far."""

    def __init__(
        self,
        config: ModelConfig,
        schedule: Schedule,
        tokens: np.ndarray,
        starts: np.ndarray | None = None,
        weights: dict[str, Tensor] | None = None,
        device: str = "cpu",
    ):
        """A run from its beginning, on `tokens` (n,).

        `starts`: where in them lines begin, everywhere if not given; `weights`: the state of a
        trained model to begin with, else random ones; `device`: what computes, "cpu" or "cuda".
        Weights are drawn, and batches chosen, on the CPU: they are the same on every device.
        """
        needed = schedule.length + 1
        if len(tokens) < needed:
            raise BadInput(
                "too_little_text",
                f"The text has {len(tokens)} tokens; training needs at least {needed}: give more text.",
                tokens=len(tokens),
                needed=needed,
            )
        if int(tokens.max()) >= config.vocab_size:
            raise BadInput(
                "bad_config", f"The text has token {int(tokens.max())}, the model only {config.vocab_size} tokens."
            )
        self.config, self.schedule, self.tokens = config, schedule, tokens
        starts = np.arange(len(tokens)) if starts is None else starts
        self.starts = starts[starts < len(tokens) - schedule.length]
        self.model = Transformer(config).initialise(torch.Generator().manual_seed(schedule.seed)).train()
        if weights is not None:
            self.model.load_state_dict(weights)
        self.device = torch.device(device)
        self.model.to(self.device)
        self.optimisers = make_optimisers(self.model, schedule.optimiser, schedule.rate, schedule.weight_decay)
        # On processors without it bfloat16 is slower than float32.
        worthwhile = config.d_model > NARROW and torch.ops.mkldnn._is_mkldnn_bf16_supported()
        self._half = worthwhile or self.device.type != "cpu"
        self.step = 0
        self.gradient = 0.0  # norm of the last step's, before clipping
        self.seconds = 0.0
        self.losses: list[float] = []  # nats per token of whole sequences, each the mean of LOG_STEPS steps
        self._recent: list[float] = []

    def batches(self, step: int) -> list[Tensor]:
        """Token ids that `step` reads, each tensor (rows, tokens + 1): at first sequences alone, (B, T + 1).

        While the rate falls, some sequences are replaced: some by as many tokens in single lines,
        short rows of T / SHORTER; some by rows of T / 2 that repeat their beginning, so that it
        pays to look back at "what came next last time?" (each row with its own period, so that
        the distance alone tells nothing).  Both begin where a line of the text begins.
        """
        mixed, B, T = self.schedule.mixed_at(step), self.schedule.batch, self.schedule.length
        before = B * step - mixed * (step - self.schedule.stable_steps)  # sequences read so far
        places = [self._sequences(range(before, before + B - mixed))]
        if mixed:
            rng = np.random.default_rng((self.schedule.seed, step))
            short, longest = max(1, T // SHORTER), max(1, T // 4)
            periods = rng.integers(min(LEAST_PERIOD, longest), longest + 1, (self.schedule.again, 1))
            places.append(self._lines(rng, self.schedule.lines * SHORTER // 2) + np.arange(short + 1))
            places.append(self._lines(rng, self.schedule.again) + np.arange(T // 2 + 1) % periods)
        return [torch.from_numpy(self.tokens[own].astype(np.int64)) for own in places if len(own)]

    def _sequences(self, numbers: range) -> np.ndarray:
        """Where their tokens are, (N, T + 1): every pass over the text visits its sequences in a new order."""
        T = self.schedule.length
        passes = [divmod(number, (len(self.tokens) - 1) // T) for number in numbers]
        return np.array([[T * int(self._order(of)[index])] for of, index in passes]) + np.arange(T + 1)

    def _lines(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """Where lines begin, (count, 1): the next one from anywhere, so every kind has its share of tokens."""
        anywhere = rng.integers(0, self.starts[-1] + 1, (count, 1))
        return self.starts[np.searchsorted(self.starts, anywhere)]

    def _order(self, passes: int) -> np.ndarray:
        if getattr(self, "_ordered", None) != passes:
            self._ordered = passes
            self._permutation = np.random.default_rng((self.schedule.seed, passes)).permutation(
                (len(self.tokens) - 1) // self.schedule.length
            )
        return self._permutation

    def advance(self) -> float:
        """One step; returns its loss in nats per token of whole sequences."""
        began = time.perf_counter()
        rate = self.schedule.rate_at(self.step)
        batches = [batch.to(self.device) for batch in self.batches(self.step)]
        tokens = sum(batch[:, 1:].numel() for batch in batches)
        losses, choices = [], []
        for batch in batches:
            chosen = Recorder(lambda name: name.endswith("hook_expert_indices"))
            with recording(chosen), torch.autocast(self.device.type, torch.bfloat16, enabled=self._half):
                hidden = self.model.ln_final(self.model.residual_stream(batch[:, :-1]))  # (B, T, D)
            loss = cross_entropy(hidden.flatten(0, 1), self.model.unembedding, batch[:, 1:].flatten())
            (loss * (batch[:, 1:].numel() / tokens)).backward()
            losses.append(loss.item())
            choices.append(chosen.tensors)
        self.gradient = torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.schedule.clip).item()
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = rate
            optimiser.step()
            optimiser.zero_grad()
        self._balance(choices)
        self.step += 1
        self._recent.append(losses[0])
        if len(self._recent) == LOG_STEPS:
            self.losses.append(float(np.mean(self._recent)))
            self._recent.clear()
        self.seconds += time.perf_counter() - began
        return losses[0]

    @torch.no_grad()
    def _balance(self, choices: list[dict[str, Tensor]]) -> None:
        """bias += u sign(mean load - load): experts with too little work become likelier choices.

        Auxiliary-loss-free balancing (Wang et al. 2024, arXiv 2408.15664), outside the gradient.
        """
        for layer, block in enumerate(self.model.blocks):
            if isinstance(block.mlp, MixtureOfExperts) and block.mlp.config.selection_bias:
                bias = block.mlp.selection_bias
                indices = torch.cat([chosen[f"blocks.{layer}.mlp.hook_expert_indices"].flatten() for chosen in choices])
                load = indices.bincount(minlength=len(bias)).float()
                bias += self.schedule.bias_rate * (load.mean() - load).sign()

    def save(self, path: Path) -> None:
        """Write the whole state to `path`, atomically: a kill at any moment leaves the old file or the new."""
        tensors = {f"model.{name}": tensor for name, tensor in self.model.state_dict().items()}
        for number, optimiser in enumerate(self.optimisers):
            for index, state in optimiser.state_dict()["state"].items():
                tensors |= {f"optimiser.{number}.{index}.{name}": value for name, value in state.items()}
        state = {"step": self.step, "seconds": self.seconds, "losses": self.losses, "recent": self._recent}
        header = {
            "config": json.dumps(self.config.to_dict()),
            "schedule": json.dumps(asdict(self.schedule)),
            "state": json.dumps(state),
        }
        partial = path.with_name(path.name + ".part")
        save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, partial, header)
        put_in_place(partial, path)

    def restore(self, path: Path) -> None:
        """Go on from what `save` wrote.

        Raises:
            BadInput: if that run had another architecture, or read the text in another order.
        """
        with _opened(path) as file:
            header = file.metadata()
            if ModelConfig.from_dict(json.loads(header["config"])) != self.config:
                raise BadInput(
                    "other_run",
                    f"{path} is of a run with another architecture: remove it to start anew, or choose another folder.",
                    path=str(path),
                )
            before, now = json.loads(header["schedule"]), asdict(self.schedule)
            changed = [name for name in ("batch", "length", "seed") if before[name] != now[name]]
            if changed:
                raise BadInput(
                    "other_run",
                    f"{path} is of a run with {changed[0]} {before[changed[0]]}: "
                    "give the same, or choose another folder.",
                    path=str(path),
                )
            tensors = {name: file.get_tensor(name) for name in list(file.keys())}
        weights = {name.removeprefix("model."): each for name, each in tensors.items() if name.startswith("model.")}
        self.model.load_state_dict(with_todays_names(weights, self.model))
        for number, optimiser in enumerate(self.optimisers):
            prefix = f"optimiser.{number}."
            states: dict[int, dict[str, Tensor]] = {}
            for name, tensor in tensors.items():
                if name.startswith(prefix):
                    index, key = name.removeprefix(prefix).split(".")
                    states.setdefault(int(index), {})[key] = tensor
            optimiser.load_state_dict(optimiser.state_dict() | {"state": states})
        state = json.loads(header["state"])
        self.step, self.seconds = state["step"], state["seconds"]
        self.losses, self._recent = state["losses"], state["recent"]


def _opened(path: Path) -> safe_open:
    try:
        return safe_open(path, framework="pt")
    except SafetensorError as error:
        raise BadInput(
            "other_run", f"{path} is damaged and no run can go on from it: remove it to start anew.", path=str(path)
        ) from error


def _ended_elsewhere(path: Path, schedule: Schedule) -> bool:
    """Whether the run saved at `path` was past the stable part of a schedule of another length."""
    with _opened(path) as file:
        header = file.metadata()
    before = Schedule(**json.loads(header["schedule"]))
    return before.steps != schedule.steps and json.loads(header["state"])["step"] > before.stable_steps


def train(
    run: Run, path: Path, label: str = "", after_step: Callable[[Run, float], bool] = lambda run, loss: True
) -> None:
    """Train to the end of the schedule, saving to `path` every two minutes and on Ctrl-C.

    `after_step` is called with the run and each step's loss, and says whether to go on.

    Goes on from `path` where it exists; where that run's rate had begun to fall towards
    another end than this one's, from the state it had before, which is kept beside it.
    """
    stable = path.with_suffix(".stable.safetensors")
    if path.exists():
        run.restore(stable if stable.exists() and _ended_elsewhere(path, run.schedule) else path)
    saved = time.monotonic()
    per_step = run.schedule.batch * run.schedule.length
    bar = tqdm(
        total=run.schedule.steps * per_step,
        initial=run.step * per_step,
        unit="tok",
        unit_scale=True,
        desc=label,
        mininterval=5,
    )
    try:
        while run.step < run.schedule.steps:
            if run.step == run.schedule.stable_steps:
                run.save(stable)
            loss = run.advance()
            bar.update(per_step)
            bar.set_postfix(loss=f"{loss:.3f}", refresh=False)
            if not after_step(run, loss):
                break
            if time.monotonic() - saved > SAVE_SECONDS:
                run.save(path)
                saved = time.monotonic()
    finally:
        run.save(path)
        bar.close()
