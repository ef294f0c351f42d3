"""A search as it runs: energies of the trials, the policy over steps, what became of each action.

Energies in eV/atom.  Steps count from 1; the initial population lies before them, its last member at 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go

from rlcsp_core.actions import Action, Family, action_numbered, is_sized
from rlcsp_core.analysis.progress import Frame, binned_policy, frame_of, unmasked
from rlcsp_core.plots.canvas import DRAWN_AGAIN, ENERGY, FONT_SIZE, STEP, canvas, room_for
from rlcsp_core.plots.palette import (
    ACCEPTED,
    FAILED,
    GRID,
    HATCHING,
    INK,
    MUTED,
    PAGE,
    REJECTED,
    TARGET,
)
from rlcsp_core.records import Array, BoolArray, IntArray
from rlcsp_core.tables import PopulationTable, StepTable, Tally

POLICY_BINS = 160
UNIFIED = 16  # actions that one hover box has room for
CANNOT = ", cannot apply"
NAMED, NAMES = 0.06, 150  # a band at least so wide is named at its end, in so many pixels
IDLE = {"shape": ".", "fillmode": "overlay", "solidity": 0.5, "fgcolor": PAGE}
FAMILIES = list(Family)


class _Dots(NamedTuple):
    """How one kind of trial is drawn."""

    name: str
    colour: str
    size: float
    symbol: str
    opacity: float


MEMBERS = _Dots("initial population", MUTED, 5, "circle", 0.55)
REJECTS = _Dots("rejected", REJECTED, 5, "circle-open", 0.8)
ACCEPTS = _Dots("accepted", ACCEPTED, 6, "circle", 0.95)

OUTCOMES = {"accepted": ACCEPTED, "rejected": REJECTED, "failed": FAILED}
EDGES = {
    "overlaying": "y",
    "range": [-0.02, 1],
    "visible": False,
    "fixedrange": True,
}  # for marks beside the axis
UPPER = 0.99  # where marks stand for what lies above the axis


def energy_figure(
    table: StepTable,
    population: PopulationTable,
    *,
    target: float | None,
    height: int = 400,
    frame: Frame | None = None,
) -> go.Figure:
    """Every trial, the lowest energy so far, and the target; in the frame of all charts beside it, or its own."""
    figure = canvas(STEP, ENERGY, height=height)
    before = population.index - len(population) + 1
    figure.add_trace(_dots(MEMBERS, before, population.energy))
    figure.add_trace(_trials(REJECTS, table, ~table.accepted))
    figure.add_trace(_trials(ACCEPTS, table, table.accepted))
    figure.add_trace(_failures(table))
    figure.add_scatter(
        x=table.step,
        y=table.best_energy,
        name="lowest so far",
        mode="lines",
        line={"color": INK, "width": 2.5, "shape": "hv"},
        hovertemplate="lowest after step %{x}: %{y:.5f} eV/atom<extra></extra>",
    )
    if target is not None:
        figure.add_hline(
            y=target,
            line={"color": TARGET, "width": 2, "dash": "dash"},
            annotation={
                "text": f"target {target:.5f}".replace("-", "−"),
                "font": {"color": TARGET},
                "bgcolor": PAGE,
            },
            annotation_position="bottom right",
        )
    shown = frame or frame_of(table.step, table.energy, population.energy, target)
    if shown is not None:  # bounds of the automatic range: a range of its own would undo the reader's zoom
        bounds = {"clipmin": shown.low, "clipmax": shown.high}
        figure.update_yaxes(autorangeoptions=bounds if frame is None else {**bounds, "include": [*frame[:2]]})
        figure.add_traces(_above(table, population, shown.high))
    if frame is not None:
        figure.update_xaxes(autorangeoptions={"include": [frame.first, frame.last]})
    figure.update_layout(legend={"traceorder": "normal"}, hovermode="closest", yaxis2=EDGES)
    return figure


def _trials(style: _Dots, table: StepTable, chosen: BoolArray) -> go.Scatter:
    chosen = chosen & np.isfinite(table.energy)
    trace = _dots(style, table.step[chosen], table.energy[chosen])
    trace.update(
        customdata=[action_numbered(number).title for number in table.action[chosen].tolist()],
        hovertemplate="step %{x}: %{y:.5f} eV/atom<br>%{customdata}<extra>" + style.name + "</extra>",
    )
    return trace


def _dots(style: _Dots, x: IntArray, energy: Array) -> go.Scatter:
    return go.Scatter(
        x=x,
        y=energy,
        name=style.name,
        mode="markers",
        marker={"color": style.colour, "size": style.size, "symbol": style.symbol, "opacity": style.opacity},
        hovertemplate="%{y:.5f} eV/atom<extra>" + style.name + "</extra>",
    )


def _above(table: StepTable, population: PopulationTable, high: float) -> list[go.Scatter]:
    """Marks at the upper edge: what lies above the axis is there, though not how high it is."""
    step = np.concatenate([population.index - len(population) + 1, table.step])
    energy = np.concatenate([population.energy, table.energy])
    chosen = energy > high
    if not chosen.any():
        return []
    marks = go.Scatter(
        x=step[chosen],
        y=np.full(int(chosen.sum()), UPPER),
        yaxis="y2",
        name="above the axis",
        mode="markers",
        marker={"color": REJECTED, "size": 6, "symbol": "triangle-up-open", "opacity": 0.8},
        customdata=energy[chosen],
        meta=DRAWN_AGAIN,
        showlegend=False,
        hovertemplate="step %{x}: %{customdata:.5f} eV/atom<extra>above the axis</extra>",
    )
    return [marks]


def _failures(table: StepTable) -> go.Scatter:
    """Marks on the axis: a failed relaxation has no energy to be drawn at."""
    failed = ~np.isfinite(table.energy)
    return go.Scatter(
        x=table.step[failed],
        y=np.zeros(int(failed.sum())),
        yaxis="y2",
        name="failed",
        mode="markers",
        marker={"color": FAILED, "size": 9, "symbol": "x-thin", "line": {"color": FAILED, "width": 2}},
        customdata=list(table.reason[failed]),
        visible=True if failed.any() else "legendonly",
        hovertemplate="step %{x}: no energy, %{customdata}<extra>failed</extra>",
    )


def policy_figure(
    table: StepTable, actions: Sequence[Action], *, height: int = 280, named: bool = True
) -> go.Figure:
    """Probabilities of the actions over steps, stacked to 1; small changes below, new structures above.

    If `named`, the widest bands have their names at the end.

    Dots fill what an action has that could not apply: a band that comes and goes with the structure looks learned."""
    figure = canvas(STEP, "Probability", height=height, legend=False)
    whole, can = unmasked(table.probabilities)
    used, idle = (binned_policy(table.step, whole * part, POLICY_BINS) for part in (can, ~can))
    for action in stacked(actions) if len(table) else ():
        row = actions.index(action)
        hatching = {"shape": HATCHING, "fillmode": "overlay"} if action.own and not is_sized(action) else {}
        figure.add_trace(_band(action, used.step, used.probabilities[:, row], hatching))
        if idle.probabilities[:, row].any():
            figure.add_trace(_band(action, idle.step, idle.probabilities[:, row], IDLE, CANNOT))
    if named and len(table):
        _name_bands(figure, actions, used.probabilities[-1] + idle.probabilities[-1])
    figure.update_yaxes(range=[0, 1])
    figure.update_layout(hovermode="x unified", legend={"traceorder": "reversed"})
    if len(actions) > UNIFIED:  # one box with all of them would be higher than the chart
        figure.update_layout(hovermode="closest")
        figure.update_traces(hovertemplate="%{fullData.name}: %{y:.3f}<extra></extra>")
        figure.for_each_trace(_silent, lambda trace: CANNOT in trace.name)
    return figure


def _name_bands(figure: go.Figure, actions: Sequence[Action], ends: Array) -> None:
    """ends: [A], the widths of the bands at the right."""
    below = 0.0
    for action in stacked(actions):
        width = float(ends[actions.index(action)])
        if width >= NAMED:
            figure.add_annotation(
                x=1,
                xref="paper",
                xanchor="left",
                y=below + width / 2,
                text=f" {action.name}",
                showarrow=False,
                font={"size": FONT_SIZE - 2},
            )
        below += width
    figure.update_layout(margin_r=NAMES)


def _silent(band: go.Scatter) -> None:
    band.update(hovertemplate=None, hoverinfo="skip")


def _band(action: Action, x: Array, y: Array, pattern: Mapping[str, object], note: str = "") -> go.Scatter:
    return go.Scatter(
        x=x,
        y=y,
        name=action.title + note,
        mode="lines",
        stackgroup="policy",
        line={"width": 0.7, "color": PAGE},
        fillcolor=action.colour,
        fillpattern=pattern,
        hovertemplate="%{y:.3f}",
    )


def outcome_figure(tally: Mapping[int, Tally], actions: Sequence[Action], *, height: int = 280) -> go.Figure:
    """How often each action was accepted, rejected, or failed; this is also the key to the actions' colours.

    Of symmetric crystals by size those that were made."""
    shown = [action for action in stacked(actions) if action.number in tally or not is_sized(action)]
    figure = canvas("Steps", "", height=room_for(len(shown), height))
    names = [f'{action.title} <span style="color:{action.colour}">■</span>' for action in shown]
    for field, colour in OUTCOMES.items():
        figure.add_bar(
            x=[getattr(tally.get(action.number, Tally()), field) for action in shown],
            y=names,
            name=field,
            orientation="h",
            marker={"color": colour},
            hovertemplate="%{x} " + field + "<extra>%{y}</extra>",
        )
    key = "   ".join(f'<span style="color:{colour}">■</span> {field}' for field, colour in OUTCOMES.items())
    figure.update_layout(
        barmode="stack",
        bargap=0.3,
        showlegend=False,  # it would take the room of the bars
        title={"text": key, "x": 0.01, "xref": "container", "font": {"size": FONT_SIZE}},
    )
    figure.update_xaxes(showgrid=True, gridcolor=GRID, rangemode="tozero")
    figure.update_yaxes(showgrid=False, ticks="", tickfont={"color": INK, "size": FONT_SIZE - 1}, dtick=1)
    return figure


def stacked(actions: Sequence[Action]) -> list[Action]:
    """In the order in which they are stacked: by family."""
    return sorted(actions, key=lambda action: (FAMILIES.index(action.family), action.number))
