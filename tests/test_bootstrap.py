"""The two commands before anything is installed: what they make, mend, reuse and refuse.

Installing itself is replaced by a record of it, except where a test says so: the real one
is how these tests came to run.
"""

import ast
import http.server
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from importlib import metadata
from pathlib import Path

import pytest

from app import __main__ as start
from app import environment
from app.environment import Trouble
from tests import __main__ as runner

ROOT = Path(__file__).resolve().parent.parent
BEFORE_INSTALLING = (
    "app/__init__.py",
    "app/__main__.py",
    "app/environment.py",
    "tests/__init__.py",
    "tests/__main__.py",
)


class Project:
    """A project of its own in a folder, with made-up requirements and a record of pip's runs."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch):
        self.app, self.tests = root / "requirements.txt", root / "tests" / "requirements.txt"
        self.venv, self.python = root / ".venv", root / ".venv" / "bin" / "python"
        self.mark = self.venv / "mark"  # gone when the environment was made anew
        self.installed: list[Path] = []
        self.tests.parent.mkdir()
        self.app.write_text("no-such-package==1.0\n")
        self.tests.write_text("-r ../requirements.txt\nno-such-tool==2.0\n")
        monkeypatch.setattr(environment, "ROOT", root)
        monkeypatch.setattr(environment, "VENV", self.venv)
        monkeypatch.setattr(environment, "_create", self.create)
        monkeypatch.setattr(environment, "_pip_install", self.installed.append)

    def create(self) -> None:
        self.mark.unlink(missing_ok=True)
        self.python.unlink(missing_ok=True)
        self.python.parent.mkdir(parents=True, exist_ok=True)
        self.python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        self.python.chmod(0o755)


@pytest.fixture
def project(tmp_path, monkeypatch):
    return Project(tmp_path, monkeypatch)


# An old Python


@pytest.mark.parametrize("file", BEFORE_INSTALLING)
def test_what_runs_before_installing_can_be_read_by_an_old_python(file):
    """Else someone with Debian 10 meets a syntax error where a sentence should be."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"), feature_version=(3, 6))
    imports = [node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom))]
    roots = {name.name.split(".")[0] for node in imports if isinstance(node, ast.Import) for name in node.names}
    roots |= {node.module.split(".")[0] for node in imports if isinstance(node, ast.ImportFrom)}
    assert roots <= sys.stdlib_module_names | {"app"} and "__future__" not in roots
    assert {node.module for node in imports if isinstance(node, ast.ImportFrom) and node.module.startswith("app")} <= {
        "app",
        "app.environment",
    }


def test_an_old_python_gets_one_sentence(capsys, monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 9, 2, "final", 0))
    assert environment.main(lambda: pytest.fail("went on")) == 2
    said = capsys.readouterr().err
    assert "3.11 or newer" in said and "3.9.2" in said and said.count("\n") == 1


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 12, 1), (4, 0, 0)])
def test_new_pythons_pass(version):
    environment.require_python(version)


# The environment


def test_it_is_made_once(project):
    assert environment.prepare(project.app) == environment.prepare(project.app) == str(project.python)
    assert project.installed == [project.app]


def test_changed_requirements_are_installed_into_the_same_environment(project):
    environment.prepare(project.app)
    project.mark.touch()
    project.app.write_text("no-such-package==1.1\n")
    environment.prepare(project.app)
    assert project.installed == [project.app] * 2 and project.mark.exists()


def test_the_tests_environment_serves_the_app_and_goes_stale_with_it(project):
    environment.prepare(project.tests)
    environment.prepare(project.app)
    assert project.installed == [project.tests]
    project.app.write_text("no-such-package==1.1\n")
    environment.prepare(project.app)
    environment.prepare(project.tests)
    assert project.installed == [project.tests, project.app, project.tests]


def test_an_installation_that_was_cut_off_is_taken_up_again(project, monkeypatch):
    """A stamp written before pip has ended would call half an environment finished."""

    def cut_off(requirements):
        raise Trouble("no network")

    environment.prepare(project.app)
    project.mark.touch()
    project.app.write_text("no-such-package==1.1\n")
    with monkeypatch.context() as patch:
        patch.setattr(environment, "_pip_install", cut_off)
        for _ in range(2):
            with pytest.raises(Trouble, match="no network"):
                environment.prepare(project.app)
    project.app.write_text("no-such-package==1.0\n")  # even the requirements of the last good time
    environment.prepare(project.app)
    assert project.installed == [project.app] * 2 and project.mark.exists()


