"""Errors shown as the sentences they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from rlcsp_core.errors import RLCSPError

MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+!|$:~&.-])")


@contextmanager
def show_errors() -> Iterator[None]:
    """Whatever the engine refuses inside is shown as its sentence; anything else is a defect and goes on up."""
    try:
        yield
    except RLCSPError as error:
        show_error(str(error))


def show_error(message: str) -> None:
    """An error as a sentence of plain text: what a URL or a form has put into it is not read as Markdown."""
    st.error(plain(message[:1].upper() + message[1:]), icon=":material/error:")


def plain(text: str) -> str:
    """Text that Markdown shows as it is."""
    return MARKDOWN.sub(r"\\\1", text)
