"""What stands on a page, for tests that want more than that nothing was raised."""

from __future__ import annotations

from typing import NamedTuple

from streamlit.testing.v1 import AppTest

CHART, CRYSTAL = "rlcsp_live_chart", "rlcsp_crystal_view"


class Drawn(NamedTuple):
    """How many of each stand on it."""

    charts: int
    crystals: int
    tables: int


def drawn(page: AppTest) -> Drawn:
    components = [element.proto.component_name for element in page.get("bidi_component")]
    return Drawn(components.count(CHART), components.count(CRYSTAL), len(page.dataframe))


def words(page: AppTest) -> str:
    """All of its text, as Markdown."""
    kinds = (page.title, page.header, page.subheader, page.markdown, page.caption, page.info)
    return "\n".join(str(element.value) for kind in kinds for element in kind)
