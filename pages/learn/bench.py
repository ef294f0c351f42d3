"""Learning by hand: build a structure from modules, change it by an action, relax it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import streamlit as st

from pages.common.columns import beside
from pages.common.crystals import phases_of
from pages.common.errors import plain, show_error
from pages.common.wording import beside_known_minimum, typeset
from pages.common.wording import energy as energy_words
from pages.components.chart import live_chart
from pages.components.crystal_view import Frame, show_crystal
from pages.components.relaxation import frames_of, relaxed
from rlcsp_core.actions import ACTIONS, Action, is_sized
from rlcsp_core.crystal.composition import composition_of, presets
from rlcsp_core.crystal.modular import Modular
from rlcsp_core.crystal.symmetry import space_group
from rlcsp_core.plots.elements import element_colours
from rlcsp_core.plots.learn import descent_figure
from rlcsp_core.plots.module_map import module_map
from rlcsp_core.relax.film import Film
from rlcsp_core.search.workbench import DEFAULTS, Workbench

BENCH = "learn-bench"
VIEWER = "learn-view"  # one key for all chapters: the camera stays
SMALLEST, LARGEST, USUAL = 20, 80, 30  # atoms
CARD = 183  # pixels of an action
PICTOGRAMS = {  # by the number of an action
    1: "swap_horiz", 2: "grid_view", 3: "dashboard_customize", 4: "swap_vert", 5: "content_copy", 6: "restart_alt",
    7: "casino", 9: "shuffle", 10: "shuffle_on", 13: "waves", 14: "vibration", 15: "adjust",
}  # fmt: skip
SYMMETRIC = "hexagon"  # of all others, which make a symmetric crystal


@dataclass
class Bench(Workbench):
    """The workbench of one reader's session."""

    said: str = ""
    film: Film | None = None  # of the last relaxation


def bench() -> Bench:
    """The reader's bench, with a first structure on it."""
    if BENCH not in st.session_state:
        st.session_state[BENCH] = Bench("Y2O3", USUAL)
        _renew(st.session_state[BENCH])
    found: Bench = st.session_state[BENCH]
    return found


def _renew(mine: Bench) -> None:
    found, mine.film = mine.renew(), None
    mine.said = (
        _tries(found.attempts)
        if found.sound
        else f"None of {found.attempts} random structures was valid: allow more atoms."
    )


def _tries(attempts: int) -> str:
    broke = attempts - 1
    if not broke:
        return "The first try is valid."
    return f"{broke} {'try' if broke == 1 else 'tries'} broke the rules; number {attempts} is shown."


def build_chapter() -> None:
    mine = bench()
    st.markdown(
        "A crystal is put together like a wall. A **sub-module** is a flat block with four sites; a site holds "
        "an ion or "
        "stays empty. Sub-modules tile a **layer**, layers are stacked with a shift. The search keeps this description "
        "and changes it; the atoms themselves are free only when the structure is relaxed."
    )
    first, second, third = st.columns([2, 3, 2], vertical_alignment="bottom")
    formula = first.selectbox(
        "Composition", list(presets()), index=list(presets()).index(mine.formula), format_func=typeset
    )
    atoms = second.slider("Max. atoms per cell", SMALLEST, LARGEST, mine.max_atoms)
    if third.button("New structure", icon=":material/casino:", type="primary", width="stretch") or (
        formula,
        atoms,
    ) != (mine.formula, mine.max_atoms):
        mine.formula, mine.max_atoms = formula, atoms
        _renew(mine)
    if mine.structure is None:
        show_error(mine.said)
        return
    left, right = beside("bench", [3, 2])
    with left:
        show_crystal(mine.crystal(mine.structure), key=VIEWER, name="built")
    with right:
        _assembly(mine.structure, mine.formula)
        st.caption(mine.said)
        st.markdown(
            "**Valid** means: as many atoms as allowed, a density between 0.4 and 1 of touching spheres, no distance "
            f"below {DEFAULTS.min_distance} Å, and three quarters of the cations with a usual number of neighbours."
        )


def _assembly(structure: Modular, formula: str) -> None:
    assembly = structure.assembly
    a, b, c = assembly.shape
    alpha, beta, gamma = assembly.angles
    st.markdown(
        f"**{assembly.kind.capitalize()}**, {a} × {b} × {c} sub-modules, α = {alpha:g}°, β = {beta:g}°, γ = "
        f"{gamma:g}°; "
        f"{structure.n_atoms} atoms of {typeset(formula)}"
    )
    st.image(module_map(structure), alt=f"Its layers: {a} × {b} sub-modules each, {c} of them")
    swatches = element_colours([ion.number for ion in composition_of(formula).ions])
    st.html(
        " &nbsp; ".join(
            f'<span style="color:{colour}">●</span> {symbol}' for symbol, colour in swatches.items()
        )
        + " &nbsp; ○ empty"
    )


