"""The next-token page in a real browser: what is clicked, and what is drawn."""

import re

import pytest
from playwright.sync_api import Page, expect

PROMPT = "a bee"
expect.set_options(timeout=20_000)  # the first picture in a fresh browser loads 7 MB of scripts


def rows(page: Page):
    return page.locator(".st-key-candidates .row")


def chips(page: Page):
    return page.locator(".st-key-chips .chip")


def box(page: Page):
    return page.locator(".st-key-prompt textarea")


def shows(page: Page, prompt: str) -> None:
    """Wait until box and chips show `prompt`, both read in one moment: read one after the other, a run lay between."""
    page.wait_for_function(
        """([prompt, tokens]) => {
          const find = (root, selector) => [...root.querySelectorAll(selector)];
          const hosts = find(document, ".st-key-chips *").filter((node) => node.shadowRoot);
          const roots = [...find(document, ".st-key-chips"), ...hosts.map((host) => host.shadowRoot)];
          const chips = roots.flatMap((root) => find(root, ".chip")).map((chip) => chip.textContent);
          const box = document.querySelector(".st-key-prompt textarea");
          return box?.value === prompt && chips.join("") === tokens;
        }""",
        arg=[prompt, prompt.replace(" ", "·")],
    )


def submit(page: Page, prompt: str) -> None:
    box(page).fill(prompt)
    box(page).press("Enter")


def test_typing_changes_the_bars_and_a_click_appends(visit):
    page = visit("/output?model=tiny")
    expect(rows(page)).to_have_count(10)
    before = rows(page).all_inner_texts()
    submit(page, PROMPT)
    expect(chips(page)).to_have_text(["a", "·", "b", "e", "e"])
    expect(page).to_have_url(re.compile("prompt=a\\+bee"))
    expect(rows(page)).not_to_have_text(before)  # tokens and probabilities
    expect(chips(page).last).to_have_attribute("aria-pressed", "true")

    third = rows(page).nth(2).locator(".chip").inner_text()
    rows(page).nth(2).click()
    expect(chips(page)).to_have_text(["a", "·", "b", "e", "e", third])
    page.locator(".st-key-undo button").click()
    expect(chips(page)).to_have_count(5)
    page.locator(".st-key-redo button").click()
    expect(chips(page)).to_have_count(6)


def test_bars_are_as_long_as_their_percentages(visit):
    page = visit("/output?model=tiny&temperature=0.2")
    expect(rows(page)).to_have_count(10)
    for index in (0, 4):
        row = rows(page).nth(index)
        numbers = [float(text.removesuffix(" %")) for text in row.locator(".number").all_inner_texts()[1:]]
        track = row.locator(".track").bounding_box()["width"]
        widths = [bar.bounding_box()["width"] for bar in row.locator(".bar").all()]
        assert len(numbers) == len(widths) == 2
        for number, width in zip(numbers, widths, strict=True):
            assert width == pytest.approx(track * number / 100, abs=2)


def test_every_candidate_can_be_reached_and_chosen_with_the_keyboard(visit):
    page = visit(f"/output?model=tiny&prompt={PROMPT}")
    page.locator(".st-key-find input").fill("z")
    page.locator(".st-key-find input").press("Enter")
    expect(rows(page)).to_have_count(2)  # z and Z
    rows(page).first.focus()
    page.keyboard.press("Enter")
    expect(chips(page).last).to_have_text(re.compile("[zZ]"))
    page.locator(".st-key-find input").fill("")
    page.locator(".st-key-find input").press("Enter")
    expect(rows(page)).to_have_count(10)
    page.locator(".st-key-more button").click()
    expect(rows(page)).to_have_count(30)


def test_a_token_chip_shows_what_was_predicted_there(visit):
    page = visit(f"/output?model=tiny&prompt={PROMPT}")
    chips(page).nth(2).click()
    expect(page).to_have_url(re.compile("query=2"))
    expect(page.locator(".row.real .chip")).to_have_text("e")
    expect(page.locator("h4").first).to_contain_text("“b”")


def test_pasting_the_address_elsewhere_shows_the_same_picture(visit):
    page = visit(f"/output?model=tiny&prompt={PROMPT}")
    chips(page).nth(1).click()
    expect(page).to_have_url(re.compile("query=1"))
    page.locator(".st-key-temperature input[type=range]").focus()
    page.keyboard.press("ArrowLeft")
    expect(page).to_have_url(re.compile("temperature=0.95"))
    expect(page.locator(".root.adjusted")).to_be_visible()
    other = visit(page.url[page.url.index("/output") :])
    expect(chips(other).nth(1)).to_have_attribute("aria-pressed", "true")
    expect(rows(other)).to_have_text(rows(page).all_inner_texts(), use_inner_text=True)


