"""Figures for learning: a relaxation on its way down, one decision, and two players side by side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from rlcsp_core.actions import action_numbered
from rlcsp_core.analysis.progress import settled_window
from rlcsp_core.plots.canvas import ENERGY, STEP, TOOLS, canvas, room_for
from rlcsp_core.plots.palette import ACCEPTED, FAILED, INK, MUTED, TARGET
from rlcsp_core.records import Array

CURSOR = {"color": INK, "width": 1.5, "dash": "dot"}
BELOW = 0.04  # of an axis, from its end to the mark of what lies beyond
WORDS = 50  # pixels beyond the axis, for what is said of the longest bar
TICKS_WIDTH = 1000  # units of the drawing


def descent_figure(energies: Sequence[float]) -> go.Figure:
    """Energy at each point of a relaxation."""
    figure = canvas("Point of the path", ENERGY, height=260, legend=False)
    figure.add_scatter(
        y=list(energies),
        mode="lines+markers",
        line={"color": ACCEPTED, "width": 2},
        marker={"size": 4},
        hovertemplate="point %{x}: %{y:.5f} eV/atom<extra></extra>",
    )
    return figure


def decision_figure(
    numbers: Sequence[int], probabilities: Array, taken: int | None, *, height: int = 300
) -> go.Figure:
    """Probability of each action; the one that was taken is outlined."""
    figure = canvas("Probability", "", height=room_for(len(numbers), height), legend=False)
    actions = [action_numbered(number) for number in numbers]
    figure.add_bar(
        x=probabilities,
        y=[action.title for action in actions],
        orientation="h",
        marker={
            "color": [action.colour for action in actions],
            "line": {"color": INK, "width": [3.0 if number == taken else 0.0 for number in numbers]},
        },
        text=[
            f"{f'{p:.3f}' if p else 'cannot apply'}{'  ← taken' if number == taken else ''}"
            for p, number in zip(probabilities, numbers, strict=True)
        ],
        textposition="outside",
        cliponaxis=False,
        hovertemplate="%{y}: %{x:.4f}<extra></extra>",
    )
    figure.update_xaxes(range=[0, max(0.3, 1.25 * float(probabilities.max()))])
    figure.update_layout(margin_r=TOOLS + WORDS)
    figure.update_yaxes(autorange="reversed", showgrid=False)
    return figure


def game_figure(
    yours: Sequence[float], agents: Sequence[float], name: str, target: float | None, steps: int
) -> go.Figure:
    """Lowest energy so far of both players, from the common start at step 0 to the end of the game."""
    figure = canvas(STEP, ENERGY, height=280)
    figure.update_xaxes(range=[-0.02 * steps, 1.02 * steps])
    for title, energies, colour, dash in (("you", yours, ACCEPTED, "solid"), (name, agents, FAILED, "dash")):
        figure.add_scatter(
            y=list(energies),
            name=title,
            mode="lines+markers",
            line={"color": colour, "width": 2.5, "dash": dash, "shape": "hv"},
            marker={"size": 5},
            hovertemplate=f"{title}, step %{{x}}: %{{y:.5f}} eV/atom<extra></extra>",
        )
    if target is not None:
        figure.add_hline(
            y=target, line={"color": TARGET, "width": 2, "dash": "dash"}, annotation={"text": "known minimum"}
        )
    return figure


def moment_figure(
    steps: Array,
    trials: Array,
    best: Array,
    current: Array,
    moment: int,
    trial: float | None = None,
    *,
    height: int = 320,
) -> go.Figure:
    """Energies over a run with a cursor at one moment.  All [T], energies in eV/atom, NaN where there is none.

    The axis holds where the search mostly stood: its first drops are larger than all that follows.  The trial of the
    moment is marked, at the upper end of the axis where it lies above."""
    figure = canvas(STEP, ENERGY, height=height)
    window = settled_window(best, current)
    if window is not None:  # bounds of the automatic range: a range of its own would undo the reader's zoom
        figure.update_yaxes(autorangeoptions={"clipmin": window.low, "clipmax": window.high})
    hover = "step %{x}: %{y:.5f} eV/atom<extra></extra>"
    figure.add_scatter(
        x=steps, y=trials, name="trials", mode="markers",
        marker={"size": 4, "color": MUTED, "opacity": 0.6}, hovertemplate=hover,
    )  # fmt: skip
    for name, energies, colour, width in (("current", current, ACCEPTED, 1.5), ("lowest", best, INK, 2.5)):
        figure.add_scatter(
            x=steps, y=energies, name=name, mode="lines",
            line={"color": colour, "width": width, "shape": "hv"}, hovertemplate=hover,
        )  # fmt: skip
    figure.add_vline(x=moment, line=CURSOR)
    if trial is not None:
        end = np.inf if window is None else window.high - BELOW * (window.high - window.low)
        above = trial > end
        figure.add_scatter(
            x=[moment], y=[min(trial, end)], mode="markers+text",
            marker={
                "symbol": "triangle-up-open" if above else "circle-open", "size": 11, "color": INK, "line_width": 2,
            },
            text=[f" {trial:.3f}".replace("-", "−") if above else ""],
            textposition="middle right",
            showlegend=False,
            hovertemplate=f"the trial of step {moment}: {trial:.5f} eV/atom<extra></extra>".replace("-", "−"),
        )  # fmt: skip
    return figure


def step_ticks(accepted: Sequence[int], lowest: Sequence[int], steps: int) -> str:
    """SVG to stand under a slider of steps: a short mark at each accepted step, a tall one at each new lowest."""
    marks = "".join(
        f'<path d="M{TICKS_WIDTH * (step - 1) / max(steps - 1, 1):.1f} 0v{height}" stroke="{colour}" '
        f'stroke-width="{width}"/>'
        for chosen, height, colour, width in ((accepted, 7, ACCEPTED, 1.5), (lowest, 14, TARGET, 3))
        for step in chosen
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-4 0 {TICKS_WIDTH + 8} 14" width="100%" height="14" '
        f'preserveAspectRatio="none">{marks}</svg>'
    )
