"""The app's entry point: ``streamlit run app/main.py``.

Puts the repository's root on the path, sets up the page, and hands over to the room that
the address names.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))  # `streamlit run app/main.py` puts only app/ there

import streamlit as st  # noqa: E402

from app import page, runtime, state  # noqa: E402
from app.text import say  # noqa: E402
from app.views import attention, embeddings, mla, moe, output  # noqa: E402

# Address, page, icon, in the order of the navigation. A new room is one line here, and its
# title under "<address>.title" in app/text.
ROOMS = (
    ("output", output.show, ":material/bar_chart:"),
    ("attention", attention.show, ":material/grid_on:"),
    ("embeddings", embeddings.show, ":material/view_column:"),
    ("moe", moe.show, ":material/call_split:"),
    ("mla", mla.show, ":material/compress:"),
)

st.set_page_config(page_title="Glassformer", page_icon="🔍", layout="wide", initial_sidebar_state="collapsed")
st.html(f"<style>{(ROOT / 'app' / 'style.css').read_text(encoding='utf-8')}</style>")
runtime.warm_up()

view = state.arrive(page.defaults())
rooms = [
    st.Page(show, title=say(view.lang, f"{address}.title"), icon=icon, url_path=address)
    for address, show, icon in ROOMS
]
home = st.Page(ROOMS[0][1], title="Glassformer", url_path="home", default=True, visibility="hidden")
chosen = st.navigation([home, *rooms], position="top")
if not chosen.url_path:
    # The plain address shows the first room, which Streamlit would leave unmarked in the navigation.
    st.html(
        f"<style>[data-testid='stTopNavLink'][href$='/{ROOMS[0][0]}'] {{ background: rgba(157, 173, 190, 0.25); font-weight: 600; }}</style>"
    )
chosen.run()