@pytest.mark.parametrize(
    "python",
    [None, "", "#!/no/such/interpreter\n", "#!/bin/sh\nexit 1\n", "#!/bin/sh\necho 3 10\n"],
    ids=["absent", "empty", "gone", "broken", "older"],
)
def test_an_environment_that_cannot_be_mended_is_made_anew(project, python):
    """For instance after the system's Python was upgraded, or a folder copied from another machine."""
    environment.prepare(project.app)
    project.mark.touch()
    project.app.write_text("no-such-package==1.1\n")
    if python is None:
        project.python.unlink()
    else:
        project.python.write_text(python)
    environment.prepare(project.app)
    assert not project.mark.exists() and project.installed == [project.app] * 2


def test_another_version_of_python_makes_it_stale(project, monkeypatch):
    environment.prepare(project.app)
    project.mark.touch()
    monkeypatch.setattr(sys, "version_info", (3, 99, 0, "final", 0))
    environment.prepare(project.app)
    assert not project.mark.exists() and project.installed == [project.app] * 2


def test_a_real_environment_replaces_what_is_in_its_place(tmp_path, monkeypatch):
    monkeypatch.setattr(environment, "VENV", tmp_path / ".venv")
    (tmp_path / ".venv").write_text("a file")
    environment._create()
    assert environment._usable()


