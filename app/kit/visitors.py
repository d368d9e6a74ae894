"""How many browsers a server serves at a time."""

from __future__ import annotations

import threading

import streamlit as st
from streamlit.runtime import exists, get_instance
from streamlit.runtime.scriptrunner import get_script_run_ctx

from app.kit import runtime
from app.kit.limits import limits
from app.text import translate


class Visitors:
    """The sessions that were let in, and have not left."""

    def __init__(self) -> None:
        self._inside: set[str] = set()
        self._lock = threading.Lock()

    def admit(self, session: str) -> bool:
        """Whether there is a place for that session, or it has one."""
        with self._lock:
            if session not in self._inside and len(self._inside) >= limits().sessions:
                self._inside = {one for one in self._inside if exists() and get_instance().is_active_session(one)}
            if session not in self._inside and len(self._inside) >= limits().sessions:
                return False
            self._inside.add(session)
            return True


def admit(lang: str) -> None:
    """End this run with a sentence where the server has as many visitors as it can serve."""
    context = get_script_run_ctx()
    if context is not None and not runtime.of_process(Visitors).admit(context.session_id):
        st.info(translate(lang, "common.full", count=limits().sessions), icon=":material/group:")
        st.stop()
