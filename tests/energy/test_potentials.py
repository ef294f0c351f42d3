"""Laws that every shipped potential keeps, and what is said about a file that is none."""

from __future__ import annotations

import tomllib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from ase.data import atomic_numbers
from ase.formula import Formula
from hypothesis import given, settings
from hypothesis import strategies as st

from rlcsp_core.crystal.composition import composition_of
from rlcsp_core.energy import evaluate, load_potential
from rlcsp_core.energy.choice import best_for, candidates, composition_in
from rlcsp_core.energy.evaluation import prepare
from rlcsp_core.energy.potential import LEAST_GUARD, pair_energy
from rlcsp_core.energy.potential_file import FOLDER, choice_from, potential_from, potential_names
from rlcsp_core.energy.tables import LARGE_CELLS, SMALL_CELLS, build_tables
from rlcsp_core.errors import ConfigError, FormulaError
from rlcsp_core.records import Crystal
from tests import naive

COMPOUNDS = {
    "bush": ("TiO2", "La2O3", "Li2O", "GdEuO3"),
    "fluoride": ("CaF2", "LaF3", "KZnF3"),
    "lewis-catlow": ("CeO2", "BaO", "LaAlO3", "SiO2"),
    "pmmcs": ("SiO2", "BaO", "CaTiO3", "FeO", "Fe2O3", "Gd2O3"),
    "tosi-fumi": ("LiI", "NaCl", "CsI", "RbBr"),
    "ysrtio": ("Y2O3", "SrTiO3"),
    "zns": ("ZnS",),
}
CASES = [(name, formula) for name, formulas in COMPOUNDS.items() for formula in formulas]
GUARDS = [(name, a, b) for name in COMPOUNDS for a, b, _ in sorted(load_potential(name).terms, key=str)]


def random_crystal(formula: str, seed: int, skew: float = 0.3) -> Crystal:
    """Ions at random, none nearer than 0.8 of the mean cation–anion distance."""
    rng = np.random.default_rng(seed)
    units = [atomic_numbers[e] for e, n in Formula(formula).count().items() for _ in range(n)]
    numbers = np.array(units * max(1, 6 // len(units)))
    composition = composition_of(formula)
    closest = 0.8 * composition.block_length / 2
    cell = np.eye(3) + skew * rng.normal(size=(3, 3))
    while abs(np.linalg.det(cell)) < 0.1:
        cell = np.eye(3) + skew * rng.normal(size=(3, 3))
    volume = 3.0 * composition.ion_volume * len(numbers) / composition.n_atoms
    cell *= (volume / abs(np.linalg.det(cell))) ** (1 / 3)
    placed: list[np.ndarray] = []
    while len(placed) < len(numbers):
        trial = rng.random(3) @ cell
        if len(naive.pairs(np.array([*placed, trial]), cell, closest)[0]) == 0:
            placed.append(trial)
        elif rng.random() < 0.01:
            cell, placed = cell * 1.05, []
    return Crystal(numbers, np.array(placed), cell)


def test_every_shipped_potential_is_tried_here():
    assert sorted(COMPOUNDS) == list(potential_names())


@pytest.mark.slow
@pytest.mark.parametrize("split", [SMALL_CELLS, LARGE_CELLS], ids=str)
@pytest.mark.parametrize(("name", "formula"), CASES)
@settings(max_examples=2, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6))
def test_energy_and_forces_are_those_of_the_direct_sum(name, formula, split, seed):
    crystal, potential = random_crystal(formula, seed), load_potential(name)
    result = evaluate(crystal, potential, build_tables(potential, prepare(crystal, potential).ions, split))
    assert abs(result.energy - naive.lattice_energy(crystal, potential)) < 1e-6 * crystal.n_atoms
    i, axis, h = (
        seed % crystal.n_atoms,
        seed % 3,
        2e-3,
    )  # Å; five points, so that the difference is exact to h⁴
    ends = []
    for step in (-2, -1, 1, 2):
        x = crystal.positions.copy()
        x[i, axis] += step * h
        ends.append(naive.lattice_energy(Crystal(crystal.numbers, x, crystal.cell), potential))
    slope = (ends[0] - 8 * ends[1] + 8 * ends[2] - ends[3]) / (12 * h)
    assert abs(slope - result.gradient[i, axis]) < 1e-5


@pytest.mark.parametrize(("name", "formula"), CASES)
def test_forces_and_stress_are_exact_derivatives(name, formula):
    crystal, potential = random_crystal(formula, 7), load_potential(name)
    result, h = evaluate(crystal, potential), 1e-5
    rng = np.random.default_rng(3)
    shift, strain = rng.normal(size=crystal.positions.shape), rng.normal(size=(3, 3))
    strain = (strain + strain.T) / 2
    moved = [
        evaluate(Crystal(crystal.numbers, crystal.positions + s * h * shift, crystal.cell), potential).energy
        for s in (1, -1)
    ]
    assert (moved[0] - moved[1]) / (2 * h) == pytest.approx(
        np.sum(result.gradient * shift), rel=1e-5, abs=1e-5
    )
    strained = [
        evaluate(
            Crystal(
                crystal.numbers,
                crystal.positions @ (np.eye(3) + s * h * strain),
                crystal.cell @ (np.eye(3) + s * h * strain),
            ),
            potential,
        ).energy
        for s in (1, -1)
    ]
    expected = np.sum(result.strain_gradient * strain)
    assert (strained[0] - strained[1]) / (2 * h) == pytest.approx(expected, rel=1e-5, abs=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "a", "b"), GUARDS)
