"""The code's own form: one style, no known slips, types that fit."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CHECKS = {
    "one style": ["ruff", "format", "--check", "."],
    "no known slips": ["ruff", "check", "."],
    "types that fit": ["mypy"],
}


@pytest.mark.parametrize("check", CHECKS)
def test_the_code_has(check):
    """The settings are in pyproject.toml."""
    done = subprocess.run([sys.executable, "-m", *CHECKS[check]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
