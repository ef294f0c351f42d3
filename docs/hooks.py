"""What the site has beyond docs/: documents of the repository's top level, and a reference page for each package."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

import rlcsp_core

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "rlcsp_core"
TOP_LEVEL = ("BENCHMARKS", "CHANGELOG", "CONTRIBUTING", "RELIABILITY", "SECURITY")
INTRODUCTION = """These names are imported from `rlcsp_core` itself; most programs need no others.
Each package has a page of its own in this reference, made from its docstrings."""
LINK_TO_DOCS = re.compile(r"\]\(docs/")
LINK_TO_TOP = re.compile(rf"\]\((?:\.\./)?({'|'.join(TOP_LEVEL)})\.md")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """A reference page for each package, in the order of the alphabet."""
    pages = [
        {"Public names": "reference/index.md"},
        *({f"rlcsp_core.{p}": f"reference/{p}.md"} for p in _packages()),
    ]
    config.nav.append({"Reference": pages})
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    for name in TOP_LEVEL:
        text = (ROOT / f"{name}.md").read_text(encoding="utf-8")
        files.append(File.generated(config, f"{name.lower()}.md", content=LINK_TO_DOCS.sub("](", text)))
    files.append(File.generated(config, "reference/index.md", content=_public_names()))
    for package in _packages():
        text = f"# rlcsp_core.{package}\n\n::: rlcsp_core.{package}\n"
        files.append(File.generated(config, f"reference/{package}.md", content=text))
    return files


def on_page_markdown(markdown: str, **_: object) -> str:
    """Links to documents of the top level lead to their pages here."""
    return LINK_TO_TOP.sub(lambda found: f"]({found[1].lower()}.md", markdown)


def _public_names() -> str:
    rows = ["# Public names", "", INTRODUCTION, "", "| name | what it is |", "|---|---|"]
    for name in sorted(rlcsp_core.__all__):
        thing = getattr(rlcsp_core, name)
        summary = (inspect.getdoc(thing) or "").partition("\n")[0]
        rows.append(f"| [`{name}`][{thing.__module__}.{thing.__qualname__}] | {summary} |")
    return "\n".join(rows)


def _packages() -> list[str]:
    """The packages, and the two modules of what passes between them."""
    return sorted([*(path.parent.name for path in PACKAGE.glob("*/__init__.py")), "errors", "records"])
