"""What the smaller cache costs: the twins' bits, predictions, speed and losses, as the page shows them."""

import json
import sys
from dataclasses import replace

import numpy as np
import pytest

import model
from app.kit.numbers import percent
from app.kit.theme import LIGHT
from app.rooms.mla.cost_figures import ModelCurve, losses, pairs, speed
from model import run_trace
from model.files import checkpoint
from model.measure import curves
from model.measure import speed as benchmark
from model.measure.memory import cache_bytes
from model.training import elsewhere
from model.training.recipes import CONFIGS
from tests.random_models import DENSE, LATENT, LEARNED, random_model
from tests.test_app_mla import page, texts

PROMPT = "to be or not"
SCORES = {"storyteller": {"books": 1.5, "poems": 2.0}, "storyteller-mha": {"books": 1.2, "poems": 2.5}}


def figures(app) -> dict[str, dict]:
    """The page's charts by key: the first of each, as the browser gets it."""
    drawn = {element.key: json.loads(element.proto.json) for element in app.get("bidi_component")}
    return {key: data["charts"][0] for key, data in drawn.items() if "charts" in data}


@pytest.fixture
def twins(tmp_path, monkeypatch):
    """A folder of built-in models that holds small random twins."""
    monkeypatch.setattr(sys.modules["model.files.catalog"], "MODELS", tmp_path)
    monkeypatch.setattr(curves, "MODELS", tmp_path)
    monkeypatch.setattr(benchmark, "STORED", tmp_path / "decode_speed.json")
    (tmp_path / "losses.csv").write_text("model,tokens,nats_per_token\nstoryteller,100,8.5\nstoryteller,200,7.5\n")
    for name, scores in SCORES.items():
        record = {
            "scores": {kind: {"bits_per_byte": bits, "top1": 0.5} for kind, bits in scores.items()},
            "tokens": 4711,
        }
        checkpoint.save(
            replace(random_model(replace(CONFIGS[name], vocab_size=257, n_layers=2)), name=name, record=record),
            tmp_path / f"{name}.safetensors",
        )
    return tmp_path


@pytest.mark.parametrize("loaded", SCORES)
def test_the_page_shows_the_records_bits_and_both_predictions(twins, loaded):
    """Whichever of the two is loaded, the latent one comes first."""
    app = page(model=loaded, latent="cost")
    bits, probabilities, learned = (figures(app)[name] for name in ("bits", "next_token", "losses"))
    for drawn, (name, scores) in zip(bits["marks"], SCORES.items(), strict=True):
        assert drawn["name"] == name and drawn["words"] == [f"{value:.3f}" for value in scores.values()]
    said = texts(app)
    assert (
        "books +25.0 %, poems −20.0 %" in said
        and "4,711 tokens" in said
        and "**80** numbers" in said
        and "**512**" in said
    )
    for drawn, name in zip(probabilities["marks"], SCORES, strict=True):
        expected = model.distribution(run_trace(model.load(name), PROMPT).logits[-1])
        assert drawn["words"][0] in {percent(p) for p in expected.tolist()}
    first, second = (
        model.load(name).tokenizer.shown(int(run_trace(model.load(name), PROMPT).logits[-1].argmax()))
        for name in SCORES
    )
    ticks = probabilities["y"]["labels"]
    assert ticks[0] == first and second in ticks
    assert [mark["text"] for mark in learned["marks"] if mark["kind"] == "words"] == ["storyteller"]


def test_twins_of_unequal_training_are_not_compared_silently(twins):
    lm = model.load("storyteller-mha")
    checkpoint.save(replace(lm, record=lm.record | {"tokens": 1}), twins / "storyteller-mha.safetensors")
    assert "trained on 4,711 tokens" in page(model="storyteller", latent="cost").warning[0].value


def test_measuring_on_this_machine_replaces_what_was_stored(twins, monkeypatch):
    monkeypatch.setattr(benchmark, "LENGTHS", (8, 40))
    app = page(model="storyteller", latent="cost")
    assert "No measurement is stored" in texts(app) and "speed" not in "".join(figures(app))
    stored = benchmark.Measured("an old machine", "1999-12-31", [benchmark.Point(name, 8, 2.5, 80) for name in SCORES])
    (twins / "decode_speed.json").write_text(
        json.dumps({"machine": stored.machine, "date": stored.date, "points": [vars(point) for point in stored.points]})
    )
    assert benchmark.stored() == stored
    assert "Measured on 1999-12-31: an old machine" in texts(page(model="storyteller", latent="cost"))
    app.button(key="measure").click().run()
    assert not app.exception
    measured = app.session_state["_speed"][1]
    assert [(point.model, point.tokens) for point in measured.points] == [
        (name, length) for length in (8, 40) for name in SCORES
    ]
    assert "just now" in texts(app) and measured.machine.split(",")[0] in texts(app).replace("\\", "")


