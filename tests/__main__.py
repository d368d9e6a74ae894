"""``python3 -m tests [--coverage] [pytest's arguments]``: make the environment if there is none, run every test.

With ``--coverage`` a table says which share of model/ and app/ ran (see tests/covered.py), in the processes that
tests start too: the app's server, commands, trainings.  After a run of every test, too small a share fails it.
Standard library only, and readable by an old Python: see app/environment.py.
"""

import os
import shutil
import subprocess
import sys

from app import environment
from app.environment import ROOT, Trouble

CHROMIUM = "GLASSFORMER_CHROMIUM"  # the path of the browser, for tests/conftest.py
COVERAGE = "--coverage"
# Two processes, each with an app and a browser of its own; the one that is done first takes over half of what is left.
EVERYTHING = ["-n", "2", "--dist", "worksteal"]


def main() -> int:
    """Run pytest in the environment; its exit status."""
    python = environment.prepare(ROOT / "tests" / "requirements.txt")
    variables = dict(os.environ)
    found = variables.get(CHROMIUM) or system_chromium()
    if found:
        variables[CHROMIUM] = found
    else:
        install_chromium(python)
    chosen = [word for word in sys.argv[1:] if word != COVERAGE]
    measuring = COVERAGE in sys.argv[1:]
    if not chosen:
        variables.setdefault(
            "OMP_NUM_THREADS", "1"
        )  # two processes on two cores: more threads would wait for each other
    command = [python, "-m", "pytest", *(chosen or EVERYTHING), *(["--cov", "--cov-report="] if measuring else [])]
    status = environment.run(command, variables)
    if not measuring:
        return status
    report = environment.run([python, "-m", "tests.covered", *([] if chosen else ["--enough"])], variables)
    return status or report


def system_chromium() -> "str | None":
    """The path of a Chromium that this machine has."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def install_chromium(python: str) -> None:
    """Have Playwright bring its own Chromium, unless it has done so before."""
    if subprocess.run([python, "-m", "playwright", "install", "chromium"]).returncode:
        raise Trouble(
            "Playwright could not install Chromium: connect to the network and start again, or install the "
            "system's (on Debian: apt install chromium)."
        )


if __name__ == "__main__":
    sys.exit(environment.main(main))
