"""The experts' page in a real browser: what is drawn and told against the trace of the same prompt."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from app.kit.numbers import percent_change
from app.rooms.moe import analysis as routing
from model import LanguageModel, distribution, run_trace
from model.interventions import ChooseTop, ForceExpert
from tests.conftest import settled
from tests.expert_models import V2, V3, saved

PROMPT = "a bee <b>"
NAMES = 132  # px: the tokens' column of the map
CONFIGS = {"v3": V3, "v2": V2}


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> dict[str, LanguageModel]:
    """A model of each kind, in a file."""
    return {
        name: saved(config, tmp_path_factory.mktemp(name), counted=name == "v3") for name, config in CONFIGS.items()
    }


@pytest.fixture
def room(visit, models):
    """``room("v3", routing="decision")`` opens the page with that model."""

    def open_page(name: str, *, options: dict | None = None, **params) -> Page:
        words = {"model": models[name].name, "prompt": PROMPT, "lang": "en"} | params
        return visit("/moe?" + urlencode(words), **(options or {}))

    return open_page


def column(page: Page, name: str) -> dict[str, str]:
    """Texts of a column of the decision's table by expert, empty ones left out."""
    cells = page.locator(f'.st-key-decision .cell[data-column="{name}"]')
    cells.first.wait_for()
    return {
        expert: text
        for expert, text in cells.evaluate_all("cells => cells.map(c => [c.dataset.expert, c.textContent])")
        if text
    }


def number(text: str) -> float:
    return float(text.replace("−", "-").split(" ")[0])


@pytest.mark.parametrize("name", CONFIGS)
def test_a_decision_shows_the_numbers_of_the_trace(room, models, name):
    page = room(name, routing="decision", layer=2, query=1)
    trace = run_trace(models[name], PROMPT)
    made = routing.decision(trace, 2, 1)
    scores = column(page, "score")
    assert len(scores) == len(made.scores)
    assert all(number(scores[str(e)]) == pytest.approx(score, abs=6e-5) for e, score in enumerate(made.scores))
    ranks, weights = column(page, "rank"), column(page, "normalised")
    assert [number(ranks[str(e)]) for e in made.chosen] == [1, 2, 3] and len(weights) == 3
    assert [number(weights[str(e)]) for e in made.chosen] == pytest.approx(made.normalised.tolist(), abs=6e-5)
    out = column(page, "out")
    assert [number(out[str(e)]) for e in made.chosen] == pytest.approx(made.out_norms.tolist(), abs=6e-4)
    assert number(out["shared"]) == pytest.approx(made.shared_norm, abs=6e-4)
    pushes = {
        str(push.expert) if push.expert is not None else "shared": push.predicted
        for push in routing.pushes(trace, 2, 1)
    }
    assert {e: number(text) for e, text in column(page, "push").items()} == pytest.approx(pushes, abs=6e-4)
    if name == "v3":
        assert [number(column(page, "bias")[str(e)]) for e in range(7)] == pytest.approx(made.bias.tolist(), abs=6e-5)
        expect(page.locator(".cell.group:not(.head)")).to_have_count(0)
    else:
        assert [number(column(page, "weight")[str(e)]) for e in made.chosen] == pytest.approx(
            made.weights.tolist(), abs=6e-5
        )
        expect(page.locator(".cell.group:not(.head)")).to_have_count(5)
        expect(page.locator(".cell.group.kept")).to_have_count(2)


def cell_of(page: Page, t: int, e: int, experts: int, tokens: int) -> tuple[Locator, dict]:
    canvas = page.locator(".st-key-routes_map .frame canvas")
    canvas.wait_for()
    box = canvas.bounding_box()
    width = (box["width"] - NAMES - 8) / (experts + 1)
    return canvas, {"x": NAMES + (e + 0.5) * width, "y": (t + 0.5) * box["height"] / tokens}


@pytest.mark.parametrize("name", CONFIGS)
def test_pointing_at_a_cell_of_the_map_tells_its_score_and_weight(room, models, name):
    page = room(name, layer=1)
    trace = run_trace(models[name], PROMPT)
    scores, weights = trace["blocks.1.mlp.hook_router_scores"], routing.weights(trace, 1)
    readout = page.locator(".st-key-routes_map .readout")
    chosen = int(trace["blocks.1.mlp.hook_expert_indices"][4, 0])
    other = int(np.flatnonzero(np.isnan(weights[4]))[0])
    canvas, place = cell_of(page, 4, chosen, scores.shape[1], len(PROMPT))
    canvas.hover(position=place)
    expect(readout).to_have_text(f"e → expert {chosen}: score {scores[4, chosen]:.4f}, weight {weights[4, chosen]:.4f}")
    canvas.hover(position=cell_of(page, 4, other, scores.shape[1], len(PROMPT))[1])
    expect(readout).to_have_text(f"e · expert {other}: score {scores[4, other]:.4f}, not chosen")
    canvas.hover(position=cell_of(page, 4, scores.shape[1], scores.shape[1], len(PROMPT))[1])
    expect(readout).to_contain_text("shared")
    canvas.click(position=place)
    expect(page).to_have_url(re.compile("query=4"))


