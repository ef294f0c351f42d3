"""The lowest structures ranked again by a machine-learned potential: a job to start and stop, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pandas as pd
import streamlit as st

from pages.common.catalogue import Found, comparison, load
from pages.common.crystals import label_of_group, phases_of, same_structure, thumbnail_of
from pages.common.errors import plain, show_error, show_errors
from pages.common.session import second_looks
from pages.common.watching import has_changed, seconds_between_looks
from pages.common.wording import duration, signed, typeset
from pages.components.number_field import number_field
from pages.components.table import with_digits
from rlcsp_core.analysis.distinct import Group
from rlcsp_core.analysis.second_look import (
    MOST,
    SYMPREC,
    TOP,
    TRAINED_ON_KNOWN,
    Look,
    Row,
    in_a_sentence,
    refinement_of,
    second_look,
)
from rlcsp_core.analysis.second_look_files import FORMS, table_of
from rlcsp_core.crystal.known import experiment
from rlcsp_core.execution.second_looks import Job
from rlcsp_core.plots.thumbnail import as_address
from rlcsp_core.records import Crystal
from rlcsp_core.relax.learned import INSTALL, MODELS, USUAL, installed, label_of
from rlcsp_core.search.config import energy_source
from rlcsp_core.store import Reader, Refinement, RunInfo

REFRESH = 2.0  # s between looks at a job
MOMENT, PAUSE = 0.3, 0.5  # s of comparing structures, and between such moments
Groups = Sequence[Group[Found]]


def show_second_look(store: Reader, runs: Sequence[RunInfo]) -> None:
    st.subheader("Second look", anchor="second-look")
    wanted = _interval(store, runs)
    every = seconds_between_looks(REFRESH) if wanted == REFRESH else wanted
    st.fragment(_section, run_every=every)(store, runs, wanted, every)


def _interval(store: Reader, runs: Sequence[RunInfo]) -> float | None:
    """After how many seconds the section is to be drawn again; None where nothing goes on."""
    job = _job_of(runs)
    if (job is not None or store.refinements([run.id for run in runs])) and not comparison(store, runs).done:
        return PAUSE
    return None if job is None else REFRESH


def _job_of(runs: Sequence[RunInfo]) -> Job | None:
    """The one at work on these runs."""
    job = second_looks().job
    return job if job is not None and job.at_work and job.run_ids == {run.id for run in runs} else None


def _section(store: Reader, runs: Sequence[RunInfo], wanted: float | None, every: float | None) -> None:
    with show_errors():
        job = _job_of(runs)
        if _interval(store, runs) != wanted or (every and wanted == REFRESH and has_changed(every, REFRESH)):
            st.rerun()  # once more as a whole, with another timer
        made = store.refinements([run.id for run in runs])
        compared = comparison(store, runs)
        if made or job is not None:
            compared.go_on(MOMENT)
        groups: Groups = compared.groups
        model, top = _form(runs, made, job)
        if job is not None:
            wanted = min(job.top, len(groups)) if compared.done else job.top
            _progress(job, groups[: job.top], wanted, made)
        if top is None:
            return
        mine = [each for each in made if each.model == model]
        if mine and not compared.done and len(groups) <= top:
            st.caption("The structures of these runs are still being compared.")
        elif mine:
            _result(_look(store, groups[:top], mine, energy_source(runs[0].config)), mine, model)


def _form(runs: Sequence[RunInfo], made: Sequence[Refinement], job: Job | None) -> tuple[str, int | None]:
    """Model, how many minima, and the button; the number is None where there is none in its field."""
    st.markdown(
        "The potential of a search is quick, but the order of its minima is not always that of nature. A "
        "machine-learned one relaxes the lowest distinct minima again."
    )
    names = [*MODELS, *sorted({each.model for each in made} - MODELS.keys())]
    seen = {each.model for each in made}
    first = USUAL if USUAL in seen or not seen else min(seen, key=names.index)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        model = st.selectbox(
            "Model",
            names,
            names.index(first),
            lambda name: plain(label_of(name)),
            key="second-model",
            width=180,
        )
        top = number_field(
            "Distinct minima", TOP, 1, MOST, whole=True, key="second-top", place=st.container(width=180)
        )
        can = top is not None and model in MODELS and installed(model)
        if job is None:
            st.button(
                "Relax again",
                icon=":material/rotate_right:",
                type="primary" if can else "secondary",
                key="second-start",
                disabled=not can,
                on_click=_start,
                args=([run.id for run in runs], model, top),
            )
        else:
            st.button("Stop", icon=":material/stop:", key="second-stop", on_click=second_looks().stop)
    if model not in MODELS:
        st.caption(plain(f"{model} is code from outside: start it by `rlcsp refine --model {model}`."))
    elif not installed(model):
        st.info(
            plain(f"{label_of(model)} is not installed here. To get it: {INSTALL}. It takes 1.6 GB once; no graphics "
                  "card is needed."),
            icon=":material/download:",
        )  # fmt: skip
    last = second_looks().job
    if last is not None and last.problem and last.run_ids == {run.id for run in runs}:
        show_error(f"The second look could not go on: {last.problem}")
    return model, top


def _start(run_ids: Sequence[str], model: str, top: int) -> None:
    with show_errors():
        second_looks().start(run_ids, model, top)


def _progress(job: Job, groups: Groups, wanted: int, made: Sequence[Refinement]) -> None:
    label = label_of(job.model)
    mine = {each.key: each for each in made if each.model == job.model}
    done = sum(refinement_of(group, mine) is not None for group in groups)
    doing = job.doing or ("" if done else f"loading {label}")
    words = f"{label}: {done} of {wanted} relaxed again" + (f"; {doing}" if doing else "")
    st.progress(done / wanted if wanted else 0.0, plain(words))


def _result(look: Look, made: Sequence[Refinement], model: str) -> None:
    label = label_of(model)
    said = in_a_sentence(look, label)
    if said is not None:
        known = look.done[0].known
        if known is not None and known is experiment(look.formula):
            st.success(typeset(plain(said)), icon=":material/verified:")
        else:
            st.info(typeset(plain(said)), icon=":material/science:")
    _table(look, label)
    st.caption(
        f"Energies of the two have different zeros: only ranks and differences within a column can be compared. "
        f"Relaxed by {plain(made[0].version)} in {duration(sum(each.seconds for each in made))}. "
        f"{TRAINED_ON_KNOWN if model in MODELS else ''}"
    )
    _downloads(look, model)


def _look(store: Reader, groups: Groups, made: Sequence[Refinement], potential: str) -> Look:
    return second_look(
        groups,
        made,
        partial(load, store),
        same_structure,
        label_of_group,
        phases_of,
        potential=potential,
    )


def _table(look: Look, label: str) -> None:
    rows = look.rows
    values = table_of(rows)
    table = pd.DataFrame(
        {
            "picture": [as_address(thumbnail_of(_latest(row))) for row in rows],
            "rank": values["rank"],
            "second": values["model_rank"].astype("Int64"),
            "known": values["known"].fillna(""),
            "energy": values["energy_per_atom"].astype(float),
            "model": values["model_energy_per_atom"].astype(float),
            "above": values["model_mev_above"].astype(float),
            "volume": 100 * values["volume_change"].astype(float),
            "lattice": [_lattice(row) for row in rows],
            "group": [_group(row) for row in rows],
            "open": "Structures?run=" + values["run_id"] + "&structure=" + values["structure"],
            "why": [_why(row.second) for row in rows],
        }
    )
    st.dataframe(
        with_digits(table, {"energy": 5, "model": 5, "above": 1, "volume": 1}),
        hide_index=True,
        row_height=72,
        placeholder="",
        key="second-table",
        column_order=[name for name in table.columns if name != "why" or any(table["why"])],
        column_config={
            "picture": st.column_config.ImageColumn("structure"),
            "rank": st.column_config.NumberColumn("rank on ions"),
            "second": st.column_config.NumberColumn(f"rank by {label}"),
            "known": st.column_config.TextColumn("known crystal"),
            "energy": st.column_config.NumberColumn("ions (eV/atom)"),
            "model": st.column_config.NumberColumn(f"{label} (eV/atom)"),
            "above": st.column_config.NumberColumn("+ meV/atom", help=f"Above the lowest by {label}"),
            "volume": st.column_config.NumberColumn("volume (%)", help="Change of the volume"),
            "lattice": st.column_config.TextColumn(
                "a, b, c (%)",
                help=f"Change of the edges of the conventional cell that the search has found, within {SYMPREC} Å",
            ),
            "group": st.column_config.TextColumn("space group", help=f"Within {SYMPREC} Å"),
            "open": st.column_config.LinkColumn("open", display_text="open"),
            "why": st.column_config.TextColumn("no energy because"),
        },
    )


def _lattice(row: Row) -> str:
    return "" if row.lattice is None else ", ".join(signed(100 * change, 1) for change in row.lattice)


def _group(row: Row) -> str:
    before, after = row.space_groups
    return before if after in (None, before) else f"{before} → {after}"


def _latest(row: Row) -> Crystal:
    """As the model relaxed it, where it did."""
    second = row.second
    return row.first if second is None or second.crystal is None else second.crystal


def _why(second: Refinement | None) -> str:
    return "not yet relaxed" if second is None else second.reason or ""


def _downloads(look: Look, model: str) -> None:
    with st.container(horizontal=True):
        for ending, form in FORMS.items():
            st.download_button(
                form.label,
                data=partial(form.write, look.rows),
                file_name=f"{look.formula}-second-look{ending}",
                mime=form.mime,
                icon=":material/download:",
                on_click="ignore",
                key=f"second{ending}-{model}",
            )