def test_a_guard_stands_just_outside_of_the_innermost_barrier(name, a, b):
    potential = load_potential(name)
    salt = next((s for x, y, s in potential.terms if (x, y) == (a, b)), None)
    kinds = tuple(dict.fromkeys(salt or (a, b)))
    pair = potential.pairs(kinds)[kinds.index(a)][kinds.index(b)]
    r = np.arange(0.05, 4.0, 1e-4)
    u = np.array([naive.bare_pair_energy(pair, x)[0] for x in r])
    tops = [k for k in range(1, len(r) - 1) if u[k - 1] < u[k] >= u[k + 1]]
    rule = max(LEAST_GUARD, r[tops[0]] + 0.1) if tops else LEAST_GUARD
    assert pair.guard == pytest.approx(rule, abs=0.006)
    assert (pair_energy(pair, np.linspace(0, pair.guard, 50))[1] < 0).all()


def test_the_guards_of_the_published_potential_are_those_of_its_searches():
    potential = load_potential("ysrtio")
    o, sr = potential.elements.index("O"), potential.elements.index("Sr")
    guards = [[pair.guard for pair in row] for row in potential.pairs((0, 1, 2, 3))]
    assert guards[o][o] == 1.46
    assert guards[o][sr] == guards[sr][o] == 0.94
    assert sorted({g for row in guards for g in row}) == [0.8, 0.94, 1.46]


@pytest.mark.slow
def test_several_potentials_in_threads_do_not_disturb_each_other():
    jobs = [(name, random_crystal(formula, 5)) for name, formula in CASES]

    def energy(job):
        return evaluate(job[1], load_potential(job[0])).energy

    alone = [energy(job) for job in jobs]
    build_tables.cache_clear()
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(energy, jobs)) == alone


# ions and choice ------------------------------------------------------------------------------------------------------


def test_the_oxidation_state_follows_from_the_formula():
    potential = load_potential("pmmcs")
    for formula, symbol in (("FeO", "Fe2+"), ("Fe2O3", "Fe3+"), ("MgFe2O4", "Fe3+")):
        assert symbol in [ion.symbol for ion in composition_in(formula, potential).ions]
        kinds = potential.kinds(random_crystal(formula, 1).numbers)
        assert symbol in [potential.ions[kind].symbol for kind in kinds]


def test_mixed_valence_is_refused_in_words():
    with pytest.raises(FormulaError, match="Fe3O4, are not supported"):
        composition_in("Fe3O4", load_potential("pmmcs"))
    crystal = random_crystal("FeO", 1)
    with pytest.raises(FormulaError, match="are not supported"):
        load_potential("pmmcs").kinds(np.array([26, 26, 26, 8, 8, 8, 8]))
    assert len(load_potential("pmmcs").kinds(crystal.numbers)) == crystal.n_atoms


@pytest.mark.parametrize("formula", ["Y2O3", "SrY2O4", "Y2TiO5", "Y2Ti2O7", "Sr4Ti3O10"])
def test_the_published_compositions_keep_their_potential(formula):
    assert best_for(formula).potential.name == "ysrtio"