def test_the_back_button_goes_back(visit):
    page = visit(f"/output?model=tiny&prompt={PROMPT}")
    expect(chips(page)).to_have_count(5)
    submit(page, "another")
    expect(chips(page)).to_have_count(7)
    page.go_back()
    expect(chips(page)).to_have_count(5)
    expect(box(page)).to_have_value(PROMPT)


def test_the_view_is_kept_across_pages_and_by_the_back_button(visit):
    """The navigation's links carry no parameters, and other pages have other widgets."""
    page = visit(f"/output?model=tiny&prompt={PROMPT}&layer=2&temperature=0.7")
    chips(page).nth(2).click()
    expect(page).to_have_url(re.compile("query=2"))
    page.get_by_role("link", name="Embeddings", exact=True).click()
    expect(page).to_have_url(re.compile(r"/embeddings\?.*prompt=a\+bee.*layer=2.*query=2.*temperature=0.7"))
    expect(chips(page).nth(2)).to_have_attribute("aria-pressed", "true")
    submit(page, "other")
    expect(chips(page)).to_have_count(5)
    expect(page).to_have_url(re.compile("prompt=other"))
    page.get_by_role("link", name="Next token", exact=True).click()
    expect(page).to_have_url(re.compile(r"/output\?.*prompt=other.*temperature=0.7"))
    expect(page.locator(".st-key-temperature input[type=range]")).to_have_value("0.7")
    for room, prompt in (("embeddings", "other"), ("embeddings", PROMPT)):  # one press for each step that was taken
        page.go_back()
        expect(page).to_have_url(re.compile(rf"/{room}\?.*prompt={prompt.replace(' ', '.')}(&|$)"))
        shows(page, prompt)
    expect(chips(page).nth(2)).to_have_attribute("aria-pressed", "true")


def test_the_source_that_ran_can_be_read(visit):
    page = visit("/output?model=tiny")
    page.get_by_text("Show the source that ran").click()
    expect(page.get_by_test_id("stExpanderDetails").get_by_text("def distribution").first).to_be_visible()
    assert "\n    return narrowing(" in page.locator("[data-testid=stExpanderDetails] code").first.inner_text(), (
        "with its indentation"
    )


def test_a_long_prompt_leaves_the_first_screen_to_the_picture(visit):
    page = visit("/output?model=tiny&prompt=" + "x" * 500)
    expect(chips(page)).to_have_count(500)
    expect(rows(page)).to_have_count(10)
    assert rows(page).last.bounding_box()["y"] < 800


def test_the_browsers_language_is_the_first_one_and_can_be_changed(visit):
    page = visit("/output", locale="zh-CN")
    expect(page.locator("h4").first).to_contain_text("之后是什么")
    page.locator(".st-key-lang button", has_text="English").click()
    expect(page.locator("h4").first).to_contain_text("What comes after")
    expect(page).to_have_url(re.compile("lang=en"))


def test_generating_streams_and_stops(visit):
    page = visit(f"/output?model=tiny&prompt={PROMPT}")
    page.locator(".st-key-generate button").click()
    expect(chips(page)).not_to_have_count(5)
    expect(page.locator(".written")).to_have_count(0)
    page.locator(".st-key-undo button").click()
    expect(chips(page)).to_have_count(5)


@pytest.mark.parametrize("prompt", ["<img src=x onerror=alert(1)>", "$x$ **b** :red[c]", "#000001&lt;"])
def test_tokens_are_never_markup(visit, prompt):
    page = visit("/output?model=tiny")
    page.on("dialog", lambda dialog: pytest.fail("a token ran as script"))
    submit(page, prompt)
    expect(chips(page)).to_have_text([character.replace(" ", "·") for character in prompt])
    expect(page.locator("h4").first).to_have_text(f"What comes after “{prompt[-1]}”?")
    assert page.locator(".stMain img").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_prompt_controls_and_picture_are_on_the_first_screen(visit, scheme):
    page = visit(f"/output?model=tiny&prompt={PROMPT}&temperature=0.7", color_scheme=scheme)
    expect(rows(page)).to_have_count(10)
    for part in (
        box(page),
        chips(page).last,
        rows(page).last,
        page.locator(".st-key-top_p"),
        page.locator(".st-key-generate button"),
    ):
        place = part.bounding_box()
        assert place["y"] >= 0 and place["y"] + place["height"] <= 800, place
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280


def test_hovering_a_chip_tells_every_picture_of_the_page(visit):
    page = visit(f"/output?model=tiny&prompt={PROMPT}")
    page.evaluate("document.addEventListener('glassformer-token', event => { window.heard = event.detail.position; })")
    chips(page).nth(3).hover()
    assert page.evaluate("window.heard") == 3
    expect(chips(page).nth(3)).to_have_class(re.compile("marked"))
