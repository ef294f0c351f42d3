"""Which compositions of a field are stable: the convex hull by each energy, live while it is searched."""

import streamlit as st

from pages.common.columns import cells
from pages.common.errors import show_errors
from pages.common.session import store
from pages.common.watching import seconds_between_looks
from pages.field.choosing import choose_energy, choose_field
from pages.field.reading import entries, shown
from pages.field.view import REFRESH, show_field, show_what_it_is

title_place, field_place, energy_place = cells(
    "field-choice", [4, 5, 4], vertical_alignment="bottom", wide=True
)
title_place.title("Phase field")

with show_errors():
    with field_place:
        entry = choose_field(entries(store()))
    with st.spinner("Building the hulls …"):
        now = shown(entry)
    if not now.runs:
        show_what_it_is(entry)
    else:
        with energy_place:
            energy = choose_energy(now.field)
        every = seconds_between_looks(REFRESH) if now.at_work else None
        st.fragment(show_field, run_every=every)(entry, now, energy, every)
