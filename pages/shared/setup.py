"""What every page begins with: its frame, the run manager, and errors shown as the sentences they are.

One manager serves all sessions of the dashboard; pages address runs by the id in the URL and never by session.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import streamlit as st

from pages.shared.columns import STYLE as STACKED
from pages.shared.preload import PAUSE, preload
from rlcsp_core.errors import RLCSPError
from rlcsp_core.runs import RunManager
from rlcsp_core.runs.curves import Reader
from rlcsp_core.runs.library import Library
from rlcsp_core.runs.versions import usable_cores
from rlcsp_core.store import Store
from rlcsp_core.store.database import database_url

RUN_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")
MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+!|$:~&.-])")

SIDE_BY_SIDE = 2  # searches at work at once, even on two cores: two are to be watched beside each other
SIDEBAR_WIDTH = 200  # pixels; leaves a tablet room for the charts
ROOT = Path(__file__).parents[2]
ICON = ROOT / "static" / "icon.svg"  # a named icon would be fetched from the network
PAGES = (  # path, name, icon, the question the page answers
    ("app.py", "Home", ":material/home:", "What is this?"),
    ("pages/1_Search.py", "Search", ":material/search:", "Start a search and watch it live"),
    ("pages/2_Compare.py", "Compare", ":material/monitoring:", "Which algorithm gets there sooner?"),
    ("pages/3_Structures.py", "Structures", ":material/hexagon:", "What was found?"),
    ("pages/6_Replay.py", "Replay", ":material/movie:", "What happened at each step?"),
    ("pages/4_Policy.py", "Policy", ":material/account_tree:", "What did the agent learn?"),
    ("pages/5_Learn.py", "Learn", ":material/school:", "How does it work? The nine actions, by hand"),
)
STYLE = """
.stMainBlockContainer { padding: 2.6rem 2.2rem 4rem; max-width: 1680px; }
.stMainBlockContainer h1 { font-size: 2rem; padding: 0 0 .5rem; }
.stMainBlockContainer h2 { font-size: 1.35rem; padding: .4rem 0 .2rem; }
.stMainBlockContainer h3 { font-size: 1.1rem; padding: .2rem 0 0; }
[data-testid="stMetric"], [data-testid="stMetric"] > div { padding: .3rem .5rem !important; }
[data-testid="stMetricValue"] { font-size: 1.45rem; font-variant-numeric: tabular-nums; }
[data-testid="stMetricLabel"] p { font-size: .85rem; }
[data-testid="stMetricDelta"] { background: none; padding: 0; font-size: .8rem; }
.stAppHeader { background: transparent; }
@media (max-width: 900px) { .stMainBlockContainer { padding: 3.6rem 1rem 3rem; } }
"""


def page(title: str) -> None:
    """The frame of a page; the first call on it."""
    st.set_page_config(
        page_title=f"{title} · RLCSP", page_icon=str(ICON), layout="wide", initial_sidebar_state=SIDEBAR_WIDTH
    )
    st.html(f"<style>{STYLE}{STACKED}</style>")
    _let_in()
    with st.sidebar:
        for path, label, icon, _ in PAGES:
            st.page_link(path, label=label, icon=icon, width="stretch")
    preload(PAUSE)


def _let_in() -> None:
    """Where the operator has named an identity provider (SECURITY.md), the page ends here until someone logs in."""
    if st.secrets.load_if_toml_exists() and "auth" in st.secrets and not st.user.get("is_logged_in"):
        st.title("RLCSP")
        st.button("Log in", icon=":material/login:", type="primary", on_click=st.login)
        st.stop()


def begin() -> Library | None:
    """Before the first visitor: open the database, which sees to runs that wait or were left, and list the results.

    None if the database cannot be used; pages say why, and how that can be mended."""
    with suppress(RLCSPError):
        known = _library(_manager(_url()).store.url)
        _ = known.archives
        return known
    return None


def manager() -> RunManager:
    """The manager of this dashboard; ends the page with a sentence when its database cannot be used."""
    try:
        found = _manager(_url())
    except RLCSPError as error:
        problem(str(error))
        st.stop()
    if found.problem:
        problem(found.problem)
    return found


def _url() -> str:
    return database_url().render_as_string(hide_password=False)


def store() -> Store:
    return manager().store


def library() -> Library:
    """All runs there are, to read: those of the database and those that came with the program."""
    return _library(manager().store.url)


@contextmanager
def problems_shown() -> Iterator[None]:
    """Whatever the engine refuses inside is shown as its sentence; anything else is a defect and goes on up."""
    try:
        yield
    except RLCSPError as error:
        problem(str(error))


def problem(message: str) -> None:
    """An error as a sentence of plain text: what a URL or a form has put into it is not read as Markdown."""
    st.error(plain(message[:1].upper() + message[1:]), icon=":material/error:")


def plain(text: str) -> str:
    """Text that Markdown shows as it is."""
    return MARKDOWN.sub(r"\\\1", text)


def runs_in_address(known: Reader) -> list[str]:
    """Ids in the URL that name known runs, each once; a sentence for every other."""
    found: list[str] = []
    for run_id in dict.fromkeys(st.query_params.get_all("run")):
        if not RUN_ID.fullmatch(run_id):
            problem("The address names a run with an id that cannot exist; choose a run from the list below.")
            continue
        with problems_shown():
            found.append(known.run(run_id).id)
    return found


@st.cache_resource(show_spinner=False)
def _manager(url: str) -> RunManager:
    return RunManager(url, limit=max(SIDE_BY_SIDE, usable_cores() - 1))


@st.cache_resource(show_spinner=False)
def _library(url: str) -> Library:
    return Library(_manager(url).store)
