"""A beam search as a tree: a column for each step, a node for each continuation that was considered."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from app.kit.component import declare

_tree = declare(__file__, "tree", front=("dom",))


def tree(
    root: str,
    columns: Sequence[Sequence[dict]],
    labels: dict[str, str],
    *,
    colours: dict[str, str],
    on_choose: Callable[[int, int], None],
    key: str = "tree",
) -> None:
    """Draw the tree.

    Args:
        root: the token that all continuations follow, as shown to people.
        columns: of each step its nodes, the best first, each with "token", "gain" and "total" (texts), "title"
            (said on hover), "parent" (its place in the column before, or None), "kept", "ended" and "best"
            (whether the best continuation of all goes through it).
        labels: "group", "step" (with {step}) and "end", plain text.
        colours: "own", "accent", "faint", "grid" and "paper".
        on_choose: called with step and place of a clicked node, before the next run.
    """
    data = {"root": root, "columns": [list(nodes) for nodes in columns], "labels": labels, "colours": colours}
    _tree.draw(key, data, choose=lambda value: on_choose(*map(int, value)))
