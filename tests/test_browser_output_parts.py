"""The parts of the next-token page in a real browser: what is drawn against the model's own numbers."""

import re
from urllib.parse import urlencode

import numpy as np
import pytest
from playwright.sync_api import Page, expect

import model
from app.kit.numbers import percent
from app.rooms.output import analysis
from model import run_trace
from model.beam import beam_search
from tests.conftest import settled

expect.set_options(timeout=20_000)

PROMPT = "Once upon a time there was a"
KINDS = ("tiny", "storyteller", "storyteller-classic")  # grouped queries; latent attention and experts; GPT-2's parts


def address(part: str, name: str = "storyteller", **words: object) -> str:
    return "/output?" + urlencode({"model": name, "lang": "en", "prompt": PROMPT, "output_part": part} | words)


def chips(page: Page):
    return page.locator(".st-key-chips .chip")


@pytest.mark.parametrize("name", KINDS)
def test_the_way_says_what_each_step_cut(visit, name):
    page = visit(address("choice", name, temperature=0.8, top_k=40, top_p=0.9, min_p=0.1))
    cuts = analysis.way(run_trace(model.load(name), PROMPT).logits[-1], 0.8, 40, 0.9, 0.1)
    table = page.locator(".st-key-way")
    expect(table.locator(".line.name .number")).to_have_text(
        ["logit", "÷ T 0.8", "top-k 40", "top-p 0.9", "min-p 0.1", "softmax"]
    )
    expect(table.locator(".line.left .number")).to_have_text(
        [f"{cuts[0].left:,}", *(f"{cut.left:,}" for cut in cuts), ""]
    )
    expect(table.locator(".line.mass .number")).to_have_text(["", *(percent(cut.mass) for cut in cuts), "100 %"])
    best = int(cuts[0].probabilities.argmax())
    row = table.locator(f".row[data-id='{best}']")
    expect(row.locator(".number.last")).to_have_text(percent(cuts[-1].probabilities[best]))
    expect(row).to_have_class(re.compile("greedy"))
    expect(page.locator(".stMain")).to_contain_text("largest difference is")


def test_the_die_on_the_page_is_the_one_that_draw_one_throws(visit):
    page = visit(address("choice", seed=5, top_k=10))
    hit = page.locator(".st-key-way .row.sampled .chip").inner_text()
    place, line = (page.locator(f".st-key-die .{name}").bounding_box() for name in ("piece.hit", "line"))
    drawn = model.distribution(run_trace(model.load("storyteller"), PROMPT).logits[-1], 1.0, 10)
    thrown = analysis.throw(drawn, np.random.default_rng([5, 7]).random())
    assert (place["x"] - line["x"]) / line["width"] == pytest.approx(thrown.low, abs=0.01)
    assert place["width"] / line["width"] == pytest.approx(thrown.high - thrown.low, abs=0.01)
    page.locator(".st-key-sample button").click()
    expect(chips(page)).to_have_count(8)
    expect(chips(page).last).to_have_text(hit)


@pytest.mark.parametrize("name", KINDS)
def test_the_tree_is_the_search_that_the_model_made_and_a_click_goes_there(visit, name):
    page, lm = visit(address("beams", name, beams=2)), model.load(name)
    ids = lm.tokenizer.encode(PROMPT)
    steps = list(beam_search(lm, ids, width=2, steps=7))
    nodes = page.locator(".st-key-tree .node")
    expect(nodes).to_have_count(sum(map(len, steps)))
    expect(page.locator(".st-key-tree .node.kept")).to_have_count(2 * len(steps))
    branches = [branch for step in steps for branch in step]
    expect(nodes.locator(".chip")).to_have_text([lm.tokenizer.shown(branch.id) for branch in branches])
    totals = [float(text.split("Σ ")[1].replace("−", "-")) for text in nodes.locator(".number").all_inner_texts()]
    np.testing.assert_allclose(totals, [branch.total for branch in branches], atol=0.0051)
    assert page.locator(".st-key-tree .node.best").count() == len(steps)
    nodes.nth(4 + 1).click()  # the second of the second step
    expect(chips(page)).to_have_count(len(ids) + 2)
    expect(chips(page).last).to_have_text(lm.tokenizer.shown(steps[1][1].id))


def test_a_wider_search_is_asked_for_by_a_button_and_stands_in_the_address(visit):
    page = visit(address("beams", "tiny"))
    page.locator(".st-key-beams button", has_text="5").click()
    expect(page).to_have_url(re.compile("beams=5"))
    expect(page.locator(".st-key-tree .node.kept")).to_have_count(5 * 7)


