"""Our model with every hook point cut out of its source: what would it cost without them?"""

from __future__ import annotations

import ast
import importlib
import sys
from pathlib import Path

from torch import nn

from model.transformer import Transformer

SOURCE = Path(__file__).resolve().parents[2] / "model"
MODULES = (
    "errors",
    "parts",
    "config",
    "capture",
    "cache",
    "norm",
    "rope",
    "linear",
    "attention",
    "feed_forward",
    "transformer",
)


class _CutHooks(ast.NodeTransformer):
    """`self.hook_x(value)` becomes `value`; `hook.listening` becomes False."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        is_hook = name.startswith("hook_") or (isinstance(node.func, ast.Attribute) and name == "logits")
        return node.args[0] if is_hook else node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        return ast.Constant(False) if node.attr == "listening" else self.generic_visit(node)


def without_hooks(transformer: Transformer, folder: Path) -> nn.Module:
    """A model that shares `transformer`'s weights and calls no hook; its source is written to `folder`."""
    package = folder / "hookless"
    package.mkdir()
    (package / "__init__.py").touch()
    for name in MODULES:
        tree = ast.parse((SOURCE / f"{name}.py").read_text())
        (package / f"{name}.py").write_text(ast.unparse(tree if name == "capture" else _CutHooks().visit(tree)))
    sys.path.insert(0, str(folder))
    try:
        config = importlib.import_module("hookless.config").ModelConfig.from_dict(transformer.config.to_dict())
        made = importlib.import_module("hookless.transformer").Transformer(config)
    finally:
        sys.path.remove(str(folder))
    made.load_state_dict(transformer.state_dict(), assign=True)
    return made.eval().requires_grad_(False)
