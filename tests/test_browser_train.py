"""A model trained in the browser: its curve moves, it pauses, goes on, is kept, opens elsewhere and loads again."""

import model
from tests.conftest import settled


def drawn(page) -> dict:
    """What the room shows of a training, read at one moment."""
    return page.evaluate(
        """() => {
          const inside = (key, css) => {
            const host = document.querySelector(`.st-key-${key}`);
            const all = [];
            const walk = (node) => {
              for (const child of node.querySelectorAll("*")) {
                if (child.matches(css)) all.push(child.getAttribute("aria-label") ?? child.textContent);
                if (child.shadowRoot) walk(child.shadowRoot);
              }
            };
            if (host) walk(host);
            return all;
          };
          return {
            status: document.querySelector(".st-key-train_head")?.textContent ?? "",
            curves: inside("curves", "canvas"),
            prompt: inside("writes", ".prompt").join(""),
            written: inside("writes", ".new").join(""),
            heads: inside("seen", ".thumb"),
            title: inside("seen", ".title").join(""),
          };
        }"""
    )


def steps(page) -> int:
    """The step in the status line."""
    return page.evaluate(
        r"""() => Number((document.querySelector(".st-key-train_head")?.textContent
              .match(/[Ss]tep ([\d,]+)/)?.[1] ?? "0").replaceAll(",", ""))"""
    )


def wait_for_steps(page, least: int) -> None:
    page.wait_for_function(
        r"""(least) => Number((document.querySelector(".st-key-train_head")?.textContent
              .match(/[Ss]tep ([\d,]+)/)?.[1] ?? "0").replaceAll(",", "")) >= least""",
        arg=least,
    )


def button(page, key: str):
    return page.locator(f".st-key-{key} button:enabled")


def test_a_model_is_trained_watched_kept_opened_and_downloaded(visit, tmp_path):
    page = visit("/train?lang=en&learn_text=sums&prompt=12 %2B 7 =")
    button(page, "train_start").click()
    wait_for_steps(page, 20)
    page.locator(".st-key-seen").wait_for()

    # Others see who trains, and may watch but not touch; nothing of it is in their list.
    other = visit("/train?lang=en")
    assert "Trainings before yours on this server: 1" in other.locator(".stAlert").inner_text()
    other.goto(page.url)
    other.get_by_text("Somebody else started this training").wait_for()
    assert other.locator(".st-key-train_stop").count() == 0

    # Pause: the page stands still; another prompt is continued meanwhile; go on.
    button(page, "train_pause").click()
    button(page, "train_go_on").wait_for()
    at, before = steps(page), drawn(page)
    assert len(before["heads"]) == 4 and before["prompt"] == "12 + 7 =" and before["title"].startswith("After")
    assert [label.split(":")[0] for label in before["curves"]] == [
        "Loss, nats per token",
        "Held-back text, bits per byte",
        "Size of the gradient",
    ]
    assert "5-gram" in before["curves"][1] and "xz" in before["curves"][1]
    page.locator(".st-key-prompt textarea").fill("30 + 4 =")
    page.locator(".st-key-prompt textarea").press("Enter")
    page.locator(".st-key-writes .prompt").get_by_text("30 + 4 =").wait_for()
    assert steps(page) == at
    button(page, "train_go_on").click()
    wait_for_steps(page, at + 10)

    # Another room and back, and the page loaded again: it still runs, with this page's buttons.
    page.locator(".st-key-small_map a[data-address='tokens']").click()
    page.locator(".st-key-train_head").wait_for(state="detached")
    page.locator(".st-key-small_map a[data-address='train']").click()  # its address names the training
    wait_for_steps(page, at + 10)
    page.reload()
    button(page, "train_pause").wait_for()
    wait_for_steps(page, at + 20)

    button(page, "train_stop").click()
    button(page, "train_keep").wait_for()
    settled(page)
    after = drawn(page)
    assert after["prompt"] == "30 + 4 =" and after["curves"] != before["curves"]
    with page.expect_download() as download:
        button(page, "train_download").first.click()  # a second one, with its help beside it, is for narrow screens
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    lm = model.load(str(file))
    assert file.stem == lm.name and lm.name.startswith("my-sums-") and lm.config.context == 256

    button(page, "train_keep").click()
    button(page, "train_open_attention").wait_for()
    settled(page)
    button(page, "train_open_attention").click()
    page.wait_for_url("**/attention?*")
    page.locator(".st-key-stages").wait_for()
    assert f"model={lm.name}" in page.url
    trace = model.run_trace(lm, "30 + 4 =")
    chips = page.locator(".st-key-chips .chip")
    page.wait_for_function(
        "(count) => document.querySelectorAll('.st-key-chips').length && count > 0", arg=len(trace.tokens)
    )
    assert chips.all_inner_texts() == list(trace.tokens)

    # The address opens it elsewhere; a list without it does not name it.
    there = visit(page.url[page.url.index("/attention") :])
    assert there.locator(".st-key-chips .chip").all_inner_texts() == list(trace.tokens)
    plain = visit("/attention?lang=en")
    plain.locator(".st-key-model input").click()
    plain.get_by_role("option").first.wait_for()
    assert not [name for name in plain.get_by_role("option").all_inner_texts() if name.startswith("my-")]


def test_what_is_no_text_is_said_in_one_sentence_and_nothing_starts(visit):
    page = visit("/train?lang=zh&learn_text=own")
    page.locator(".st-key-train_typed textarea").fill("太短了")
    page.locator(".st-key-train_typed textarea").blur()
    button(page, "train_start").click()
    page.get_by_text("模型至少需要").wait_for()
    page.locator(".st-key-train_file input[type=file]").set_input_files(
        {"name": "notes.txt", "mimeType": "text/plain", "buffer": "春眠不觉晓。".encode("gb18030") * 2000}
    )
    page.get_by_text("notes.txt").wait_for()
    button(page, "train_start").click()
    page.get_by_text("不是 UTF-8 文本").wait_for()
    assert page.locator(".st-key-train_head").count() == 0 and "learn_run" not in page.url


def test_a_training_that_is_gone_is_said_and_the_choices_stand(visit):
    page = visit("/train?lang=en&learn_run=nobody-knows")
    assert "no longer on the server" in page.locator(".stAlert").first.inner_text()
    button(page, "train_start").wait_for()


def test_a_kept_model_that_is_gone_is_one_sentence(visit):
    page = visit("/attention?lang=en&model=my-en-stories-00000000")
    assert "no longer kept" in page.locator(".stAlert").first.inner_text()
