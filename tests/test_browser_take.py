"""Numbers to take along, in a real browser: what is downloaded against the trace."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlencode

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from model import LanguageModel, load, run_trace
from model.interventions import NoMask
from tests.conftest import settled

PROMPT = "to be or <b>"
expect.set_options(timeout=20_000)


@pytest.fixture(scope="module")
def storyteller() -> LanguageModel:
    return load("storyteller")


@pytest.fixture
def room(visit):
    """``room("/attention", ...)`` opens a page, and the row to take numbers from."""

    def open_page(address: str, **words: object) -> Page:
        page = visit(f"{address}?" + urlencode({"model": "storyteller", "lang": "en", "prompt": PROMPT} | words))
        page.locator(".st-key-take summary").click()
        page.locator(".st-key-take_buttons .link").wait_for()  # the last of the row
        settled(page)
        return page

    return open_page


def choose(page: Page, matrix: str) -> None:
    page.locator(".st-key-take_matrix input").click()
    page.get_by_role("option", name=matrix, exact=True).click()
    settled(page)


def taken(page: Page, kind: str, folder: Path) -> Path:
    """The file that a button brings."""
    button = f".st-key-take_{kind} button" if kind != "png" else ".st-key-take_buttons .png"
    with page.expect_download() as download:
        page.locator(button).click()
    file = folder / download.value.suggested_filename
    download.value.save_as(file)
    return file


def test_any_stage_of_a_head_is_taken_in_each_kind_of_file(room, storyteller, tmp_path):
    page = room("/attention", aspect="stages", layer=2, head=3)
    trace = run_trace(storyteller, PROMPT)
    choose(page, "Softmax")
    expect(page.locator(".st-key-take_buttons .png")).to_be_visible()
    file = taken(page, "npy", tmp_path)
    assert file.name == "storyteller-Layer-2-Head-3-Softmax.npy"
    pattern = np.load(file)
    np.testing.assert_allclose(np.nan_to_num(pattern), trace.pattern(2)[3], atol=1e-6)
    assert np.isnan(pattern).sum() == len(trace.ids) * (len(trace.ids) - 1) / 2
    svg = taken(page, "svg", tmp_path).read_text(encoding="utf-8")
    assert "Softmax · storyteller · Layer 2 · Head 3" in svg and "to be or &lt;b&gt;" in svg
    assert taken(page, "png", tmp_path).read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("address", "words", "name", "hook"),
    [
        ("/moe", {"layer": 3}, "Scores of all experts", "blocks.3.mlp.hook_router_scores"),
        ("/mla", {"layer": 1}, "latent", "blocks.1.attn.hook_kv_latent"),
    ],
)
def test_other_rooms_give_their_numbers_too(room, storyteller, tmp_path, address, words, name, hook):
    page = room(address, **words)
    expect(page.locator(".st-key-take_matrix input")).to_have_value(name)
    file = taken(page, "csv", tmp_path)
    lines = [line.split(",") for line in file.read_text(encoding="utf-8").splitlines()]
    expected = run_trace(storyteller, PROMPT)[hook]
    np.testing.assert_allclose(np.array([line[1:] for line in lines[1:]], dtype=np.float32), expected, atol=1e-5)


def test_a_changed_pattern_and_its_link(room, storyteller, tmp_path):
    page = room("/what-if", unmasked=True, layer=1, head=2)
    choose(page, "Pattern after")
    changed = run_trace(storyteller, PROMPT, interventions=[NoMask()]).pattern(1)[2]
    np.testing.assert_allclose(np.load(taken(page, "npy", tmp_path)), changed, atol=1e-6)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator(".st-key-take_buttons .link").click()
    expect(page.locator(".st-key-take_buttons .readout")).to_have_text("The link is copied.")
    assert page.evaluate("navigator.clipboard.readText()") == page.url and "unmasked=True" in page.url
