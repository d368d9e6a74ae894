"""Training: the same run whether it is killed or not, honest losses, nothing held out seen."""

import json
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import torch

from model import BadInput, LanguageModel, load
from model.capture import Recorder, recording
from model.config import GQAConfig, ModelConfig, MoEConfig
from model.tokenizer import Tokenizer
from model.training import corpus, curves, evaluate, heads, ngram, optimiser
from model.training.loop import Run, train
from model.training.loss import cross_entropy
from model.training.recipes import CONFIGS, Schedule
from model.transformer import Transformer

ROOT = Path(__file__).resolve().parent.parent
SMALL = ModelConfig(
    vocab_size=257,
    d_model=16,
    n_layers=2,
    context=16,
    attention=GQAConfig(n_heads=2, n_kv_heads=1, head_dim=8),
    feed_forward=MoEConfig(n_routed_experts=4, num_experts_per_tok=2, moe_intermediate_size=8, n_shared_experts=1, selection_bias=True),
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
    losses = [first.advance() for _ in range(13)]
    first.save(path)
    losses_lost_in_the_kill = [first.advance() for _ in range(2)]
    second = Run(SMALL, SCHEDULE, tokens)
    second.restore(path)
    losses += [second.advance() for _ in range(SCHEDULE.steps - 13)]

    assert losses == expected
    assert losses_lost_in_the_kill == expected[13:15]
    assert second.losses == whole.losses and len(whole.losses) == SCHEDULE.steps // 10
    assert all(torch.equal(a, b) for a, b in zip(whole.model.state_dict().values(), second.model.state_dict().values(), strict=True))


def test_a_finished_run_made_longer_goes_on_from_before_its_rate_fell(tmp_path, tokens):
    """The longer run's losses are those of a run that was that long from the start."""
    longer = replace(SCHEDULE, tokens=2 * SCHEDULE.tokens)
    whole = Run(SMALL, longer, tokens)
    train(whole, tmp_path / "whole.run.safetensors")
    train(Run(SMALL, SCHEDULE, tokens), tmp_path / "run.safetensors")
    second = Run(SMALL, longer, tokens)
    train(second, tmp_path / "run.safetensors")
    assert second.losses == whole.losses and len(whole.losses) == longer.steps // 10
    assert all(torch.equal(a, b) for a, b in zip(whole.model.state_dict().values(), second.model.state_dict().values(), strict=True))


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
    starts = [tuple(row[:2].tolist()) for step in range(math.ceil(sequences / 4)) for row in run.batch(step)][:sequences]
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
        found.append((out, *torch.autograd.grad(out.square().sum(), (x, layer.up, layer.down, layer.router.weight))))
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
        run.model(run.batch(0)[:, :-1])
    load = choices.tensors["blocks.0.mlp.hook_expert_indices"].flatten().bincount(minlength=4).float()
    run._balance(choices.tensors)
    expected = SCHEDULE.bias_rate * (load.mean() - load).sign()
    assert torch.equal(run.model.blocks[0].mlp.router.bias, expected) and expected.abs().sum() > 0


def test_schedule_rises_stays_and_falls_to_zero():
    schedule = Schedule(tokens=4096 * 1000)
    rates = [schedule.rate_at(step) for step in range(schedule.steps)]
    assert rates[0] == pytest.approx(schedule.rate / 100) and rates[99] == rates[749] == schedule.rate
    assert rates[-1] < schedule.rate / 200 and rates[750:] == sorted(rates[750:], reverse=True)


def test_the_four_storytellers_differ_only_where_they_should():
    """Same trunk; the active feed-forward parameters within a hundredth of each other."""
    story, mha, dense, classic = (CONFIGS[name] for name in ("storyteller", "storyteller-mha", "storyteller-dense", "storyteller-classic"))
    assert replace(mha, attention=story.attention) == story
    assert replace(dense, feed_forward=story.feed_forward) == story
    experts = story.feed_forward
    active = 3 * experts.moe_intermediate_size * (experts.num_experts_per_tok + experts.n_shared_experts)
    assert active == 3 * dense.feed_forward.hidden == 2 * classic.feed_forward.hidden
    for config in (story, mha, dense, classic):
        assert sum(weight.numel() for weight in Transformer(config).parameters()) * 2 < 20_000_000  # bytes in bfloat16


# Text


def test_held_out_sums_are_in_no_training_text_in_any_form():
    lines = [f"{a} + {b} = {a + b}" for a in range(100) for b in range(100)] + [f"{a} - {b} = {a - b}" for a in range(100) for b in range(a + 1)]
    training, validation = corpus.split("\n".join(lines))
    seen = [line for text in training for line in text.splitlines()]
    held = [line for text in validation for line in text.splitlines()]
    assert 0.01 < len(held) / len(lines) < 0.03 and sorted(seen + held) == sorted(lines)

    def pair(line):
        a, sign, b = line.split(" = ")[0].split(" ")
        a, b = int(a), int(b)
        return tuple(sorted((a, b) if sign == "+" else (a - b, b)))

    assert not {pair(line) for line in seen} & {pair(line) for line in held}


def test_split_is_by_document_and_independent_of_the_others():
    poems = [f"诗 {i}\n春眠不觉晓，{i}。\n" for i in range(400)]
    training, validation = corpus.split("\n".join(poems))
    assert sorted(training + validation) == sorted(poems) and 2 <= len(validation) <= 20
    again_training, again = corpus.split("\n".join(reversed(poems)))
    assert set(again) == set(validation)


def test_documents_lose_no_text():
    text = "a line\n" * 3000 + "\nanother\n\n中文。\n"
    pieces = corpus.documents(text)
    assert "".join("".join(pieces).split()) == "".join(text.split())
    assert max(map(len, pieces)) <= corpus.PIECE


@pytest.mark.parametrize("content, reason", [(b"", "empty"), (b"\xff\xfe\x00", "UTF-8"), (None, "cannot be read")])
def test_unreadable_text_is_one_sentence(tmp_path, content, reason):
    path = tmp_path / "text.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadInput, match=reason):
        corpus.read_files([path])


def test_tokenizer_splits_digits_and_loses_nothing():
    texts = ["12 + 345 = 357\n", "春眠不觉晓，处处闻啼鸟。\n", "def f(x):\n\treturn x\n"] * 30
    tokenizer = corpus.train_tokenizer(corpus.Corpus({"all": texts}, {}), 400)
    for text in [*texts, "🙂 new"]:
        assert tokenizer.decode(tokenizer.encode(text)) == text
    assert [tokenizer.piece(token) for token in tokenizer.encode("345")] == ["3", "4", "5"]


# Evaluation


def test_score_counts_every_token_once_and_in_bytes(tiny):
    """Bits per byte from the whole text at once, where it fits; windows give about the same where it does not."""
    text = "Once upon a time, 从前有一只猫。"
    score = evaluate.score(tiny, [text])
    ids = tiny.tokenizer.encode(text)
    with torch.inference_mode():
        logits = tiny.transformer(torch.tensor([[256, *ids[:-1]]]))[0]
    nats = torch.nn.functional.cross_entropy(logits, torch.tensor(ids), reduction="sum").item()
    assert score.bits_per_byte == pytest.approx(nats / math.log(2) / len(text.encode()), rel=1e-5)
    assert score.tokens == len(ids) and score.bytes == len(text.encode())
    long = evaluate.score(tiny, [text * 100])
    assert long.tokens == 100 * len(ids) and long.bits_per_byte == pytest.approx(8.0, abs=0.2)  # untrained: 8 bits a byte


def test_kneser_ney_is_a_distribution_and_learns():
    """Probabilities of all next tokens sum to 1 after any context, seen or not; a repeated text becomes predictable."""
    rng = np.random.default_rng(0)
    documents = [rng.integers(0, 7, rng.integers(5, 40)) for _ in range(60)]
    peer = ngram.KneserNey(documents, 7)
    for context in ([], [1], [1, 2], [3, 3, 3, 3], [0, 1, 2, 3, 4, 5]):
        before = peer.surprise(np.array(context, int)) if context else 0.0
        total = sum(math.exp(before - peer.surprise(np.array([*context, token]))) for token in range(7))
        assert total == pytest.approx(1.0, abs=1e-9)
    periodic = ngram.KneserNey([np.tile(np.arange(7), 30)] * 3, 7)
    assert periodic.surprise(np.tile(np.arange(7), 5)) / 35 < 0.2 < peer.surprise(rng.integers(0, 7, 35)) / 35


def test_head_scores_find_a_previous_token_head(monkeypatch, tiny):
    """A pattern planted by hand must be found where it was planted."""
    original = heads.run_trace

    class Planted:
        def __init__(self, trace):
            self._trace = trace

        def pattern(self, layer):
            table = self._trace.pattern(layer).copy()
            if layer == 2:
                table[3] = np.eye(table.shape[1], k=-1)
                table[4] = np.eye(table.shape[1], k=-19)
            return table

    monkeypatch.setattr(heads, "run_trace", lambda *args, **kwargs: Planted(original(*args, **kwargs)))
    best = heads.best_heads(heads.head_scores(tiny, length=20, sequences=2))
    assert best["previous"] == {"layer": 2, "head": 3, "score": 1.0}
    assert best["induction"] == {"layer": 2, "head": 4, "score": 1.0}


def test_train_and_evaluate_from_the_command_line(tmp_path):
    """The whole way: text to a model file that loads and predicts its own text better than chance."""
    text = tmp_path / "story.txt"
    text.write_text("\n\n".join(f"Once upon a time there were {i} cats. They sat on {i} mats." for i in range(400)), encoding="utf-8")

    def run(*arguments):
        return subprocess.run([sys.executable, "-m", "model", *map(str, arguments)], cwd=ROOT, capture_output=True, text=True)

    trained = run("train", "--data", text, "--folder", tmp_path / "run", "--tokens", 30_000, "--vocabulary", 300, "--batch", 2, "--config", "storyteller-dense")
    assert trained.returncode == 0, trained.stderr
    path = Path(trained.stdout.strip())
    lm = load(path)
    assert lm.trained and lm.record["tokens"] == lm.record["schedule"]["tokens"] // 1024 * 1024
    evaluated = run("evaluate", path, "--data", tmp_path / "run" / "validation" / "story.txt", "--json")
    assert evaluated.returncode == 0, evaluated.stderr
    (numbers,) = json.loads(evaluated.stdout)["files"].values()
    assert 0 < numbers["bits_per_byte"] < 1.5 and numbers["top1"] > 0.6
    other = tmp_path / "other.txt"
    other.write_text("Something else.\n\nAnd more.")
    refused = run("train", "--data", other, "--folder", tmp_path / "run")
    assert refused.returncode == 2 and "other texts" in refused.stderr and len(refused.stderr.splitlines()) == 1


# Checkpoints


def test_a_checkpoint_comes_back_whole(tmp_path):
    """bfloat16 weights, exact router bias, tokenizer, record."""
    from model import checkpoint

    transformer = Transformer(SMALL).initialise(torch.Generator().manual_seed(3))
    transformer.blocks[1].mlp.router.bias.copy_(torch.tensor([0.001, -1.003, 0.2, 0.0]))
    saved = LanguageModel("pupil", transformer, Tokenizer.of_bytes(), description="small", record={"tokens": 5})
    path = tmp_path / "pupil.safetensors"
    checkpoint.save(saved, path)
    found = load(path)
    assert (found.name, found.config, found.description, found.record) == ("pupil", SMALL, "small", {"tokens": 5})
    assert found.tokenizer.encode("héllo") == saved.tokenizer.encode("héllo")
    for name, tensor in transformer.state_dict().items():
        expected = tensor if name.endswith("router.bias") else tensor.bfloat16().float()
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


def test_curves_show_every_loss_at_its_place(tiny):
    """Tokens are counted from the schedule: a curve once stood at steps."""
    record = {"losses": [9.0, 4.5], "steps_per_loss": 10, "schedule": {"batch": 4, "length": 16}}
    models = [replace(tiny, name=name, record=record) for name in ("one", "two")]
    assert curves.table(models).splitlines() == ["model,tokens,nats_per_token", "one,640,9.0000", "one,1280,4.5000", "two,640,9.0000", "two,1280,4.5000"]
    picture = ElementTree.fromstring(curves.picture(models))
    lines = [element.get("points") for element in picture.iter("{http://www.w3.org/2000/svg}polyline")]
    (x0, y0), (x1, y1) = ([float(value) for value in point.split(",")] for point in lines[0].split())
    assert len(lines) == 2 and x0 < x1 and y0 < y1  # loss falls: the picture's y grows downwards
