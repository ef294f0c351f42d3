"""Which structures are looked at: where from, of which runs, and which of them is open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import streamlit as st

from pages.common.catalogue import Found, found_at, lowest
from pages.common.errors import show_errors
from pages.common.run_picker import offer_search, run_label, runs_that_fit
from pages.common.url import RUN_ID, choice, runs_in_address
from pages.common.wording import typeset
from rlcsp_core.analysis.second_look import of_each_kind
from rlcsp_core.store import Reader, RunInfo
from rlcsp_core.store.library import SUFFIX

PLACES = {"found": "Found by searches", "file": "Your own file", "phases": "Known phases"}
Address = tuple[str | None, str | None]  # run and structure


def place_to_look() -> str:
    """Where the structures shown come from; in the URL as ?from=."""
    asked = st.query_params.get("from")
    place = choice("Structures from", PLACES, "from", visible=False)
    if asked not in (None, place):  # what else the address says is of the place before
        st.query_params.from_dict({"from": place})
    return place


def choose_runs(store: Reader) -> list[RunInfo]:
    """Runs whose structures are shown: one, those of an experiment, or all; of one composition and potential."""
    listed = runs_that_fit(store, lambda run: run.n_population + run.n_steps > 0)
    asked = next((store.run(run_id) for run_id in runs_in_address(store)), None)
    if asked is not None:
        listed.setdefault(asked.id, asked)
    runs = list(listed.values())
    if not runs:
        offer_search("No structures yet: start a search first, on the page Search.")
        return []
    first, second = st.columns([1, 3])
    kinds = _kinds(runs)
    wanted = (asked or runs[0]).id
    index = next(i for i, alike in enumerate(kinds.values()) if wanted in [run.id for run in alike])
    kind = first.selectbox("Composition", list(kinds), index, typeset, key="composition")
    mine, composition = kinds[kind], kinds[kind][0].composition
    experiments = sorted({run.experiment for run in mine if run.experiment})
    own = [run for run in mine if not (run.experiment or "").endswith(SUFFIX)]
    # One's own come first: among thousands of shipped structures a newcomer's first find would be lost.
    choices = {
        **({f"my {len(own)} runs of {typeset(composition)}": own} if 0 < len(own) < len(mine) else {}),
        f"all {len(mine)} runs of {typeset(composition)}": mine,
        **{f"experiment {name}": [run for run in mine if run.experiment == name] for name in experiments},
        **{run_label(run): [run] for run in mine},
    }
    here = [
        label
        for label, chosen in choices.items()
        if asked is not None and [run.id for run in chosen] == [asked.id]
    ]
    label = second.selectbox(
        "Structures of", list(choices), index=list(choices).index(here[0]) if here else 0
    )
    return choices[label]


def _kinds(runs: Sequence[RunInfo]) -> dict[str, list[RunInfo]]:
    """Runs whose energies can be compared, by composition, and by potential where a composition has several."""
    found = of_each_kind(runs)
    counts = Counter(composition for composition, _ in found)
    return {
        f"{composition}, {potential}" if counts[composition] > 1 else composition: alike
        for (composition, potential), alike in found.items()
    }


def chosen_structure(store: Reader, runs: Sequence[RunInfo]) -> Found | None:
    """The structure in the URL; without one the lowest of these runs."""
    found = _in_address(store)
    if found is not None:
        return found
    first = lowest(store, runs, 1)
    if not first:
        st.info("These runs have no relaxed structure yet: wait for the first, or choose others.")
        return None
    return first[0]


def address() -> Address:
    return st.query_params.get("run"), st.query_params.get("structure")


def _in_address(store: Reader) -> Found | None:
    run_id, kept = address()
    if not run_id or not kept or not RUN_ID.fullmatch(run_id):
        return None
    with show_errors():
        return found_at(store, run_id, kept)
    return None


def open_structure(found: Found) -> None:
    st.query_params["run"] = found.run_id
    st.query_params["structure"] = found.address
