"""The names of what a room's page can have, read from its code: what a lesson may point at."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from app.kit.address import owned

APP = Path(__file__).resolve().parent.parent.parent
EVERYWHERE = ("prompt", "model", "chips", "small_map", "take", "source")  # on every page, or nearly


@lru_cache(maxsize=64)
def elements(folder: str) -> frozenset[str]:
    """Names of the elements of app/rooms/<folder>: what stands after "st-key-" on its page."""
    files = sorted((APP / "rooms" / folder).glob("*.py"))
    named = {name for file in files for name in _keys(ast.parse(file.read_text(encoding="utf-8")))}
    return frozenset({*named, *EVERYWHERE, *_pickers(files), *owned(folder)})


def _keys(tree: ast.AST) -> Iterator[str]:
    """Texts given as `key`, in a call or as a function's default; the first argument of a component's draw()."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            values = [keyword.value for keyword in node.keywords if keyword.arg == "key"]
            if isinstance(node.func, ast.Attribute) and node.func.attr == "draw":
                values += node.args[:1]
            yield from (v.value for v in values if isinstance(v, ast.Constant) and isinstance(v.value, str))
        elif isinstance(node, ast.FunctionDef):
            given = zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
            yield from (
                default.value
                for argument, default in given
                if argument.arg == "key" and isinstance(default, ast.Constant) and isinstance(default.value, str)
            )


def _pickers(files: list[Path]) -> set[str]:
    """The controls of layer and head, where the room has them under the names that all rooms use."""
    code = "".join(file.read_text(encoding="utf-8") for file in files)
    return {word for word in ("layer", "head") if f"pickers.{word}(" in code or f'("{word}",' in code}
