"""A run as one web page that needs nothing else: what it is, its charts, its best crystal, how to run it again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from typing import NamedTuple

import plotly.graph_objects as go

from rlcsp_core.paths import STATIC
from rlcsp_core.plots.crystal_page import COMPONENTS, crystal_part, json_in_script, page, text_of, unexported
from rlcsp_core.records import Crystal

CRYSTAL_HEIGHT = 420  # pixels
CHARTS = """<!-- {licence} -->
<script>{library}</script>
<script type="module">
window.__rlcspPlotly = Promise.resolve(window.Plotly);
{component}
for (const place of document.querySelectorAll(".chart")) {{
  const data = JSON.parse(place.querySelector("script").textContent);
  mount({{ data: {{ ...data, figure: JSON.stringify(data.figure) }}, parentElement: place, setTriggerValue() {{}} }});
}}
</script>
"""
CHART = """<h2>{title}</h2>
<div class="chart"><script type="application/json">{data}</script>
<div class="rlcsp-chart"><div class="rlcsp-chart-node" role="figure"></div></div></div>
<p>{description}</p>
"""


class Chart(NamedTuple):
    """A figure with its heading and what it shows, in words."""

    title: str
    figure: go.Figure
    description: str


class Numbers(NamedTuple):
    """A table with its heading and what it shows, in words."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    description: str


def report_page(
    title: str,
    facts: Mapping[str, str],
    charts: Sequence[Chart],
    tables: Sequence[Numbers],
    crystal: Crystal | None,
    again: Mapping[str, str],
) -> str:
    """All texts are escaped; `again` has texts to copy, by what they are."""
    rows = "".join(f"<tr><th>{escape(name)}</th><td>{escape(fact)}</td></tr>" for name, fact in facts.items())
    copies = "".join(f"<h3>{escape(what)}</h3><pre>{escape(text)}</pre>" for what, text in again.items())
    best = "" if crystal is None else f"<h2>Best structure</h2>{crystal_part(crystal, CRYSTAL_HEIGHT)}"
    drawn = "".join(
        CHART.format(
            title=escape(chart.title),
            description=escape(chart.description),
            data=json_in_script(
                {
                    "figure": json.loads(chart.figure.to_json()),
                    "description": chart.description,
                    "filename": chart.title,
                    "clickable": False,
                }
            ),
        )
        for chart in charts
    )
    scripts = CHARTS.format(
        licence=text_of(STATIC / "plotly" / "LICENSE").replace("--", "- -"),
        library=text_of(STATIC / "plotly" / "plotly-cartesian.min.js"),
        component=unexported(text_of(COMPONENTS / "chart.js")),
    )
    said = "".join(map(_table, tables))
    return page(
        title, f"<table>{rows}</table>{best}{said}{drawn}<h2>How to run it again</h2>{copies}{scripts}"
    )


def _table(table: Numbers) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in table.columns)
    rows = "".join(f"<tr>{''.join(f'<td>{escape(value)}</td>' for value in row)}</tr>" for row in table.rows)
    body = f"<table><tr>{head}</tr>{rows}</table>"
    return f"<h2>{escape(table.title)}</h2>{body}<p>{escape(table.description)}</p>"
