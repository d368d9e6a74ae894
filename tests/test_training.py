"""Training: the same run whether it is killed or not, honest losses, nothing held out seen."""

import contextlib
import json
import math
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch.utils._python_dispatch import TorchDispatchMode

from model import BadInput, LanguageModel, load
from model.__main__ import main
from model.capture import Recorder, recording
from model.config import GQAConfig, ModelConfig, MoEConfig
from model.feed_forward import FeedForward, MixtureOfExperts
from model.files import checkpoint
from model.files.tokenizer import Tokenizer
from model.measure import curves
from model.training import corpus, optimiser
from model.training.folder import TrainingFolder, finished
from model.training.loop import LEAST_PERIOD, SHORTER, Run, train
from model.training.loss import cross_entropy
from model.training.recipes import CONFIGS, Schedule, further, on_card
from model.transformer import Transformer

ROOT = Path(__file__).resolve().parent.parent
SMALL = ModelConfig(
    vocab_size=257,
    d_model=16,
    n_layers=2,
    context=16,
    attention=GQAConfig(n_heads=2, n_kv_heads=1, head_dim=8),
    feed_forward=MoEConfig(
        n_routed_experts=4, num_experts_per_tok=2, moe_intermediate_size=8, n_shared_experts=1, selection_bias=True
    ),
)
SCHEDULE = Schedule(tokens=24 * 64, batch=4, length=16, warm_up=3)


@pytest.fixture
def tokens() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 257, 500).astype(np.uint16)


def test_a_killed_run_goes_on_to_the_same_losses(tmp_path, tokens):
    """Guards against optimiser state, data position or router bias lost in a checkpoint."""
    whole = Run(SMALL, SCHEDULE, tokens)
    expected = [whole.advance() for _ in range(SCHEDULE.steps)]

    path = tmp_path / "run.safetensors"
    first = Run(SMALL, SCHEDULE, tokens)
    losses = [first.advance() for _ in range(20)]  # the rate falls already
    first.save(path)
    losses_lost_in_the_kill = [first.advance() for _ in range(2)]
    second = Run(SMALL, SCHEDULE, tokens)
    second.restore(path)
    losses += [second.advance() for _ in range(SCHEDULE.steps - 20)]

    assert losses == expected
    assert losses_lost_in_the_kill == expected[20:22]
    assert second.losses == whole.losses and len(whole.losses) == SCHEDULE.steps // 10
    assert all(
        torch.equal(a, b)
        for a, b in zip(whole.model.state_dict().values(), second.model.state_dict().values(), strict=True)
    )


def test_a_finished_run_made_longer_goes_on_from_before_its_rate_fell(tmp_path, tokens):
    """The longer run's losses are those of a run that was that long from the start."""
    longer = replace(SCHEDULE, tokens=2 * SCHEDULE.tokens)
    whole = Run(SMALL, longer, tokens)
    train(whole, tmp_path / "whole.run.safetensors")
    train(Run(SMALL, SCHEDULE, tokens), tmp_path / "run.safetensors")
    second = Run(SMALL, longer, tokens)
    train(second, tmp_path / "run.safetensors")
    assert second.losses == whole.losses and len(whole.losses) == longer.steps // 10
    assert all(
        torch.equal(a, b)
        for a, b in zip(whole.model.state_dict().values(), second.model.state_dict().values(), strict=True)
    )


def test_a_half_written_state_is_never_read(tmp_path, tokens):
    """A kill while saving leaves the state of before."""
    path = tmp_path / "run.safetensors"
    run = Run(SMALL, SCHEDULE, tokens)
    run.advance()
    run.save(path)
    (tmp_path / "run.safetensors.part").write_bytes(b"half")
    again = Run(SMALL, SCHEDULE, tokens)
    again.restore(path)
    assert again.step == 1


def test_a_run_of_another_architecture_is_refused(tmp_path, tokens):
    path = tmp_path / "run.safetensors"
    Run(SMALL, SCHEDULE, tokens).save(path)
    with pytest.raises(BadInput, match="another architecture"):
        Run(replace(SMALL, n_layers=3), SCHEDULE, tokens).restore(path)


