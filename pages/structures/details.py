"""Everything about one structure: the picture, its numbers, symmetry, bonds, powder pattern and files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import pandas as pd
import streamlit as st

from pages.common.columns import beside
from pages.common.crystals import phases_of, symmetry_of
from pages.common.errors import plain, show_errors
from pages.common.wording import NOTHING, again_in_words, signed, typeset, unbroken
from pages.common.wording import energy as energy_words
from pages.components.crystal_view import Frame, show_crystal
from pages.components.figures import show_figures
from pages.structures.downloads import show_files
from pages.structures.item import Item
from pages.structures.powder import show_powder
from rlcsp_core.analysis.verdict import verdict
from rlcsp_core.crystal.bonds import BOND_STRETCH
from rlcsp_core.crystal.composition import formula_of, presets
from rlcsp_core.crystal.identity import Match, references
from rlcsp_core.crystal.summary import cell_parameters, density, displacements, distinct_sites
from rlcsp_core.crystal.symmetry import SYMPREC, TOLERANCES, space_group_by_tolerance
from rlcsp_core.errors import StructureError
from rlcsp_core.records import Crystal
from rlcsp_core.relax.learned import label_of

VIEWER_HEIGHT = 480
PAIR_HEIGHT = 380
SIDE_BY_SIDE = "Side by side"
AS_FOUND = "Cell as found"
AS_BUILT = "as built, before relaxation"
COORDINATE = 64  # pixels of a column
Cell = Callable[[Crystal], Crystal]
CELLS: Mapping[str, tuple[str, Cell]] = {  # by view
    "Conventional": ("Conventional cell", lambda crystal: symmetry_of(crystal, SYMPREC).conventional),
    "Primitive": ("Primitive cell", lambda crystal: symmetry_of(crystal, SYMPREC).primitive),
}
LONGER, FARTHER = 0.05, 0.0005  # % and Å, below which a lattice or an atom is where the reference has it


def inspect(item: Item) -> None:
    """The whole of it, beginning with what it is."""
    _identity(item)
    shown = _picture(item)
    _numbers(item, *CELLS.get(shown, (AS_FOUND, _itself)))
    st.fragment(_parts)(item)


def _parts(item: Item) -> None:
    """Each is made when it is opened; what was chosen in it stays while another one is."""
    tabs = st.tabs(list(PARTS), key="part", on_change="rerun")
    for tab, part in zip(tabs, PARTS.values(), strict=True):
        if tab.open:
            with tab, show_errors():
                part(item)


def _picture(item: Item) -> str:
    """The view that was chosen."""
    views = _views(item)
    first = next(iter(views))
    others = _others(item)
    chosen = st.segmented_control(
        "View",
        [*views, *[SIDE_BY_SIDE] * bool(others)],
        default=first,
        key="view",
        required=True,
        label_visibility="collapsed",
    )
    with show_errors():
        if chosen == SIDE_BY_SIDE and others:
            _side_by_side(item, others)
        else:
            frames = views.get(chosen, views[first])()
            show_crystal(frames, key="structure", height=VIEWER_HEIGHT, name=item.name)
    return chosen


def _others(item: Item) -> dict[str, Callable[[], Crystal]]:
    """What can stand beside it: itself as built, known phases of its composition, what else was found."""
    formula = formula_of(item.crystal.numbers)
    matched = [match.reference for match in phases_of(item.crystal)]
    alike = [phase for phase in references() if phase.formula == formula]
    phases = {f"{phase.formula} {phase.name}": phase.crystal for phase in [*matched, *alike]}
    built = {} if item.before is None else {AS_BUILT: partial(_itself, item.before)}
    return {**{name: partial(_itself, phase) for name, phase in phases.items()}, **built, **item.others}


def _itself(crystal: Crystal) -> Crystal:
    return crystal


def _side_by_side(item: Item, others: Mapping[str, Callable[[], Crystal]]) -> None:
    """Two pictures that turn together, to one scale."""
    name = st.selectbox("Beside it", list(others), format_func=typeset, key="beside")
    other = others[name]()
    moved = None
    if name == AS_BUILT:
        mine = item.crystal
        moved = displacements(other, mine)
        note = (
            "Arrows: where atoms moved by more than 0.1 Å on the way here; the change of the cell and the shift "
            "common to all are left out."
        )
    else:
        mine, other = (_conventional(crystal) for crystal in (item.crystal, other))
        note = f"Conventional cells, symmetry within {SYMPREC} Å where there is one."
    left, right = st.columns(2)
    with left:
        st.markdown(f"**{plain(typeset(item.title))}**")
        show_crystal(
            [Frame(mine, "", moved)],
            key=f"pair-{name}",
            height=PAIR_HEIGHT,
            name=item.name,
            link=SIDE_BY_SIDE,
        )
    with right:
        st.markdown(f"**{plain(typeset(name))}**")
        show_crystal(other, key=f"beside-{name}", height=PAIR_HEIGHT, name=name, link=SIDE_BY_SIDE)
    st.caption(f"The cameras are linked, and both are drawn to one scale. {note}")


def _conventional(crystal: Crystal) -> Crystal:
    try:
        return symmetry_of(crystal, SYMPREC).conventional
    except StructureError:
        return crystal


def _views(item: Item) -> dict[str, Callable[[], list[Frame]]]:
    """Pictures to choose from, each computed when it is asked for."""
    views: dict[str, Callable[[], list[Frame]]] = {"Structure": lambda: [Frame(item.crystal, "")]}
    if item.before is not None:
        pair = [Frame(item.before, "before relaxation"), Frame(item.crystal, "after")]
        views["Before and after"] = lambda: pair
    if item.film:
        views["Film"] = lambda: list(item.film)
    for each in item.refined:
        if each.crystal is not None:
            frames = [Frame(item.crystal, "by the search"), Frame(each.crystal, "relaxed again")]
            views[f"By {label_of(each.model)}"] = partial(list, frames)
    for view, (_, cell) in CELLS.items():
        views[view] = partial(_one_frame, cell, item.crystal)
    return views


def _one_frame(cell: Cell, crystal: Crystal) -> list[Frame]:
    return [Frame(cell(crystal), "")]


def _numbers(item: Item, words: str, cell_of: Cell) -> None:
    """Atoms and lattice are those of the cell in the picture; the other figures do not depend on the cell."""
    crystal, shown = item.crystal, item.crystal
    try:
        shown = cell_of(crystal)
    except StructureError:  # no such cell, as the picture says
        words = AS_FOUND
    cell = cell_parameters(shown)
    formula = formula_of(crystal.numbers)
    known = presets().get(formula)
    above = None
    if item.energy is not None and known is not None and item.potential in (None, known.potential):
        above = 1000 * (item.energy - known.target)
    figures = (
        (
            "Energy (eV/atom)",
            energy_words(item.energy),
            None if above is None else f"{signed(above, 2)} meV/atom",
        ),
        ("Atoms in the cell", str(shown.n_atoms), typeset(formula)),
        ("Density (g/cm³)", f"{density(crystal):.3f}", None),
        ("Volume (Å³/atom)", f"{crystal.volume / crystal.n_atoms:.3f}", None),
    )
    show_figures("figures", figures, help="Below: distance to the known minimum of the potential.")
    st.markdown(
        f"{words}: *a* = {cell.a:.3f}, *b* = {cell.b:.3f}, *c* = {cell.c:.3f} Å; "
        f"*α* = {cell.alpha:.2f}, *β* = {cell.beta:.2f}, *γ* = {cell.gamma:.2f}°"
    )
    for each in item.refined:
        st.caption(plain(again_in_words(each)))


def _identity(item: Item) -> None:
    """What it is beside experiment, and how far from the known crystal."""
    with st.spinner("Comparing with known crystals …"):
        matches = phases_of(item.crystal)
        said = verdict(item.crystal, item.energy, item.potential, matches)
    words = f"**{plain(said.words)}** Space group {plain(unbroken(said.group))} within {SYMPREC} Å."
    if matches:
        words += _distance(matches[0], made=item.potential is not None)
    if said.is_experiment:
        st.success(words, icon=":material/verified:")
    else:
        st.info(words, icon=":material/science:")
    if matches:
        st.caption(plain(f"Reference: {matches[0].reference.source}"))


def _distance(match: Match, *, made: bool) -> str:
    """From the reference; nothing where it is the reference itself.  made: by a potential."""
    longer = 100 * (match.volume_ratio ** (1 / 3) - 1)
    scaled = abs(longer) >= LONGER
    if match.distance < FARTHER and not scaled:
        return ""
    size = f"{abs(longer):.1f} % {'longer' if longer > 0 else 'shorter'}"
    cause = ", as this potential makes it" if made else ""
    once = f", once the lattice, {size}{cause}, is scaled" if scaled else ""
    return f" RMSD {match.distance:.3f} Å from the reference{once}."


def _symmetry(item: Item) -> None:
    left, right = beside("symmetry", [1, 1])
    with left:
        st.subheader("Space group vs symprec")
        rows = space_group_by_tolerance(item.crystal)
        st.dataframe(
            pd.DataFrame(
                {
                    "symprec (Å)": [f"{tolerance:g}" for tolerance, _ in rows],
                    "space group": [group.symbol if group else "none" for _, group in rows],
                    "number": [group.number if group else None for _, group in rows],
                }
            ),
            hide_index=True,
        )
    with right:
        st.subheader("Wyckoff sites")
        chosen = st.select_slider(
            "symprec (Å)", TOLERANCES, value=SYMPREC, key="symprec", persist_state="page"
        )
        found = symmetry_of(item.crystal, chosen)
        st.dataframe(
            pd.DataFrame(
                {
                    "site": [f"{site.symbol} {site.multiplicity}{site.letter}" for site in found.sites],
                    "symmetry": [site.site_symmetry for site in found.sites],
                    **{
                        axis: [f"{site.position[k]:.4f}" for site in found.sites]
                        for k, axis in enumerate("xyz")
                    },
                }
            ),
            hide_index=True,
        )
        st.caption(
            f"{plain(found.group.symbol)}, conventional cell of {found.conventional.n_atoms} atoms, "
            f"primitive cell of {found.primitive.n_atoms}."
        )


def _bonds(item: Item) -> None:
    numbers, found = zip(*distinct_sites(item.crystal), strict=True)
    st.dataframe(
        pd.DataFrame(
            {
                "atom": [site.symbol for site in found],
                "in the cell": numbers,
                **{axis: [site.position[k] for site in found] for k, axis in enumerate("xyz")},
                "neighbours": [site.coordination for site in found],
                "shortest (Å)": [site.shortest for site in found],
                "mean (Å)": [site.mean for site in found],
                "longest (Å)": [site.longest for site in found],
                "valence sum": [
                    "unknown" if site.valence is None else f"{site.valence:.2f}" for site in found
                ],
                "charge": [NOTHING if site.charge is None else signed(site.charge, 0) for site in found],
            }
        ),
        hide_index=True,
        column_config={
            **{axis: st.column_config.NumberColumn(format="%.4f", width=COORDINATE) for axis in "xyz"},
            **{
                f"{word} (Å)": st.column_config.NumberColumn(format="%.3f")
                for word in ("shortest", "mean", "longest")
            },
        },
    )
    st.caption(
        f"Atoms that symmetry maps on each other within {SYMPREC} Å stand together, with one position of them. "
        f"Bonds: cation and anion within {BOND_STRETCH} times the sum of their radii. "
        "Bond-valence sums (Brown and Altermatt 1985, Brese and O'Keeffe 1991) near the charge mean a well-bonded ion; "
        "where the potential makes the cell too long, all sums are low."
    )


PARTS = {
    "Symmetry": _symmetry,
    "Bonds and sites": _bonds,
    "Powder pattern": show_powder,
    "Files": show_files,
}
