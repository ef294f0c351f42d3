"""Colours can be told apart by every reader, in both themes."""

from __future__ import annotations

import itertools
import tomllib

import numpy as np
import pytest

from rlcsp_core.actions import ACTIONS, EXTENSIONS, Action, action_numbered
from rlcsp_core.agents import AGENTS, BASELINES
from rlcsp_core.crystal.composition import composition_of
from rlcsp_core.crystal.ions import all_ions
from rlcsp_core.crystal.known import references
from rlcsp_core.paths import ROOT
from rlcsp_core.plots.elements import element_colour
from rlcsp_core.plots.palette import CONTRAST, PAGES, contrast, distinct_styles, line_style, shaded
from rlcsp_core.records import Array

# linear RGB as seen with each kind of dichromacy: Machado, Oliveira, Fernandes 2009, severity 1
VISION = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
WHITE = np.array([0.9505, 1.0, 1.089])
APART = 25.0  # ΔE 1976; 2.3 is just noticeable
ELEMENTS_APART = 20.0  # in one compound; size and legend help
SIZED = [action_numbered(100 + k) for k in range(1, 17)]
ALGORITHMS_APART = 6.0  # grey and brown, of the two policies that do not learn, are the nearest


def linear(colour: str) -> Array:
    c = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def lab(rgb: Array) -> Array:
    ratio = TO_XYZ @ rgb / WHITE
    f = np.where(ratio > 0.008856, np.cbrt(ratio), 7.787 * ratio + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def smallest_difference(colours: list[str], seen: Array) -> float:
    points = [lab(np.clip(seen @ linear(colour), 0, 1)) for colour in colours]
    return min(float(np.linalg.norm(a - b)) for a, b in itertools.combinations(points, 2))


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("actions", [ACTIONS, EXTENSIONS], ids=["published", "own"])
def test_any_two_actions_differ_for_every_reader(actions: tuple[Action, ...], vision: str) -> None:
    assert smallest_difference([action.colour for action in actions], VISION[vision]) > APART


@pytest.mark.parametrize("vision", VISION)
def test_any_two_algorithms_differ_for_every_reader(vision: str) -> None:
    assert smallest_difference([kind.colour for kind in AGENTS.values()], VISION[vision]) > ALGORITHMS_APART


def test_the_law_above_fails_for_red_and_green() -> None:
    assert smallest_difference(["#a05050", "#6d6d3c"], VISION["deuteranopia"]) < APART


@pytest.mark.parametrize("page", PAGES)
def test_every_action_stands_out_from_the_page(page: str) -> None:
    for action in (*ACTIONS, *EXTENSIONS, *SIZED):
        assert contrast(action.colour, page) > CONTRAST, action.title


def test_larger_sizes_are_lighter() -> None:
    light = [float(lab(linear(action.colour))[0]) for action in SIZED]
    assert all(np.diff(light) > 0)
    assert light[-1] - light[0] > 40


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#ffffff", "#767676") == pytest.approx(4.54, abs=0.01)  # the known limit of readable grey


def test_every_element_stands_out_from_both_pages() -> None:
    themes = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())["theme"]
    assert tuple(themes[name]["backgroundColor"] for name in ("light", "dark")) == PAGES
    for element in {ion.element for ion in all_ions()}:
        assert min(contrast(element_colour(element), page) for page in PAGES) >= CONTRAST, element


def test_the_elements_of_every_known_crystal_differ() -> None:
    for formula in {reference.formula for reference in references()}:
        colours = [element_colour(element) for element in composition_of(formula).as_dict]
        assert smallest_difference(colours, VISION["normal"]) > ELEMENTS_APART, formula


def test_baselines_of_one_algorithm_are_told_apart_by_dash() -> None:
    dashes = [line_style("ppo", baseline).dash for baseline in BASELINES]
    assert len(set(dashes)) == len(dashes)


def test_shading_moves_towards_white_and_black() -> None:
    assert shaded("#808080", 1.0) == "#ffffff"
    assert shaded("#808080", -1.0) == "#000000"
    assert shaded("#123456", 0.0) == "#123456"


def test_configurations_of_one_algorithm_and_baseline_are_distinct_styles() -> None:
    styles = distinct_styles(
        {**{f"RLCSP {n}": line_style("rlcsp") for n in range(9)}, "NPG": line_style("npg")}
    )
    assert styles["RLCSP 0"] == line_style("rlcsp")
    assert styles["NPG"] == line_style("npg")
    assert len(set(styles.values())) == 10
    nine = [style.colour for name, style in styles.items() if name != "NPG"]
    assert smallest_difference(nine, VISION["normal"]) >= 15


def test_any_number_of_configurations_has_styles() -> None:
    styles = distinct_styles({str(n): line_style("ppo", "b2") for n in range(40)})
    assert len(set(styles.values())) == 40
