"""The project's virtual environment: made, kept fresh, and shared by the app and its tests.

Standard library only, because it runs before anything is installed; and what Python 3.6
can read, so that a Python older than the one needed gets a sentence, not a syntax error.

A file in `.venv` says for which requirements and which Python it was finished.  It is
written last: an environment without it is half-made, one with another text in it is stale.
"""

import contextlib
import hashlib
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Callable, Iterator, List, Mapping, Optional, Sequence, TextIO

PYTHON = (3, 11)
ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"

# What pip says when it cannot reach a package index, or loses it halfway.
_NETWORK = re.compile(
    "connection broken|NewConnectionError|NameResolutionError|ConnectTimeout|ReadTimeout|Read timed out|Max retries"
    "|ProxyError|Connection reset|Connection aborted|IncompleteRead|IncompleteDownload|Network is unreachable"
    "|Temporary failure in name resolution"
)
_NO_SPACE = "No space left on device"
_POLL_SECONDS = 0.5
_PIN = re.compile(r"([A-Za-z0-9._-]+)==([^\s;#]+)")


class Trouble(Exception):
    """What keeps the app or the tests from starting, in one sentence that says what to do."""


def main(program: Callable[[], int]) -> int:
    """Run `program` on a Python that is new enough; its exit status.

    2 after one line on standard error where it ends in `Trouble`, 130 after Ctrl-C.
    """
    try:
        require_python(sys.version_info[:3])
        return program()
    except Trouble as trouble:
        print(trouble, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def require_python(version: Sequence[int]) -> None:
    """Raise `Trouble` for a Python older than the packages need.

    Args:
        version: major, minor, micro.
    """
    if tuple(version[:2]) < PYTHON:
        needed = ".".join(map(str, PYTHON))
        found = ".".join(map(str, version))
        raise Trouble(
            f"Glassformer needs Python {needed} or newer and this is Python {found} ({sys.executable}): "
            f"install a newer one from python.org, then start with its name, for example python{needed} -m app"
        )


def prepare(requirements: Path) -> str:
    """The interpreter of an environment that holds `requirements`, which is made if need be.

    That is the running interpreter, where someone has installed them for it, else `.venv`.
    Any number of processes may call this at once.

    Raises:
        Trouble: if the environment cannot be made.
    """
    own = Path(sys.prefix).resolve() == VENV.resolve()
    if not own and satisfied(requirements):
        return sys.executable
    if not _fresh(requirements):
        with _lock():
            if not _fresh(requirements):  # another process may have made it meanwhile
                _make(requirements)
    return str(_python())


def satisfied(requirements: Path) -> bool:
    """Whether the running interpreter has every package that `requirements` pins, in its version."""
    from importlib import metadata  # since Python 3.8

    for file in _files(requirements):
        for name, version in _PIN.findall(file.read_text(encoding="utf-8")):
            try:
                found = metadata.version(name)
            except metadata.PackageNotFoundError:
                return False
            if found.split("+")[0] != version:  # 2.13.0+cpu is a build of 2.13.0
                return False
    return True


def run(command: Sequence[str], environment: Optional[Mapping[str, str]] = None) -> int:
    """Run `command` in the repository's root until it ends; its exit status.

    Ctrl-C goes to the command, which ends in its own way; so does a request to terminate.
    """
    process = subprocess.Popen(list(command), cwd=str(ROOT), env=None if environment is None else dict(environment))
    return attend(process)


def attend(process: subprocess.Popen) -> int:
    """Wait for a child that ends by itself on Ctrl-C, passing on a request to terminate; its exit status."""
    signal.signal(signal.SIGTERM, lambda number, frame: process.terminate())
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue  # the terminal has told the child too


def _files(requirements: Path) -> List[Path]:
    """`requirements` and the files it includes by -r, those first."""
    lines = requirements.read_text(encoding="utf-8").splitlines()
    included = [requirements.parent / line.split(None, 1)[1].strip() for line in lines if line.startswith("-r ")]
    return [file for path in included for file in _files(path)] + [requirements]


def _text(requirements: Path) -> str:
    """What the finished environment's stamp says: this Python, and a sum of the requirements."""
    digest = hashlib.sha256()
    for file in _files(requirements):
        digest.update(file.read_bytes())
    return f"Python {sys.version_info[0]}.{sys.version_info[1]}\nsha256 {digest.hexdigest()}\n"


def _stamp(requirements: Path) -> Path:
    """Where the stamp of `requirements` is: one for each file."""
    relative = requirements.resolve().relative_to(ROOT.resolve())
    return VENV / ("finished-" + "-".join(relative.parts))


def _fresh(requirements: Path) -> bool:
    stamp = _stamp(requirements)
    return _python().exists() and stamp.is_file() and stamp.read_text(encoding="utf-8") == _text(requirements)


def _python() -> Path:
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _make(requirements: Path) -> None:
    """Make or mend `.venv`, and say so by its stamps; under the lock."""
    for stamp in VENV.glob("finished-*"):
        stamp.unlink()  # from here on it is half-made
    if not _usable():
        _create()
    name = requirements.resolve().relative_to(ROOT.resolve()).as_posix()
    print(f"Installing {name} into .venv: the first time this takes a few minutes.", flush=True)
    _pip_install(requirements)
    for file in _files(requirements):
        _stamp(file.resolve()).write_text(_text(file), encoding="utf-8")


def _usable() -> bool:
    """Whether `.venv` has a Python of this version, with pip; what is missing in it pip then brings."""
    if not _python().exists():
        return False
    try:
        found = subprocess.run(
            [str(_python()), "-c", "import sys, pip; print(*sys.version_info[:2])"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except OSError:  # not a program of this machine
        return False
    return found.returncode == 0 and found.stdout.split() == [str(n).encode() for n in sys.version_info[:2]]


def _create() -> None:
    """Make an empty `.venv` with pip, in place of what is there."""
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        raise Trouble(
            "This Python cannot make virtual environments: "
            "on Debian or Ubuntu install its venv module (apt install python3-venv), then start again."
        )
    print("Making a virtual environment in .venv", flush=True)
    base = getattr(sys, "_base_executable", None) or sys.executable  # not the Python of the environment being replaced
    try:
        if VENV.is_symlink() or VENV.is_file():
            VENV.unlink()
        elif VENV.exists():
            shutil.rmtree(str(VENV))
        made = subprocess.run(
            [base, "-m", "venv", str(VENV)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            close_fds=False,  # as for pip
        )
    except OSError as error:
        raise Trouble(
            f"The virtual environment in {VENV} cannot be made ({error.strerror or error}): "
            "make sure that this folder can be written."
        ) from error
    if made.returncode:
        lines = made.stdout.decode(errors="replace").strip().splitlines()
        raise Trouble(
            f"The virtual environment in {VENV} cannot be made: {lines[-1] if lines else 'Python gave no reason'}"
        )


def _pip_install(requirements: Path) -> None:
    """Have pip install `requirements`, its progress shown.

    Raises:
        Trouble: by what pip said: no network, no space, no such package for this Python.
    """
    command = [
        str(_python()),
        "-m",
        "pip",
        "install",
        "--no-input",
        "--disable-pip-version-check",
        "--requirement",
        str(requirements),
    ]
    # Standard output is the terminal's own, for pip's bars; standard error passes through here.
    with subprocess.Popen(
        command,
        cwd=str(ROOT),
        stderr=subprocess.PIPE,
        universal_newlines=True,
        errors="replace",
        close_fds=False,  # pip keeps the lock if this process is killed
    ) as process:
        said: List[str] = []
        reader = threading.Thread(target=_pass_on, args=(process.stderr, said))
        reader.start()
        try:
            process.wait()
        except BaseException:  # Ctrl-C: pip has been told too, and must be gone before the lock is
            process.terminate()
            process.wait()
            raise
        finally:
            reader.join()
    if process.returncode:
        raise _pip_failed("".join(said))


def _pass_on(source: TextIO, said: List[str]) -> None:
    for line in source:
        said.append(line)
        sys.stderr.write(line)
        sys.stderr.flush()


def _pip_failed(said: str) -> Trouble:
    """What went wrong, by what pip wrote on standard error."""
    if _NO_SPACE in said:
        return Trouble(f"There is not enough disk space for the packages: free a few GB for {VENV}, then start again.")
    if _NETWORK.search(said):
        return Trouble(
            "pip could not reach its package index: connect this machine to the network and start again; "
            "what was downloaded is kept, so a second try continues from there."
        )
    missing = re.search(r"No matching distribution found for (\S+)", said)
    if missing:
        return Trouble(
            f"pip found no {missing[1]} for Python {sys.version_info[0]}.{sys.version_info[1]} on this machine: "
            f"try another version of Python, from {PYTHON[0]}.{PYTHON[1]} on."
        )
    return Trouble(
        "pip could not install the packages, for the reason it gives above: "
        "mend that, then start again; what was downloaded is kept."
    )


@contextlib.contextmanager
def _lock() -> Iterator[None]:
    """Hold the right to change `.venv`; the system takes it back when this process and what it started are gone.

    So a start that is killed while its pip goes on does not let another one begin beside that pip.
    """
    path = ROOT / ".venv.lock"
    try:
        file = open(str(path), "a+b")  # noqa: SIM115  (the lock lasts as long as the file is open)
    except OSError as error:
        raise Trouble(
            f"{path} cannot be written ({error.strerror or error}): see to it that this folder can be written."
        ) from error
    with file:
        if not _locked(file.fileno()):
            print("Another start is making .venv: waiting for it.", flush=True)
            while not _locked(file.fileno()):
                time.sleep(_POLL_SECONDS)
        if os.name != "nt":  # where a lock belongs to one process
            os.set_inheritable(file.fileno(), True)
        yield  # closing the file gives the lock back


def _locked(descriptor: int) -> bool:
    """Take the lock on an open file, unless another process has it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True
