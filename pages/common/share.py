"""What a lecturer wants of every page: its address to copy and as a QR code, large type, the terms explained.

A lecture is begun by `?lecture` in the address and lasts for the session, over all pages: large type, the pages named
on top in place of the sidebar, and keys for Search, Replay and the demo.
"""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

import segno
import streamlit as st

from pages.common.glossary import glossary

LECTURE = "lecture"  # in the URL
STYLE = """
html { font-size: 20px; }
.stMainBlockContainer { max-width: none; padding-top: 4rem; }
"""
HERE_ONLY = ("127.0.0.1", "localhost", "::1")


def lecture() -> bool:
    """Whether this session is a lecture."""
    if LECTURE in st.query_params:
        st.session_state[LECTURE] = True
    if not st.session_state.get(LECTURE):
        return False
    st.query_params[LECTURE] = ""  # also of the next page
    return True


def lecture_key(key: str) -> str | None:
    """The key that presses a button, during a lecture."""
    return key if st.session_state.get(LECTURE) else None


def share() -> None:
    """Two buttons below the pages' names."""
    with st.popover(
        "Share", icon=":material/share:", width="stretch", key="share", on_change="rerun"
    ) as popover:
        if popover.open:
            _address()
        if st.session_state.get(LECTURE):
            st.button("End the lecture", icon=":material/close:", on_click=_set_lecture, args=(False,))
        else:
            st.button(
                "Lecture: large type", icon=":material/present_to_all:", on_click=_set_lecture, args=(True,)
            )
    glossary()


def _set_lecture(on: bool) -> None:
    st.session_state[LECTURE] = on
    if not on:
        st.query_params.pop(LECTURE, None)


def _address() -> None:
    """This page as it is: the URL names the run, the step and the view."""
    page = str(st.context.url or "")
    said = [
        (name, value)
        for name in st.query_params
        for value in st.query_params.get_all(name)
        if name != LECTURE
    ]
    url = f"{page}?{urlencode(said)}" if said else page
    st.code(url, language=None, wrap_lines=True)
    st.image(segno.make(url).svg_data_uri(scale=5, light="#ffffff"), caption="This page", width=220)
    if urlsplit(url).hostname in HERE_ONLY:
        st.caption(
            "This address works on this computer only; see the documentation for one that others reach."
        )
