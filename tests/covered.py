"""``python -m tests.covered [--enough]``: what ``python3 -m tests --coverage`` has measured, a line a folder.

Counts lines.  With ``--enough`` it exits 1 where model/ or app/ is below what LEAST asks for.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from pathlib import Path

from coverage import Coverage

ROOT = Path(__file__).resolve().parent.parent
LEAST = {"model": 95.0, "app": 90.0}  # percent of the lines of all files below


def measured() -> dict[Path, tuple[int, list[int]]]:
    """By file: how many lines could run, and the numbers of those that did not."""
    coverage = Coverage(data_file=str(ROOT / ".coverage"), config_file=str(ROOT / "pyproject.toml"))
    coverage.load()
    found = {}
    for top in LEAST:
        for file in sorted((ROOT / top).rglob("*.py")):
            _, lines, _, missing, _ = coverage.analysis2(str(file))
            found[file.relative_to(ROOT)] = len(lines), missing
    return found


def shares(files: dict[Path, tuple[int, list[int]]]) -> dict[Path, tuple[int, int]]:
    """By folder, with all below it: how many lines could run, and how many did."""
    found: dict[Path, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for file, (count, missing) in files.items():
        for folder in file.parents[:-1]:
            lines, ran = found[folder]
            found[folder] = lines + count, ran + count - len(missing)
    return found


def spans(numbers: list[int]) -> str:
    """Line numbers as people write them: 3, 7-9."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)


def main() -> int:
    """Print files with lines that did not run, then the share of each folder; 1 where that is too little."""
    parser = argparse.ArgumentParser(prog="python -m tests.covered", description=__doc__)
    parser.add_argument("--enough", action="store_true", help="exit 1 below the shares that the project promises")
    asked = parser.parse_args()
    files = measured()
    for file, (_, missing) in files.items():
        if missing:
            print(f"{file}: {spans(missing)}")
    found = shares(files)
    print()
    for folder, (lines, ran) in sorted(found.items()):
        print(f"{folder!s:<36} {ran:6} of {lines:6} lines  {100 * ran / max(lines, 1):6.1f} %")
    few = [top for top, least in LEAST.items() if 100 * found[Path(top)][1] < least * found[Path(top)][0]]
    if asked.enough and few:
        print(", ".join(f"{top}/ is below {LEAST[top]:g} %" for top in few))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