@pytest.mark.parametrize("name", KINDS)
def test_every_token_has_its_surprise_and_rank(visit, name):
    page = visit(address("positions", name))
    trace = run_trace(model.load(name), PROMPT)
    probabilities = [model.distribution(row)[token] for row, token in zip(trace.logits, trace.ids[1:], strict=False)]
    cells = page.locator(".st-key-surprise .cell")
    expect(cells).to_have_count(len(trace.ids))
    expect(cells.locator(".bits")).to_have_text(["–", *(f"{-np.log2(p):.1f}" for p in probabilities)])
    cells.nth(2).hover()
    expect(page.locator(".st-key-surprise .readout")).to_contain_text(percent(probabilities[1]))
    expect(chips(page).nth(2)).to_have_class(re.compile("marked"))
    cells.nth(2).click()
    expect(page).to_have_url(re.compile("query=2"))


def point_at(page: Page, row: int, column: int, rows: int, columns: int) -> None:
    """Move the mouse to a cell of the lens, row 0 at the bottom."""
    box = page.locator(".st-key-lens_grid canvas").bounding_box()
    across, down = (column + 0.5) / columns, (rows - row - 0.5) / rows
    page.mouse.move(box["x"] + across * box["width"], box["y"] + down * box["height"])


@pytest.mark.parametrize("name", KINDS)
def test_a_cell_of_the_lens_tells_the_five_best_and_the_answers_rank(visit, name):
    page, lm = visit(address("lens", name, prompt="there was a")), model.load(name)
    trace = run_trace(lm, "there was a")
    layers, T = lm.config.n_layers, len(trace.ids)
    for layer, column in ((0, 0), (layers - 1, 1)):
        point_at(page, layer + 1, column, layers + 1, T)
        shares = model.distribution(trace.lens[layer, column])
        best = np.argsort(-trace.lens[layer, column], kind="stable")[:5]
        told = page.locator(".st-key-lens_grid .tip").inner_text().split("\n")[-5:]
        assert told == [f"{lm.tokenizer.shown(i)}   {percent(shares[i])}" for i in best.tolist()]
        answer = trace.logits[column].argmax()
        rank = (trace.lens[layer, column] > trace.lens[layer, column, answer]).sum() + 1
        expect(page.locator(".st-key-lens_grid .readout")).to_have_text(
            f"layer {layer}, after {trace.tokens[column]} (position {column}): the final answer has rank {rank:,}"
        )
    page.mouse.down()
    page.mouse.up()
    expect(page).to_have_url(re.compile("query=1"))
    expect(page.locator(".st-key-followed .line")).to_have_count(len(analysis.followed(trace, 1).ids))


def test_the_lens_of_a_long_prompt_shows_a_window_that_says_so(visit):
    page = visit(address("lens", "tiny", prompt="x" * 300))
    expect(page.locator(".st-key-lens_grid .heads .chip")).to_have_count(32)
    expect(page.locator(".stMain")).to_contain_text("Positions 268 to 299 of 300")
    expect(page.locator(".st-key-lens_grid .heads .chip.selected")).to_be_in_viewport()


@pytest.mark.parametrize("part", ["choice", "beams", "positions", "lens"])
def test_tokens_are_never_markup_and_no_page_is_wider_than_its_window(visit, part):
    hostile = "<img src=x onerror=alert(1)> $x$"
    page = visit(address(part, "tiny", prompt=hostile), viewport={"width": 390, "height": 844})
    page.on("dialog", lambda dialog: pytest.fail("a token ran as script"))
    expect(page.locator("h4").first).to_be_visible()
    assert page.locator(".stMain img").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_toolbars_stop_leaves_a_whole_page(visit):
    """It left "Writing (13 of 40)" without bars and without Generate."""
    page = visit(address("candidates"))
    page.locator(".st-key-generate button").click()
    page.locator(".written").wait_for()
    page.get_by_test_id("stStatusWidget").get_by_text("Stop").click(force=True)
    expect(page.locator(".written")).to_have_count(0)
    expect(page.locator(".st-key-generate button")).to_be_enabled()
    expect(page.locator(".st-key-stop")).to_have_count(0)
    expect(page.locator(".st-key-candidates .row")).to_have_count(10)
    settled(page)
    written = chips(page).count()
    assert 7 < written <= 47, "what was written until then is kept"
    page.locator(".st-key-undo button").click()
    expect(chips(page)).to_have_count(7)
