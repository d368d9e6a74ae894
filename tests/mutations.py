"""``python -m tests.mutations``: ten lines changed for the worse, one at a time, in a copy of the tree.

Each change is one that looks right at a glance and makes every number, or what a page lets in, a little wrong.
The test file beside it has to fail; exits 1 where it does not, or where a line is no longer there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from tqdm import tqdm

ROOT = Path(__file__).resolve().parent.parent
LEFT_BEHIND = shutil.ignore_patterns(".*", "__pycache__")  # tools' folders, the environment, the history
SECONDS = 600
CAUGHT = 1  # pytest: tests ran and some failed. Anything above is an error of its own, which proves nothing


class Mutation(NamedTuple):
    """`old` stands once in `file`; with `new` in its place `test` has to fail."""

    name: str
    file: str
    old: str
    new: str
    test: str


MUTATIONS = (
    Mutation(
        "mask",
        "model/attention.py",
        "allowed = key <= query\n",
        "allowed = key <= query + 1\n",
        "tests/test_attention.py",
    ),
    Mutation(
        "scale",
        "model/attention.py",
        "plain = attention.head_dim**-0.5 if",
        "plain = (attention.head_dim + 1) ** -0.5 if",
        "tests/test_parity_transformers.py",
    ),
    Mutation(
        "bias in routing",
        "model/feed_forward.py",
        "weights = scores.gather(-1, indices)  # without the bias",
        "weights = choice.gather(-1, indices)",
        "tests/test_router.py",
    ),
    Mutation(
        "cache append",
        "model/cache.py",
        "grown[:, : self.length] = storage[:, : self.length]",
        "grown[:, : self.length - 1] = storage[:, : self.length - 1]",
        "tests/test_layers.py",
    ),
    Mutation(
        "top-p edge",
        "model/sampling.py",
        "np.searchsorted(np.cumsum(probabilities[order]), reach)",
        'np.searchsorted(np.cumsum(probabilities[order]), reach, "right")',
        "tests/test_generate.py",
    ),
    Mutation(
        "window edge",
        "model/attention.py",
        "allowed &= key > query - window",
        "allowed &= key >= query - window",
        "tests/test_attention.py",
    ),
    Mutation(
        "rope base",
        "model/rope.py",
        "plain = 1.0 / rope.theta ** (",
        "plain = 1.0 / 10_000.0 ** (",
        "tests/test_parity_transformers.py",
    ),
    Mutation(
        "norm epsilon",
        "model/norm.py",
        "scale = self.hook_scale((wide.pow(2).mean(-1, keepdim=True) + self.eps).sqrt())",
        "scale = self.hook_scale(wide.pow(2).mean(-1, keepdim=True).sqrt() + self.eps)",
        "tests/test_parity_transformers.py",
    ),
    Mutation(
        "escaping",
        "app/text/__init__.py",
        "()*+,-./:;<=>",
        "()*+,-./;<=>",
        "tests/test_text.py",
    ),
    Mutation(
        "address parsing",
        "app/kit/address.py",
        "if not lowest <= number <= highest:",
        "if not number <= highest:",
        "tests/test_app_state.py",
    ),
)


def mutated(mutation: Mutation, root: Path = ROOT) -> str | None:
    """The file's text with the change; None where the old line does not stand there exactly once."""
    text = (root / mutation.file).read_text(encoding="utf-8")
    return text.replace(mutation.old, mutation.new) if text.count(mutation.old) == 1 else None


def status(test: str, tree: Path) -> int:
    """pytest's exit status for a test file of the copy."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", test]
    variables = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}  # no bytecode of one change is taken for the next
    run = subprocess.run(command, cwd=tree, env=variables, capture_output=True, timeout=SECONDS)
    return run.returncode


def verdict(mutation: Mutation, tree: Path) -> str:
    """What became of a change: ``caught``, or why that was not shown."""
    text = mutated(mutation, tree)
    if text is None:
        return "the old line is not there, or not once"
    file = tree / mutation.file
    kept = file.read_text(encoding="utf-8")
    file.write_text(text, encoding="utf-8")
    try:
        left = status(mutation.test, tree)
    finally:
        file.write_text(kept, encoding="utf-8")
    return {CAUGHT: "caught", 0: "LIVES"}.get(left, f"pytest ended with status {left}")


def main() -> int:
    """Print a line a change; 0 where all are caught and the same tests pass without them."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        shutil.copytree(ROOT, tree, ignore=LEFT_BEHIND)
        tests = sorted({mutation.test for mutation in MUTATIONS})
        failing = [test for test in tqdm(tests, desc="Unchanged", unit="file") if status(test, tree)]
        if failing:
            print(f"These fail without any change: {', '.join(failing)}")
            return 1
        verdicts = [verdict(mutation, tree) for mutation in tqdm(MUTATIONS, desc="Changed", unit="line")]
    for mutation, said in zip(MUTATIONS, verdicts, strict=True):
        print(f"{mutation.name:<16} {mutation.file:<22} {mutation.test:<34} {said}")
    return int(set(verdicts) != {"caught"})


if __name__ == "__main__":
    sys.exit(main())
