"""The pages: where each stands, its address, its icon, and the question it answers."""

from __future__ import annotations

from typing import NamedTuple


class PageInfo(NamedTuple):
    file: str  # relative to app.py, for st.Page, st.page_link and st.switch_page
    title: str
    url_path: str  # "" for the page that opens first
    icon: str
    question: str


HOME = PageInfo("pages/home/page.py", "Home", "", ":material/home:", "What is this?")
SEARCH = PageInfo(
    "pages/search/page.py", "Search", "Search", ":material/search:", "Start a search and watch it live"
)
COMPARE = PageInfo(
    "pages/compare/page.py",
    "Compare",
    "Compare",
    ":material/monitoring:",
    "Which algorithm gets there sooner?",
)
STRUCTURES = PageInfo(
    "pages/structures/page.py", "Structures", "Structures", ":material/hexagon:", "What was found?"
)
REPLAY = PageInfo(
    "pages/replay/page.py", "Replay", "Replay", ":material/movie:", "What happened at each step?"
)
POLICY = PageInfo(
    "pages/policy/page.py", "Policy", "Policy", ":material/account_tree:", "What did the agent learn?"
)
LEARN = PageInfo(
    "pages/learn/page.py",
    "Learn",
    "Learn",
    ":material/school:",
    "How does it work? The nine actions, by hand",
)
PAGES = (HOME, SEARCH, COMPARE, STRUCTURES, REPLAY, POLICY, LEARN)
