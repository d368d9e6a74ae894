"""A model that was trained here opens in every room, though its record has less in it than a storyteller's."""

from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.kit import runtime
from app.kit.own_models import OwnModels, new_name
from app.kit.stations import STATIONS
from model.files import checkpoint
from model.training import classroom, corpus
from model.training.folder import finished
from model.training.loop import Run
from tests.test_app_rooms import script
from tests.test_train_process import TEXT

STEPS = 10


@pytest.fixture(scope="module", params=["small-mla-moe", "small-mha-dense"])
def trained(request, tmp_path_factory) -> Path:
    """A file of a model that learned for a moment."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "own.txt").write_text(TEXT, encoding="utf-8")
    text = corpus.read_files([folder / "own.txt"])
    tokenizer = corpus.train_tokenizer(text, classroom.VOCABULARY)
    tokens = corpus.stream({"own": corpus.encode(text.train["own"], tokenizer, "own")}, seed=0)
    config = replace(classroom.CONFIGS[request.param], vocab_size=tokenizer.vocab_size)
    run = Run(config, replace(classroom.schedule(request.param), tokens=STEPS * 1024), tokens)
    for _ in range(STEPS):
        run.advance()
    path = folder / "model.safetensors"
    checkpoint.save(finished(run, "mine", tokenizer, description=classroom.DESCRIPTIONS[request.param]), path)
    return path


@pytest.mark.parametrize("folder", [station.folder for station in STATIONS])
def test_a_kept_model_opens_in_every_room_and_stands_in_the_list(folder, trained, monkeypatch):
    own, name = OwnModels(most=1), new_name("own")
    own.keep(name, trained)
    monkeypatch.setattr(runtime, "own_models", lambda: own)
    app = AppTest.from_function(script, args=(folder,), default_timeout=120)
    for word, value in {"model": name, "lang": "en", "prompt": "Once upon a time, once upon", "layer": "1"}.items():
        app.query_params[word] = value
    app.run()
    assert not app.exception and not app.error, (app.exception, app.error)
    entry = own.entry(name)
    assert f"{name} · {entry.attention}, {entry.feed_forward}" in app.selectbox(key="model").options
