"""One chart and one sentence for an experiment over many compounds, or for searches that learn from each other."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pandas as pd
import streamlit as st

from pages.common.cache import cached
from pages.common.errors import plain
from pages.common.url import choice, one_of
from pages.common.wording import typeset, unbroken
from pages.components.chart import chart, csv_button
from rlcsp_core.analysis import across, stream
from rlcsp_core.analysis.outcomes import outcomes, read_outcomes, shipped_outcomes
from rlcsp_core.execution.experiment import about
from rlcsp_core.plots.across import across_figure
from rlcsp_core.plots.palette import LineStyle, distinct_styles, line_style
from rlcsp_core.plots.stream import stream_figure
from rlcsp_core.store import Reader
from rlcsp_core.store.library import SUFFIX

COSTS = {"steps": "Steps", "cpu": "CPU seconds"}
KEPT = 8
STREAMS = {  # title and what they are for, of those that train instead of comparing
    "learning-curve": "Learning from search to search: Twenty searches in a row for one compound, each learning from "
    "those before: how many steps each takes, from a policy that knows nothing.",
    "report-trained": "The report's algorithms, trained: Twelve searches in a row for Y2O3, each learning from those "
    "before, beside Uniform, which learns nothing.",
    "report-nine": "The report's algorithms, nine actions alone: Twenty searches in a row for NaScO2 with the nine "
    "published actions, each learning from those before, beside Uniform, which learns nothing.",
}
WAYS = {  # what the labels of a shipped experiment stand for
    "learning-across": "Uniform: every action as probable as any other. Odds by hand: a new symmetric crystal of any "
    "size is nine times as probable as most other actions. Learned, fixed: a policy learned on the other 24 compounds, "
    "left as it is. Learned + belief: the same policy times a belief in how often each action hits, which every trial "
    "changes. These two also choose the number of formula units. The first three are given up at 3000 steps, the last "
    "at 20 000.",
}
SEVERAL = (
    "Ratios have 95 % bootstrap intervals over compounds and seeds; p: Wilcoxon's signed-rank test over compounds, and "
    "for single compounds over seeds, corrected by Holm."
)
ONE = (
    "Ratios have 95 % bootstrap intervals over seeds; p: Wilcoxon's signed-rank test over seeds, not corrected for the "
    "number of pairs, for which see Curves."
)


def result_view(store: Reader) -> None:
    shipped = shipped_outcomes()
    mine = [name for name in store.experiments() if name not in shipped]
    left, right = st.columns([3, 2])
    with left:
        name = one_of("Experiment", {each: _said(each)[0] for each in [*shipped, *mine]}, "of")
    if name is None:
        st.info("There are no results yet. An experiment is run with `rlcsp sweep quick`.")
        return
    if words := _said(name)[1]:
        st.caption(plain(typeset(words)))
    table = _shipped(name) if name in shipped else _own(store, name)
    if table.empty:
        st.info("None of these runs had a target and came to its end: there is no cost to compare.")
    else:
        with right:
            cost = _cost(table)
        ways = WAYS.get(name.removesuffix(SUFFIX), "")
        show = _stream if table["search"].notna().any() else partial(_across, ways=ways)
        show(table.assign(label=table["label"].map(typeset)), cost)
    csv_button("Outcomes of all searches (CSV)", f"outcomes-{name}", lambda: table)
    if name in shipped and name not in store.experiments():
        command = "train" if table["search"].notna().any() else "sweep"
        st.caption(
            f"Only what each search cost is shipped. `rlcsp {command} {name}` makes the runs themselves."
        )


def _said(name: str) -> tuple[str, str]:
    """Title, with the name, and description; only the name of one's own."""
    title, _, words = (about(name.removesuffix(SUFFIX)) or STREAMS.get(name) or "").partition(": ")
    return f"{title} ({name.removesuffix(SUFFIX)})" if title else name, words


@cached(KEPT)
def _shipped(name: str) -> pd.DataFrame:
    return read_outcomes(shipped_outcomes()[name])


def _own(store: Reader, name: str) -> pd.DataFrame:
    return outcomes(store, store.runs(experiment=name, oldest_first=True))


def _across(table: pd.DataFrame, cost: str, ways: str) -> None:
    labels = across.labels_in(table)
    n = table["composition"].nunique()
    found = across.against(table, cost, labels[-1], labels[:-1])
    _say(across.sentences(found, labels[-1], n, cost))
    figure = across_figure(across.means(table, cost), _styles(table), cost, _names(table))
    if ways:  # above the chart, at whose top its legend is
        st.caption(plain(ways))
    where, tests = (f"{n} compounds", SEVERAL) if n > 1 else (table["composition"].iloc[0], ONE)
    chart(figure, f"across-{cost}", f"Mean {COSTS[cost]} of {', '.join(labels)} on {where}.")
    if found and n > 1:
        st.markdown(_listed(across.alone(found, labels[-1], n)))
    st.caption(
        f"{table['seed'].nunique()} seeds each, the same for all. An open triangle: some searches did not arrive, the "
        f"true mean lies beyond. {tests}"
    )


def _stream(table: pd.DataFrame, cost: str) -> None:
    names = _names(table)
    composition = choice("Composition", names, "compound") if len(names) > 1 else next(iter(names))
    part = table[table["composition"] == composition]
    labels = across.labels_in(part)
    falls = {label: stream.fall(part, label, cost) for label in labels}
    told = [stream.sentence(found, label, cost) for label, found in falls.items()]
    _say([stream.headline(falls, cost), *told])
    figure = stream_figure({label: stream.curve(part, label, cost) for label in labels}, _styles(table), cost)
    chart(figure, f"stream-{cost}", f"Mean {COSTS[cost]} against the number of the search.")
    st.caption(
        f"{part['seed'].nunique() // part['search'].nunique()} streams each of searches in a row that learn from those "
        "before; geometric means with 95 % bootstrap bands over streams. p: Wilcoxon's signed-rank test over streams, "
        "not corrected for the number of algorithms. An open triangle: some searches did not arrive, the true mean "
        "lies higher."
    )


def _say(sentences: Sequence[str]) -> None:
    """The first as a headline."""
    if sentences:
        st.markdown(f"#### {plain(unbroken(sentences[0]))}")
        st.markdown(_listed(sentences[1:]))


def _listed(sentences: Sequence[str]) -> str:
    return "\n".join(f"- {plain(typeset(unbroken(told)))}" for told in sentences)


def _cost(table: pd.DataFrame) -> str:
    known = [cost for cost in COSTS if table[cost].notna().any()]
    return choice("Cost", {cost: COSTS[cost] for cost in known}, "cost")


def _names(table: pd.DataFrame) -> dict[str, str]:
    return {name: typeset(name) for name in table["composition"].unique()}


def _styles(table: pd.DataFrame) -> dict[str, LineStyle]:
    first = table.drop_duplicates("label")
    return distinct_styles(
        {label: line_style(name) for label, name in zip(first["label"], first["algorithm"], strict=True)}
    )
