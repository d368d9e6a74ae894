"""The next-token page, run as Streamlit runs it, without a browser."""

import pytest
from streamlit.testing.v1 import AppTest

import model
from app.kit import download
from app.kit.download import Download

SECONDS = 60


@pytest.fixture(autouse=True)
def never_fetched(monkeypatch, tmp_path):
    """A machine without SmolLM2."""
    monkeypatch.setenv("GLASSFORMER_CACHE", str(tmp_path))


def script() -> None:
    from app.kit import frame, session
    from app.rooms.output import page

    session.arrive(frame.defaults())
    page.show()
    session.leave()


def page(**params: str) -> AppTest:
    app = AppTest.from_function(script, default_timeout=SECONDS)
    for name, value in ({"model": "tiny", "lang": "en"} | params).items():
        app.query_params[name] = value
    return app.run()


def texts(app: AppTest) -> str:
    return "\n".join(element.value for element in [*app.markdown, *app.error]).replace("\\", "")


def test_an_untrained_model_says_so_and_offers_a_trained_one():
    app = page()
    assert not app.exception
    assert "untrained" in texts(app) and app.button(key="offer_start")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_download_that_fails_says_why_and_can_be_tried_again(monkeypatch, lang):
    def fails(progress):
        raise model.BadInput("no_network", "The network is away: try again.", detail="x")

    monkeypatch.setattr(model, "fetch_smollm2", fails)
    current = Download()
    monkeypatch.setattr(download, "download", lambda: current)
    app = page(lang=lang)
    app.button(key="offer_start").click().run()
    current.wait(5)
    app.run()
    assert not app.exception and "The network is away" in texts(app)
    assert app.button(key="offer_start").label == ("Try again" if lang == "en" else "重试")
    assert app.slider(key="temperature"), "the page works meanwhile"


def test_a_new_prompt_changes_the_address_and_can_be_taken_back():
    app = page(prompt="first")
    app.text_area(key="prompt").set_value("second").run()
    assert app.query_params["prompt"] == "second"
    app.button(key="undo").click().run()
    assert app.text_area(key="prompt").value == "first" and app.query_params["prompt"] == "first"
    app.button(key="redo").click().run()
    assert app.text_area(key="prompt").value == "second"
    assert not app.exception


def test_sampling_runs_no_forward_and_can_be_repeated(monkeypatch):
    app = page(prompt="sampling is arithmetic on stored logits")
    before = len(app.text_area(key="prompt").value)
    runs = []
    forward = model.run_trace
    monkeypatch.setattr(model, "run_trace", lambda *args, **kwargs: runs.append(1) or forward(*args, **kwargs))
    app.slider(key="temperature").set_value(0.5).run()
    app.select_slider(key="top_k").set_value(5).run()
    app.slider(key="top_p").set_value(0.9).run()
    assert not runs and not app.exception
    assert "can be drawn" in texts(app)
    assert {name: app.query_params[name] for name in ("temperature", "top_k", "top_p")} == {
        "temperature": "0.5",
        "top_k": "5",
        "top_p": "0.9",
    }
    app.button(key="sample").click().run()
    once = app.query_params["prompt"]
    assert len(runs) == 1 and len(once) >= before
    app.button(key="undo").click().run()
    app.button(key="sample").click().run()
    assert app.query_params["prompt"] == once, "the same seed throws the same die"


def test_generating_appends_and_one_undo_takes_it_all_back():
    app = page(prompt="write", seed="3")
    app.button(key="generate").click().run()
    assert not app.exception
    assert "ids" in app.query_params or app.query_params["prompt"] != "write"
    app.button(key="undo").click().run()
    assert app.query_params["prompt"] == "write" and "ids" not in app.query_params


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("prompt", ["", "   ", "x" * 100_000])
def test_a_prompt_that_cannot_be_used_gets_one_message_and_the_picture_stays(prompt, lang):
    app = page(prompt="a good one", lang=lang)
    app.text_area(key="prompt").set_value(prompt).run()
    assert not app.exception and len(app.error) == 1
    assert app.query_params["prompt"] == "a good one", "an address holds only prompts that can be shown"
    assert app.slider(key="temperature"), "the page below goes on working"
    app.text_area(key="prompt").set_value("good again").run()
    assert not app.error and app.query_params["prompt"] == "good again"


