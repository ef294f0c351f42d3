"""Files of a structure: CIF, POSCAR, extended XYZ, and a page to keep."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial

import streamlit as st

from pages.common.crystals import phases_of, symmetry_of
from pages.common.errors import plain
from pages.common.wording import again_in_words, typeset
from pages.common.wording import energy as energy_words
from pages.structures.item import Item
from rlcsp_core.analysis.verdict import verdict
from rlcsp_core.crystal.formats import FORMATS, SYMMETRIC_FORMATS, FileFormat, extxyz
from rlcsp_core.crystal.symmetry import SYMPREC
from rlcsp_core.errors import StructureError
from rlcsp_core.plots.crystal_page import crystal_page
from rlcsp_core.records import Crystal
from rlcsp_core.relax.learned import label_of
from rlcsp_core.store.frames import IONS, energies


def show_files(item: Item) -> None:
    for label, crystal, name, formats in file_choices(item):
        st.markdown(f"**{label}**")
        columns = st.columns(len(formats) + 1)
        for column, (key, form) in zip(columns, formats.items(), strict=False):
            column.download_button(
                form.label,
                form.write(crystal),
                f"{name}{form.suffix}",
                form.mime,
                key=f"{name}-{key}",
                width="stretch",
            )
        columns[-1].download_button(
            "Interactive page",
            partial(page_to_keep, item, crystal),
            f"{name}.html",
            "text/html",
            key=f"{name}-html",
            help="One file with the picture to turn and click; opens in any browser, without internet.",
            width="stretch",
        )


def page_to_keep(item: Item, crystal: Crystal) -> str:
    """With what is known of this one of its crystals."""
    made = next((each for each in item.refined if each.crystal is crystal), None)
    if made is not None:
        said = [again_in_words(made)]
    elif crystal is item.before:
        said = ["Before relaxation."]
    else:
        found = verdict(item.crystal, item.energy, item.potential, phases_of(item.crystal))
        said = [f"{found.words} Space group {found.group} within {SYMPREC} Å."]
        if item.energy is not None:
            said.append(f"Energy: {energy_words(item.energy)} eV/atom.")
    return crystal_page(crystal, typeset(item.title), [typeset(sentence) for sentence in said])


def file_word(text: str) -> str:
    """What of it may stand in the name of a file."""
    return re.sub(r"\W+", "-", text)


def _with(values: dict[str, str | float]) -> dict[str, FileFormat]:
    """Formats of which extended XYZ, the one that has room for it, says this too."""
    form = FORMATS["extxyz"]
    return FORMATS | {"extxyz": replace(form, write=partial(extxyz, values=values))}


def file_choices(item: Item) -> list[tuple[str, Crystal, str, dict[str, FileFormat]]]:
    by_all = energies(item.energy, item.refined)
    choices = [("As shown", item.crystal, item.name, _with(by_all | {"relaxed_by": IONS} if by_all else {}))]
    if item.before is not None:
        choices.append(("Before relaxation", item.before, f"{item.name}-as-built", FORMATS))
    for each in item.refined:
        if each.crystal is not None:
            label = label_of(each.model)
            choices.append(
                (
                    f"Relaxed by {plain(label)}",
                    each.crystal,
                    f"{item.name}-{file_word(label)}",
                    _with(by_all | {"relaxed_by": each.model}),
                )
            )
    try:
        conventional = symmetry_of(item.crystal, SYMPREC).conventional
    except StructureError:
        return choices
    label = f"Conventional cell, symmetry within {SYMPREC} Å"
    return [*choices, (label, conventional, f"{item.name}-conventional", SYMMETRIC_FORMATS)]
