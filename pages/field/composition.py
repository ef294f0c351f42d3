"""The chosen composition: its structure, what it is, both energies, who found it."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from pages.common.catalogue import address_of
from pages.common.crystals import label_of_group, phases_of, symmetry_of
from pages.common.errors import plain, show_errors
from pages.common.sitemap import STRUCTURES
from pages.common.wording import STATES, signed, typeset, unbroken
from pages.components.crystal_view import show_crystal
from pages.components.table import with_digits
from pages.field.reading import Entry, Shown, look_at, structure_of
from rlcsp_core.analysis.phase_field import IONS, FieldPoint, PhaseField, by, label_of_energy
from rlcsp_core.analysis.phase_field_words import place_in_words
from rlcsp_core.analysis.second_look import SYMPREC as SYMPREC_AGAIN
from rlcsp_core.analysis.second_look import in_a_sentence
from rlcsp_core.analysis.second_look_files import table_of
from rlcsp_core.analysis.verdict import verdict
from rlcsp_core.crystal.formats import FORMATS, SYMMETRIC_FORMATS, FileFormat
from rlcsp_core.crystal.symmetry import SYMPREC
from rlcsp_core.errors import StructureError
from rlcsp_core.records import Crystal
from rlcsp_core.relax.learned import label_of

HEIGHT = 340  # pixels of the picture


def show_composition(entry: Entry, now: Shown, energy: str, place: int) -> None:
    field, point = now.field, now.field.points[place]
    st.subheader(typeset(point.formula), anchor="composition")
    st.markdown(plain(place_in_words(field, point, energy)))
    with show_errors():
        _picture(entry, field, point, energy)
    energies, minima, searches = st.tabs(["Energies", "Minima", "Searches"])
    with energies:
        _energies(point)
    with minima, show_errors():
        _minima(entry, field, point)
    with searches:
        _searches(entry, now, point)


def _picture(entry: Entry, field: PhaseField, point: FieldPoint, energy: str) -> None:
    """As this energy has relaxed it; on ions where it has not."""
    shown = energy if energy in point.lowest else IONS
    key = point.lowest.get(shown)
    if key is None:
        return
    crystal = structure_of(entry.reader, key, shown)
    _identity(field, point, crystal, shown)
    cell, formats = _conventional(crystal, shown)
    name = f"{point.formula}-{label_of_energy(shown)}"
    show_crystal(cell, key="field-crystal", height=HEIGHT, name=name)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            "CIF",
            formats["cif"].write(cell),
            f"{name}.cif",
            formats["cif"].mime,
            icon=":material/download:",
            on_click="ignore",
            key="field-cif",
            type="tertiary",
        )
        if entry.own:
            st.page_link(
                STRUCTURES.file,
                label="Open in Structures",
                icon=STRUCTURES.icon,
                query_params={"run": key.run_id, "structure": address_of(key)},
            )


def _conventional(crystal: Crystal, energy: str) -> tuple[Crystal, Mapping[str, FileFormat]]:
    """The cell that books show, and how it is written; as it was found where it has no symmetry."""
    try:
        return symmetry_of(crystal, symprec_of(energy)).conventional, SYMMETRIC_FORMATS
    except StructureError:
        return crystal, FORMATS


def symprec_of(energy: str) -> float:
    """Å; models relax less far than the engine of the searches."""
    return SYMPREC if energy == IONS else SYMPREC_AGAIN


def _identity(field: PhaseField, point: FieldPoint, crystal: Crystal, energy: str) -> None:
    ions = energy == IONS
    said = verdict(
        crystal, point.energies[IONS] if ions else None, field.potential if ions else None, phases_of(crystal)
    )
    group = label_of_group(crystal, symprec_of(energy))
    told = "Relaxed" if group in said.words else f"Space group {group},"
    words = f"**{plain(typeset(said.words))}** {plain(unbroken(told))} {by(energy)}."
    if said.is_experiment:
        st.success(words, icon=":material/verified:")
    else:
        st.info(words, icon=":material/science:")


def _energies(point: FieldPoint) -> None:
    """Each on its own scale."""
    energies = list(dict.fromkeys([*point.energies, *point.reasons]))
    hulls = [point.hulls.get(energy) for energy in energies]
    table = pd.DataFrame(
        {
            "by": [label_of_energy(energy) for energy in energies],
            "energy": [point.energies.get(energy) for energy in energies],
            "formation": [None if hull is None else 1000 * hull.formation for hull in hulls],
            "above": [None if hull is None else 1000 * hull.above for hull in hulls],
            "is": [point.found.get(energy, "") for energy in energies],
        }
    )
    st.dataframe(
        with_digits(
            table.astype({"energy": float, "formation": float, "above": float}),
            {"energy": 5, "formation": 1, "above": 1},
        ),
        hide_index=True,
        column_order=[name for name in table if name != "is" or any(table[name])],
        placeholder="",
        column_config={
            "energy": st.column_config.NumberColumn("eV/atom"),
            "formation": st.column_config.NumberColumn("formation", help="From the end members, meV/atom"),
            "above": st.column_config.NumberColumn("above hull", help="meV/atom"),
            "is": st.column_config.TextColumn("known crystal"),
        },
        alt="Energies of this composition, each on its own scale.",
    )
    for energy, why in point.reasons.items():
        st.markdown(plain(f"No energy {by(energy)}: {why}."))
    st.caption(
        "Formation and above hull in meV/atom. Energies of two potentials have different zeros: only differences of "
        "one can be compared."
    )


def _minima(entry: Entry, field: PhaseField, point: FieldPoint) -> None:
    """Those a model has relaxed again, ranked by both energies."""
    models = [energy for energy in field.energies if energy != IONS]
    models = models or [energy for energy in point.energies if energy != IONS]
    if not models:
        st.caption("No model has relaxed minima of this composition again.")
    for model in models:
        look = look_at(entry.reader, point, model)
        said = in_a_sentence(look, label_of(model))
        if said is None:
            st.caption(plain(f"{label_of(model)} has no energy of this composition yet."))
            continue
        st.markdown(typeset(plain(said)))
        values = table_of(look.rows)
        table = pd.DataFrame(
            {
                "rank": values["rank"],
                "again": values["model_rank"].astype("Int64"),
                "energy": values["energy_per_atom"].astype(float),
                "model": values["model_energy_per_atom"].astype(float),
                "known": values["known"].fillna(""),
                "group": values["model_space_group"].fillna(values["space_group"]),
                "open": "Structures?run=" + values["run_id"] + "&structure=" + values["structure"],
            }
        )
        st.dataframe(
            with_digits(table, {"energy": 5, "model": 5}),
            hide_index=True,
            key=f"minima-{model}",
            column_config={
                "rank": st.column_config.NumberColumn("rank on ions"),
                "again": st.column_config.NumberColumn(f"rank by {label_of(model)}"),
                "energy": st.column_config.NumberColumn("ions (eV/atom)"),
                "model": st.column_config.NumberColumn(f"{label_of(model)} (eV/atom)"),
                "known": st.column_config.TextColumn("known crystal"),
                "group": st.column_config.TextColumn("space group"),
                "open": st.column_config.LinkColumn("open", display_text="open"),
            },
        )


def _searches(entry: Entry, now: Shown, point: FieldPoint) -> None:
    """Each seed, and how far above the lowest minimum it ended."""
    if not point.runs:
        st.caption("No search of this composition yet.")
        return
    runs = [now.runs[run_id] for run_id in point.runs]
    lowest = point.energies.get(IONS)
    table = pd.DataFrame(
        {
            "seed": [run.seed for run in runs],
            "state": [STATES[run.state].label for run in runs],
            "steps": [run.n_steps for run in runs],
            "above": [
                ""
                if run.best_energy is None or lowest is None
                else signed(1000 * (run.best_energy - lowest), 1)
                for run in runs
            ],
            **({"open": [f"Search?run={run.id}" for run in runs]} if entry.own else {}),
        }
    )
    st.dataframe(
        table,
        hide_index=True,
        key="field-searches",
        column_config={
            "above": st.column_config.TextColumn(
                "above the lowest (meV/atom)", help="Where this seed ended, on ions", alignment="right"
            ),
            "open": st.column_config.LinkColumn("run", display_text="open"),
        },
        alt="Searches of this composition, one a seed.",
    )
