"""One crystal as a web page that needs nothing else: the viewer, its library and the data in a single file.

Data are JSON in which every character that could end a script is written as an escape; the scripts are our own files.
"""

from __future__ import annotations

import json
from html import escape
from typing import Any, NamedTuple

from rlcsp_core.plots.crystal_view import Frame, in_words, view_data
from rlcsp_core.records import Crystal

HEIGHT = 560  # pixels
THEMES = """
:root { color-scheme: light dark; --st-text-color: #1b2733; --st-background-color: #ffffff;
  --st-secondary-background-color: #f3f6f8; --st-border-color: #d9e0e6; --st-primary-color: #0b6e8a; }
@media (prefers-color-scheme: dark) { :root { --st-text-color: #e6ebf0; --st-background-color: #12171e;
  --st-secondary-background-color: #1b222c; --st-border-color: #303a46; --st-primary-color: #4fb6d3; } }
body { margin: 1.5rem auto; max-width: 75rem; padding: 0 1rem; background: var(--st-background-color);
  color: var(--st-text-color); font-family: system-ui, sans-serif; }
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
<p>{words}</p>
<div class="crystal-view"></div>
<!-- {licence} -->
<script>{library}</script>
<script type="application/json" id="data">{data}</script>
<script type="module">
{viewer}
const root = document.querySelector(".crystal-view");
new CrystalView(root).show(JSON.parse(document.getElementById("data").textContent));
</script>
</body>
</html>
"""


class Scripts(NamedTuple):
    """Texts of the files that draw."""

    style: str  # CSS
    viewer: str  # an ES module whose default export mounts the viewer
    library: str  # 3Dmol.js
    licence: str  # the notice that it asks for


def crystal_page(crystal: Crystal, title: str, scripts: Scripts) -> str:
    """The page as text; `title` may be anything, it is escaped."""
    data = view_data([Frame(crystal, "")]) | {
        "most_cells": 1,
        "supercell": "1×1×1",
        "height": HEIGHT,
        "controls": True,
        "start": 0,
        "name": "crystal",
        "library": None,
    }
    return PAGE.format(
        title=escape(title),
        words=escape(in_words(crystal)),
        style=THEMES + scripts.style,
        data=json_in_script(data),
        viewer=scripts.viewer.replace("export default function", "function mount"),
        library=scripts.library,
        licence=scripts.licence.replace("--", "- -"),
    )


def json_in_script(data: Any) -> str:
    """JSON that cannot leave the script element it stands in, nor be taken for markup."""
    text = json.dumps(data, ensure_ascii=True, allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