def test_ribbons_are_as_wide_as_their_weights(room, models):
    page = room("v3", routes="flow", layer=1)
    ribbons = page.locator(".st-key-routes_flow .ribbon")
    expect(ribbons).to_have_count(3 * len(PROMPT))
    weights = routing.weights(run_trace(models["v3"], PROMPT), 1)
    drawn = ribbons.evaluate_all("all => all.map(r => [+r.dataset.token, +r.dataset.expert, r.getAttribute('d')])")
    ratios = []
    for token, expert, path in drawn:
        numbers = [float(n) for n in re.findall(r"-?[\d.]+(?:e-?\d+)?", path)]
        ratios.append((numbers[9] - numbers[7]) / weights[token, expert])  # the right edge, from top to bottom
    assert ratios == pytest.approx([ratios[0]] * len(ratios), rel=1e-3)


def test_all_layers_at_once_and_a_click_opens_one(room):
    page = room("v2", routes="layers")
    tiles = page.locator(".st-key-routes_layers .tile")
    expect(tiles).to_have_count(2)  # the first layer is dense
    tiles.nth(1).click()
    page.locator(".st-key-routes_map .frame canvas").wait_for()
    expect(page).to_have_url(re.compile("layer=2"))
    expect(page.locator("h4").first).to_contain_text("Layer 2")


@pytest.mark.parametrize(("change", "made"), [("force", ForceExpert(1, 2)), ("top", ChooseTop(2))])
def test_what_if_shows_the_prediction_before_and_after(room, models, change, made):
    page = room("v3", routing="whatif", change=change, layer=1, expert=2, kept=2)
    lm = models["v3"]
    before, after = (distribution(run_trace(lm, PROMPT, interventions=changes).logits[-1]) for changes in ((), (made,)))
    expect(page.locator(".st-key-before_after .words")).to_have_count(8)
    texts = page.locator(".st-key-before_after .words").all_text_contents()
    best = int(before.argmax())
    printed = [percent_change(before[token], after[token]) for token in (best, int(after.argmax()))]
    expected = [f"{share.before} → {share.after} %\u2002{share.change}" for share in printed]
    assert texts[0] == expected[0] and expected[1] in texts


def test_switching_off_asks_for_one_forward_and_is_in_the_address(room):
    page = room("v3", routing="whatif", layer=1)
    page.locator(".st-key-expert button").nth(3).click()
    expect(page).to_have_url(re.compile("expert=3"))
    expect(page.locator("h4").first).to_contain_text("Expert 3 of layer 1 is switched off")


def test_likings_are_shown_with_the_prompt_beside_them(room, models):
    page = room("v3", routing="likes", layer=1)
    expect(page.locator(".st-key-likes .liking")).to_have_count(7)
    record = models["v3"].record["experts"]["layers"]["1"]
    expect(page.locator(".stMain")).to_contain_text(f"gives {record['information']:.2f} of the 1.00 bits")
    expect(page.locator(".st-key-shares .row")).to_have_text(["letters", "digits", "this prompt"])
    page.locator(".st-key-try_sums button").click()
    expect(page.locator(".st-key-prompt textarea")).to_have_value(re.compile(r"12 \+ 35 = 47"))


def test_a_model_without_statistics_says_so(room):
    page = room("v2", routing="likes")
    expect(page.locator("h4").first).to_contain_text("without statistics")
    expect(page.locator(".st-key-shares .row")).to_have_text(["this prompt"])


def test_a_dense_model_says_so_and_published_ones_are_drawn(visit):
    page = visit("/moe?model=tiny&lang=en")
    expect(page.locator("h4").first).to_have_text("This model has no experts")
    expect(page.locator(".st-key-published .model", has_text="37B of 671B")).to_be_visible()


def test_the_parameters_of_every_layer_are_drawn(room):
    page = room("v3", routing="active")
    expect(page.locator(".st-key-active .row")).to_have_text(["Layer 0", "Layer 1", "Layer 2"])
    # Attention, router, norms, shared experts and seven experts in each layer.
    expect(page.locator(".st-key-active .bar")).to_have_count(3 * 11)


@pytest.mark.parametrize("part", ["who", "decision", "active", "likes", "whatif"])
def test_prompt_controls_and_picture_are_on_the_first_screen(room, part):
    """In Chinese and dark: the other half of the looks, in which the other tests do not run."""
    page = room("v3", routing=part, layer=1, lang="zh", options={"color_scheme": "dark"})
    picture = {
        "who": ".frame",
        "decision": ".decision",
        "active": ".st-key-active",
        "likes": ".st-key-shares",
        "whatif": ".st-key-before_after",
    }[part]
    page.locator(picture).wait_for()
    settled(page)
    for _ in range(100):  # Streamlit's placeholders give way one after the other
        box = page.locator(picture).bounding_box()
        if box["height"] > 60 and box["y"] + box["height"] <= 800:
            break
        page.wait_for_timeout(100)
    assert 200 < box["y"] < box["y"] + box["height"] <= 800 and box["height"] > 60
    assert page.locator(".stMain img").count() == 0 and not page.locator('[data-testid="stException"]').count()
