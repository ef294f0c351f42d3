"""What the address of a page says: parameters are hostile until they are found to name something known."""

from __future__ import annotations

import re

import streamlit as st

from pages.common.errors import show_error, show_errors
from rlcsp_core.runs.curves import Reader

RUN_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")


def runs_in_address(known: Reader) -> list[str]:
    """Ids in the URL that name known runs, each once; a sentence for every other."""
    found: list[str] = []
    for run_id in dict.fromkeys(st.query_params.get_all("run")):
        if not RUN_ID.fullmatch(run_id):
            show_error(
                "The address names a run with an id that cannot exist; choose a run from the list below."
            )
            continue
        with show_errors():
            found.append(known.run(run_id).id)
    return found
