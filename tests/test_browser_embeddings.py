"""The embeddings page in a real browser: what is pointed at, clicked and drawn."""

import re
from urllib.parse import urlencode

import numpy as np
import pytest
from playwright.sync_api import Page, expect

import model
from app.rooms.embeddings import analysis, space_analysis
from model import run_trace

expect.set_options(timeout=20_000)  # on a busy machine the first page alone may take five seconds to arrive

PROMPT = "to be or not to be"
HOSTILE = "<b>$x$</b> :red[x] <script>alert(1)</script>"


def address(**words: str) -> str:
    return "/embeddings?" + urlencode({"model": "tiny", "lang": "en", "prompt": PROMPT} | words)


def heat_map(page: Page):
    return page.locator(".st-key-vectors canvas")


def rows(page: Page):
    return page.locator(".st-key-neighbours .row")


def nearest_ids(page: Page) -> list[int]:
    return rows(page).evaluate_all("rows => rows.map(row => Number(row.dataset.id))")


def nearest(token: int) -> list[int]:
    lm = model.load("tiny")
    similarity = analysis.cosines(analysis.matrix(lm), analysis.measured(lm).lengths, token)
    similarity[token] = -np.inf
    return np.argsort(-similarity)[:10].tolist()


def point_at(page: Page, row: int, column: int, of: tuple[int, int]) -> None:
    """Move the mouse to the middle of a cell of the heat map; the table is scrolled there first, as a reader does."""
    middle = "(map, share) => (map.closest('.frame').scrollTop = share * map.clientHeight)"
    heat_map(page).evaluate(middle, row / of[0] - 0.1)
    box = heat_map(page).bounding_box()
    page.mouse.move(box["x"] + (column + 0.5) * box["width"] / of[1], box["y"] + (row + 0.5) * box["height"] / of[0])


def test_a_cell_tells_the_number_that_the_model_used(visit):
    page = visit(address())
    embedded = run_trace(model.load("tiny"), PROMPT)["hook_embed"]
    for row, column in ((0, 0), (3, 17), (9, 47)):
        point_at(page, row, column, embedded.shape)
        readout = page.locator(".st-key-vectors .readout")
        expect(readout).to_contain_text(f"dimension {column}:")
        shown = float(readout.inner_text().split(": ")[1].replace("−", "-"))
        assert shown == pytest.approx(float(embedded[row, column]), rel=1e-6)


def test_a_cells_colour_is_that_of_its_number(visit):
    """The strongest cell of the first row has the end of the scale, on the side of its sign."""
    page = visit(address(), color_scheme="light")
    embedded = run_trace(model.load("tiny"), PROMPT)["hook_embed"]
    strongest = int(np.abs(embedded[0]).argmax())
    weakest = int(np.abs(embedded[0]).argmin())
    read = "(canvas, column) => [...canvas.getContext('2d').getImageData(column, 0, 1, 1).data.slice(0, 3)]"
    red, _, blue = heat_map(page).evaluate(read, strongest)
    assert (blue > red + 40) if embedded[0, strongest] > 0 else (red > blue + 40)
    assert min(heat_map(page).evaluate(read, weakest)) > 240  # near zero is near white


def test_a_click_on_a_row_chooses_its_token_and_writes_its_numbers(visit):
    page = visit(address())
    trace = run_trace(model.load("tiny"), PROMPT)
    point_at(page, 2, 5, trace["hook_embed"].shape)
    page.mouse.down()
    page.mouse.up()
    expect(page).to_have_url(re.compile("query=2"))
    expect(page.locator(".st-key-vectors .caption")).to_contain_text("Row 32,")
    expect(page.locator(".st-key-chips .chip").nth(2)).to_have_attribute("aria-pressed", "true")
    entries = page.locator(".st-key-vectors .entry span").all_inner_texts()
    written = [float(text.replace("−", "-")) for text in entries]
    np.testing.assert_allclose(written, trace["hook_embed"][2], atol=5.1e-5)


def test_a_token_under_the_mouse_is_marked_in_the_chips_and_in_the_table(visit):
    page = visit(address())
    page.locator(".st-key-chips .chip").nth(4).hover()
    expect(page.locator(".st-key-vectors .cell.token").nth(4)).to_have_class(re.compile("marked"))
    page.locator(".st-key-vectors .cell.token").nth(1).hover()
    expect(page.locator(".st-key-chips .chip").nth(1)).to_have_class(re.compile("marked"))


def test_arrow_keys_walk_over_the_cells(visit):
    page = visit(address())
    heat_map(page).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowUp")
    readout = page.locator(".st-key-vectors .readout")
    expect(readout).to_contain_text("b · dimension 1:")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"query={len(PROMPT) - 2}"))


