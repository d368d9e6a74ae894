"""What a server does for many people at once: turns, memory, visitors, and what it sends before a page is drawn."""

import asyncio
import gc
import gzip
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import model
from app import __main__ as start
from app.kit import component, download, runtime, server, tidy, visitors
from app.kit.limits import EVERYBODY, PUBLIC, limits
from app.kit.trainings import Limits
from app.kit.turns import Pages, Turns
from app.rooms.train import line

HALF = 10  # seconds after which a thread that should have come counts as lost


class Left(Exception):
    """Raised where somebody has closed their tab."""


@pytest.fixture
def everybody(monkeypatch):
    monkeypatch.setenv(PUBLIC, "1")


def nothing() -> None:
    """The one who waits is still there."""


def test_a_place_goes_to_who_asked_first_not_to_who_has_just_given_it_back():
    """Guards against generating forty tokens while somebody with one small prompt waits for all of them."""
    turns, order = Turns(1, nothing), []
    waiting, done = threading.Event(), threading.Event()

    def guest():
        waiting.set()
        with turns:
            order.append("guest")
        done.set()

    with turns:
        threading.Thread(target=guest).start()
        assert waiting.wait(HALF)
        while not turns._waiting:
            pass
    for _ in range(3):
        with turns:
            order.append("host")
    assert done.wait(HALF) and order[0] == "guest"


def test_no_more_are_inside_than_there_are_places():
    turns, inside, most, lock = Turns(2, nothing), [], [], threading.Lock()

    def work():
        for _ in range(50):
            with turns:
                with lock:
                    inside.append(1)
                    most.append(len(inside))
                with lock:
                    inside.pop()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(HALF)
    assert len(most) == 400 and max(most) <= 2


def test_who_leaves_the_queue_does_not_take_the_place_along():
    """Guards against a closed tab in the queue, after which nobody's turn ever comes."""
    gone = threading.Event()

    def look():
        if threading.current_thread().name == "visitor":
            raise Left

    turns = Turns(1, look)

    def visitor():
        with pytest.raises(Left), turns:
            pass
        gone.set()

    with turns:
        threading.Thread(target=visitor, name="visitor").start()
        assert gone.wait(HALF)
    with turns:
        pass


def test_generating_ends_where_the_tab_was_closed(monkeypatch):
    lm, seen = model.load("tiny"), []

    def look():
        if len(seen) == 2:
            raise Left

    monkeypatch.setattr(runtime, "still_wanted", look)
    with pytest.raises(Left):
        for step in runtime.generate(lm, lm.tokenizer.encode("abc"), max_new_tokens=30, seed=3):
            seen.append(step)
    assert len(seen) == 2
    with runtime.forwards():  # and has left its place
        pass


def test_a_forward_ends_between_two_layers_where_the_tab_was_closed(monkeypatch):
    """Guards against a thousand tokens that are computed to their end for nobody."""
    lm, looks = model.load("tiny"), []

    def look():
        looks.append(len(looks))
        if len(looks) == 2:  # once before it begins, then once a layer
            raise Left

    monkeypatch.setattr(runtime, "still_wanted", look)
    with pytest.raises(Left):
        runtime.trace(lm, "a tab that is closed meanwhile")
    assert lm.config.n_layers > 1 and len(looks) == 2
    assert runtime.forwards().crowd == 0 and runtime.trace(lm, "a tab that is closed meanwhile") is not None


def test_a_page_that_takes_long_keeps_nobody_out():
    """Guards against a long forward that holds the place of a page, and against a page that waits
    for its place while it holds what another one needs."""
    pages, drawn = Pages(1, nothing, float("inf")), threading.Event()

    def other():
        with pages:
            drawn.set()

    with pages:
        with pages.aside():
            threading.Thread(target=other).start()
            assert drawn.wait(HALF)
        assert pages.crowd == 1
    assert pages.crowd == 0


def test_a_page_goes_in_where_the_one_inside_never_comes_out():
    pages, drawn = Pages(1, nothing, 0.0), threading.Event()

    def other():
        with pages:
            drawn.set()

    with pages:
        threading.Thread(target=other).start()
        assert drawn.wait(HALF)


class Ring:
    """Garbage that only a collection finds."""

    def __init__(self):
        self.me = self


@pytest.fixture
def thawed():
    yield
    gc.unfreeze()


def test_what_dies_after_it_was_frozen_is_found_when_the_server_is_quiet(thawed):
    one = tidy.Tidy(size=lambda: 0)
    ring = Ring()
    gone = weakref.ref(ring)
    one.collect()
    del ring
    for _ in range(5000):
        [Ring() for _ in range(10)]  # somebody is served
    assert gone() is not None
    one.look()
    assert one.look() and gone() is None
    assert not one.look(), "nothing has happened since: an idle server does nothing"


def test_memory_that_grows_is_collected_while_people_wait(thawed):
    size = [0]
    one = tidy.Tidy(size=lambda: size[0])
    one.collect()
    rings = [Ring() for _ in range(50_000)]
    assert not one.look()
    size[0] = tidy.GROWTH + 1
    rings.extend(Ring() for _ in range(50_000))
    assert one.look()


def test_the_bytes_of_held_traces_are_added_up_once():
    """Guards against asking every held trace for its bytes at each put."""

    class Weighed:
        asked = 0

        @property
        def nbytes(self):
            Weighed.asked += 1
            return 40

    cache = runtime.TraceCache(entries=9, nbytes=100)
    for key in "abcabc":
        cache.put((key,), Weighed())
    assert Weighed.asked == 6 and len(cache) == 2


