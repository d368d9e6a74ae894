"""The app's entry point: ``streamlit run app/main.py``.

The server imports it once, for `app`; and for every run of a page it is run as a script: then it sets up the page,
and hands over to the room that the address names.
"""

import os
import sys
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))  # `streamlit run app/main.py` puts only app/ there

# GNU's OpenMP, which torch uses, would spin for milliseconds wherever one of its threads waits for another: on cores
# that others use too, a forward of 60 ms takes seconds.  It reads this once, when torch is imported.
os.environ.setdefault("GOMP_SPINCOUNT", "3000")

import streamlit as st  # noqa: E402


def page() -> None:
    """Draw the page that the browser asks for."""
    from app.kit import runtime

    with runtime.pages():
        _page()


def _page() -> None:
    from app.kit import browser, comparing, frame, runtime, session, visitors
    from app.kit.lessons import panel
    from app.kit.stations import STATIONS
    from app.text import translate

    pages = {station.address: import_module(f"app.rooms.{station.folder}.page") for station in STATIONS}
    st.set_page_config(page_title="Glassformer", page_icon="🔍", layout="wide", initial_sidebar_state="collapsed")
    st.html(f"<style>{(ROOT / 'app' / 'kit' / 'page.css').read_text(encoding='utf-8')}</style>")
    browser.attend()  # before anything that takes time: it notices where the run is ended
    runtime.warm_up()

    view = session.arrive(frame.defaults())
    visitors.admit(view.lang)
    rooms = [
        st.Page(
            pages[station.address].show,
            title=translate(view.lang, f"{station.folder}.title"),
            icon=station.icon,
            url_path=station.address,
        )
        for station in STATIONS
    ]
    first = STATIONS[0].address
    home = st.Page(pages[first].show, title="Glassformer", url_path="home", default=True)
    # The way from room to room is the small map on every page, so Streamlit's own navigation is not shown.
    chosen = st.navigation([home, *rooms], position="hidden")
    asked = session.destination()
    if asked is not None:
        there = next(room for room in rooms if room.url_path == asked)
        st.switch_page(there, query_params=session.address(frame.defaults()))
    session.enter(chosen.url_path or first)
    panel.panel(session.current(), session.here())
    chosen.run()
    comparing.link(session.here())
    frame.leave()


if __name__ == "__main__":
    page()
else:
    from app.kit import server

    app = st.App(__file__, middleware=server.middleware(), lifespan=server.warm)