def test_the_table_of_a_long_prompt_shows_the_chosen_row(visit):
    """It stayed at row 0 while token 296 was chosen, whose numbers stood below."""
    seen = """() => {
      const roots = [...document.querySelectorAll(".st-key-vectors *")].map((part) => part.shadowRoot).filter(Boolean);
      const frame = [document, ...roots].map((root) => root.querySelector(".frame")).find(Boolean);
      const row = frame.querySelector(".chosen").getBoundingClientRect(), box = frame.getBoundingClientRect();
      return row.top >= box.top && row.bottom <= box.bottom + 1;
    }"""
    page = visit(address(prompt="abcdefghij" * 20))
    page.wait_for_function(seen)
    chosen = page.locator(".st-key-vectors .cell.selected").first
    expect(chosen).to_have_text("199")
    page.locator(".st-key-chips .chip").first.click()
    expect(chosen).to_have_text("0")
    page.wait_for_function(seen)


@pytest.mark.parametrize("name", ["storyteller", "tiny"])
def test_the_typical_cosine_and_the_ticks_stand_where_the_scale_has_them(visit, name):
    """A median of −0.10 was drawn at 0, and "50 %" ten px left of its line."""
    lm = model.load(name)
    similarity = analysis.cosines(analysis.matrix(lm), analysis.measured(lm).lengths, lm.tokenizer.encode(" a")[-1])
    similarity = np.delete(similarity, lm.tokenizer.encode(" a")[-1])
    page = visit(address(model=name, prompt=" a", part="nearest"))
    found = page.locator(".st-key-neighbours .root").evaluate("""(root) => {
      const [track, line] = [root.querySelector(".track"), root.querySelector(".typical")].map((part) =>
        part.getBoundingClientRect());
      const ticks = [...root.querySelectorAll(".scale span")].map((tick) => {
        const box = tick.getBoundingClientRect();
        return [Number(tick.textContent.replace("−", "-")), (box.left + box.right) / 2];
      });
      return { left: track.left, width: track.width, line: line.left + line.width / 2, ticks };
    }""")
    low = min(0.0, np.floor(4 * np.nanmedian(similarity)) / 4)
    at = lambda value: found["left"] + found["width"] * (value - low) / (1 - low)  # noqa: E731
    assert found["line"] == pytest.approx(at(np.nanmedian(similarity)), abs=2)
    assert [value for value, _ in found["ticks"]] == [*([low] if low else []), 0, 0.5, 1]
    assert [x for _, x in found["ticks"]] == pytest.approx([at(value) for value, _ in found["ticks"]], abs=2)


def test_another_token_has_other_neighbours(visit):
    page = visit(address(part="nearest"))
    expect(rows(page)).to_have_count(10)
    assert nearest_ids(page) == nearest(ord("e"))
    page.locator(".st-key-chips .chip").first.click()
    expect(rows(page).first).to_have_attribute("data-id", str(nearest(ord("t"))[0]))
    assert nearest_ids(page) == nearest(ord("t"))
    second = nearest(ord("t"))[1]
    rows(page).nth(1).click()
    expect(page).to_have_url(re.compile(f"token={second}(&|$)"))
    expect(rows(page).first).to_have_attribute("data-id", str(nearest(second)[0]))
    # A chip comes first again.
    page.locator(".st-key-chips .chip").nth(1).click()
    expect(rows(page).first).to_have_attribute("data-id", str(nearest(ord("o"))[0]))
    expect(page).not_to_have_url(re.compile("token="))


def test_a_typed_text_finds_a_token(visit):
    page = visit(address(part="nearest"))
    page.locator(".st-key-find_token input").fill("Q")
    page.locator(".st-key-find_token input").press("Enter")
    expect(page.locator(".st-key-found .chip[aria-pressed=true]")).to_have_text("Q")
    expect(rows(page).first).to_have_attribute("data-id", str(nearest(ord("Q"))[0]))
    page.locator(".st-key-found .chip", has_text=re.compile("^q$")).click()
    expect(rows(page).first).to_have_attribute("data-id", str(nearest(ord("q"))[0]))


def place_on_map(page: Page, token: int) -> tuple[float, float]:
    """Where the whole map draws a token, from the principal components themselves."""
    points = analysis.mapped(model.load("tiny")).points
    box = page.locator(".st-key-token_map canvas").bounding_box()
    low, high = points.min(axis=0), points.max(axis=0)
    scale = min((box["width"] - 2 - 52) / (high - low)[0], (box["height"] - 52) / (high - low)[1])
    across, up = ((points[token] - (low + high) / 2) * scale).tolist()
    return box["x"] + box["width"] / 2 + across, box["y"] + box["height"] / 2 - up


def test_a_dot_of_the_map_tells_its_token_and_can_be_chosen(visit):
    page = visit(address(part="nearest"))
    points = analysis.mapped(model.load("tiny")).points
    token = int(np.linalg.norm(points, axis=1).argmax())  # nothing lies near the outermost one
    page.mouse.move(*place_on_map(page, token))
    expect(page.locator(".st-key-token_map .tip")).to_have_text(
        f"{model.load('tiny').tokenizer.shown(token)}  id {token}", use_inner_text=True
    )
    page.mouse.down()
    page.mouse.up()
    expect(page).to_have_url(re.compile(f"token={token}(&|$)"))
    expect(rows(page).first).to_have_attribute("data-id", str(nearest(token)[0]))


