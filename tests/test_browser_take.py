"""Numbers to take along, in a real browser: what is downloaded against the trace."""

from __future__ import annotations

import base64
import csv
import re
from pathlib import Path
from urllib.parse import urlencode
from xml.etree import ElementTree

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from app.kit.theme import LIGHT, colours_at
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
        page.locator(".st-key-take_csv").wait_for()
        settled(page)
        return page

    return open_page


def choose(page: Page, matrix: str) -> None:
    box = page.locator(".st-key-take_matrix input")
    box.click()
    box.press_sequentially(matrix)
    box.press("Enter")
    expect(box).to_have_value(matrix)
    settled(page)


def taken(page: Page, kind: str, folder: Path) -> Path:
    """The file that a button brings."""
    button = f".st-key-take_{kind} button"
    with page.expect_download() as download:
        page.locator(button).last.click()
    file = folder / download.value.suggested_filename
    download.value.save_as(file)
    return file


def test_any_stage_of_a_head_is_taken_in_each_kind_of_file(room, storyteller, tmp_path):
    page = room("/attention", aspect="stages", layer=2, head=3)
    trace = run_trace(storyteller, PROMPT)
    choose(page, "Softmax")
    expect(page.locator(".st-key-take_png .png")).to_be_visible()
    file = taken(page, "npy", tmp_path)
    assert file.name == "storyteller-Layer-2-Head-3-Softmax.npy"
    pattern = np.load(file)
    np.testing.assert_allclose(np.nan_to_num(pattern), trace.pattern(2)[3], atol=5e-6)  # other threads, other sums
    assert np.isnan(pattern).sum() == len(trace.ids) * (len(trace.ids) - 1) / 2
    svg = taken(page, "svg", tmp_path).read_text(encoding="utf-8")
    assert "Softmax · storyteller · Layer 2 · Head 3" in svg and "to be or &lt;b&gt;" in svg
    texts = [node.text for node in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]
    known = pattern[~np.isnan(pattern)]
    assert [text for text in texts if re.fullmatch(r"\d\.\d\d", text)] == [f"{weight:.2f}" for weight in known]
    colours = pixels(page, taken(page, "png", tmp_path))
    for colour in colours_at(LIGHT.probability, [float(known.max()), float(known.min())]):
        assert np.abs(colours - list(bytes.fromhex(colour[1:]))).max(axis=-1).min() <= 3  # a scale has 128 steps


def pixels(page: Page, file: Path) -> np.ndarray:
    """The colours of a PNG file, (n, 3), read by the browser."""
    flat = page.evaluate(
        """async (data) => {
          const picture = new Image();
          picture.src = `data:image/png;base64,${data}`;
          await picture.decode();
          const sheet = Object.assign(document.createElement("canvas"), {width: picture.width, height: picture.height});
          const pen = sheet.getContext("2d");
          pen.drawImage(picture, 0, 0);
          const colours = new Set();
          const { data: bytes } = pen.getImageData(0, 0, sheet.width, sheet.height);
          for (let i = 0; i < bytes.length; i += 4) colours.add((bytes[i] << 16) | (bytes[i + 1] << 8) | bytes[i + 2]);
          return [...colours];
        }""",
        base64.b64encode(file.read_bytes()).decode(),
    )
    return np.array([[code >> 16, code >> 8 & 255, code & 255] for code in flat])


@pytest.mark.parametrize(
    ("address", "words", "name", "hook"),
    [
        ("/moe", {"layer": 3}, "Scores of all experts", "blocks.3.mlp.hook_router_scores"),
        ("/mla", {"layer": 1}, "latent", "blocks.1.attn.hook_kv_latent"),
        ("/embeddings", {}, "Embedding of each token", "hook_embed"),
    ],
)
def test_other_rooms_give_their_numbers_too(room, storyteller, tmp_path, address, words, name, hook):
    page = room(address, **words)
    expect(page.locator(".st-key-take_matrix input")).to_have_value(name)
    file = taken(page, "csv", tmp_path)
    lines = [line.split(",") for line in file.read_text(encoding="utf-8").splitlines()]
    expected = run_trace(storyteller, PROMPT)[hook]
    np.testing.assert_allclose(np.array([line[1:] for line in lines[1:]], dtype=np.float32), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("address", "words", "read"),
    [
        ("/map", {}, lambda trace: (1, [np.linalg.norm(trace[f"blocks.{i}.hook_resid_pre"][-1]) for i in range(6)])),
        ("/tokens", {}, lambda trace: (1, trace.ids)),
        ("/norms", {"norm": "first", "layer": 2}, lambda trace: (2, trace["blocks.2.ln1.hook_normalized"][-1])),
        ("/ffn", {"layer": 2, "model": "storyteller-dense"}, lambda trace: (4, trace["blocks.2.mlp.hook_post"][-1])),
        ("/residual", {"stream": "growth"}, lambda trace: (1, [np.linalg.norm(trace["hook_embed"][-1])])),
        ("/output", {}, lambda trace: (1, trace.logits[-1])),
    ],
)
def test_every_room_gives_numbers_that_are_the_trace_s(room, tmp_path, address, words, read):
    page = room(address, **words)
    lines = list(csv.reader(taken(page, "csv", tmp_path).read_text(encoding="utf-8").splitlines()))
    column, expected = read(run_trace(load(words.get("model", "storyteller")), PROMPT))
    found = [float(line[column]) for line in lines[1:]]
    np.testing.assert_allclose(found[: len(expected)], expected, rtol=1e-4, atol=1e-5)


def test_a_changed_pattern_is_taken_as_it_was_changed(room, storyteller, tmp_path):
    page = room("/what-if", unmasked=True, layer=1, head=2)
    choose(page, "Pattern after")
    changed = run_trace(storyteller, PROMPT, interventions=[NoMask()]).pattern(1)[2]
    np.testing.assert_allclose(np.load(taken(page, "npy", tmp_path)), changed, atol=1e-6)
