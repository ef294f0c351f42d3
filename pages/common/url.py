"""What the address of a page says: parameters are hostile until they are found to name something known."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import streamlit as st

from pages.common.errors import show_error, show_errors
from rlcsp_core.store import Reader

ON = "yes"  # a switch in the URL
RUN_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")


def runs_in_address(known: Reader) -> list[str]:
    """Ids in the URL that name known runs, each once; a sentence for every other."""
    found: list[str] = []
    for run_id in dict.fromkeys(st.query_params.get_all("run")):
        if not RUN_ID.fullmatch(run_id):
            show_error("Invalid run id in the URL; choose a run from the list below.")
            continue
        with show_errors():
            found.append(known.run(run_id).id)
    return found


def choice(
    label: str,
    options: Sequence[str] | Mapping[str, str],
    name: str,
    *,
    visible: bool = True,
    help: str | None = None,
) -> str:
    """One of a few, kept in the URL under `name`; a mapping gives the words for what stands there."""
    asked, key = st.query_params.get(name), f"url-{name}"
    default = asked if asked in options else next(iter(options))
    turned = st.session_state.pop(_turned(name), None)
    if turned in options:
        st.session_state[key], default = turned, None  # Streamlit warns of a widget that is given both
    picked = st.segmented_control(
        label,
        list(options),
        default=default,
        required=True,
        format_func=options.__getitem__ if isinstance(options, Mapping) else str,
        help=help,
        key=key,
        label_visibility="visible" if visible else "collapsed",
    )
    assert picked is not None, "one is always chosen"
    remember(name, [picked])
    return picked


def turn(name: str, value: str) -> None:
    """Before it is drawn again, as in a callback: the `choice` of this name stands on another value."""
    st.session_state[_turned(name)] = value


def _turned(name: str) -> str:
    return f"turned-{name}"


def switch(label: str, name: str) -> bool:
    """On or off, kept in the URL under `name`."""
    on = st.toggle(label, value=st.query_params.get(name) == ON, key=f"url-{name}")
    remember(name, [ON] if on else [])
    return on


def one_of(
    label: str, options: Sequence[str] | Mapping[str, str], name: str, *, none: str | None = None
) -> str | None:
    """One of many, or none of them, kept in the URL under `name`; a mapping gives the words for what stands there."""
    words = options if isinstance(options, Mapping) else {}
    asked = st.query_params.get(name)
    everything = [none, *options] if none is not None else list(options)
    picked = st.selectbox(
        label,
        everything,
        index=everything.index(asked) if asked in everything else 0,
        format_func=lambda option: words.get(option, str(option)),
        key=f"url-{name}",
    )
    remember(name, [] if picked == none else [picked])
    return None if picked == none else picked


def remember(name: str, values: Sequence[str]) -> None:
    if list(values) == st.query_params.get_all(name):
        return
    with show_errors():
        if values:
            st.query_params[name] = list(values)
        elif name in st.query_params:
            del st.query_params[name]
