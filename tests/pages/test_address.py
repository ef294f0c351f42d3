"""Choices that are kept in the address of a page."""

from __future__ import annotations

import logging

import pytest
from streamlit.elements.lib import policies
from streamlit.testing.v1 import AppTest

pytestmark = pytest.mark.slow


def turning() -> None:
    import streamlit as st

    from pages.common.url import choice, turn

    st.write(choice("View", ["First", "Second", "Third"], "view"))
    st.button("On", on_click=turn, args=("view", "Second"))


def test_a_choice_is_turned_without_a_warning(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policies, "_shown_default_value_warning", False)  # Streamlit warns once a process
    page = AppTest.from_function(turning)
    page.query_params["view"] = "Third"
    with caplog.at_level(logging.WARNING):
        page.run()
        assert page.markdown[0].value == "Third"
        page.button[0].click().run()
        assert page.markdown[0].value == page.segmented_control[0].value == "Second"
        assert page.query_params["view"] in ("Second", ["Second"])
        page.segmented_control[0].set_value("First").run()
        assert page.markdown[0].value == "First", "it can be chosen anew"
        page.run()
        assert page.markdown[0].value == "First"
    assert not page.exception
    assert "created with a default value" not in caplog.text
