"""The models that ship with the project are what their card says: trained alike, and each in its own way."""

import csv
import re

import numpy as np
import pytest

import model
from model.config import MoEConfig
from model.files.catalog import STORYTELLERS, file_of
from model.measure import curves, heads
from model.sampling import distribution
from model.training import card, compare, measure
from model.training.recipes import CONFIGS

SHIPPED = [name for name in STORYTELLERS if file_of(name).exists()]
MEGABYTE = 1_000_000


def continued(name: str, prompt: str, seed: int = 0) -> str:
    return "".join(
        step.text for step in model.generate(model.load(name), prompt, max_new_tokens=40, temperature=0.5, seed=seed)
    )


def test_the_controlled_comparison_ships():
    assert SHIPPED[:4] == list(STORYTELLERS[:4]) == list(CONFIGS)[:4]


@pytest.mark.parametrize("name", SHIPPED)
def test_a_storyteller_has_its_recipe_and_stays_small(name):
    lm = model.load(name)
    assert lm.config == CONFIGS[name] and lm.trained and lm.name == name
    assert file_of(name).stat().st_size <= 20 * MEGABYTE


def test_the_four_read_the_same_text_in_the_same_order_with_the_same_schedule():
    loaded = [model.load(name) for name in SHIPPED[:4]]
    assert len({lm.tokenizer.fingerprint for lm in loaded}) == 1
    assert len({lm.record["tokens"] for lm in loaded}) == 1
    assert len({str([run["schedule"] for run in curves.runs(lm.record)]) for lm in loaded}) == 1


def test_the_card_has_the_records_numbers_and_every_model_beats_its_peers():
    """A card of other weights than those that ship would be a made-up table."""
    text = (card.MODELS / "README.md").read_text(encoding="utf-8")
    table = {
        cells[0]: cells[2:7]
        for cells in ([cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines())
        if len(cells) == 8
    }
    kinds = table.pop("model")
    peers = {name: dict(zip(kinds, map(float, table[name]), strict=True)) for name in ("5-gram, Kneser-Ney", "xz -9")}
    models = [model.load(name) for name in SHIPPED]
    for lm in models:
        assert table[lm.name] == [
            f"{own['bits_per_byte']:.3f} ({100 * own['top1']:.0f} %)"
            for own in (lm.record["scores"][kind] for kind in kinds)
        ]
    assert card.not_shown(models, peers) == []


def test_every_line_of_the_card_comes_from_the_records():
    """Guards against results typed by hand into a card that says it is generated: it is written again, but for
    what needs the training text (peers, passes, the tokenizer's use) or many generations (the samples)."""
    models = [model.load(name) for name in SHIPPED]
    text = (card.MODELS / "README.md").read_text(encoding="utf-8")
    kinds = list(models[0].record["scores"])
    table = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()]
    peers = {
        cells[0]: dict(zip(kinds, map(float, cells[2:7]), strict=True))
        for cells in table
        if cells[0] in ("5-gram, Kneser-Ney", "xz -9")
    }
    passes = next(float(cells[1]) for cells in table if cells[0] == "storyteller")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(card, "SAMPLES", 0)
        patch.setattr(card, "_tokenizer_use", lambda *_: "")
        written = card.write(models, peers, {kind: [] for kind in kinds}, round(models[0].record["tokens"] / passes))

    def lines(page: str) -> list[str]:
        left_out = ("The tokenizer spends", "### ", *(f"{number}. `" for number in range(1, 11)))
        return [line for line in page.splitlines() if line and not line.startswith(left_out)]

    assert lines(written) == lines(text)


def test_the_table_of_choices_is_of_the_choices_that_are_compared():
    """Guards against five rows where six were promised."""
    with (card.MODELS / "choices.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row["optimiser"], float(row["rate"]), int(row["batch"])) for row in rows] == compare.CHOICES
    assert len({row["tokens"] for row in rows}) == 1 and list(rows[0]) == compare.FIELDS


@pytest.mark.parametrize("name", [name for name in SHIPPED if isinstance(CONFIGS[name].feed_forward, MoEConfig)])
def test_no_expert_idles_and_none_works_for_all(name):
    shares = np.array(list(model.load(name).record["load"].values()))
    assert shares.min() >= 0.02 and shares.max() <= 0.4
    np.testing.assert_allclose(shares.sum(-1), 1, atol=1e-3)


@pytest.mark.parametrize("name", SHIPPED)
def test_the_heads_that_the_record_names_do_their_jobs(name):
    lm = model.load(name)
    scores = heads.head_scores(lm, length=30, sequences=2, seed=7)  # other tokens than the record's
    for job, own in lm.record["heads"].items():
        if own["score"] >= heads.LEAST_SCORE:
            assert scores[job][own["layer"], own["head"]] > 0.5 * own["score"], job
    assert lm.record["heads"]["previous"]["score"] >= heads.LEAST_SCORE


@pytest.mark.parametrize("name", SHIPPED)
def test_held_out_sums_are_solved_alone_and_in_a_list(name):
    assert min(model.load(name).record["sums_solved"].values()) >= card.SUMS_GOAL


def test_the_storyteller_adds():
    """What its record says of the held-out sums, here of a few, now."""
    lines = [f"{a} + {b} = {a + b}" for a, b in ((12, 7), (30, 14), (5, 44), (61, 23), (80, 9), (17, 52))]
    assert measure.sums_solved(model.load("storyteller"), lines) >= card.SUMS_GOAL


@pytest.mark.parametrize("name", SHIPPED)
def test_once_upon_a_time_goes_on_with_words(name):
    lm = model.load(name)
    best = distribution(model.run_trace(lm, "Once upon a time there was a").logits[-1]).argsort()[::-1][:5]
    words = [lm.tokenizer.decode([int(token)]) for token in best]
    assert all(re.fullmatch(r" [a-z]+", word) for word in words), words


@pytest.mark.parametrize("name", SHIPPED)
def test_prompts_are_continued_in_kind(name):
    chinese = continued(name, "春望\n杜甫\n")
    assert sum("\u4e00" <= letter <= "\u9fff" for letter in chinese) > 0.5 * len(re.sub(r"\s", "", chinese)), chinese
    a_sum, counted_on = r"\d+ [-+*] \d+ = \d+", r"\d+(, \d+){3,}"  # the two forms that lines of that text have
    drawn = [continued(name, "12 + 7 = 19\n30 + 4 = 34\n", seed=seed) for seed in range(3)]
    assert sum(bool(re.search(f"^({a_sum}|{counted_on})\n", sums, re.MULTILINE)) for sums in drawn) >= 2, drawn
    python = continued(name, "import os\n\ndef read_file(path):")
    assert re.search(r"\n +\S", python), python