def test_a_run_that_read_in_another_order_is_refused(tmp_path, tokens):
    """Its step number would point at other text, and its count of tokens would be wrong."""
    path = tmp_path / "run.safetensors"
    Run(SMALL, SCHEDULE, tokens).save(path)
    with pytest.raises(BadInput, match="batch 4"):
        Run(SMALL, replace(SCHEDULE, batch=2), tokens).restore(path)
    Run(SMALL, replace(SCHEDULE, tokens=10 * SCHEDULE.tokens), tokens).restore(path)  # longer is the same run


def test_training_learns_and_every_pass_visits_every_sequence(tmp_path):
    """A periodic text must become predictable; each pass must be a permutation of the sequences."""
    text = np.tile(np.arange(20, dtype=np.uint16), 60)
    schedule = replace(SCHEDULE, tokens=120 * 64, rate=1e-2)
    run = Run(SMALL, schedule, text)
    train(run, tmp_path / "run.safetensors")
    assert run.losses[0] > 4 and run.losses[-1] < 0.3
    sequences = (len(text) - 1) // schedule.length
    starts = [tuple(row[:2].tolist()) for step in range(math.ceil(sequences / 4)) for row in run.batches(step)[0]][
        :sequences
    ]
    every = [tuple(text[schedule.length * i :][:2].tolist()) for i in range(sequences)]
    assert sorted(starts) == sorted(every)


def test_chunked_cross_entropy_is_cross_entropy():
    """Loss and gradients against PyTorch's own, to bfloat16's precision."""
    generator = torch.Generator().manual_seed(0)
    hidden = torch.randn(1200, 24, generator=generator, requires_grad=True)
    weight = torch.randn(101, 24, generator=generator, requires_grad=True)
    targets = torch.randint(0, 101, (1200,), generator=generator)
    loss = cross_entropy(hidden, weight, targets)
    grads = torch.autograd.grad(loss, (hidden, weight))
    reference = torch.nn.functional.cross_entropy(hidden @ weight.T, targets)
    expected = torch.autograd.grad(reference, (hidden, weight))
    assert loss.item() == pytest.approx(reference.item(), rel=2e-3)
    for ours, theirs in zip(grads, expected, strict=True):
        assert torch.linalg.norm(ours - theirs) < 0.02 * torch.linalg.norm(theirs)


def test_all_experts_as_one_network_are_the_chosen_experts():
    """What training computes is what the app shows: output and gradients of both forms."""
    layer = Transformer(CONFIGS["storyteller"]).initialise(torch.Generator().manual_seed(0)).blocks[0].mlp
    x = torch.randn(2, 7, 256, generator=torch.Generator().manual_seed(1), requires_grad=True)
    found = []
    for mode in (True, False):
        out = layer.train(mode)(x)
        found.append(
            (out, *torch.autograd.grad(out.square().sum(), (x, layer.gate_up, layer.down, layer.router.weight)))
        )
    for wide, chosen in zip(*found, strict=True):
        torch.testing.assert_close(wide, chosen, rtol=1e-4, atol=1e-5 * chosen.detach().abs().max().item())


@pytest.mark.parametrize("shape", [(13, 29), (29, 13), (3, 17, 11)])
def test_orthogonalise_makes_singular_values_near_one(shape):
    made = optimiser.orthogonalise(torch.randn(shape, generator=torch.Generator().manual_seed(1)))
    values = torch.linalg.svdvals(made)
    assert values.min() > 0.5 and values.max() < 1.35


def test_muon_trains_matrices_and_adamw_the_rest():
    model = Transformer(CONFIGS["storyteller"])
    muon, adamw = optimiser.make_optimisers(model, "muon", 1e-3, 0.1)
    matrices = {id(weight) for weight in muon.param_groups[0]["params"]}
    names = {name for name, weight in model.named_parameters() if id(weight) in matrices}
    assert all(name.startswith("blocks.") for name in names)
    assert not any("router" in name or "ln" in name or "norm" in name for name in names)
    assert len(matrices) + len(adamw.param_groups[0]["params"]) == len(list(model.parameters()))


