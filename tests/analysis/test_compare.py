"""Comparison of experiments, by hand; and what is said about it."""

import numpy as np
import pytest

from rlcsp_core.agents import AGENTS, BASELINES
from rlcsp_core.analysis import compare
from rlcsp_core.analysis.curves import grouped
from rlcsp_core.analysis.published import published
from rlcsp_core.analysis.survival import Cost, PairTest
from rlcsp_core.errors import ConfigError


def mean_steps(mean, n=20, reached=10):
    return Cost(mean, mean - 10, mean + 10, mean, 0.0, 0.0, n, reached, 2000.0, False, np.empty(0))


def test_only_settings_that_differ_are_listed(make_curve):
    settings = [
        {"seed": 1, "agent": {"name": "ppo", "settings": {"clip": 0.2}}, "kT": 0.02},
        {"seed": 2, "agent": {"name": "ppo", "settings": {"clip": 0.1}}, "kT": 0.02},
        {"seed": 2, "agent": {"name": "npg", "settings": {}}, "kT": 0.02},
    ]
    labels = ("a", "a", "b")
    curves = [make_curve([0.0], label=label, settings=s) for label, s in zip(labels, settings, strict=True)]
    assert compare.differing_settings(grouped(curves)) == {
        "agent.name": {"a": ["ppo"], "b": ["npg"]},
        "agent.settings.clip": {"a": [0.2, 0.1], "b": [None]},
    }
    assert compare.differing_settings(grouped(curves[:1])) == {}


def test_table_averages_over_runs(make_curve):
    groups = grouped(
        [
            make_curve([5, 4, 6], initial=[5], attempts=np.array([1, 2, 3]), target=1.0),
            make_curve([5, np.nan, 1], initial=[3], attempts=np.array([4, 4, 4]), target=1.0),
        ]
    )
    (row,) = compare.table(groups)
    assert (row.label, row.n_runs, row.n_steps, row.n_failed, row.n_reached) == ("experiment", 2, 6, 1, 1)
    assert (row.lowest_energy.mean, row.best_energy, row.energy_drop.mean) == (2.5, 1.0, 1.5)
    assert row.moves.mean == 3.0
    assert compare.table(groups, "report")[0].moves.mean == pytest.approx((1.5 + 3) / 2)
    assert row.generations == (2.0, None, None, 1)  # only one of the two runs has a generation that ended
    assert row.minutes.mean == pytest.approx(13 / 60)


def test_interval_of_a_mean_is_students():
    """1, 2, 3: mean 2, s = 1, t(0.975, 2) = 4.3027: ± 4.3027/√3."""
    got = compare.estimate([1.0, None, 2.0, 3.0])
    assert got == pytest.approx((2.0, 2 - 2.48414, 2 + 2.48414, 3), abs=1e-4)
    assert compare.estimate([None]) == (None, None, None, 0)


@pytest.mark.parametrize(
    "other",
    [
        {"target": -2.0},
        {"target": None},
        {"target": -1.0, "composition": "SrO"},
        {"target": -1.0, "settings": {"potential": "bush"}},
        {"target": -1.0, "settings": {"potential": {"name": "mine"}}},
        {"target": -1.0, "settings": {"calculator": "mine:energies"}},
    ],
)
def test_runs_with_different_targets_are_not_pooled_silently(make_curve, other):
    same = [make_curve([0.0], target=-1.0, composition="Y2O3") for _ in range(2)]
    assert len(grouped(same)["experiment"]) == 2
    with pytest.raises(ConfigError, match="different targets or potentials cannot be pooled"):
        grouped([*same, make_curve([0.0], run_id="odd", **({"composition": "Y2O3"} | other))])


def test_lowest_energies_are_told_apart_exactly(make_curve):
    """Four against four without overlap: the exact two-sided Mann–Whitney p is 2/70."""
    low = [make_curve([-10.0 - i], label="low") for i in range(4)]
    high = [make_curve([-1.0 - 0.1 * i], label="high") for i in range(4)]
    (test,) = compare.lowest_energy_tests(grouped([*low, *high]))
    assert test.p == pytest.approx(2 / 70)


def test_experiments_without_a_target_have_no_steps_to_it(make_curve):
    assert compare.to_target(grouped([make_curve([0.0])])) == {}
    assert compare.to_target(grouped([make_curve([0.0], target=-1.0)]))["experiment"][0].reached is False


@pytest.mark.parametrize(
    ("p", "means", "sentence"),
    [
        (0.312, (900, 800), "20 seeds are too few to tell PPO+B2 and RLCSP apart (p = 0.31)."),
        (
            0.004,
            (900, 800),
            "RLCSP reaches the target sooner than PPO+B2: 800 against 900 steps on average within 2000 steps "
            "(20 seeds; p = 0.004).",
        ),
        (
            1e-9,
            (700, 800),
            "PPO+B2 reaches the target sooner than RLCSP: 700 against 800 steps on average within 2000 steps "
            "(20 seeds; p < 0.001).",
        ),
        (
            None,
            (2000, 2000),
            "No run of PPO+B2 or RLCSP reached the target (20 seeds): this says nothing about which of them is "
            "faster.",
        ),
    ],
)
def test_conclusion_says_no_more_than_the_test(p, means, sentence):
    test = PairTest("PPO+B2", "RLCSP", p, p)
    by_label = {"PPO+B2": mean_steps(means[0]), "RLCSP": mean_steps(means[1])}
    assert compare.conclusion(test, by_label) == sentence


