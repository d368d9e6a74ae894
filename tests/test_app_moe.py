"""The experts' page, run as Streamlit runs it, without a browser: odd addresses, hostile prompts, dense models."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

import model
from app.kit import runtime
from app.rooms.moe.words import CHANGES, ROUTES, ROUTING
from model.training.recipes import CONFIGS
from tests.expert_models import V2, V3, saved


@pytest.fixture(autouse=True)
def never_fetched(monkeypatch, tmp_path):
    """A machine without SmolLM2."""
    monkeypatch.setenv("GLASSFORMER_CACHE", str(tmp_path))


@pytest.fixture(scope="module")
def paths(tmp_path_factory) -> dict[str, str]:
    """Files of the two kinds of model, and of one whose every expert is chosen."""
    every = replace(V3, feed_forward=replace(V3.feed_forward, num_experts_per_tok=7, n_shared_experts=0))
    return {
        name: saved(config, tmp_path_factory.mktemp(name), counted=name == "v3").name
        for name, config in {"v3": V3, "v2": V2, "every": every}.items()
    }


def room() -> None:
    """The experts' page alone: AppTest cannot open the app's pages by their address."""
    from app.kit import frame, session
    from app.rooms.moe import page

    session.arrive(frame.defaults())
    page.show()


def drawn(**params: str | int) -> AppTest:
    app = AppTest.from_function(room, default_timeout=60)
    for name, value in ({"lang": "en", "prompt": "a bee"} | params).items():
        app.query_params[name] = str(value)
    return app.run()


def words(app: AppTest) -> str:
    return "\n".join(element.value for element in [*app.markdown, *app.error])


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("name", ["v3", "v2", "every"])
@pytest.mark.parametrize("part", ROUTING)
def test_every_part_is_drawn_for_every_kind_of_router(paths, name, part, lang):
    app = drawn(model=paths[name], routing=part, lang=lang)
    assert not app.exception and not app.error


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", ["v3", "v2", "every"])
def test_a_change_that_does_not_fit_the_model_gives_way_to_one_that_does(paths, name, change):
    app = drawn(model=paths[name], routing="whatif", change=change)
    assert not app.exception and not app.error


@pytest.mark.parametrize(
    "odd",
    [
        {"layer": 0},
        {"layer": 999},
        {"layer": "x"},
        {"expert": 999},
        {"kept": 99, "change": "top", "routing": "whatif"},
        {"kept": 0},
        {"query": 99},
        {"routing": "?"},
        {"routes": "?"},
        {"change": "?"},
    ],
)
@pytest.mark.parametrize("part", ["who", "whatif"])
def test_an_address_with_odd_values_shows_a_page(paths, part, odd):
    """The first layer of V2 is dense: an address that names it must not break the layer's control."""
    app = drawn(**{"model": paths["v2"], "routing": part} | odd)
    assert not app.exception and not app.error


@pytest.mark.parametrize("prompt", ["x", "<script>alert(1)</script>", "$x$ **b** :red[c]", "#000001&lt;", "↵ \t"])
@pytest.mark.parametrize("part", ROUTING)
def test_hostile_tokens_and_a_single_one(paths, part, prompt):
    app = drawn(model=paths["v3"], routing=part, prompt=prompt)
    assert not app.exception
    assert not any(
        ":red[" in element.value.replace("\\", "_") or "<script" in element.value for element in app.markdown
    )


def test_all_ways_to_draw_who_goes_where(paths):
    for routes in ROUTES:
        assert not drawn(model=paths["v3"], routes=routes).exception


def test_a_dense_model_offers_one_with_experts(paths, monkeypatch):
    """With a built-in model that has experts, one click switches to it; the path stands for its name here."""
    dense = [entry for entry in runtime.entries() if entry.feed_forward != "MoE"]
    monkeypatch.setattr(runtime, "entries", lambda: dense)
    assert "No built-in model here has experts" in words(drawn(model="tiny"))
    entries = [*dense, replace(dense[-1], name=paths["v3"], available=True, feed_forward="MoE")]
    monkeypatch.setattr(runtime, "entries", lambda: entries)
    app = drawn(model="tiny")
    assert not app.exception and "no experts" in words(app)
    app.button(key=f"switch_{paths['v3']}").click().run()
    assert not app.exception and "no experts" not in words(app)
    assert app.query_params["model"] == paths["v3"]


def test_the_same_view_again_needs_no_forward(paths, monkeypatch):
    app = drawn(model=paths["v3"], routing="whatif", prompt="forwards are counted")
    runs, forward = [], model.run_trace
    monkeypatch.setattr(model, "run_trace", lambda *args, **kwargs: runs.append(1) or forward(*args, **kwargs))
    app.segmented_control(key="expert").set_value(1).run()
    assert len(runs) == 1  # one intervention, one forward
    app.segmented_control(key="expert").set_value(0).run()
    app.segmented_control(key="routing").set_value("decision").run()
    assert len(runs) == 1 and not app.exception


def test_the_small_v3s_groups_and_scaled_weights_are_shown(tmp_path):
    """The recipe itself, untrained: four groups of four, two kept, four chosen of these, weights that sum to 2.5."""
    path = saved(replace(CONFIGS["storyteller-v3"], vocab_size=257, n_layers=3), tmp_path).name
    app = drawn(model=path, routing="decision", layer=2, query=3)
    assert not app.exception and not app.error
    made = next(json.loads(each.proto.json) for each in app.get("bidi_component") if each.key == "decision")
    heads = {column["name"]: column["head"] for column in made["columns"]}
    assert "best 2 of 4" in heads["group"] and "2.5" in heads["weight"]
    routed = [row for row in made["rows"] if row["expert"] is not None]
    groups = [row["group"] for row in routed if "group" in row]
    assert [group["span"] for group in groups] == [4] * 4 and sum(group["kept"] for group in groups) == 2
    trace = model.run_trace(model.load(path), "a bee", capture="light")
    chosen = {row["expert"]: float(row["weight"]["text"]) for row in routed if row["chosen"]}
    assert set(chosen) == set(trace["blocks.2.mlp.hook_expert_indices"][3].tolist())
    assert not any(row["chosen"] and row["dropped"] for row in routed)
    assert sum(chosen.values()) == pytest.approx(2.5, abs=1e-3)
    assert "dense" not in words(drawn(model=path, layer=0)), "the dense first layer gives way to one with experts"