def test_balancing_raises_the_bias_of_idle_experts(tokens):
    """bias += u sign(mean load - load): up where too few tokens went, down where too many."""
    run = Run(SMALL, SCHEDULE, tokens)
    choices = Recorder(lambda name: name.endswith("hook_expert_indices"))
    with torch.no_grad(), recording(choices):
        run.model(run.batches(0)[0][:, :-1])
    load = choices.tensors["blocks.0.mlp.hook_expert_indices"].flatten().bincount(minlength=4).float()
    run._balance([choices.tensors])
    expected = SCHEDULE.bias_rate * (load.mean() - load).sign()
    assert torch.equal(run.model.blocks[0].mlp.selection_bias, expected) and expected.abs().sum() > 0


def test_schedule_rises_stays_and_falls_to_zero():
    schedule = Schedule(tokens=4096 * 1000)
    rates = [schedule.rate_at(step) for step in range(schedule.steps)]
    assert rates[0] == pytest.approx(schedule.rate / 100) and rates[99] == rates[749] == schedule.rate
    assert rates[-1] < schedule.rate / 200 and rates[750:] == sorted(rates[750:], reverse=True)


def test_while_the_rate_falls_a_step_reads_lines_and_passages_said_again_too():
    """As many tokens a step as before; what is typed begins as a line does."""
    schedule = Schedule(tokens=20 * 4 * 64, batch=4, length=64)
    text = np.tile(np.arange(100, dtype=np.uint16), 60)
    run = Run(SMALL, schedule, text, starts=np.arange(7, len(text), 100))
    assert (schedule.steps, schedule.stable_steps) == (20, 15)
    assert [[tuple(batch.shape) for batch in run.batches(step)] for step in (0, 14)] == [[(4, 65)], [(4, 65)]]
    whole, lines, again = run.batches(15)
    assert lines.shape == (3 * SHORTER // 2, 64 // SHORTER + 1) and (lines == torch.arange(7, 8 + 64 // SHORTER)).all()
    assert [batch[:, 1:].numel() for batch in (whole, lines, again)] == [2 * 64, 96, 32]
    for row in again:
        period = int((row[1:] == row[0]).nonzero()[0]) + 1
        assert LEAST_PERIOD <= period <= 16 and torch.equal(row, 7 + torch.arange(33) % period)
    assert len({tuple(row.tolist()) for step in range(15, 20) for row in run.batches(step)[2]}) > 3, (
        "one period says: look back so far"
    )
    alone = [
        Run(SMALL, each, text).batches(39) for each in (replace(schedule, lines=0, again=0), replace(schedule, batch=2))
    ]
    assert [[tuple(batch.shape) for batch in batches] for batches in alone] == [[(4, 65)], [(2, 65)]]
    whole, lines = Run(SMALL, replace(schedule, lines=2, again=0), text).batches(15)
    assert [whole[:, 1:].numel(), lines[:, 1:].numel()] == [3 * 64, 64]


def test_every_sequence_is_read_once_in_a_pass_whatever_the_mixture():
    """Guards the count of sequences read where some of a step's places are given to other rows."""
    text = np.arange(64 * 100 + 1, dtype=np.uint16)
    schedule = Schedule(tokens=40 * 4 * 64, batch=4, length=64)
    run = Run(replace(SMALL, vocab_size=len(text)), schedule, text)
    read = [int(row[0]) for step in range(schedule.steps) for row in run.batches(step)[0]]
    assert (
        len(read) == 30 * 4 + 10 * 2 and sorted(read[:100]) == list(range(0, 6400, 64)) and len(set(read[100:])) == 40
    )


def test_a_finished_model_goes_on_from_its_weights_at_half_the_rate(tmp_path, tokens):
    """The rate rises to half and falls all the way; the curve goes on where the first one ended."""
    first = Run(SMALL, SCHEDULE, tokens)
    train(first, tmp_path / "first.run.safetensors")
    start = finished(first, "storyteller", Tokenizer.of_bytes())
    schedule = further(replace(SCHEDULE, tokens=2 * SCHEDULE.tokens, seed=1))
    rates = [schedule.rate_at(step) for step in range(schedule.steps)]
    assert (
        SCHEDULE.rate / 2 >= max(rates) > 0.45 * SCHEDULE.rate
        and rates[3:] == sorted(rates[3:], reverse=True)
        and rates[-1] < 0.02 * SCHEDULE.rate
    )
    second = Run(SMALL, schedule, tokens, weights=start.transformer.state_dict())
    assert all(
        torch.equal(a, b)
        for a, b in zip(first.model.state_dict().values(), second.model.state_dict().values(), strict=True)
    )
    before = first.model.unembedding.clone()
    train(second, tmp_path / "second.run.safetensors")
    assert torch.equal(first.model.unembedding, before), "the model that it began with was changed"
    record = finished(second, "storyteller", Tokenizer.of_bytes(), start.record).record
    assert record["tokens"] == 3 * SCHEDULE.tokens and record["seconds"] >= start.record["seconds"]
    per_loss = 10 * 64
    assert [place for place, _ in curves.points(record)] == [
        per_loss,
        2 * per_loss,
        *(SCHEDULE.tokens + per_loss * number for number in (1, 2, 3, 4)),
    ]
    assert [loss for _, loss in curves.points(record)] == [*start.record["losses"], *record["losses"]]


def test_the_four_storytellers_differ_only_where_they_should():
    """Same trunk; the active feed-forward parameters within a hundredth of each other."""
    story, mha, dense, classic = (
        CONFIGS[name] for name in ("storyteller", "storyteller-mha", "storyteller-dense", "storyteller-classic")
    )
    assert replace(mha, attention=story.attention) == story
    assert replace(dense, feed_forward=story.feed_forward) == story
    experts = story.feed_forward
    active = 3 * experts.moe_intermediate_size * (experts.num_experts_per_tok + experts.n_shared_experts)
    assert active == 3 * dense.feed_forward.hidden == 2 * classic.feed_forward.hidden
    for config in (story, mha, dense, classic):
        assert sum(weight.numel() for weight in Transformer(config).parameters()) * 2 < 20_000_000  # bytes in bfloat16


# Devices


def test_a_step_leaves_no_tensor_behind_on_the_cpu(tokens, monkeypatch):
    """What mixes devices fails on the first machine with a card.  The device "meta" has shapes and no numbers: every
    operation that reads a tensor of the CPU beside one of it raises."""

    class Zeros(TorchDispatchMode):
        """Answers the questions for a number that this device has none for."""

        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            if func is torch.ops.aten._local_scalar_dense.default and args[0].is_meta:
                return 0.0
            if func is torch.ops.aten.bincount.default:
                return torch.empty(args[2], dtype=torch.int64, device=args[0].device)
            return func(*args, **(kwargs or {}))

    monkeypatch.setattr(torch, "autocast", lambda *_, **__: contextlib.nullcontext())  # knows no such device
    narrow = {"vocab_size": 257, "d_model": 32, "n_layers": 2}
    for config in (SMALL, *(replace(CONFIGS[name], **narrow) for name in CONFIGS)):
        with Zeros():
            run = Run(config, SCHEDULE, tokens, device="meta")
            while run.step < SCHEDULE.stable_steps + 1:  # whole sequences, then lines and repetitions too
                run.step = max(run.step, SCHEDULE.stable_steps - 1)
                run.advance()
        assert {weight.device.type for weight in run.model.state_dict().values()} == {"meta"}
        moving = [each for optimiser in run.optimisers for state in optimiser.state.values() for each in state.items()]
        assert {each.device.type for name, each in moving if name != "step"} == {"meta"}


DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]


