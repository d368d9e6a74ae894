"""What a model learns from and is judged by: documents held out, honest measures, the card.

The training itself is in test_training.py.
"""

import json
import math
import sys
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
import torch

import model
from model import BadInput
from model.measure import curves, heads
from model.training import card, compare, corpus, evaluate, ngram


def test_held_out_sums_are_in_no_training_text_in_any_form():
    lines = [f"{a} + {b} = {a + b}" for a in range(100) for b in range(100)] + [
        f"{a} - {b} = {a - b}" for a in range(100) for b in range(a + 1)
    ]
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
    _, again = corpus.split("\n".join(reversed(poems)))
    assert set(again) == set(validation)


def test_of_one_document_the_last_tenth_is_held_out():
    """It was trained on and held out at once: a model that learned it by heart looked good."""
    text = "one line, and nothing else, " * 100
    training, validation = corpus.split(text)
    assert len(training) == len(validation) == 1 and training[0] + validation[0] == text + "\n"
    assert len(validation[0]) == pytest.approx(len(text) / 10, abs=2)


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
    assert long.tokens == 100 * len(ids) and long.bits_per_byte == pytest.approx(
        8.0, abs=0.2
    )  # untrained: 8 bits a byte


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


def test_curves_show_every_loss_at_its_place(tiny):
    """Tokens are counted from the schedule: a curve once stood at steps."""
    record = {"losses": [9.0, 4.5], "steps_per_loss": 10, "tokens": 1280, "schedule": {"batch": 4, "length": 16}}
    models = [replace(tiny, name=name, record=record) for name in ("one", "two")]
    assert curves.table(models).splitlines() == [
        "model,tokens,nats_per_token",
        "one,640,9.0000",
        "one,1280,4.5000",
        "two,640,9.0000",
        "two,1280,4.5000",
    ]
    picture = ElementTree.fromstring(curves.picture(models))
    lines = [element.get("points") for element in picture.iter("{http://www.w3.org/2000/svg}polyline")]
    (x0, y0), (x1, y1) = ([float(value) for value in point.split(",")] for point in lines[0].split())
    assert len(lines) == 2 and x0 < x1 and y0 < y1  # loss falls: the picture's y grows downwards


def test_curves_come_back_from_their_table(tiny, tmp_path, monkeypatch):
    record = {"losses": [9.0, 4.5], "steps_per_loss": 10, "tokens": 1280, "schedule": {"batch": 4, "length": 16}}
    (tmp_path / "losses.csv").write_text(
        curves.table([replace(tiny, name=name, record=record) for name in ("one", "two")])
    )
    monkeypatch.setattr(curves, "MODELS", tmp_path)
    assert curves.stored() == {name: [(640, 9.0), (1280, 4.5)] for name in ("one", "two")}


def test_choices_are_trained_judged_and_shown_in_the_card(tiny, tmp_path, monkeypatch):
    """One step of one choice: from the prepared folder to the card's table."""
    ids = np.random.default_rng(0).integers(0, 257, 5_000).astype(np.uint16)
    np.save(tmp_path / "tokens.npy", ids)
    tiny.tokenizer.save(tmp_path / "tokenizer.json")
    (tmp_path / "validation.json").write_text(json.dumps({"words": ["to be or not"], "sums": ["1 + 1 = 2"]}))
    (tmp_path / "text.json").write_text("{}")  # what says that the folder is whole
    monkeypatch.setattr(compare, "CHOICES", [("adamw", 1e-3, 8)])
    monkeypatch.setattr(compare, "MODELS", tmp_path)
    monkeypatch.setattr(card, "MODELS", tmp_path)
    monkeypatch.setattr(sys, "argv", ["compare", "--run", str(tmp_path), "--tokens", "4096"])
    assert "No comparison" in card.choices()[0]
    compare.main()
    row = next(line for line in card.choices() if line.startswith("| AdamW"))
    nats = float(row.split("|")[4])
    assert "| 0.001 |" in row and nats == pytest.approx(math.log(8192), rel=0.1), "one step from a uniform guess"


def test_the_card_says_which_twin_needs_more_bits(tiny):
    def scored(bits: float):
        return replace(tiny, record={"scores": {"words": {"bits_per_byte": bits}}})

    (said,) = card.claims({"storyteller": scored(2.0), "storyteller-dense": scored(2.1)})
    assert "experts against one dense network" in said and "2.000 against 2.100" in said and "(-4.8%, fewer)" in said
    assert card.claims({"storyteller": scored(2.0)}) == []


def test_the_card_names_every_goal_that_a_model_misses(tiny):
    def with_record(**changed):
        heads_found = {
            "previous": {"layer": 0, "head": 1, "score": 0.5},
            "induction": {"layer": 1, "head": 0, "score": 0.4},
        }
        record = {
            "scores": {"sums": {"bits_per_byte": 1.0}},
            "sums_solved": {"alone": 0.9},
            "heads": heads_found,
            "load": {"0": [0.4, 0.35, 0.25]},
        }
        return replace(tiny, record=record | changed)

    peers = {"xz": {"sums": 1.5}}
    assert card.not_shown([with_record()], peers) == []
    assert "beat xz on sums" in card.not_shown([with_record(scores={"sums": {"bits_per_byte": 1.5}})], peers)[0]
    assert (
        "80 % of the held-out additions alone" in card.not_shown([with_record(sums_solved={"alone": 0.79})], peers)[0]
    )
    weak = {"previous": {"layer": 0, "head": 1, "score": 0.5}, "induction": {"layer": 1, "head": 0, "score": 0.1}}
    assert "no head that looks at what followed" in card.not_shown([with_record(heads=weak)], peers)[0]
    assert "1 % and one 60 %" in card.not_shown([with_record(load={"0": [0.6, 0.39, 0.01]})], peers)[0]


def test_lines_begin_after_line_breaks_and_ends_of_documents():
    tokenizer = model.load("storyteller").tokenizer
    ids = np.array([*tokenizer.encode("one line\nanother"), min(tokenizer.end_ids), *tokenizer.encode("new\n")])
    starts = corpus.line_starts(ids, tokenizer)
    assert [tokenizer.decode(ids[start:].tolist()).split("\n")[0][:3] for start in starts] == ["ano", "new"]