def test_a_python_without_venv_is_told_what_to_install(tmp_path, monkeypatch):
    """Debian splits the module off its Python."""
    monkeypatch.setattr(environment, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(environment.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(Trouble, match="python3-venv"):
        environment._create()
    assert not environment.VENV.exists()


def test_who_has_installed_the_requirements_needs_no_other_environment(tmp_path, monkeypatch):
    monkeypatch.setattr(environment, "VENV", tmp_path / "not-here")
    assert environment.prepare(ROOT / "tests" / "requirements.txt") == sys.executable


def test_satisfied_means_the_pinned_versions(project, monkeypatch):
    versions = {"no-such-package": "1.0+cpu"}

    def version(name):
        if name not in versions:
            raise metadata.PackageNotFoundError(name)
        return versions[name]

    monkeypatch.setattr(metadata, "version", version)
    assert environment.satisfied(project.app) and not environment.satisfied(project.tests)
    versions["no-such-tool"] = "2.0"
    assert environment.satisfied(project.tests)
    versions["no-such-package"] = "1.0.1"
    assert not environment.satisfied(project.tests)


def test_starts_at_once_install_once(project, monkeypatch, capsys):
    """Two pips in one environment leave packages half of one version, half of another."""
    monkeypatch.setattr(environment, "_POLL_SECONDS", 0.01)
    monkeypatch.setattr(
        environment, "_pip_install", lambda requirements: (time.sleep(0.3), project.installed.append(requirements))
    )
    threads = [threading.Thread(target=environment.prepare, args=(project.app,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert project.installed == [project.app]
    assert "waiting" in capsys.readouterr().out


# What pip says


def test_without_a_network_one_sentence_follows_pips_own(project, monkeypatch):
    """With the real pip, on an index that does not answer."""
    monkeypatch.undo()
    monkeypatch.setattr(environment, "_python", lambda: Path(sys.executable))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    with pytest.raises(Trouble, match="network.*second try continues"):
        environment._pip_install(project.app)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "disk space"),
        ("pip._vendor.urllib3.exceptions.ReadTimeoutError: HTTPSConnectionPool: Read timed out.", "network"),
        (
            "ERROR: Could not find a version\nERROR: No matching distribution found for torch==2.13.0",
            "found no torch==2.13.0 for Python 3",
        ),
        ("ERROR: something else", "above"),
    ],
)
def test_every_failure_of_pip_says_what_to_do(said, sentence):
    assert sentence in str(environment._pip_failed(said))


# The command line


def app(*words: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "app", "--no-browser", *words], cwd=ROOT, capture_output=True, text=True, timeout=60
    )


def test_help_names_every_option():
    found = app("--help")
    assert found.returncode == 0 and not found.stderr
    assert all(option in found.stdout for option in ("--port", "--host", "--no-browser", "Ctrl-C", ".venv"))


def test_a_taken_port_is_named_with_one_that_is_free():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        port = taken.getsockname()[1]
        found = app("--port", str(port))
    assert found.returncode == 2 and found.stderr.count("\n") == 1
    assert f"Port {port} is taken" in found.stderr
    start.try_port("127.0.0.1", int(found.stderr.split("--port")[1]))


@pytest.mark.parametrize(
    "words",
    [
        ["--port", "0"],
        ["--port", "65536"],
        ["--port", "-1"],
        ["--port", "eighty"],
        ["--host", "no.such.address.invalid"],
        ["--host", "192.0.2.1"],
    ],
)
def test_a_port_or_host_that_cannot_be_is_refused(words):
    found = app(*words)
    assert found.returncode == 2 and not found.stdout and "Traceback" not in found.stderr


class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()

    def log_message(self, *words):
        pass


@pytest.mark.parametrize("wanted", [True, False])
def test_the_browser_opens_once_the_app_answers(monkeypatch, capsys, wanted):
    opened = []
    monkeypatch.setattr(start.webbrowser, "open", opened.append)
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")  # must not be asked for this machine's own addresses
    with (
        subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process,
        http.server.HTTPServer(("127.0.0.1", 0), Answers) as server,
    ):
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        start.announce(process, address, wanted)
        server.shutdown()
        process.communicate(b"\n")
    assert opened == [address] * wanted and address in capsys.readouterr().out


def test_nothing_opens_when_the_app_has_ended(monkeypatch, capsys):
    monkeypatch.setattr(start.webbrowser, "open", pytest.fail)
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    start.announce(process, "http://127.0.0.1:9", True)
    assert not capsys.readouterr().out


def test_terminating_the_start_ends_what_it_started(tmp_path):
    """A server left behind keeps the port, and the next start is refused."""
    child = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    parent = f"import sys; from app.environment import run; sys.exit(-run([sys.executable, '-c', {child!r}]))"
    with subprocess.Popen([sys.executable, "-c", parent], cwd=ROOT, stdout=subprocess.PIPE) as process:
        pid = int(process.stdout.readline())
        process.terminate()
        assert process.wait(20) == signal.SIGTERM
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


# The tests' own start


@pytest.mark.parametrize("found", [None, "/usr/bin/some-chromium"])
def test_the_systems_chromium_comes_before_playwrights(monkeypatch, found):
    calls = []
    monkeypatch.delenv(runner.CHROMIUM, raising=False)
    monkeypatch.setattr(sys, "argv", ["tests", "-k", "word"])
    monkeypatch.setattr(runner.shutil, "which", lambda name: found)
    monkeypatch.setattr(runner, "install_chromium", lambda python: calls.append("install"))
    monkeypatch.setattr(environment, "prepare", lambda requirements: "python")
    monkeypatch.setattr(
        environment, "run", lambda command, variables: calls.append((command, variables.get(runner.CHROMIUM))) or 0
    )
    assert runner.main() == 0
    assert calls == ([] if found else ["install"]) + [(["python", "-m", "pytest", "-k", "word"], found)]


@pytest.mark.parametrize(("ci", "status"), [("true", 1), ("", 0)])
def test_where_ci_is_set_a_skipped_test_fails_the_run(tmp_path, ci, status):
    (tmp_path / "test_it.py").write_text(
        "import pytest\ndef test_skipped(): pytest.skip('no browser')\ndef test_passed(): pass\n"
    )
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "tests.conftest",
        "-p",
        "no:cacheprovider",
        "-c",
        os.devnull,
        "--rootdir",
        str(tmp_path),
        str(tmp_path),
    ]
    found = subprocess.run(command, cwd=ROOT, env=os.environ | {"CI": ci}, capture_output=True, text=True, timeout=120)
    assert found.returncode == status, found.stdout + found.stderr
    assert ("every test has to run" in found.stdout) == bool(ci) and "1 passed, 1 skipped" in found.stdout
