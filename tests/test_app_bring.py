"""Models that are not here yet, or not in the catalog: the offer to download one, and the page for a path."""

import threading
import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import model
from app.kit import download
from app.kit.download import Download

MAIN = str(Path(__file__).resolve().parent.parent / "app" / "main.py")
SECONDS = 60


@pytest.fixture(autouse=True)
def never_fetched(monkeypatch, tmp_path):
    """A machine without any fetched model."""
    monkeypatch.setenv("GLASSFORMER_CACHE", str(tmp_path / "cache"))


def page(**params: str) -> AppTest:
    app = AppTest.from_file(MAIN, default_timeout=SECONDS)
    for name, value in ({"model": "tiny", "lang": "en"} | params).items():
        app.query_params[name] = value
    return app.run()


def texts(app: AppTest) -> str:
    return "\n".join(element.value for element in [*app.markdown, *app.error]).replace("\\", "")


@pytest.mark.parametrize("name", list(model.FETCHABLE))
def test_choosing_a_model_that_is_not_here_names_its_terms_and_size_before_the_download(name):
    """Guards the button that fetched SmolLM2 whatever was chosen."""
    app, chosen = page(model=name), model.FETCHABLE[name]
    size = f"{chosen.download_bytes / 1e6:.0f} MB"
    said = texts(app)
    assert not app.exception and chosen.title in said and size in said
    assert chosen.licence.removeprefix("the ") in said
    assert size in app.button(key="offer_start").label


def test_the_chosen_model_is_the_one_that_comes_and_it_can_be_stopped(monkeypatch):
    asked, underway = [], threading.Event()

    def endless(name, progress):
        asked.append(name)
        while True:
            progress(60_000_000, 238_000_000)
            underway.set()
            time.sleep(0.01)

    monkeypatch.setattr(model, "fetch", endless)
    current = Download()
    monkeypatch.setattr(download, "download", lambda: current)
    app = page(model="gemma3-270m")
    app.button(key="offer_start").click().run()
    assert underway.wait(5) and asked == ["gemma3-270m"]
    app.run()
    app.button(key="offer_stop").click().run()
    current.wait(5)
    assert not current.running
    app.run()
    assert not app.exception and app.button(key="offer_start")
