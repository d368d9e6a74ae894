"""Which part may know which: the arrows of the design, read from the imports themselves."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Part of app/ -> the parts of app/ and the outside packages that it may import (beside the standard library).
# A room may import its own folder and the kit; what two rooms need stands in the kit.
MAY_IMPORT = {
    "text": set(),
    "kit.address": {"text"},
    "kit.numbers": set(),
    "kit.head_jobs": {"numpy", "model"},
    "kit.prediction": {"numpy", "model"},
    "kit.theme": {"numpy"},
    "kit.charts": {"numpy", "kit.theme"},
    "kit.figures": {"numpy", "kit.charts", "kit.theme", "kit.numbers"},
    "kit.picture": {"numpy", "kit.theme"},
    "kit.component": {"numpy", "streamlit"},
    "kit.link": set(),
    "kit.files": {"numpy"},
    "kit.worksheet": {"numpy"},
    "kit.session": {"streamlit", "kit.address", "kit.link"},
    "kit.turns": {"torch"},
    "kit.scratch": set(),
    "kit.own_models": {"model", "kit.scratch"},
    "kit.trainings": {"model", "kit.scratch"},
    "kit.runtime": {"streamlit", "torch", "model", "kit.tidy", "kit.limits", "kit.turns", "kit.own_models"},
    "kit": {"streamlit", "numpy", "model", "kit", "text"},  # what is drawn on every page
    "rooms.*.words": {"kit.address"},
    "rooms.*.analysis": {"numpy", "sklearn", "model"},
    "rooms.*.figures": {"numpy", "kit.charts", "kit.figures", "kit.numbers", "kit.theme", "own room"},
    "rooms.*": {"streamlit", "numpy", "model", "kit", "text", "own room"},
    "environment": set(),
    "main": {"streamlit", "kit", "text"},
    "__main__": {"environment"},
}
OUTSIDE = {"streamlit", "numpy", "plotly", "torch", "model", "sklearn", "pandas", "tokenizers"}
OUTSIDE |= {"safetensors", "gguf", "transformers"}

APP_FILES = sorted((ROOT / "app").rglob("*.py"))
MODEL_FILES = sorted((ROOT / "model").rglob("*.py"))


def imported(file: Path) -> set[str]:
    """Modules of app/, without the "app.", and outside packages that `file` imports, wherever in the file."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0 or "model" in file.parts, f"{file}: app/ imports by full names"
            if node.level == 0 and is_folder(node.module):
                names |= {f"{node.module}.{alias.name}" for alias in node.names}
            elif node.level == 0:
                names.add(node.module)
    modules = {name.removeprefix("app.") for name in names if name.startswith("app.")}
    return modules | {name.split(".")[0] for name in names} & OUTSIDE


def is_folder(module: str) -> bool:
    """Whether `module` is a folder of app/ whose files are imported by name."""
    return module.split(".")[0] == "app" and module != "app.text" and (ROOT / Path(*module.split("."))).is_dir()


def module_of(file: Path) -> str:
    """The module of `file`, without the "app."."""
    return ".".join(file.relative_to(ROOT / "app").with_suffix("").parts).removesuffix(".__init__")


def arrows_of(module: str) -> set[str]:
    """What `module` may import: the most specific row of the table."""
    parts = module.split(".")
    if parts[0] == "rooms" and len(parts) > 2:
        kind = next((kind for kind in ("figures", "analysis") if parts[2].endswith(kind)), parts[2])
        return MAY_IMPORT.get(f"rooms.*.{kind}", MAY_IMPORT["rooms.*"])
    return MAY_IMPORT.get(module, MAY_IMPORT.get(parts[0], set()))


def allowed(module: str, name: str) -> bool:
    """Whether `module` may import `name`."""
    arrows = arrows_of(module)
    if name.startswith("rooms."):
        return "own room" in arrows and name.split(".")[1] == module.split(".")[1]
    return name in arrows or name.split(".")[0] in arrows


@pytest.mark.parametrize("file", APP_FILES, ids=lambda f: str(f.relative_to(ROOT)))
def test_each_part_of_the_app_imports_only_what_the_design_lets_it(file):
    """Guards against rooms that know each other, pages that compute, figures that read widgets."""
    module = module_of(file)
    assert {name for name in imported(file) if not allowed(module, name)} == set()


def test_the_table_of_arrows_forbids_something():
    """Guards against a table, or a reading of imports, that lets everything through."""
    assert not allowed("rooms.moe.page", "rooms.mla.twin") and allowed("rooms.moe.page", "rooms.moe.experts")
    assert not allowed("rooms.moe.figures", "streamlit") and not allowed("rooms.mla.cost_figures", "model")
    assert not allowed("kit.address", "streamlit") and not allowed("kit.frame", "rooms.moe.page")
    assert "rooms.moe.words" in imported(ROOT / "app" / "rooms" / "moe" / "page.py")


@pytest.mark.parametrize("file", MODEL_FILES, ids=lambda f: str(f.relative_to(ROOT)))
def test_the_model_knows_no_page(file):
    """model/ is usable, and readable, without Streamlit, Plotly or app/."""
    assert not {name for name in imported(file) if name in ("streamlit", "plotly")}
    code = file.read_text(encoding="utf-8")
    assert "import app" not in code and "from app" not in code


def test_only_the_runtime_caches():
    """One place decides what is shared between sessions."""
    assert [f.name for f in APP_FILES if "st.cache_" in f.read_text(encoding="utf-8")] == ["runtime.py"]


@pytest.mark.parametrize("file", APP_FILES, ids=lambda f: str(f.relative_to(ROOT)))
def test_nothing_on_screen_is_drawn_from_a_random_generator(file):
    """The one die in the app is the seeded one that draws a token from the model's distribution."""
    text = file.read_text(encoding="utf-8")
    assert "import random" not in text
    assert text.count("np.random.") == text.count("np.random.default_rng([")
