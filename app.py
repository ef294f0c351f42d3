"""RLCSP: crystal structures found by a search that learns.  The router: frame and login of every page."""

import streamlit as st

from pages.common.frame import ICON, SIDEBAR_WIDTH, STYLE, let_in
from pages.common.preload import PAUSE, preload
from pages.common.share import STYLE as LECTURE_STYLE
from pages.common.share import lecture, share
from pages.common.sitemap import PAGES
from pages.common.tour import show_stop

lecturing = lecture()
# Without icons, which the browser would fetch from the network to show them in its tab.
current = st.navigation(
    [
        st.Page(page.file, title=page.title, url_path=page.url_path, default=not page.url_path)
        for page in PAGES
    ],
    position="top" if lecturing else "hidden",
)
st.set_page_config(
    page_title=f"{current.title} · RLCSP",
    page_icon=str(ICON),
    layout="wide",
    initial_sidebar_state=SIDEBAR_WIDTH,
)
st.html(f"<style>{STYLE}{LECTURE_STYLE if lecturing else ''}</style>")
let_in()
if not lecturing:
    with st.sidebar:
        for page in PAGES:
            st.page_link(page.file, label=page.title, icon=page.icon, width="stretch")
        share()
preload(PAUSE)
show_stop()
current.run()
if lecturing:
    with st.container(horizontal=True, horizontal_alignment="right"):
        share()
