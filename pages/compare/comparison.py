"""Which runs are compared: chosen on the page, kept in the URL, read once.

The URL says it all (`experiment`, `run`, `task`, `view`), so that a comparison can be sent to somebody else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from pages.common.cache import cached
from pages.common.columns import beside
from pages.common.errors import plain, show_error
from pages.common.run_picker import pick_runs
from pages.common.url import choice, remember
from pages.common.wording import typeset
from rlcsp_core.analysis.curves import Groups, RunCurve, grouped
from rlcsp_core.analysis.reading import CurveCache
from rlcsp_core.energy.potential_file import DEFAULT
from rlcsp_core.execution.experiment import about
from rlcsp_core.plots.palette import LineStyle, distinct_styles, line_style
from rlcsp_core.search.config import energy_source
from rlcsp_core.store import Reader, RunInfo, RunState
from rlcsp_core.store.library import SUFFIX

READ_AHEAD = 1_000_000  # steps
FIRST = "additions"  # whose configurations can be told apart
EXPERIMENTS = "compare-experiments"
USEFUL = (RunState.RUNNING, RunState.PAUSED, RunState.FINISHED, RunState.STOPPED, RunState.INTERRUPTED)

Task = tuple[str, float | None, str]  # composition, target, whose energies


def chosen_runs(store: Reader) -> list[RunInfo]:
    """The runs of the experiments and the single runs that are selected; nothing selected is nothing."""
    names = list(store.experiments())
    known = [name for name in st.query_params.get_all("experiment") if name in names]
    if len(known) < len(set(st.query_params.get_all("experiment"))):
        show_error("Unknown experiment in the URL; choose one from the list.")
    # without a word on it in the address, what a newcomer sees; but nothing where the reader has cleared the list
    said = EXPERIMENTS in st.session_state or not {"experiment", "run"}.isdisjoint(st.query_params)
    left, right = beside("chosen", [2, 3], gap="small")
    experiments = left.multiselect(
        "Experiments",
        names,
        default=(known if said else _first(names)) or None,
        placeholder="choose experiments",
        key=EXPERIMENTS,
    )
    asked = st.query_params.get_all("run")
    single = pick_runs(
        store,
        lambda run: run.id in asked or (run.experiment is None and run.state in USEFUL),
        "Single runs",
        place=right,
    )
    remember("experiment", experiments)
    for words in (about(name.removesuffix(SUFFIX)) for name in experiments):
        if words is not None:
            st.caption(plain(typeset(words)))
    chosen = [run for name in experiments for run in store.runs(experiment=name, oldest_first=True)]
    return [run for run in chosen if run.n_steps] + single


def _first(names: Sequence[str]) -> list[str]:
    """What a newcomer sees: an experiment that separates something, else whatever there is."""
    return [name for name in names if name.startswith(FIRST)][:1] or list(names[:1])


def one_task(runs: Sequence[RunInfo]) -> list[RunInfo]:
    """The runs of one composition, target and potential: others were after something else and are not pooled."""
    tasks: dict[Task, list[RunInfo]] = {}
    for run in runs:
        tasks.setdefault((run.composition, run.config.get("target"), energy_source(run.config)), []).append(
            run
        )
    if len(tasks) < 2:
        return list(runs)
    names = {task_name(task): task for task in tasks}
    name = choice(
        "Composition and target (eV/atom)",
        {name: typeset(name.replace(" eV/atom", "")) for name in names},
        "task",
        help="Runs with different targets, or of different potentials, are never pooled.",
    )
    chosen = tasks[names[name]]
    st.caption(
        f"{len(runs) - len(chosen)} of the {len(runs)} chosen runs had another target or potential and are left out."
    )
    return chosen


def task_name(task: Task) -> str:
    composition, target, source = task
    goal = "no target" if target is None else f"{target:.6f} eV/atom".replace("-", "−")
    return ", ".join([composition, goal] + [source] * (source != DEFAULT))


def groups_of(store: Reader, runs: Sequence[RunInfo]) -> Groups:
    """Runs of one composition by label, which need not repeat it."""
    return grouped(
        replace(curve, label=typeset(curve.label.removeprefix(f"{curve.composition} · ")))
        for curve in curves_read(store, runs)
    )


def curves_read(store: Reader, runs: Sequence[RunInfo]) -> list[RunCurve]:
    """All of them, whatever they were after; read again only when one of them has gone on."""
    with st.spinner("Reading the runs …"):
        return _curve_cache(store).curves(runs)


def read_ahead(store: Reader) -> None:
    """Read what is likely to be compared, so that its first visitor need not wait for it."""
    left = READ_AHEAD
    names = list(store.experiments())
    # one's own stand behind the shipped ones
    for name in dict.fromkeys([*_first(names), *reversed(names)]):
        runs = [run for run in store.runs(experiment=name, oldest_first=True) if run.n_steps]
        steps = sum(run.n_steps for run in runs)
        if steps <= left:
            left -= steps
            _curve_cache(store).curves(runs)


_curve_cache = cached()(CurveCache)


def styles_of(groups: Groups) -> dict[str, LineStyle]:
    """Colour and dash of each label, those of its algorithm and baseline where no other label has them."""
    return distinct_styles({label: style_of(curves[0]) for label, curves in groups.items()})


def style_of(curve: RunCurve) -> LineStyle:
    """Of its algorithm and baseline."""
    return line_style(str(curve.settings.get("algorithm")), curve.settings.get("baseline"))