@pytest.mark.parametrize("device", DEVICES)
def test_every_device_has_the_losses_of_a_plain_loop_in_float32(tokens, device):
    """Against a loop with PyTorch's own cross-entropy over all logits, in float32 throughout, on the CPU."""
    text = np.tile(np.arange(50, dtype=np.uint16), 30)
    schedule = replace(SCHEDULE, lines=0, again=0, optimiser="adamw")
    run = Run(SMALL, schedule, text, device=device)
    plain = Transformer(SMALL).initialise(torch.Generator().manual_seed(0)).train()
    optimisers = optimiser.make_optimisers(plain, "adamw", schedule.rate, schedule.weight_decay)
    for step in range(schedule.steps):
        (batch,) = run.batches(step)
        choices = Recorder(lambda name: name.endswith("hook_expert_indices"))
        with recording(choices):
            logits = plain(batch[:, :-1])
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), batch[:, 1:].flatten())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(plain.parameters(), schedule.clip)
        for each in optimisers:
            each.param_groups[0]["lr"] = schedule.rate_at(step)
            each.step()
            each.zero_grad()
        for layer, block in enumerate(plain.blocks):
            load = choices.tensors[f"blocks.{layer}.mlp.hook_expert_indices"].flatten().bincount(minlength=4).float()
            block.mlp.selection_bias.add_(schedule.bias_rate * (load.mean() - load).sign())
        assert run.advance() == pytest.approx(loss.item(), rel=5e-3), step
    assert loss.item() < 5, "too few steps to tell one loop from another"


