"""Brings the page back whole when a run ended in the middle of long work: by the toolbar's Stop, or an error.

Streamlit then leaves only what had been drawn until there, and starts no new run by itself.
"""

from __future__ import annotations

from app.kit.component import declare

_unfinished = declare(__file__, "unfinished")


def watch(*, key: str = "unfinished") -> None:
    """Draw nothing, in a run that will call `st.rerun` or take this away by `st.empty` when its work is done.

    Where the browser still finds it once the run is over, it asks for a new run.
    """
    _unfinished.draw(key, {}, over=lambda _: None)
