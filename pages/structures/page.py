"""What was found: distinct structures by energy, and everything about one of them."""

import streamlit as st

from pages.common.columns import beside
from pages.common.errors import show_errors
from pages.common.session import library
from pages.components.second_look import show_second_look
from pages.structures.ancestry import show_found
from pages.structures.choosing import choose_runs, chosen_structure, place_to_look
from pages.structures.distinct import show_groups, show_map, show_table
from pages.structures.upload import show_phases, show_upload

st.title("Structures")
known = library()
place = place_to_look()

if place == "file":
    show_upload()

elif place == "phases":
    show_phases()

else:
    with show_errors():
        runs = choose_runs(known)
        # the structure first, though it stands second: the list takes longer to compute
        list_place, structure_place = beside("structures", [3, 7], last_first=True)
        with structure_place:
            chosen = chosen_structure(known, runs) if runs else None
            if chosen is not None:
                show_found(known, chosen, runs)
        if chosen is not None:
            with list_place:
                show_groups(known, runs, chosen)
            show_map(known, runs, chosen)
            show_table(known, runs)
            show_second_look(known, runs)