@pytest.mark.parametrize("device", DEVICES)
def test_a_run_goes_on_on_another_device(tmp_path, tokens, device):
    """A state is of no device: what one began, another ends."""
    here = Run(SMALL, SCHEDULE, tokens)
    for _ in range(3):
        here.advance()
    here.save(tmp_path / "run.safetensors")
    there = Run(SMALL, SCHEDULE, tokens, device=device)
    there.restore(tmp_path / "run.safetensors")
    assert there.step == 3
    assert [there.advance() for _ in range(3)] == pytest.approx([here.advance() for _ in range(3)], rel=5e-3)


def test_a_cards_steps_are_larger_and_mixed_alike():
    """The same recipe: as many tokens, the same shares of whole sequences, lines and repetitions."""
    here = Schedule(tokens=200_000_000)
    there = on_card(here)
    assert there.steps * there.batch == pytest.approx(here.steps * here.batch, rel=1e-3) and there.batch > here.batch
    for share in ("lines", "again"):
        assert getattr(there, share) / there.batch == getattr(here, share) / here.batch
    assert there.mixed_at(there.steps - 1) / there.batch == here.mixed_at(here.steps - 1) / here.batch
    assert replace(there, batch=here.batch, lines=here.lines, again=here.again) == here


def test_a_card_that_is_not_there_is_refused_before_any_work(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    text = tmp_path / "story.txt"
    text.write_text("There were cats.\n", encoding="utf-8")
    status, err = _train(capsys, "--data", text, "--folder", tmp_path / "run", "--device", "cuda")
    assert status == 2 and "--device cuda" in err and not (tmp_path / "run").exists()


# The fifth storyteller


def test_every_part_of_the_small_v3_is_alive_after_a_few_steps(tokens):
    """Guards against a recipe with a part that does nothing: groups that never limit, experts without gradient."""
    config = replace(CONFIGS["storyteller-v3"], vocab_size=257, n_layers=3)
    run = Run(config, replace(SCHEDULE, tokens=8 * 64), tokens)
    before = {name: weight.clone() for name, weight in run.model.state_dict().items()}
    watched = ("hook_groups_kept", "hook_expert_indices", "hook_expert_weights", "hook_router_choice")
    seen = Recorder(lambda name: name.endswith((*watched, "hook_q_latent")))
    gradients: dict[str, float] = dict.fromkeys(dict(run.model.named_parameters()), 0.0)
    for name, weight in run.model.named_parameters():
        weight.register_hook(
            lambda grad, name=name: gradients.update({name: gradients[name] + grad.abs().sum().item()})
        )
    moved = [torch.zeros(16, dtype=torch.bool) for _ in run.model.blocks[1:]]
    for _ in range(run.schedule.steps):
        run.advance()
        for own, block in zip(moved, run.model.blocks[1:], strict=True):
            own |= block.mlp.selection_bias != 0
    with torch.no_grad(), recording(seen):
        run.model(run.batches(0)[0][:, :-1])

    assert all(total > 0 for total in gradients.values()), [name for name, total in gradients.items() if not total]
    idle = [name for name, weight in run.model.state_dict().items() if torch.equal(weight, before[name])]
    assert not idle, idle
    first, *others = run.model.blocks
    assert isinstance(first.mlp, FeedForward)
    limited = False
    for layer, block in enumerate(others, start=1):
        assert isinstance(block.mlp, MixtureOfExperts) and moved[layer - 1].all(), layer
        kept, indices, weights, choice = (seen.tensors[f"blocks.{layer}.mlp.{name}"] for name in watched)
        assert (kept.sum(-1) == 2).all()
        assert kept.repeat_interleave(4, -1).gather(-1, indices).all(), "an expert of a group that was not kept"
        limited |= bool((indices.sort().values != choice.topk(4).indices.sort().values).any())
        torch.testing.assert_close(weights.sum(-1), torch.full(weights.shape[:-1], 2.5))
    assert limited, "the groups never kept anyone out"
    assert seen.tensors["blocks.0.attn.hook_q_latent"].shape[-1] == 96


def test_the_small_v3_differs_from_the_storyteller_only_where_it_should():
    """Same width, text positions and cache, and within a hundredth of the same work for a token."""
    v3, story = CONFIGS["storyteller-v3"], CONFIGS["storyteller"]
    assert replace(v3, attention=replace(v3.attention, q_lora_rank=None), feed_forward=story.feed_forward) == story
    experts = v3.feed_forward
    active = experts.moe_intermediate_size * (experts.num_experts_per_tok + experts.n_shared_experts)
    assert active == pytest.approx(experts.dense_intermediate_size, rel=0.011)
    assert (experts.n_routed_experts, experts.n_group, experts.topk_group, experts.num_experts_per_tok) == (16, 4, 2, 4)
    assert (experts.scoring_func, experts.selection_bias, experts.group_score) == ("sigmoid", True, "top2_sum")
    parameters = sum(weight.numel() for weight in Transformer(v3).parameters())
    assert parameters * 2 < 19_500_000, "bytes in bfloat16; tokenizer and record take the rest of 20 MB"


# Text


def test_train_and_evaluate_from_the_command_line(tmp_path):
    """The whole way: text to a model file that loads and predicts its own text better than chance."""
    text = tmp_path / "story.txt"
    text.write_text(
        "\n\n".join(f"Once upon a time there were {i} cats. They sat on {i} mats." for i in range(400)),
        encoding="utf-8",
    )

    def run(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "model", *map(str, arguments)], cwd=ROOT, capture_output=True, text=True
        )

    trained = run(
        "train",
        "--data",
        text,
        "--folder",
        tmp_path / "run",
        "--tokens",
        30_000,
        "--vocabulary",
        300,
        "--batch",
        2,
        "--config",
        "storyteller-dense",
    )
    assert trained.returncode == 0, trained.stderr
    path = Path(trained.stdout.strip())
    lm = load(path)
    assert lm.trained and lm.record["tokens"] == Schedule(**lm.record["schedule"]).steps * 1024
    evaluated = run("evaluate", path, "--data", tmp_path / "run" / "validation" / "story.txt", "--json")
    assert evaluated.returncode == 0, evaluated.stderr
    (numbers,) = json.loads(evaluated.stdout)["files"].values()
    assert 0 < numbers["bits_per_byte"] < 1.5 and numbers["top1"] > 0.6
    again = run(
        "train",
        "--data",
        text,
        "--folder",
        tmp_path / "run",
        "--tokens",
        12_000,
        "--batch",
        2,
        "--config",
        "storyteller-dense",
        "--from",
        path,
        "--out",
        tmp_path / "more.safetensors",
    )
    assert again.returncode == 0, again.stderr
    more = load(tmp_path / "more.safetensors")
    assert more.record["before"] == {name: lm.record[name] for name in more.record if name != "before"}
    assert (
        more.record["losses"][0] < 0.5 * lm.record["losses"][0]
        and more.tokenizer.fingerprint == lm.tokenizer.fingerprint
    )
    for start, config, complaint in (
        (path, "storyteller", "architecture"),
        ("storyteller-dense", "storyteller-dense", "another tokenizer"),
        ("tiny", "storyteller", "architecture"),
    ):
        refused = run("train", "--data", text, "--folder", tmp_path / "run", "--config", config, "--from", start)
        assert refused.returncode == 2 and complaint in refused.stderr and len(refused.stderr.splitlines()) == 1, (
            refused.stderr
        )
    other = tmp_path / "other.txt"
    other.write_text("Something else.\n\nAnd more.")
    refused = run("train", "--data", other, "--folder", tmp_path / "run")
    assert refused.returncode == 2 and "other texts" in refused.stderr and len(refused.stderr.splitlines()) == 1


