"""The app's entry point: ``streamlit run app/main.py``.

Puts the repository's root on the path, sets up the page, and hands over to the room that
the address names.
"""

import sys
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))  # `streamlit run app/main.py` puts only app/ there

import streamlit as st  # noqa: E402

from app.kit import frame, runtime, session  # noqa: E402
from app.kit.stations import STATIONS  # noqa: E402
from app.text import translate  # noqa: E402

PAGES = {station.address: import_module(f"app.rooms.{station.folder}.page") for station in STATIONS}

st.set_page_config(page_title="Glassformer", page_icon="🔍", layout="wide", initial_sidebar_state="collapsed")
st.html(f"<style>{(ROOT / 'app' / 'kit' / 'page.css').read_text(encoding='utf-8')}</style>")
runtime.warm_up()

view = session.arrive(frame.defaults())
rooms = [
    st.Page(
        PAGES[station.address].show,
        title=translate(view.lang, f"{station.folder}.title"),
        icon=station.icon,
        url_path=station.address,
    )
    for station in STATIONS
]
first = STATIONS[0].address
home = st.Page(PAGES[first].show, title="Glassformer", url_path="home", default=True, visibility="hidden")
chosen = st.navigation([home, *rooms], position="top")
if not chosen.url_path:
    # The plain address shows the first room, which Streamlit would leave unmarked in the navigation.
    marked = "background: rgba(157, 173, 190, 0.25); font-weight: 600;"
    st.html(f"<style>[data-testid='stTopNavLink'][href$='/{first}'] {{ {marked} }}</style>")
chosen.run()
session.leave()