@pytest.mark.parametrize(
    "prompt",
    [
        "\x00\x01\x1b",
        "<script>alert(1)</script>",
        "$x$",
        ":red[x] :material/home:",
        "#000001 &amp; **b**",
        "👩‍🚀",
        "a\nb\tc",
    ],
)
def test_odd_prompts_are_shown_as_what_they_are(prompt):
    app = page(prompt=prompt)
    assert not app.exception and not app.error
    assert not any(
        ":red[" in element.value.replace("\\", "_") or "<script" in element.value for element in app.markdown
    )


@pytest.mark.parametrize(
    "params",
    [
        {"layer": "999"},
        {"layer": "abc"},
        {"lang": "xx"},
        {"query": "99"},
        {"ids": "1.999999"},
        {"top_k": "37"},
        {"temperature": "-1"},
        {"seed": "x"},
    ],
)
def test_an_address_with_odd_values_shows_a_page(params):
    app = page(**params)
    assert not app.exception and not app.error


@pytest.mark.parametrize("name", ["/no/such/model", "smollm2", "\x00", "x" * 5000])
def test_a_model_that_cannot_be_loaded_gets_one_message(name):
    app = page(model=name, prompt="kept")
    assert not app.exception and len(app.error) == 1
    assert app.text_area(key="prompt").value == "kept"
    app.selectbox(key="model").set_value("tiny").run()
    assert not app.error and app.query_params["prompt"] == "kept"


def test_a_pickle_renamed_gguf_is_never_opened_as_one(tmp_path):
    file = tmp_path / "model.gguf"
    file.write_bytes(b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00}\x94\x8c\x01a\x94K\x01s.")
    app = page(model=str(file))
    assert not app.exception and len(app.error) == 1


def test_half_characters_keep_their_exact_tokens():
    """Text alone cannot spell the first byte of 你: the address carries ids beside it."""
    app = page(ids="228.189", prompt="�")
    assert app.query_params["ids"] == "228.189" and not app.exception
    app.selectbox(key="model").set_value("tiny").run()
    assert not app.exception


def test_both_languages_keep_the_view():
    app = page(prompt="same", temperature="0.5", top_k="5")
    app.segmented_control(key="lang").set_value("zh").run()
    assert not app.exception and "下一个" not in app.text_area(key="prompt").value
    assert app.select_slider(key="top_k").value == 5 and app.slider(key="temperature").value == 0.5
    assert app.query_params["lang"] == "zh" and "之后是什么" in texts(app)


def ends_after(count: range) -> tuple[str, int, int]:
    """A prompt and a seed with which tiny ends the text after so many tokens."""
    lm = model.load("tiny")
    for seed in range(3000):
        written = sum(1 for _ in model.generate(lm, "write", max_new_tokens=count.stop, seed=seed))
        if written in count:
            return "write", seed, written
    raise AssertionError("no seed ends the text")


def test_generating_says_when_the_text_ended_and_goes_on_where_asked():
    """ "Generate 32 tokens" wrote 10 and stopped without a word."""
    prompt, seed, written = ends_after(range(2, 12))
    app = page(prompt=prompt, seed=str(seed))
    app.button(key="generate").click().run()
    assert not app.exception and f"after {written} tokens" in app.info[0].value
    app.button(key="go_on").click().run()
    assert not app.exception
    assert "256" in app.query_params["ids"].split("."), "the end token stands in the prompt"
    assert len(app.query_params["ids"].split(".")) > len(prompt) + written + 1, "and the model wrote on"


def test_generating_says_when_the_first_token_ends_the_text():
    """It did nothing, and said nothing."""
    prompt, seed, _ = ends_after(range(1))
    app = page(prompt=prompt, seed=str(seed))
    app.button(key="generate").click().run()
    assert not app.exception and "first thing" in app.info[0].value
    assert app.query_params["prompt"] == prompt and app.button(key="generate")
    app.text_area(key="prompt").set_value("other").run()
    assert not app.info, "that was said of another prompt"


@pytest.mark.parametrize("length", [512, 510])
def test_generating_says_when_the_prompt_is_full(length):
    app = page(prompt="x" * length, top_k="1")
    app.button(key="generate").click().run()
    assert not app.exception and "at most 512 tokens" in app.info[0].value
    assert app.button(key="generate") and not [button for button in app.button if button.key == "go_on"]


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("part", ["choice", "beams", "positions", "lens"])
@pytest.mark.parametrize(
    "words", [{"prompt": "a"}, {"model": "storyteller-classic"}, {"temperature": "0", "model": "storyteller"}]
)
def test_every_part_speaks_both_languages(lang, part, words):
    app = page(lang=lang, output_part=part, **words)
    assert not app.exception and not app.error
    assert ("从" in texts(app) or "后" in texts(app) or "词元" in texts(app)) == (lang == "zh")
