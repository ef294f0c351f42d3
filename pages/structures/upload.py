"""Structures that no search has made, from files or the literature: inspect, relax, compare; nothing is stored."""

from __future__ import annotations

import streamlit as st

from pages.common.cache import crystal_key
from pages.common.errors import plain, show_error, show_errors
from pages.common.url import one_of
from pages.common.wording import typeset
from pages.components.relaxation import frames_of, relaxed
from pages.structures.details import inspect
from pages.structures.item import Item
from rlcsp_core.crystal.composition import formula_of
from rlcsp_core.crystal.formats import parse_structures
from rlcsp_core.crystal.identity import references
from rlcsp_core.energy import evaluate, refuse_contacts
from rlcsp_core.energy.choice import potential_for
from rlcsp_core.errors import RLCSPError, StructureError
from rlcsp_core.records import Crystal
from rlcsp_core.relax import is_warm

MAX_BYTES = 5 * 1024**2
MAX_ATOMS = 400
SHOWN = 5  # bad structures of one file
KEPT = "own-structure"


def show_upload() -> None:
    file = st.file_uploader(
        "CIF, POSCAR or extended XYZ, at most 5 MB and 400 atoms",
        key="upload",
        help="The file is read in memory on this machine and not stored. Sites must be fully occupied.",
    )
    if file is None:
        st.session_state.pop(KEPT, None)
        st.info("Choose a file to look at it, relax it with the potential of the searches, and compare it.")
        return
    with show_errors():
        crystal = _crystal(file.name, file.getvalue())
        if crystal is not None:
            inspect_and_relax(crystal, f"{formula_of(crystal.numbers)} from a file", "own-structure")


def show_phases() -> None:
    """The same for the phases from the literature."""
    phases = {f"{phase.formula} {phase.name}": phase for phase in references()}
    name = one_of("Phase", {name: typeset(name) for name in phases}, "reference")
    assert name is not None, "one is always chosen"
    inspect_and_relax(phases[name].crystal, name, name.replace(" ", "-"))


def inspect_and_relax(crystal: Crystal, title: str, name: str) -> None:
    """A structure as it is given and, on demand, relaxed."""
    with show_errors():
        relaxed = _relaxation(crystal, title, name)
        inspect(relaxed if relaxed is not None else Item(crystal, title, _energy(crystal), name=name))


def _crystal(name: str, content: bytes) -> Crystal | None:
    """The structure chosen from the good ones; None, and sentences, where there is none."""
    if len(content) > MAX_BYTES:  # the browser checks too, but a browser can be told otherwise
        raise StructureError(f"the file has {len(content) / 1024**2:.1f} MB, more than 5: give a smaller one")
    entries = parse_structures(name, content, max_atoms=MAX_ATOMS)
    bad = [entry for entry in entries if entry.problem]
    for entry in bad[:SHOWN]:
        show_error(f"Structure {entry.number}: {entry.problem}" if len(entries) > 1 else str(entry.problem))
    if len(bad) > SHOWN:
        show_error(f"{len(bad) - SHOWN} more of the {len(entries)} structures cannot be used.")
    good = {entry.number: entry.crystal for entry in entries if entry.crystal is not None}
    if not good:
        return None
    number = max(good)
    if len(entries) > 1:
        number = st.selectbox(
            f"Structure, of {len(entries)} in the file",
            list(good),
            index=len(good) - 1,
            format_func=lambda place: typeset(f"{place}: {formula_of(good[place].numbers)}"),
            key="frame",
        )
    if note := entries[number - 1].note:
        st.caption(plain(note[:1].upper() + note[1:] + "."))
    return good[number]


def _energy(crystal: Crystal) -> float | None:
    """eV/atom as it stands in the file; None, and a sentence, where the potential does not cover it."""
    if not is_warm():
        st.caption(
            "The energy engine is not compiled yet: press Relax to compile it; then energies are shown."
        )
        return None
    try:
        potential = potential_for(crystal.numbers)
        refuse_contacts(crystal, potential)
        return evaluate(crystal, potential).energy / crystal.n_atoms
    except RLCSPError as error:
        show_error(str(error))
        return None


def _relaxation(crystal: Crystal, title: str, name: str) -> Item | None:
    """The relaxed structure, once it was asked for."""
    asked = st.button("Relax", icon=":material/compress:", type="primary", key="relax")
    kept = st.session_state.get(KEPT)
    if asked:
        kept = (crystal_key(crystal), _relaxed(crystal, title, name))
        st.session_state[KEPT] = kept
    if kept is None or kept[0] != crystal_key(crystal):
        return None
    return kept[1]


def _relaxed(crystal: Crystal, title: str, name: str) -> Item:
    refuse_contacts(crystal, potential_for(crystal.numbers))
    film = relaxed(crystal)
    outcome = film.outcome
    if outcome.energy is None:
        raise StructureError(f"the relaxation did not converge: {outcome.reason}; no energy is shown")
    before = film.energies[0]
    st.success(
        plain(
            f"Relaxed in {outcome.evaluations} evaluations: from {before:.5f} to {outcome.energy:.5f} eV/atom."
        )
    )
    return Item(
        outcome.crystal,
        f"{title}, relaxed",
        outcome.energy,
        before=crystal,
        film=frames_of(film),
        name=f"{name}-relaxed",
        potential=potential_for(crystal.numbers).name,
    )