def two(first, second, spread: float | None = None) -> list[benchmark.Point]:
    """Points of models a and b at 1, 2 and 4 tokens, each with an interval of that half width."""
    return [
        benchmark.Point(name, tokens, ms, 0, *(() if spread is None else (ms - spread, ms + spread)))
        for name, row in (("a", first), ("b", second))
        for tokens, ms in zip((1, 2, 4), map(float, row), strict=True)
    ]


@pytest.mark.parametrize(
    ("first", "second", "since"),
    [((3, 3, 3), (1, 2, 4), 4), ((1, 3, 3), (2, 3, 4), 4), ((1, 1, 1), (2, 2, 2), 1), ((1, 1, 5), (2, 2, 5), None)],
)
def test_the_page_says_from_where_on_one_is_quicker_for_good(first, second, since):
    assert benchmark.quicker_from(two(first, second), "a", "b") == since


def test_noise_is_no_finding():
    """A busy machine's 100 ms, 530, then 15 at the last length made "from 8,192 tokens on" the page's finding."""
    apart, close = (15, 15, 15), (16, 16, 16)
    assert benchmark.quicker_from(two(apart, close, 0.4), "a", "b") == 1
    assert benchmark.quicker_from(two(apart, close, 0.6), "a", "b") is None
    assert benchmark.undecided(two(apart, close, 0.6), "a", "b") == [1, 2, 4]
    assert benchmark.undecided(two((1, 20, 15), (16, 16, 16), 0.6), "a", "b") == [4]
    assert benchmark.median_interval([5.0] * 10) == (5.0, 5.0)
    low, high = benchmark.median_interval([1.0] * 8 + [2.0] * 8 + [500.0] * 8)
    assert low == 1.0 and high == 500.0


def test_a_measurement_ends_in_time(monkeypatch):
    """It took a minute, and the button gave no sign: each piece of work now says how far it is."""
    monkeypatch.setattr(benchmark, "LENGTHS", (5, 300))
    shares = [share for share, _ in benchmark.measure([random_model(LATENT)])]
    assert shares == sorted(shares) and shares[0] < 0.2 and len(shares) > 2 * benchmark.STEPS
    assert list(benchmark.measure([random_model(LATENT)], seconds=0.0)) == []


def test_a_model_without_a_twin_says_where_one_is():
    app = page(latent="cost")
    assert "no twin" in texts(app)
    assert app.button(key="switch_storyteller")


@pytest.mark.parametrize("config", [LATENT, DENSE], ids=["latent", "grouped"])
def test_a_point_holds_the_bytes_of_its_length(config, monkeypatch):
    monkeypatch.setattr(benchmark, "LENGTHS", (5, 300))
    lm = random_model(config)
    *_, (share, points) = benchmark.measure([lm])
    assert share == 1
    for point, length in zip(points, (5, 300), strict=True):
        assert (point.tokens, point.nbytes) == (length, cache_bytes(config, length, dtype="fp32"))
        assert 0 < point.low <= point.milliseconds <= point.high


def test_learned_positions_end_with_the_context():
    assert benchmark.lengths([random_model(LEARNED)]) == [
        n for n in benchmark.LENGTHS if n <= LEARNED.context - benchmark.STEPS
    ]
    assert benchmark.lengths([random_model(LATENT)]) == list(benchmark.LENGTHS)


def test_figures_refuse_what_does_not_fit_and_draw_names_as_text():
    with pytest.raises(ValueError, match="2 labels"):
        pairs(["a", "b"], {"m": ("MLA", np.zeros(3))}, LIGHT, x="x", shown=str)
    hostile = "<b>$x$</b>"
    made = speed(
        [ModelCurve("MLA", hostile, [(64, 1.0, 0.5, 1.25), (128, 2.0, 2.0, 2.0)])],
        LIGHT,
        x="x",
        y="y",
        hover="{name}: {tokens}, {milliseconds}",
        height=300,
    )
    line, words = made.marks
    assert list(line.high) == [1.25, 2.0] and list(line.low) == [0.5, 2.0]
    assert line.texts[0] == f"{hostile}: 64, 1.00" and (words.text, words.y) == (hostile, 2.0)
    curve = losses({hostile: [(1, 9.0), (2, 5.0)]}, LIGHT, x="x", y="y", height=300)
    assert list(curve.marks[0].y) == [7.0, 7.0] and curve.marks[1].text == hostile


def test_the_page_says_how_the_twins_compare_on_other_sources(twins, monkeypatch):
    """An order that turns round there must not be hidden by the one that does not."""
    assert "the order can be another" in texts(page(model="storyteller", latent="cost")), "never measured"
    bits = {"storyteller": {"en-books": 1.5, "sums": 3.0}, "storyteller-mha": {"en-books": 1.6, "sums": 2.0}}
    found = {name: {kind: {"bits_per_byte": b, "top1": 0.3} for kind, b in own.items()} for name, own in bits.items()}
    monkeypatch.setattr(elsewhere, "scores", lambda lm: found[lm.name])
    said = texts(page(model="storyteller", latent="cost"))
    assert "−6.2 %" in said and "+50.0 %; in the mean +25.0 %" in said and "the order can be" not in said