def test_two_runs_are_not_a_result():
    test = PairTest("A", "B", 0.001, 0.001)
    text = compare.conclusion(test, {"A": mean_steps(1, n=2), "B": mean_steps(9, n=20)})
    assert text == "2 and 20 seeds are too few to compare A with B; use at least 5 seeds each."


def test_published_numbers_are_those_of_the_papers():
    data = published()
    steps = {(row.composition, row.algorithm): row.steps for row in data.n_mean}
    assert len(steps) == 15
    assert steps["Sr4Ti3O10", "original"] == 2341
    assert steps["Y2Ti2O7", "rlcsp"] == 18664
    bounds = {(row.composition, row.algorithm) for row in data.n_mean if row.is_lower_bound}
    assert bounds == {("SrY2O4", "original"), ("Y2O3", "uniform")}
    assert [row.label for row in data.report] == ["RLCSP", "PPO+B1", "PPO+B2", "PPO+(B1+B2)/2", "NPG"]
    assert (data.report[-1].mean_moves, data.report[-1].mean_generations) == (8.79, 37.33)
    assert {row.algorithm for row in (*data.n_mean, *data.report)} <= set(AGENTS)
    assert {row.baseline for row in data.report} <= set(BASELINES)
    assert "failure code" in data.report_note


def test_importing_the_package_stays_light():
    """SciPy and pandas take more than a second to import."""
    import subprocess
    import sys

    code = (
        "import sys, rlcsp_core.analysis, rlcsp_core.analysis.compare, rlcsp_core.analysis.survival\n"
        "sys.exit(bool({'lifelines', 'pandas', 'scipy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_settings_that_differ_within_a_label_are_found_too(make_curve):
    def runs(label, *atoms):
        return tuple(
            make_curve(
                [-1.0], run_id=f"{label}{n}", label=label, settings={"max_atoms": a, "kT": 1, "seed": n}
            )
            for n, a in enumerate(atoms)
        )

    groups = {"A": runs("A", 40, 80, 40), "B": runs("B", 40, 40)}
    assert compare.differing_settings(groups) == {"max_atoms": {"A": [40, 80], "B": [40]}}
    assert compare.differing_settings({"B": groups["B"]}) == {}


def test_runs_that_ended_in_the_same_minimum_are_not_told_apart_by_the_noise_of_relaxation(make_curve):
    groups = {
        label: tuple(make_curve([-27.354 + shift + 1e-9 * n], label=label) for n in range(20))
        for label, shift in (("A", 0.0), ("B", 1e-7), ("C", 1e-3))
    }
    ab, ac, bc = compare.lowest_energy_tests(groups)
    assert ab.p == 1.0
    assert compare.differ(ac)
    assert compare.differ(bc)


def experiments(make_curve, hits, target=-5.0):
    """Runs that reach the target at these steps; None: in none of 40."""
    return grouped(
        make_curve(
            [-1.0] * 40 if hit is None else [-1.0] * (hit - 1) + [-5.0],
            run_id=f"{label}{k}",
            label=label,
            target=target,
        )
        for label, steps in hits.items()
        for k, hit in enumerate(steps)
    )


def test_the_sooner_experiment_is_named_first(make_curve):
    found = compare.conclusions(experiments(make_curve, {"quick": range(2, 10), "slow": range(30, 38)}))
    assert found.headline.startswith("quick reaches the target sooner than slow: 6 against")
    assert found.headline.endswith("No pair of algorithms differs in the lowest energy found.")
    assert [statement.split()[0] for statement in found.statements] == ["quick", "By"]


@pytest.mark.parametrize(
    ("hits", "target", "start"),
    [
        ({"a": [None] * 6, "b": [None] * 6}, -5.0, "None of the 12 runs reached the target"),
        ({"a": [None] * 6, "b": [None] * 6}, None, "Not all of these runs had a target"),
    ],
)
def test_nothing_is_concluded_from_runs_that_did_not_arrive(make_curve, hits, target, start):
    assert compare.conclusions(experiments(make_curve, hits, target)).headline.startswith(start)


def test_nothing_is_concluded_from_single_runs_whatever_their_energies(make_curve):
    hits = {"a": [10], "b": [None], "c": [20]}
    found = compare.conclusions(experiments(make_curve, hits))
    assert found.headline.startswith("Too few runs")
    assert len(found.statements) == 3
    assert all("too few" in statement for statement in found.statements)


def test_a_pair_of_enough_runs_is_named_before_one_of_too_few(make_curve):
    hits = {"one": [2], "quick": range(2, 10), "slow": [None] * 8}
    found = compare.conclusions(experiments(make_curve, hits))
    assert found.headline.startswith("quick reaches the target sooner than slow")
    assert not any("one" in said.split() and said.startswith("By their") for said in found.statements)


def test_mean_steps_are_restricted_only_when_asked(make_curve):
    results = compare.to_target(experiments(make_curve, {"a": [10, 20, None]}))
    assert compare.mean_steps(results, 30)["a"].mean == pytest.approx((10 + 20 + 30) / 3)
    assert compare.mean_steps(results)["a"].mean == pytest.approx((10 + 20 + 40) / 3)
