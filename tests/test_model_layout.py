"""The arrows inside model/: the lesson knows nothing of files, measurements, training and commands."""

import ast
from pathlib import Path

import pytest

MODEL = Path(__file__).resolve().parent.parent / "model"
LESSON = {
    "config",
    "parts",
    "norm",
    "rope",
    "linear",
    "attention",
    "feed_forward",
    "transformer",
    "cache",
    "capture",
    "interventions",
    "trace",
    "sampling",
    "draft",
    "generate",
    "beam",
}
# Folder -> the folders it may import from; the lesson is free for all.
MAY_IMPORT = {
    "lesson": set(),
    "files": set(),
    "measure": {"files"},
    "training": {"files", "measure"},
    "commands": {"files", "measure", "training"},
}
FILES = sorted(
    file
    for file in MODEL.rglob("*.py")
    if file.parent != MODEL or file.stem in {*LESSON, "footprint", "language_model"}
)


def folder_of(parts: tuple[str, ...]) -> str:
    """The folder of model/ that a module's path below model/ belongs to."""
    return parts[0] if parts[0] in MAY_IMPORT else "lesson"


def imported_folders(file: Path) -> set[str]:
    """Folders of model/ that `file` imports from when it runs; what only a type checker reads is left out."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for_types = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    package = file.relative_to(MODEL.parent).parts[:-1]
    found = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom) or node in for_types:
            continue
        if node.level == 0:
            assert not node.module.startswith("model"), f"{file}: model/ imports itself by dots"
            continue
        base = package[: len(package) - node.level + 1] + tuple((node.module or "").split(".") if node.module else ())
        found |= {folder_of((*base, alias.name)[1:]) for alias in node.names}
    return found - {"lesson"}


def test_the_top_level_holds_the_lesson_and_what_it_must():
    names = {file.stem for file in MODEL.glob("*.py")}
    assert names - LESSON == {"__init__", "__main__", "errors", "footprint", "language_model", "tokenizer"}
    assert names >= LESSON
    assert {folder.name for folder in MODEL.iterdir() if (folder / "__init__.py").exists()} == set(MAY_IMPORT) - {
        "lesson"
    }


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(MODEL)))
def test_no_arrow_runs_up(file):
    """Guards against a measurement that a command owns, and a lesson that cannot be read without file formats."""
    own = folder_of(file.relative_to(MODEL).with_suffix("").parts)
    assert imported_folders(file) <= MAY_IMPORT[own] | {own}
