"""The run manager and the runs there are: one of each for all sessions of the dashboard.

Pages address runs by the id in the URL and never by session.
"""

from __future__ import annotations

from contextlib import suppress

import streamlit as st

from pages.common.cache import cached
from pages.common.errors import show_error
from rlcsp_core.errors import RLCSPError
from rlcsp_core.execution import RunManager
from rlcsp_core.execution.second_looks import SecondLooks
from rlcsp_core.execution.versions import usable_cores
from rlcsp_core.store import Store
from rlcsp_core.store.addresses import address, database_url
from rlcsp_core.store.library import Library

SIDE_BY_SIDE = 2  # searches at work at once, even on two cores: two are to be watched beside each other


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
        show_error(str(error))
        st.stop()
    if found.problem:
        show_error(found.problem)
    return found


def _url() -> str:
    return address(database_url())


def store() -> Store:
    return manager().store


def library() -> Library:
    """All runs there are, to read: those of the database and those that came with the program."""
    return _library(manager().store.url)


def second_looks() -> SecondLooks:
    return _second_looks(manager().store.url)


@cached()
def _second_looks(url: str) -> SecondLooks:
    return SecondLooks(url)


@cached()
def _manager(url: str) -> RunManager:
    return RunManager(url, limit=max(SIDE_BY_SIDE, usable_cores() - 1))


@cached()
def _library(url: str) -> Library:
    return Library(_manager(url).store)
