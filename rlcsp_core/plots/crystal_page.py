"""A web page in one file that needs nothing else: a crystal to turn, with the scripts and the data in it.

Data are JSON in which every character that could end a script is written as an escape; the scripts are our own files.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from rlcsp_core.crystal.composition import formula_of
from rlcsp_core.paths import ROOT, STATIC
from rlcsp_core.plots.crystal_view import Frame, in_words, view_data
from rlcsp_core.plots.hull_names import lowered
from rlcsp_core.records import Crystal

COMPONENTS = ROOT / "pages" / "components"
HEIGHT = 560  # pixels
THEMES = """
:root { color-scheme: light dark; --st-text-color: #1b2733; --st-background-color: #ffffff;
  --st-gray-text-color: #5b6875;
  --st-secondary-background-color: #f3f6f8; --st-border-color: #d9e0e6; --st-primary-color: #0b6e8a; }
@media (prefers-color-scheme: dark) { :root { --st-text-color: #e6ebf0; --st-background-color: #12171e;
  --st-gray-text-color: #9aa7b4;
  --st-secondary-background-color: #1b222c; --st-border-color: #303a46; --st-primary-color: #4fb6d3; } }
body { margin: 1.5rem auto; max-width: 75rem; padding: 0 1rem; background: var(--st-background-color);
  color: var(--st-text-color); font-family: system-ui, sans-serif; line-height: 1.5; }
table { border-collapse: collapse; } th, td { padding: .2rem 1.2rem .2rem 0; text-align: left; vertical-align: top; }
pre { padding: .6rem; background: var(--st-secondary-background-color); white-space: pre-wrap;
  overflow-wrap: anywhere; }
"""
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; \
script-src 'unsafe-inline'; img-src data: blob:">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<h1>{title}</h1>
{body}
</body>
</html>
"""
CRYSTAL = """<style>{style}</style>
<div class="crystal-view"></div>
<!-- {licence} -->
<script>{library}</script>
<script type="application/json" id="crystal">{data}</script>
<script type="module">
{viewer}
const root = document.querySelector(".crystal-view");
new CrystalView(root).show(JSON.parse(document.getElementById("crystal").textContent));
</script>
"""


def crystal_page(crystal: Crystal, title: str, said: Sequence[str] = ()) -> str:
    """The page as text; `title`, and sentences `said` of the crystal, may be anything: they are escaped."""
    formula = formula_of(crystal.numbers)
    drawn = in_words(crystal).replace(formula, lowered(formula), 1)
    words = "".join(f"<p>{escape(sentence)}</p>" for sentence in [*said, drawn])
    return page(title, f"{words}{crystal_part(crystal)}")


def page(title: str, body: str) -> str:
    """`body` is HTML."""
    return PAGE.format(title=escape(title), style=THEMES, body=body)


def crystal_part(crystal: Crystal, height: int = HEIGHT) -> str:
    """HTML of a crystal to turn, with all that draws it; once a page."""
    data = view_data([Frame(crystal, "")]) | {
        "most_cells": 1,
        "supercell": "1×1×1",
        "height": height,
        "controls": True,
        "start": 0,
        "name": "crystal",
        "library": None,
    }
    return CRYSTAL.format(
        style=text_of(COMPONENTS / "crystal_view.css"),
        data=json_in_script(data),
        viewer=unexported(text_of(COMPONENTS / "crystal_view.js")),
        library=text_of(STATIC / "3dmol" / "3Dmol-min.js"),
        licence=text_of(STATIC / "3dmol" / "LICENSE").replace("--", "- -"),
    )


@cache
def text_of(file: Path) -> str:
    return file.read_text(encoding="utf-8")


def unexported(script: str) -> str:
    """The module of a component as a script that calls its `mount` itself."""
    return script.replace("export default function", "function mount")


def json_in_script(data: Any) -> str:
    """JSON that cannot leave the script element it stands in, nor be taken for markup."""
    text = json.dumps(data, ensure_ascii=True, allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
