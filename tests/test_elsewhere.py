"""The second part of validation: no source of it is one of the training text's, and what is kept was measured on it."""

import importlib.util
import json
import lzma
import re
import tomllib

import pytest

import model
from model.__main__ import main
from model.files.catalog import MODELS, STORYTELLERS, file_of
from model.files.tokenizer import Tokenizer
from model.training import card, corpus, elsewhere
from model.training.folder import TrainingFolder
from tests.random_models import LATENT, random_model

SOURCES = tomllib.loads((elsewhere.TEXTS / "sources.toml").read_text(encoding="utf-8"))["source"]
TRAINED_ON = MODELS.parent / "texts"  # parts of it: the whole is not kept here
SHIPPED = [name for name in STORYTELLERS if file_of(name).exists()]


def plain(words: str) -> str:
    return re.sub(r"\W+", "", words.lower())


def trained_lines() -> set[str]:
    found = set()
    for path in TRAINED_ON.glob("*.txt.xz"):
        with lzma.open(path, "rt", encoding="utf-8") as file:
            found |= {line.strip() for line in file}
    return found


def test_no_author_or_title_is_one_of_the_training_texts():
    """Whole authors: another story by one of them would measure how well the model knows that author."""
    credits = (MODELS / "CREDITS.md").read_text(encoding="utf-8")
    books = {plain(title) for title in re.findall(r"^- (.*) \(Project Gutenberg", credits, re.MULTILINE)}
    stories = re.findall(r"^- (.*) — (.*) \(CC", credits, re.MULTILINE)
    titles = {plain(title) for title, _ in stories}
    authors = {plain(name) for _, names in stories for name in re.split(",| and |&", names)}
    assert len(books) == 60 and len(stories) == 643
    for source in SOURCES:
        if source["kind"] == "en-books":
            assert plain(source["title"]) not in books
        elif source["kind"] == "en-stories":
            assert plain(source["title"]) not in titles
            assert not {plain(name) for name in re.split(",| and |&", source["author"])} & authors, source


def test_no_line_or_poet_is_in_the_parts_of_the_training_text_that_ship():
    lines = trained_lines()
    poets = {source["author"] for source in SOURCES if source["kind"] == "zh-poems"}
    assert len(poets) == 6 and not poets & lines  # a poet's name is a line of each poem
    for own in elsewhere.texts().values():
        long = {line.strip() for text in own for line in text.splitlines() if len(line) >= elsewhere.LONG}
        assert len(long & lines) <= 2, "a phrase of everybody's code may be in both, a passage not"


def test_every_sum_is_beyond_the_numbers_of_the_training_text():
    """There: sums and differences of numbers below 100, products up to 12 x 12, series from 50 or less."""
    for line in "".join(elsewhere.texts()["sums"]).splitlines():
        match = corpus.SUM.fullmatch(line)
        if match is None:
            assert int(line.split(",")[0]) > 50, line
            continue
        first, sign, second, result = int(match[1]), match[2], int(match[3]), int(match[4])
        assert max(first, second) > (12 if sign == "*" else 99), line
        assert result == {"+": first + second, "-": first - second, "*": first * second}[sign]


def test_the_sums_are_made_again_alike():
    """The other kinds are too, where the sources are at hand: see build.py."""
    path = elsewhere.TEXTS / "build.py"
    spec = importlib.util.spec_from_file_location("build", path)
    assert spec is not None and spec.loader is not None
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    assert build.sums() + "\n" == (elsewhere.TEXTS / "sums.txt").read_text(encoding="utf-8")


def test_every_kind_of_the_first_part_is_in_the_second():
    assert set(elsewhere.texts()) == set(model.load("storyteller").record["scores"])
    assert {source["kind"] for source in SOURCES} == set(elsewhere.texts()) - {"sums"}
    assert all(len(own) >= 15 for own in elsewhere.texts().values())


@pytest.mark.parametrize("name", SHIPPED)
def test_what_is_kept_is_of_the_weights_that_ship(name):
    """A table of other weights would be a made-up one.  The score of one document, here and now, lies in its range."""
    lm = model.load(name)
    scores = elsewhere.scores(lm)
    assert set(scores) == set(elsewhere.texts())
    assert all(0.5 < own["bits_per_byte"] < 4 and 0.1 < own["top1"] < 0.9 for own in scores.values())
    assert all(share < 0.01 for share in elsewhere.kept()["shared"].values())


def test_scores_of_other_weights_of_that_name_are_not_taken():
    lm = random_model(LATENT)
    assert elsewhere.scores(lm) == {} and "tiny" not in elsewhere.kept()["models"]


def test_measuring_keeps_what_evaluate_prints(tmp_path, monkeypatch, capsys):
    """One number on the card, on the page and on the command line."""
    (tmp_path / "en-books.txt").write_text("A bee.\n\nA cat sat.\n", encoding="utf-8")
    monkeypatch.setattr(elsewhere, "TEXTS", tmp_path)
    monkeypatch.setattr(elsewhere, "SCORES", tmp_path / "elsewhere.json")
    tiny = model.load("tiny")
    elsewhere.measure(tiny)
    assert main(["evaluate", "tiny", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)["files"]["en-books"]
    assert elsewhere.scores(tiny) == {"en-books": {name: round(printed[name], 4) for name in ("bits_per_byte", "top1")}}
    assert printed["bytes"] == len("A bee.\nA cat sat.\n")


def test_a_line_that_a_training_text_has_too_is_counted(tmp_path, monkeypatch):
    line = "A line that is long enough to tell one text from another."
    for name, text in {"en-books": f"{line}\nshort\n", "python": "# " + 50 * "x" + "\n"}.items():
        (tmp_path / f"{name}.txt").write_text(text, encoding="utf-8")
    monkeypatch.setattr(elsewhere, "TEXTS", tmp_path)
    (tmp_path / "run").mkdir()
    trained = tmp_path / "run" / "story.txt"
    trained.write_text("\n\n".join([f"{number} bees.\n{line}" for number in range(9)]), encoding="utf-8")
    folder = TrainingFolder(tmp_path / "run")
    folder.prepare([trained], None, Tokenizer.of_bytes())
    assert elsewhere.shared(folder) == {"en-books": 1.0, "python": 0.0}


def test_the_card_says_where_a_claim_does_not_hold(monkeypatch):
    """Experts that win at home and lose elsewhere must not be told as a plain victory."""
    models = {name: model.load(name) for name in SHIPPED[:4]}
    other = {"storyteller": 1.0, "storyteller-mha": 1.0, "storyteller-dense": 0.9, "storyteller-classic": 1.2}
    monkeypatch.setattr(elsewhere, "scores", lambda lm: {"en-books": {"bits_per_byte": other[lm.name], "top1": 0.3}})
    latent, experts, parts = card.claims(models)
    assert "does not hold" not in latent + parts
    assert "1.000 against 0.900 bits per byte (+11.1%, more; **it does not hold there**)" in experts
    assert experts.index("other sources") < experts.index("does not hold")