def _train(capsys, *arguments):
    status = main(["train", *map(str, arguments)])
    return status, capsys.readouterr().err


@pytest.mark.parametrize(
    "wrong, complaint",
    [
        (["--out", "missing/new.safetensors"], "there is no folder"),
        (["--out", "."], "is a folder"),
        (["--folder", "story.txt"], "Nothing can be written"),
        (["--tokens", "nan"], "finite"),
        (["--tokens", "inf"], "finite"),
        (["--tokens", "0"], "1 or more"),
        (["--rate", "nan"], "finite"),
        (["--rate", "0"], "more than 0"),
        (["--vocabulary", "70000"], "65536 or less"),
        (["--seed", str(2**70)], "or less"),
        (["--data", "story.txt", "stroy.txt"], "stroy.txt cannot be read: it does not exist"),
        (["--data", "story.txt", "other/story.txt"], "rename one"),
        (["--data", "story.txt", "other"], "is a folder"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else "",
)
def test_arguments_are_checked_before_work_begins(tmp_path, monkeypatch, capsys, wrong, complaint):
    """Guards against hours of training whose end cannot be written, and against what is silently ignored."""
    monkeypatch.chdir(tmp_path)
    Path("other").mkdir()
    for path in (Path("story.txt"), Path("other/story.txt")):
        path.write_text("\n\n".join(f"There were {i} cats." for i in range(400)), encoding="utf-8")

    def refuse(*_):
        raise AssertionError("work began")

    monkeypatch.setattr(corpus, "read_files", refuse)
    status, err = _train(capsys, "--data", "story.txt", "--folder", "run", *wrong)
    assert status == 2 and complaint in err and len(err.splitlines()) == 1
    assert not Path("run/text.json").exists()


def test_a_folder_with_a_text_ignores_no_argument(tmp_path, monkeypatch, capsys):
    """Guards against a second run that silently goes on with the first one's vocabulary or files."""
    text = tmp_path / "story.txt"
    text.write_text("\n\n".join(f"There were {i} cats." for i in range(400)), encoding="utf-8")
    folder = TrainingFolder(tmp_path)
    tokenizer, tokens = folder.prepare([text], 5000, None)
    assert 256 < tokenizer.vocab_size < 5000, "a short text has fewer tokens than were asked for"
    for vocabulary in (None, 5000, tokenizer.vocab_size):
        again, same = folder.prepare([text], vocabulary, None)
        assert again.fingerprint == tokenizer.fingerprint and np.array_equal(same, tokens)
    with pytest.raises(BadInput, match="not 400"):
        folder.prepare([text], 400, None)
    with pytest.raises(BadInput, match="leave out --vocabulary"):
        folder.prepare([text], 400, Tokenizer.of_bytes())
    with pytest.raises(BadInput, match="another tokenizer"):
        folder.prepare([text], None, Tokenizer.of_bytes())
    status, err = _train(capsys, "--data", text, tmp_path / "stroy.txt", "--folder", tmp_path)
    assert status == 2 and "stroy.txt" in err
    with pytest.raises(BadInput, match="holds no text.json"):
        TrainingFolder.of_a_run(tmp_path / "nowhere")


# Checkpoints


def test_a_checkpoint_comes_back_whole(tmp_path):
    """bfloat16 weights, exact router bias, tokenizer, record."""
    transformer = Transformer(SMALL).initialise(torch.Generator().manual_seed(3))
    transformer.blocks[1].mlp.selection_bias.copy_(torch.tensor([0.001, -1.003, 0.2, 0.0]))
    saved = LanguageModel("pupil", transformer, Tokenizer.of_bytes(), description="small", record={"tokens": 5})
    path = tmp_path / "pupil.safetensors"
    checkpoint.save(saved, path)
    found = load(path)
    assert (found.name, found.config, found.description, found.record) == ("pupil", SMALL, "small", {"tokens": 5})
    assert found.tokenizer.encode("héllo") == saved.tokenizer.encode("héllo")
    for name, tensor in transformer.state_dict().items():
        expected = tensor if name.endswith("selection_bias") else tensor.bfloat16().float()
        assert torch.equal(found.transformer.state_dict()[name], expected), name
    header = checkpoint.describe(path)
    assert header.parameters == sum(weight.numel() for weight in transformer.parameters())


@pytest.mark.parametrize("content", [b"", b"\x80\x04\x95pickle", b"\xff" * 100, b"\x10\x00\x00\x00\x00\x00\x00\x00{}"])
def test_what_is_no_checkpoint_is_refused_in_one_sentence(tmp_path, content):
    path = tmp_path / "bad.safetensors"
    path.write_bytes(content)
    with pytest.raises(BadInput) as caught:
        load(path)
    assert caught.value.code == "not_a_model_file" and "\n" not in str(caught.value)


def test_the_first_files_names_are_read_as_todays(tmp_path):
    """Files that ship were written when `gate_up` was called up, and the selection bias router.bias."""
    path = tmp_path / "old.safetensors"
    for config in (SMALL, CONFIGS["storyteller-classic"]):
        saved = LanguageModel("old", Transformer(config).initialise(torch.Generator()), Tokenizer.of_bytes())
        checkpoint.save(saved, path)
        with safe_open(path, framework="pt") as file:
            header = file.metadata()
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        old = {
            name.replace("gate_up", "up").replace("selection_bias", "router.bias"): tensor
            for name, tensor in tensors.items()
        }
        assert (old.keys() == tensors.keys()) == (config is not SMALL)
        expected = load(path)
        parameters = checkpoint.describe(path).parameters
        save_file(old, path, header)
        assert load(path).fingerprint == expected.fingerprint
        assert checkpoint.describe(path).parameters == parameters


def _junk_headers(header: dict) -> Iterator[dict]:
    """`header` with one thing in it replaced by what does not belong there."""
    for name in header:
        yield {key: value for key, value in header.items() if key != name}
    for name in ("config", "record", "tokenizer"):
        yield from (
            header | {name: junk} for junk in ("[]", "null", "3", '"x"', "{", "", "[" * 10_000, '{"class": []}')
        )
    config = json.loads(header["config"])
    homes = [(config, key) for key in config] + [
        (config[part], key) for part in ("attention", "feed_forward", "rope") for key in config[part]
    ]
    for home, key in homes:
        kept = home[key]
        for junk in (None, [], {}, "x", 1.5, -1, True, 2**62, 10**30):
            home[key] = junk
            yield header | {"config": json.dumps(config)}
        home[key] = kept


def test_a_header_that_makes_no_sense_is_refused_in_one_sentence(tmp_path):
    """Guards against `[]` and `"attention": null`, which were an AttributeError, and all their kind."""
    path = tmp_path / "bad.safetensors"
    lm = LanguageModel("pupil", Transformer(SMALL).initialise(torch.Generator()), Tokenizer.of_bytes())
    checkpoint.save(lm, path)
    with safe_open(path, framework="pt") as file:
        header = file.metadata()
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    refused = 0
    for junk in _junk_headers(header):
        save_file(tensors, path, junk)
        for use in (checkpoint.describe, load):
            try:
                use(path)  # some of these are models: another theta, untied embeddings
            except BadInput as error:
                assert error.code == "not_a_model_file" and "\n" not in str(error)
                refused += 1
    assert refused > 300