@pytest.mark.parametrize(("formula", "name"), [
    ("NaCl", "tosi-fumi"), ("CaF2", "fluoride"), ("ZnS", "zns"), ("CeO2", "lewis-catlow"),
])  # fmt: skip
def test_a_formula_finds_a_potential(formula, name):
    best = best_for(formula)
    assert best.potential.name == name
    assert best.composition.n_atoms == composition_of(formula).n_atoms
    assert best.reason


@pytest.mark.parametrize(("formula", "words"), [
    ("BeY2O4", "pmmcs lacks Y"), ("ScF3", "pair (Sc–F|F–Sc)"), ("NbLiO3", "no parameters for Nb5\\+"),
    ("CaOCaF2", "O–F|F–O"), ("LiNaCl2", "Li–Na|Na–Li"), ("MgS", "Mg–S|S–Mg"),
])  # fmt: skip
def test_what_nothing_covers_is_named(formula, words):
    with pytest.raises(FormulaError, match=words):
        best_for(formula)
    assert candidates(formula) == ()


# files ----------------------------------------------------------------------------------------------------------------

GOOD = """
form = "buckingham"
[charges]
Mg = 2
O = -2
[[pairs]]
elements = ["Mg", "O"]
A = 1428.5
rho = 0.2945
[[pairs]]
elements = ["O", "O"]
A = 22764.0
rho = 0.149
C = 27.879
"""


def test_a_file_of_ones_own_is_a_potential(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(GOOD)
    mine, shipped = load_potential(choice_from(str(path))), load_potential("lewis-catlow")
    crystal = random_crystal("MgO", 2)
    assert mine.name == "mine"
    assert evaluate(crystal, mine).energy == evaluate(crystal, shipped).energy


@pytest.mark.parametrize(("old", "new", "words"), [
    ("rho = 0.149", "rho = 0.149\n[[pairs]]\nelements = ['O', 'O']\nA = 1.0\nrho = 0.3", "O–O is given twice"),
    ("rho = 0.149", "rho = 0.149\n[[pairs]]\nelements = ['O', 'Mg']\nA = 1.0\nrho = 0.3", "–.* is given twice"),
    ("Mg = 2\n", "", "no charge for Mg"),
    ("Mg = 2\n", "Mg = 2\nCa = 1.9\n", "charge 1.9 of Ca is no oxidation state"),
    ("Mg = 2\n", "'Mg2+' = 1.2\n", "no compound with O2- is neutral"),
    ("O = -2\n", "'O2-' = 2\n", "no compound with O2- is neutral"),
    ("O = -2\n", "", "no charge for O"),
    ("O = -2\n", "O = 2\n", "no radius of an ion O2\\+"),
    ('"buckingham"', '"lennard-jones"', "unknown form 'lennard-jones'.*choose from buckingham, born-mayer, morse"),
    ("rho = 0.149", "sigma = 0.149", "O–O lacks rho; buckingham has A, rho, C, B"),
    ("C = 27.879", "C = 27.879\nD = 1.0", "unknown 'D'"),
    ("rho = 0.149", "rho = 0", "rho of O–O must be above 0"),
    ("A = 1428.5", "A = nan", "A of .* must be a number"),
    ("A = 1428.5", 'A = "1428"', "must be a number"),
    ("Mg = 2\n", "Mg = 5\n", "no radius of an ion Mg5"),
    ('["O", "O"]', '["O"]', "must be a list of ions"),
    ("[charges]", "guards = 1\n[charges]", "unknown key 'guards'"),
    ("form", "name = 'pmmcs'\nform", "named like the shipped potential"),
    ("[charges]", "[charges", "no potential in TOML"),
])  # fmt: skip
def test_a_file_that_is_no_potential_is_refused_with_a_sentence(tmp_path, old, new, words):
    path = tmp_path / "mine.toml"
    assert old in GOOD
    path.write_text(GOOD.replace(old, new, 1))
    with pytest.raises(ConfigError, match=words) as refusal:
        choice_from(str(path))
    assert "\n" not in str(refusal.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"nothing\.toml cannot be read"):
        choice_from(str(tmp_path / "nothing.toml"))


@pytest.mark.parametrize("name", potential_names())
def test_every_shipped_file_says_where_its_numbers_are_from(name):
    table = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    assert "19" in table["paper"] or "20" in table["paper"]
    assert isinstance(table["second_hand"], bool)
    assert table["form"]
    assert name == "ysrtio" or table["sources"]
    assert potential_from(table, name).name == name
