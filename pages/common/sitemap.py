"""The pages: where each stands, its address, its icon, and the question it answers."""

from __future__ import annotations

from typing import NamedTuple


class PageInfo(NamedTuple):
    title: str
    icon: str
    question: str

    @property
    def file(self) -> str:
        """Relative to app.py, for st.Page, st.page_link and st.switch_page."""
        return f"pages/{self.word.lower()}/page.py"

    @property
    def url_path(self) -> str:
        """Empty for the page that opens first."""
        return "" if self is HOME else self.word

    @property
    def word(self) -> str:
        """The last of its title."""
        return self.title.split()[-1].capitalize()


HOME = PageInfo("Home", ":material/home:", "What is this?")
DEMO = PageInfo("Demo", ":material/play_circle:", "See a search find a crystal, then learn")
SEARCH = PageInfo("Search", ":material/search:", "Start a search and watch it live")
COMPARE = PageInfo("Compare", ":material/monitoring:", "Which algorithm finds it sooner?")
STRUCTURES = PageInfo("Structures", ":material/hexagon:", "What was found?")
FIELD = PageInfo("Phase field", ":material/change_history:", "Which compositions are stable?")
REPLAY = PageInfo("Replay", ":material/movie:", "What happened at each step?")
POLICY = PageInfo("Policy", ":material/account_tree:", "What did the agent learn?")
LEARN = PageInfo("Learn", ":material/school:", "How does it work? Try the actions by hand")
PAGES = (HOME, DEMO, SEARCH, COMPARE, STRUCTURES, FIELD, REPLAY, POLICY, LEARN)
