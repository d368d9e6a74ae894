"""Which part may know which: the arrows of the design, read from the imports themselves."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Part of app/ -> the parts of app/ and the outside packages it may import (the standard
# library is free for all, except to text and figures' neighbours it makes no difference).
MAY_IMPORT = {
    "text": set(),
    "view": set(),
    "state": {"streamlit", "view"},
    "analysis": {"numpy", "sklearn", "model"},
    "figures": {"numpy", "plotly", "figures"},
    "components": {"streamlit", "numpy", "components"},
    "environment": set(),
    "fetching": {"model"},
    "runtime": {"streamlit", "torch", "model", "fetching"},
    "offer": {"streamlit", "model", "runtime", "state", "text"},
    "page": {"streamlit", "plotly", "model", "offer", "runtime", "state", "view", "text", "components", "figures"},
    "views": {
        "streamlit",
        "numpy",
        "plotly",
        "model",
        "page",
        "runtime",
        "state",
        "view",
        "text",
        "components",
        "figures",
        "analysis",
        "views",
    },
}
OUTSIDE = {
    "streamlit",
    "numpy",
    "plotly",
    "torch",
    "model",
    "sklearn",
    "pandas",
    "tokenizers",
    "safetensors",
    "gguf",
    "transformers",
}


def imported(file: Path) -> set[str]:
    """Parts of app/ and outside packages that `file` imports, wherever in the file."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0 or "model" in file.parts, f"{file}: app/ imports by full names"
            if node.module == "app":
                names |= {f"app.{alias.name}" for alias in node.names}
            elif node.level == 0:
                names.add(node.module)
    parts = {name.split(".")[1] for name in names if name.startswith("app.")}
    return parts | {name.split(".")[0] for name in names} & OUTSIDE


def part_of(file: Path) -> str:
    """The part of app/ that `file` belongs to."""
    return file.relative_to(ROOT / "app").parts[0].removesuffix(".py")


APP_FILES = sorted((ROOT / "app").rglob("*.py"))
MODEL_FILES = sorted((ROOT / "model").rglob("*.py"))


@pytest.mark.parametrize(
    "file", [f for f in APP_FILES if part_of(f) in MAY_IMPORT], ids=lambda f: str(f.relative_to(ROOT))
)
def test_each_part_of_the_app_imports_only_what_the_design_lets_it(file):
    """Guards against pages that compute, figures that read widgets, and caches in odd places."""
    assert imported(file) - MAY_IMPORT[part_of(file)] == set()


def test_every_file_of_the_app_belongs_to_a_part():
    """A new part must be given its arrows here."""
    assert {part_of(f) for f in APP_FILES} - set(MAY_IMPORT) <= {"main", "__init__", "__main__"}


@pytest.mark.parametrize("file", MODEL_FILES, ids=lambda f: str(f.relative_to(ROOT)))
def test_the_model_knows_no_page(file):
    """model/ is usable, and readable, without Streamlit, Plotly or app/."""
    names = imported(file)
    assert not names & {"streamlit", "plotly"}
    assert "import app" not in file.read_text(encoding="utf-8") and "from app" not in file.read_text(encoding="utf-8")


def test_only_the_runtime_caches():
    """One place decides what is shared between sessions."""
    assert [f.name for f in APP_FILES if "st.cache_" in f.read_text(encoding="utf-8")] == ["runtime.py"]


@pytest.mark.parametrize("file", APP_FILES, ids=lambda f: str(f.relative_to(ROOT)))
def test_nothing_on_screen_is_drawn_from_a_random_generator(file):
    """The one die in the app is the seeded one that draws a token from the model's distribution."""
    text = file.read_text(encoding="utf-8")
    assert "import random" not in text
    assert text.count("np.random.") == text.count("np.random.default_rng([")