def action_cards(
    name: str, actions: Sequence[Action], possible: Iterable[bool], act: Callable[[Action], None]
) -> None:
    """A button and a sentence each: a tooltip would cover what it explains, and a tablet has none."""
    with st.container(horizontal=True, gap="xsmall"):
        for action, can in zip(actions, possible, strict=True):
            with st.container(width=CARD, gap=None):
                title = action.name if is_sized(action) else action.title
                st.button(
                    title, key=f"{name}-{action.number}", disabled=not can, on_click=act, args=(action,),
                    width="stretch", icon=f":material/{PICTOGRAMS.get(action.number, SYMMETRIC)}:",
                )  # fmt: skip
                if not is_sized(action):
                    st.caption(action.description)
    sized = " Symmetric: a new random crystal of so many formula units, with a random space group."
    st.caption(
        f"Grey: not possible here.{sized * any(map(is_sized, actions))} Numbers as published, which have no 8."
    )


def act_chapter() -> None:
    mine = bench()
    if mine.structure is None:
        show_error(mine.said)
        return
    st.markdown(
        "At each step the agent sees how low the energy is and picks an action. Pick one yourself: the trial is "
        "built again until it is valid, then shown beside the structure it was made from."
    )
    action_cards("act", ACTIONS, mine.mask(), partial(_act, mine))
    left, right = beside("bench", [3, 2])
    with right:
        st.button("Undo", icon=":material/undo:", disabled=mine.before is None, on_click=_undo, args=(mine,))
        st.markdown(plain(mine.said))
        if mine.before is not None:
            st.caption("Before")
            _assembly(mine.before, mine.formula)
            st.caption("After")
        _assembly(mine.structure, mine.formula)
    with left:
        frames = [Frame(mine.crystal(mine.structure), "now")]
        if mine.before is not None:
            frames = [Frame(mine.crystal(mine.before), "before"), Frame(frames[0].crystal, "after")]
        show_crystal(frames, key=VIEWER, start=len(frames) - 1, name="action")


def _act(mine: Bench, action: Action) -> None:
    done = mine.act(action)
    if done.sound:
        mine.film = None
        mine.said = f"{action.name}: {action.description} Valid at attempt {done.attempts}."
    else:
        mine.said = (
            f"{action.name}: none of {done.attempts} trials was valid; an agent would choose another action."
        )


def _undo(mine: Bench) -> None:
    mine.undo()
    mine.film, mine.said = None, "Undone: the structure before the last action."


def relax_chapter() -> None:
    mine = bench()
    if mine.structure is None:
        show_error(mine.said)
        return
    st.markdown(
        "Before its energy counts, a trial is shaken a little and relaxed: atoms and cell slide downhill until "
        "no force "
        "is left. One relaxation is one step of the search. Watch it."
    )
    if st.button("Relax the structure on the bench", icon=":material/compress:", type="primary"):
        _relax(mine)
    left, right = beside("bench", [3, 2])
    film = mine.film
    with left:
        if film:
            frames = frames_of(film)
            show_crystal(frames, key=VIEWER, start=len(frames) - 1, name="relaxation")
        else:
            show_crystal(mine.crystal(mine.structure), key=VIEWER, name="relaxation")
    with right:
        if not film:
            st.info("The structure as built. Press the button to relax it.")
            return
        energies, minimum = film.energies, film.outcome.crystal
        live_chart(
            descent_figure(energies),
            key="descent",
            description=f"Energy falls from {energy_words(energies[0])} to {energy_words(energies[-1])} eV/atom.",
            filename="relaxation",
        )
        group = space_group(minimum)
        matches = phases_of(minimum)
        known = presets()[mine.formula].target
        st.markdown(
            f"From {energy_words(energies[0])} to **{energy_words(energies[-1])} eV/atom** along "
            f"{len(energies)} points of the path; space group {plain(group.symbol) if group else 'none'}. "
            f"{beside_known_minimum(energies[-1], known)}"
        )
        if matches:
            st.success(f"This is {typeset(matches[0].reference.formula)}, {matches[0].reference.name}.")


def _relax(mine: Bench) -> None:
    film = relaxed(mine.rattled())
    mine.film = film if film.outcome.converged else None
    if mine.film is None:
        show_error(
            f"This relaxation failed: {film.outcome.reason}. It has no energy; the search would count it and go on."
        )
