"""Which runs are compared: chosen on the page, kept in the URL, read once.

The URL says it all (`experiment`, `run`, `task`, `view`), so that a comparison can be sent to somebody else.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress

import streamlit as st

from pages.common.cache import cached
from pages.common.errors import show_error, show_errors
from pages.common.url import runs_in_address
from pages.common.wording import run_title
from rlcsp_core.analysis.curves import Groups, RunCurve, grouped
from rlcsp_core.errors import RLCSPError
from rlcsp_core.plots.palette import LineStyle, distinct_styles, line_style
from rlcsp_core.runs.curves import Reader, Shelf
from rlcsp_core.store import RunInfo, RunState

LISTED = 300
READ_AHEAD = 1_000_000  # steps
FIRST = "report"
ON = "yes"  # a switch in the URL
USEFUL = (RunState.RUNNING, RunState.PAUSED, RunState.FINISHED, RunState.STOPPED, RunState.INTERRUPTED)

Task = tuple[str, float | None]


def chosen_runs(store: Reader) -> list[RunInfo]:
    """The runs of the experiments and the single runs that are selected; nothing selected is nothing."""
    names = list(store.experiments())
    known = [name for name in st.query_params.get_all("experiment") if name in names]
    if len(known) < len(set(st.query_params.get_all("experiment"))):
        show_error("The address names an experiment that is not in this database; choose from the list.")
    single = {run.id: run for run in store.runs(LISTED) if run.experiment is None and run.state in USEFUL}
    in_address = runs_in_address(store)
    single |= {run_id: store.run(run_id) for run_id in in_address}
    start = bool(st.query_params)
    left, right = st.columns([2, 3])
    experiments = left.multiselect(
        "Experiments", names, default=known if start else _first(names), placeholder="choose experiments"
    )
    ids = right.multiselect(
        "Single runs",
        list(single),
        default=in_address,
        format_func=lambda run_id: f"{run_title(single[run_id])} ({run_id})",
        placeholder="choose runs",
    )
    _remember("experiment", experiments)
    _remember("run", ids)
    chosen = [run for name in experiments for run in store.runs(experiment=name, oldest_first=True)]
    return [run for run in chosen if run.n_steps] + [single[run_id] for run_id in ids]


def _first(names: Sequence[str]) -> list[str]:
    """What a newcomer sees: the experiments of the report, else whatever there is."""
    return [name for name in names if name.startswith(FIRST)][:1] or list(names[:1])


def one_task(runs: Sequence[RunInfo]) -> list[RunInfo]:
    """The runs of one composition and target: others were after something else and are not pooled with them."""
    tasks: dict[Task, list[RunInfo]] = {}
    for run in runs:
        tasks.setdefault((run.composition, run.config.get("target")), []).append(run)
    if len(tasks) < 2:
        return list(runs)
    names = {task_name(task): task for task in tasks}
    asked = st.query_params.get("task")
    name = st.segmented_control(
        "Composition and target",
        list(names),
        default=asked if asked in names else next(iter(names)),
        required=True,
        help="Runs with different targets are never pooled.",
    )
    _remember("task", [name])
    chosen = tasks[names[name]]
    st.caption(
        f"{len(runs) - len(chosen)} of the {len(runs)} chosen runs had another target and are left out."
    )
    return chosen


def task_name(task: Task) -> str:
    composition, target = task
    return (
        f"{composition}, no target"
        if target is None
        else f"{composition}, {target:.6f} eV/atom".replace("-", "−")
    )


def groups_of(store: Reader, runs: Sequence[RunInfo]) -> Groups:
    """Runs by label."""
    return grouped(curves_read(store, runs))


def curves_read(store: Reader, runs: Sequence[RunInfo]) -> list[RunCurve]:
    """All of them, whatever they were after; read again only when one of them has gone on."""
    with st.spinner("Reading the runs …"):
        return _shelf(store).curves(runs)


def read_ahead(store: Reader) -> None:
    """Begin to read what is likely to be compared, so that its first visitor need not wait for it."""
    threading.Thread(target=_read_ahead, args=(store,), name="read ahead", daemon=True).start()


def _read_ahead(store: Reader) -> None:
    left = READ_AHEAD
    with suppress(RLCSPError):  # a database that is away; the page says so
        names = list(store.experiments())
        # one's own stand behind the shipped ones
        for name in dict.fromkeys([*_first(names), *reversed(names)]):
            runs = [run for run in store.runs(experiment=name, oldest_first=True) if run.n_steps]
            steps = sum(run.n_steps for run in runs)
            if steps <= left:
                left -= steps
                _shelf(store).curves(runs)


_shelf = cached()(Shelf)


def styles_of(groups: Groups) -> dict[str, LineStyle]:
    """Colour and dash of each label, those of its algorithm and baseline where no other label has them."""
    return distinct_styles({label: style_of(curves[0]) for label, curves in groups.items()})


def style_of(curve: RunCurve) -> LineStyle:
    """Of its algorithm and baseline."""
    return line_style(str(curve.settings.get("algorithm")), curve.settings.get("baseline"))


def choice(label: str, options: Sequence[str], name: str) -> str:
    """One of a few, kept in the URL under `name`."""
    asked = st.query_params.get(name)
    start = asked if asked in options else options[0]
    picked = st.segmented_control(label, options, default=start, required=True, key=f"compare-{name}")
    assert picked is not None, "one is always chosen"
    _remember(name, [picked])
    return picked


def switch(label: str, name: str) -> bool:
    """On or off, kept in the URL under `name`."""
    on = st.toggle(label, value=st.query_params.get(name) == ON, key=f"compare-{name}")
    _remember(name, [ON] if on else [])
    return on


def one_of(label: str, options: Sequence[str], name: str, *, none: str | None = None) -> str | None:
    """One of many, or none of them, kept in the URL under `name`."""
    asked = st.query_params.get(name)
    everything = [none, *options] if none is not None else list(options)
    picked = st.selectbox(
        label,
        everything,
        index=everything.index(asked) if asked in everything else 0,
        format_func=str,
        key=f"compare-{name}",
    )
    _remember(name, [] if picked == none else [picked])
    return None if picked == none else picked


def _remember(name: str, values: Sequence[str]) -> None:
    if list(values) == st.query_params.get_all(name):
        return
    with show_errors():
        if values:
            st.query_params[name] = list(values)
        elif name in st.query_params:
            del st.query_params[name]
