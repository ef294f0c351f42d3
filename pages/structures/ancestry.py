"""Which action made a structure from which parent, back to the initial population."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import pandas as pd
import streamlit as st

from pages.common.cache import cached
from pages.common.catalogue import Found, comparison, load, stored
from pages.common.sitemap import REPLAY, SEARCH
from pages.common.wording import energy as energy_words
from pages.common.wording import signed, typeset
from pages.components.crystal_view import Frame
from pages.components.table import with_digits
from pages.structures.details import inspect
from pages.structures.item import Item
from rlcsp_core.actions import Family, action_numbered
from rlcsp_core.analysis.lineage import Ancestor, Folded, History, changes, folded, lineage
from rlcsp_core.analysis.verdict import potential_of
from rlcsp_core.records import Crystal
from rlcsp_core.store import Reader, RunInfo, Source

SAME_SIZE = 12  # the action that draws a new crystal with as many atoms
OTHERS = 24  # other structures to choose from
SHOWN = 12  # ancestors in the film, two pictures each


def show_found(store: Reader, found: Found, runs: Sequence[RunInfo]) -> None:
    """A structure that a search found, and where it comes from."""
    chain = ancestors(store, found)
    run = store.run(found.run_id)
    composition = run.composition
    st.header(f"{typeset(composition)}, {found.words}", anchor="structure")
    with st.container(horizontal=True):
        st.page_link(SEARCH.file, label=f"of run {found.run_id}", query_params={"run": found.run_id})
        if found.source == Source.STEP:
            moment = {"run": found.run_id, "step": str(found.number)}
            st.page_link(REPLAY.file, label="replay this step", query_params=moment)
    inspect(
        Item(
            load(store, found),
            f"{composition}, {found.words} of run {found.run_id}",
            energy=found.energy,
            before=stored(store, found, relaxed=False),
            film=film(store, found, chain),
            name=f"{composition}-{found.run_id}-{found.address}",
            refined=[each for each in store.refinements([run.id]) if each.key == found.key],
            potential=potential_of(run),
            others=_other_finds(store, found, runs),
        )
    )
    if found.source == Source.STEP:
        show_ancestry(found.run_id, chain)


def _other_finds(store: Reader, found: Found, runs: Sequence[RunInfo]) -> dict[str, Callable[[], Crystal]]:
    """The lowest distinct structures of these runs, as far as they have been compared."""
    ranked = enumerate(comparison(store, runs).groups[:OTHERS], start=1)
    return {
        f"structure {rank}: {energy_words(group.best.energy)} eV/atom, {group.space_group}": partial(
            load, store, group.best
        )
        for rank, group in ranked
        if found not in group.members
    }


def ancestors(store: Reader, found: Found) -> list[Ancestor]:
    """The structure itself first, the initial population last."""
    if found.source == Source.POPULATION:
        return [Ancestor(None, found.number, None, found.energy, found.n_atoms)]
    return lineage(found.number, run_history(store, found.run_id, found.number))


@cached(16)
def run_history(store: Reader, run: str, number: int) -> History:
    """As far as step `number`."""
    step, action, energy, accepted, parent, n_atoms = store.ancestry(run, number).values()
    population = store.population(run).energy
    return History(
        step.astype(int), action.astype(int), energy, accepted > 0, parent, n_atoms.astype(int), population
    )


def film(store: Reader, found: Found, chain: list[Ancestor]) -> list[Frame]:
    """The latest ancestors, each before and after its relaxation, the oldest first."""
    frames = []
    for link in reversed(chain[:SHOWN]):
        each = _found(found.run_id, link)
        for relaxed, word in ((False, "as built"), (True, "relaxed")):
            crystal = stored(store, each, relaxed=relaxed)
            if crystal is not None:
                frames.append(Frame(crystal, f"{link_words(link)}, {word}"))
    return frames


def _found(run: str, link: Ancestor) -> Found:
    if link.step is not None:
        return Found(run, Source.STEP, link.step, link.energy, 0)
    return Found(run, Source.POPULATION, link.member or 0, link.energy, 0)


def link_words(link: Ancestor) -> str:
    if link.step is None:
        return f"member {link.member} of the population"
    name = action_numbered(link.action).name if link.action is not None else ""
    return f"step {link.step}: {name}"


def part_words(part: Folded) -> str:
    """A step that begins afresh says so: its structure owes its parent the size at most."""
    link = part.links[0]
    if not part.changed:
        n = len(part.links)
        return f"{n} {'step' if n == 1 else 'steps'} that changed neither energy nor size"
    fresh = link.action is not None and action_numbered(link.action).family in (Family.NEW, Family.SYMMETRIC)
    size = ", size kept" if link.action == SAME_SIZE else ""
    return f"{link_words(link)} (new crystal{size})" if fresh else link_words(link)


def _change(change: float | None) -> str:
    return "" if change is None else signed(change, 2)


def show_ancestry(run: str, chain: list[Ancestor]) -> None:
    """The chain as a table; the structure itself on top."""
    st.subheader("Lineage")
    by_link = dict(zip(chain, changes(chain), strict=True))
    parts = folded(chain)
    table = pd.DataFrame(
        {
            "created by": [part_words(part) for part in parts],
            "atoms": pd.array([part.links[0].n_atoms for part in parts], dtype="Int64"),
            "energy": [part.links[0].energy for part in parts],
            "change": [_change(by_link[part.links[0]]) if part.changed else "" for part in parts],
            "open": [
                f"Structures?run={run}&structure={_found(run, part.links[0]).address}" for part in parts
            ],
        }
    )
    st.dataframe(
        with_digits(table, {"energy": 5}),
        hide_index=True,
        placeholder="",
        column_config={
            "energy": st.column_config.NumberColumn("energy (eV/atom)"),
            "change": st.column_config.TextColumn("ΔE vs parent (meV/atom)", alignment="right"),
            "open": st.column_config.LinkColumn("open", display_text="open"),
        },
    )
    st.caption(
        f"{len(chain) - 1} accepted steps before it. The view Film shows the latest {min(len(chain), SHOWN)}, "
        "each as built and relaxed."
    )