def test_the_same_address_shows_the_same_picture_in_another_browser(visit):
    page = visit(address(part="nearest"))
    page.locator(".st-key-chips .chip").nth(3).click()
    expect(page).to_have_url(re.compile("query=3"))
    expect(rows(page).first).to_have_attribute("data-id", str(nearest(ord("b"))[0]))
    again = visit("/embeddings?" + page.url.split("?")[1])
    expect(rows(again).first).to_have_attribute("data-id", str(nearest(ord("b"))[0]))
    expect(again.locator(".st-key-chips .chip").nth(3)).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize("part", ["rows", "position", "nearest"])
def test_hostile_tokens_are_only_text(visit, part):
    page = visit(address(prompt=HOSTILE, part=part))
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    expect(page.locator(".st-key-chips .chip")).to_have_text([c.replace(" ", "·") for c in HOSTILE])
    if part == "rows":
        expect(page.locator(".st-key-vectors .chip")).to_have_text([c.replace(" ", "·") for c in HOSTILE])
    page.locator(".st-key-chips .chip", has_text="$").first.click()
    if part == "nearest":
        expect(page.locator("h4").first).to_contain_text("“$”")
        page.locator(".st-key-find_token input").fill("<b>$x$</b>")
        page.locator(".st-key-find_token input").press("Enter")
        expect(page.locator(".st-key-found .chip").first).to_have_text("<")
    expect(page.locator(".katex, .stMarkdown b")).to_have_count(0)


def test_the_first_screen_has_prompt_controls_and_picture(visit):
    for part, picture in (
        ("rows", ".st-key-vectors .frame"),
        ("position", ".st-key-clocks .clock"),
        ("nearest", ".st-key-token_map canvas"),
    ):
        page = visit(address(part=part))
        for selector in (".st-key-prompt", ".st-key-part", picture):
            box = page.locator(selector).first.bounding_box()
            assert box["y"] >= 0 and box["y"] + box["height"] <= 800, (part, selector, box)


def test_chinese(visit):
    page = visit(address(part="nearest"))
    page.locator(".st-key-lang button", has_text="中文").click()
    expect(page.locator("h4").first).to_contain_text("方向相近")
    page.locator(".st-key-part button").nth(1).click()
    expect(page.locator("h4").first).to_contain_text("旋转")
    page.locator(".st-key-part button").first.click()
    expect(page.locator(".st-key-vectors .axis")).to_contain_text("维度 0")


@pytest.mark.parametrize("kind", ["two", "three"])
@pytest.mark.parametrize("name", ["tiny", "storyteller", "storyteller-classic"])
def test_tokens_move_through_the_vocabularys_space(visit, name, kind):
    """The slider walks from the embedding to the last layer without asking the server."""
    page = visit(address(model=name, part="nearest", vocabulary_map=kind))
    layers = model.load(name).config.n_layers
    told = page.locator(".st-key-space .readout")
    expect(told).to_have_text(f"after layer {layers - 1}")
    picture = "canvas => canvas.toDataURL()"
    last = page.locator(".st-key-space canvas").evaluate(picture)
    page.locator(".st-key-space .slider").focus()
    page.keyboard.press("Home")
    expect(told).to_have_text("input")
    first = page.locator(".st-key-space canvas").evaluate(picture)
    assert first != last
    page.locator(".st-key-space .play").click()
    expect(told).to_have_text(f"after layer {layers - 1}")
    expect(page.locator(".st-key-space .play")).to_have_text("Play")
    page.locator(".st-key-space canvas").focus()
    page.keyboard.press("ArrowRight")
    assert page.locator(".st-key-space canvas").evaluate(picture) not in (first, last), "it turned, or moved"


def test_a_token_in_space_lies_where_its_stream_is_and_is_chosen_by_a_click(visit):
    page = visit(address(part="nearest", vocabulary_map="two", sizes="lengths", prompt="ab"))
    lm = model.load("tiny")
    trace, space = run_trace(lm, "ab"), space_analysis.of_lengths(lm)
    found = space_analysis.paths(trace, space, 0, 2)
    everything = np.concatenate([space.points, found.points.reshape(-1, 3)])[:, :2]
    low, high = everything.min(axis=0), everything.max(axis=0)
    box = page.locator(".st-key-space canvas").bounding_box()
    size = np.array([box["width"], box["height"]])
    scale = ((size - 2 * 30) / (high - low)).min()  # everything fits, 30 px from the edges
    across, down = size / 2 + scale * (found.points[0, -1, :2] - (low + high) / 2) * (1, -1)
    page.mouse.move(box["x"] + across, box["y"] + down)
    tip = page.locator(".st-key-space .tip")
    expect(tip).to_contain_text("a (position 0), after layer 3")
    expect(tip).to_contain_text(f"{100 * found.shown[0, -1]:.0f} % of where it lies")
    expect(page.locator(".st-key-chips .chip").first).to_have_class(re.compile("marked"))
    page.mouse.down()
    page.mouse.up()
    expect(page).to_have_url(re.compile("query=0"))
