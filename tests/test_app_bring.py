"""Models that are not here yet, or not in the catalog: the offer to download one, and the page for a path."""

import json
import threading
import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import model
from app.kit import download, runtime
from app.kit.download import Download
from tests.hf_families import CONFIGS
from tests.test_hf_families import make_folder

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


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A tiny Gemma 3, as published, with an option that changes nothing."""
    made = tmp_path_factory.mktemp("gemma")
    make_folder(CONFIGS["gemma3"] | {"attn_implementation": "eager"}, 0, made)
    return made


def test_a_path_is_looked_at_before_the_button_loads_it(folder):
    app = page()
    app.text_input(key="bring_path").set_value(str(folder)).run()
    said = texts(app)
    assert not app.exception and app.query_params["model"] == "tiny", "looking loads nothing"
    for part in ("gemma3_text: 3 layers", "71 tokens", "257", "MB of memory", "attn_implementation"):
        assert part in said
    app.button(key="bring_load").click().run()
    assert not app.exception and app.query_params["model"] == str(folder)
    app.segmented_control(key="weights").set_value("bf16").run()
    assert not app.exception and app.query_params["weights"] == "bf16"


def test_a_path_that_cannot_be_loaded_says_why(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "bert"}))
    (tmp_path / "model.safetensors").write_bytes(b"")
    app = page()
    app.text_input(key="bring_path").set_value(str(tmp_path)).run()
    assert "Not supported" in texts(app) and "bert" in texts(app) and app.button(key="bring_load").disabled
    app.text_input(key="bring_path").set_value("/no/such/path").run()
    assert "/no/such/path" in texts(app) and not app.exception


@pytest.mark.parametrize(("address", "allowed"), [("127.0.0.1", True), ("localhost", True), ("0.0.0.0", False)])
def test_a_server_for_others_reads_no_paths_unless_allowed(address, allowed, folder, monkeypatch):
    """Anybody on the network could have read which files this machine has."""
    monkeypatch.setattr(runtime.st, "get_option", {"server.address": address}.get)
    assert runtime.paths_allowed() == allowed
    if not allowed:
        for path in (str(folder), "/no/such/path"):
            with pytest.raises(model.BadInput) as caught:
                runtime.language_model(path)
            assert caught.value.code == "paths_off"
        assert runtime.language_model("tiny").name == "tiny"
        monkeypatch.setenv(runtime.ALLOW_PATHS, "1")
        assert runtime.language_model(str(folder)).config.n_layers == 3


def test_where_no_paths_are_read_the_panel_says_so(monkeypatch, folder):
    monkeypatch.setattr(runtime, "paths_allowed", lambda: False)
    app = page(model=str(folder))
    assert not app.exception and "reads no paths" in app.error[0].value and "--allow-paths" in texts(app)
    assert not [box for box in app.text_input if box.key == "bring_path"]