def test_visitors_beyond_the_bound_wait_until_one_has_left(everybody, monkeypatch):
    there = {str(number) for number in range(EVERYBODY.sessions)}
    monkeypatch.setattr(visitors, "exists", lambda: True)
    monkeypatch.setattr(
        visitors, "get_instance", lambda: type("Runtime", (), {"is_active_session": lambda self, one: one in there})()
    )
    inside = visitors.Visitors()
    assert all(inside.admit(one) for one in sorted(there))
    assert not inside.admit("late") and inside.admit("7")
    there.remove("7")
    assert inside.admit("late")


def test_a_public_server_bounds_training(everybody):
    bounds = line._make().limits
    assert bounds.seconds < Limits().seconds and bounds.waiting < Limits().waiting


def script() -> None:
    from app.kit import frame, session, visitors

    visitors.admit("en")
    session.arrive(frame.defaults())
    frame.enter()
    session.leave()


def test_a_public_server_refuses_paths_and_long_prompts_in_one_sentence(everybody, monkeypatch):
    monkeypatch.setenv(runtime.ALLOW_PATHS, "1")
    assert not runtime.paths_allowed()
    app = AppTest.from_function(script, default_timeout=60)
    app.query_params["model"] = "/etc/passwd"
    app.run()
    assert not app.exception and "reads no paths" in app.error[0].value
    with pytest.raises(model.BadInput) as caught:
        runtime.read_prompt(model.load("tiny"), "x" * (limits().prompt_tokens + 1))
    assert caught.value.code == "too_long_to_show"


def test_a_full_server_says_so(everybody, monkeypatch):
    monkeypatch.setattr(visitors.Visitors, "admit", lambda self, one: False)
    app = AppTest.from_function(script, default_timeout=60).run()
    assert not app.exception and "come back" in app.info[0].value and not app.text_area


def test_a_public_server_downloads_nothing(everybody):
    one = download.Download()
    one.start()
    assert not one.running


@pytest.mark.parametrize("asked", [False, True])
def test_the_log_has_prompts_only_where_that_was_asked_for(monkeypatch, caplog, asked):
    if asked:
        monkeypatch.setenv(runtime.LOG_PROMPTS, "1")
    caplog.set_level("INFO", logger="glassformer")
    runtime.trace(model.load("tiny"), f"a secret of mine {asked}")
    assert "tokens in" in caplog.text and ("secret" in caplog.text) == asked


@pytest.mark.parametrize("words", [["--public", "--allow-paths"], ["--log-prompts"]])
def test_words_of_the_command_line_that_contradict_each_other(words, capsys):
    with pytest.raises(SystemExit) as ended:
        start.read_arguments(words)
    assert ended.value.code == 2 and "--public" in capsys.readouterr().err


def get(application, path: str, **headers: str) -> tuple[int, dict[bytes, bytes], bytes]:
    """The answer of an ASGI application."""
    sent = []

    async def run():
        scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "root_path": ""}
        scope["headers"] = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]

        async def send(message):
            sent.append(message)

        await application(scope, None, send)

    with ThreadPoolExecutor(1) as apart:  # the browser's tests leave a loop running in this thread
        apart.submit(asyncio.run, run()).result()
    body = b"".join(message.get("body", b"") for message in sent)
    return sent[0]["status"], dict(sent[0]["headers"]), body


async def streamlit_itself(scope, receive, send):
    await send({"type": "http.response.start", "status": 404, "headers": [(b"set-cookie", b"a=b; Path=/")]})
    await send({"type": "http.response.body", "body": b"plain"})


@pytest.fixture
def site(tmp_path: Path, monkeypatch):
    (tmp_path / "large.js").write_text("// words\n" * 1000)
    (tmp_path.parent / "secret.js").write_text("secret")
    server._imported.set()
    monkeypatch.setitem(component.SERVED, "front/piece.js", "export default 1")
    return server.Headers(server.Scripts(streamlit_itself, tmp_path))


def test_large_scripts_travel_compressed_and_are_kept(site):
    status, headers, body = get(site, "/static/large.js", accept_encoding="gzip, br")
    assert status == 200 and headers[b"content-encoding"] == b"gzip" and b"immutable" in headers[b"cache-control"]
    assert gzip.decompress(body) == b"// words\n" * 1000 and len(body) < 200
    assert get(site, "/static/large.js")[2] == b"plain", "Streamlit answers a browser that wants it as it is"


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_a_components_script_is_served(site, encoding):
    status, headers, body = get(site, "/front/piece.js", accept_encoding=encoding)
    assert status == 200 and headers[b"content-type"].endswith(b"javascript")
    assert (gzip.decompress(body) if encoding == "gzip" else body) == b"export default 1"


@pytest.mark.parametrize("path", ["/static/../secret.js", "/static//etc/passwd", "/front/other.js", "/"])
def test_no_other_path_is_read(site, path):
    assert get(site, path, accept_encoding="gzip")[2] == b"plain"


def test_answers_carry_careful_headers_and_cookies_keep_to_tls(site):
    _, headers, _ = get(site, "/")
    assert headers[b"x-content-type-options"] == b"nosniff" and headers[b"referrer-policy"] == b"same-origin"
    assert headers[b"set-cookie"] == b"a=b; Path=/"
    assert get(site, "/", x_forwarded_proto="https")[1][b"set-cookie"].endswith(b"; Secure")
