"""Compare, in a real browser: what is drawn and said of two sides is what two traces hold."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from app.kit.numbers import percent_change
from app.rooms.compare.analysis import align
from model import distribution, load, run_trace
from model.interventions import NoMask
from tests.conftest import settled

A, B = "The cat sat on the mat", "The black dog sat on a mat"
expect.set_options(timeout=20_000)


@pytest.fixture
def room(visit):
    """``room("tiny", picture="stream")`` opens the page."""

    def open_page(name: str = "storyteller", **words: object) -> Page:
        return visit("/compare?" + urlencode({"model": name, "lang": "en", "prompt": A} | words))

    return open_page


def drawn(page: Page) -> dict:
    """What the component has: both tables and the difference, NaN as None."""
    return page.locator(".st-key-sheets .root").evaluate("""root => {
        const {values, data} = root.glassformerSheets;
        const plain = (all) => [...(all ?? [])].map((value) => Number.isNaN(value) ? null : value);
        return {a: plain(values.a), b: plain(values.b), difference: plain(values.difference),
                rows: data.rows, columns: data.columns, most: data.most, apart: data.apart};
    }""")


def table(values: list, shape: tuple[int, ...]) -> np.ndarray:
    return np.array([np.nan if value is None else value for value in values], np.float32).reshape(shape)


def point(page: Page, which: str, row: int, column: int) -> None:
    """Put the mouse on a cell of a panel."""
    x, y = page.locator(".st-key-sheets .root").evaluate(
        """(root, [which, row, column]) => {
            const plan = root.glassformerSheets.plans[which], [x, y] = plan.corner(0);
            return [x + (column + 0.5) * plan.cell.width, y + (row + 0.5) * plan.cell.height];
        }""",
        [which, row, column],
    )
    page.locator(f".st-key-sheets .{which} .over").hover(position={"x": x, "y": y})


@pytest.mark.parametrize("name", ["storyteller", "storyteller-classic", "tiny"])
def test_two_prompts_lie_on_joint_axes_and_the_difference_is_a_minus_b(room, name):
    page = room(name, b_prompt=B, layer=1, head=2, picture="softmax")
    lm = load(name)
    a, b = (run_trace(lm, prompt) for prompt in (A, B))
    axis = align(a.ids, b.ids)
    got = drawn(page)
    assert got["rows"]["at"] == axis.a.tolist() and got["rows"]["there"] == axis.b.tolist()
    n = len(axis)
    patterns = [np.where(trace.mask(1), trace.pattern(1)[2], np.nan) for trace in (a, b)]
    sides = [table(got[side], (n, n)) for side in "ab"]
    for pattern, side, places in zip(patterns, sides, (axis.a, axis.b), strict=True):
        own = places >= 0
        np.testing.assert_allclose(side[np.ix_(own, own)], pattern, atol=1e-6)
        assert np.isnan(side[~own]).all() and np.isnan(side[:, ~own]).all()
    apart = table(got["difference"], (n, n))
    wanted = np.where(np.outer(axis.both, axis.both), sides[0] - sides[1], np.nan)
    np.testing.assert_allclose(apart, wanted, atol=1e-6)
    # The title's numbers, and the range of the scale, are the largest difference.
    most = np.unravel_index(np.nanargmax(np.abs(apart)), apart.shape)
    assert got["apart"] == pytest.approx(abs(apart[most]))
    expect(page.locator("h4")).to_contain_text(f"{sides[0][most]:.2f} and {sides[1][most]:.2f}".replace("-", "−"))
    alone = (axis.b < 0).sum(), (axis.a < 0).sum()
    expect(page.locator(".stMain")).to_contain_text(f"{alone[0]} tokens of A, {alone[1]} of B")


def test_a_cell_says_both_numbers_and_their_difference_and_a_click_pins_it(room):
    page = room(b_prompt="The dog sat on the mat", layer=1, head=2, picture="softmax")
    lm = load("storyteller")
    a, b = (run_trace(lm, prompt).pattern(1)[2] for prompt in (A, "The dog sat on the mat"))
    point(page, "difference", 3, 1)
    said = page.locator(".st-key-sheets .readout")
    expect(said).to_contain_text("·on → ·cat | ·dog")
    numbers = re.search(r"A ([\d.e−]+), B ([\d.e−]+), A − B = \+?([\d.e−]+)", said.inner_text())
    values = [float(text.replace("−", "-")) for text in numbers.groups()]
    assert values == pytest.approx([a[3, 1], b[3, 1], a[3, 1] - b[3, 1]], rel=1e-4, abs=1e-6)
    page.mouse.down()
    page.mouse.up()
    expect(page).to_have_url(re.compile("query=3.*key=1"))
    page.mouse.move(5, 5)
    expect(said).to_contain_text("·on → ·cat | ·dog")


def test_swapping_negates_the_difference_and_the_way_back_is_the_same_button(room):
    page = room(b_prompt=B, layer=1, head=2, picture="stream")
    first = drawn(page)
    page.locator(".st-key-swap button").click()
    expect(page.locator(".st-key-prompt textarea")).to_have_value(B)
    expect(page.locator(".st-key-b_prompt_box textarea")).to_have_value(A)
    settled(page)
    second = drawn(page)
    rows = len(first["rows"]["at"])
    pair = {key: table(first["difference"], (rows, -1))[i] for i, key in enumerate(_places(first))}
    for i, (at, there) in enumerate(_places(second)):
        np.testing.assert_allclose(table(second["difference"], (rows, -1))[i], -pair[there, at], atol=1e-5)
    page.locator(".st-key-swap button").click()
    expect(page.locator(".st-key-prompt textarea")).to_have_value(A)


def _places(got: dict) -> list[tuple[int, int]]:
    return list(zip(got["rows"]["at"], got["rows"]["there"], strict=True))


def test_a_change_is_begun_with_the_mask_and_has_the_words_of_what_if(room):
    page = room("storyteller-classic", layer=0, head=0)
    page.locator(".st-key-versus").get_by_text("A change").click()
    expect(page).to_have_url(re.compile("unmasked=True"))
    expect(page.locator(".stMain")).to_contain_text("without the mask")
    settled(page)
    lm = load("storyteller-classic")
    plain, changed = run_trace(lm, A), run_trace(lm, A, interventions=[NoMask()])
    got = drawn(page)
    n = len(plain.ids)
    np.testing.assert_allclose(table(got["difference"], (n, n)), plain.pattern(0)[0] - changed.pattern(0)[0], atol=1e-6)
    page.locator(".st-key-more_changes button").click()
    expect(page).to_have_url(re.compile("/what-if.*unmasked=True"))


def test_two_models_meet_where_their_tokens_end_and_what_has_no_difference_says_so(room):
    page = room("storyteller", versus="model", b_model="tiny", picture="softmax", layer=1, head=2, b_layer=2, b_head=1)
    lm, small = load("storyteller"), load("tiny")
    a, b = run_trace(lm, A), run_trace(small, A)
    got = drawn(page)
    ends = np.cumsum([len(lm.tokenizer.token_bytes(token)) for token in a.ids]) - 1  # tiny's tokens are bytes
    assert [there for at, there in _places(got) if at >= 0] == ends.tolist()
    n = len(got["rows"]["at"])
    pairs = [i for i, (at, _) in enumerate(_places(got)) if at >= 0]
    apart = table(got["difference"], (n, n))[np.ix_(pairs, pairs)]
    wanted = np.where(a.mask(1), a.pattern(1)[2] - b.pattern(2)[1][np.ix_(ends, ends)], np.nan)
    np.testing.assert_allclose(apart, wanted, atol=1e-6)
    other = room("storyteller", versus="model", b_model="tiny", picture="embeddings")
    expect(other.locator(".stMain")).to_contain_text(f"A has {len(a.ids)} × 256 numbers, B has {len(b.ids)} × 48")
    assert drawn(other)["difference"] == []
    missing = room("storyteller", versus="model", b_model="tiny", picture="experts", layer=2)
    expect(missing.locator("[data-testid='stAlert']")).to_contain_text("B: tiny has no experts in layer 2")


def test_next_tokens_stand_beside_each_other(room):
    page = room(b_prompt="The dog sat on the bone", picture="next")
    lm = load("storyteller")
    p, q = (distribution(run_trace(lm, prompt).logits[-1]) for prompt in (A, "The dog sat on the bone"))
    best = int(p.argmax())
    printed = percent_change(float(q[best]), float(p[best]))
    expect(page.locator("h4")).to_contain_text(lm.tokenizer.shown(best))
    expect(page.locator(".st-key-predictions .words").first).to_contain_text(
        f"{printed.after} − {printed.before} = {printed.change}"
    )


@pytest.mark.parametrize(("address", "words"), [("attention", "picture=softmax"), ("ffn", "picture=ffn")])
def test_a_room_leads_to_the_comparison_of_its_picture(visit, address, words):
    page = visit(f"/{address}?model=storyteller-dense&lang=en&layer=2&head=1&prompt=hello+there")
    expected = re.compile(rf"/compare\?.*layer=2.*{words}" if words != "picture=softmax" else r"/compare\?.*layer=2")
    page.locator(".st-key-compare_link button").click()
    expect(page).to_have_url(expected)
    page.locator(".st-key-sheets canvas.base").first.wait_for()


def test_thinned_names_say_how_many_they_stand_for(room):
    """Of 297 tokens every 17th was named, and read like running text."""
    page = room("tiny", prompt="abcdefghij" * 20, b_prompt="abcdefghij" * 20)
    said = page.locator(".st-key-sheets .thinned")
    expect(said).to_be_visible()
    every, cells, size = page.locator(".st-key-sheets .root").evaluate("""root => {
        const { glassformerSheets: sheets } = root;
        return [sheets.every, sheets.plans.a.cell.height, parseFloat(sheets.font)];
    }""")
    assert every * cells >= size and said.inner_text() == f"1 of {every} tokens is named"


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_cut_with_a_long_prompt_and_a_single_token(visit, width):
    long = urlencode({"prompt": "to be or not to be " * 40, "b_prompt": "to be or to be not " * 30})
    for words in (long, "prompt=x&b_prompt=y", f"{long}&picture=heads", f"{long}&picture=stream"):
        page = visit(f"/compare?model=storyteller&lang=zh&{words}", viewport={"width": width, "height": 800})
        page.locator(".st-key-sheets canvas.base").first.wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        box = page.locator(".st-key-sheets .board").bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width
