"""Experiment files: what they mean, and where a mistake in one is."""

import json

import pytest

from rlcsp_core.crystal.composition import presets
from rlcsp_core.errors import ConfigError
from rlcsp_core.execution.experiment import about, load_experiment, parse_experiment, shipped_experiments
from rlcsp_core.execution.training import streams_of
from rlcsp_core.execution.training_file import load_training

GOOD = """
title = "A title"
seeds = 3

[defaults]
steps = 50
target = -20   # whole numbers are numbers

[[compositions]]
composition = "Y2O3"
max_atoms = 40

[[compositions]]
composition = "SrO"
max_atoms = 20

[[algorithms]]
label = "A"
algorithm = "uniform"

[[algorithms]]
label = "B"
algorithm = "ppo"
baseline = "b1"
[algorithms.settings]
horizon = 7
"""


def test_runs_are_compositions_times_algorithms_times_seeds():
    experiment = parse_experiment(GOOD, "x")
    runs = experiment.runs()
    assert len(runs) == len({(run.label, run.config.seed) for run in runs}) == 2 * 2 * 3
    assert [v.label for v in experiment.variants] == ["Y2O3 · A", "Y2O3 · B", "SrO · A", "SrO · B"]
    assert {run.config.steps for run in runs} == {50}
    assert experiment.variants[3].config.settings == {"horizon": 7}
    assert (experiment.name, experiment.seeds) == ("x", (1, 2, 3))


def test_a_part_of_the_seeds_is_a_part_of_the_runs():
    experiment = parse_experiment(GOOD.replace("seeds = 3", "seeds = [1, 2, 12]"), "x")
    part = experiment.with_seeds(range(2, 20))
    assert [run for run in experiment.runs() if run.config.seed > 1] == part.runs()
    with pytest.raises(ConfigError, match="none of these seeds; its own lie between 1 and 12"):
        experiment.with_seeds(range(13, 20))


def test_seeds_come_first_so_that_a_part_of_an_experiment_is_paired():
    runs = parse_experiment(GOOD, "x").runs()
    assert [run.config.seed for run in runs] == sorted(run.config.seed for run in runs)


def test_shipped_experiments_are_what_they_claim():
    assert set(shipped_experiments()) >= {"quick", "report", "rlcsp-paper", "fast"}
    assert all(load_experiment(name).runs() for name in shipped_experiments())
    report = load_experiment("report")
    assert len(report.variants) == 5
    assert len(report.seeds) >= 20
    for _, c in report.variants:
        assert (c.composition, c.population, c.max_atoms, c.steps) == ("Y2O3", 100, 80, 2000)
        assert (c.settings["horizon"], c.settings["trajectories"]) == (5, 10)
    assert [(v.config.algorithm, v.config.baseline) for v in report.variants] == [
        ("rlcsp", None), ("ppo", "b1"), ("ppo", "b2"), ("ppo", "combined"), ("npg", None),
    ]  # fmt: skip
    paper = load_experiment("rlcsp-paper")
    limits = {v.config.composition: v.config.max_atoms for v in paper.variants}
    assert limits == {"Sr4Ti3O10": 50, "Y2TiO5": 50, "Y2Ti2O7": 50, "SrY2O4": 50, "Y2O3": 80}
    assert {v.config.algorithm for v in paper.variants} == {"original", "uniform", "rlcsp"}
    assert all(v.config.target is not None and v.config.steps == 10_000 for v in paper.variants)


def test_the_judged_policies_search_for_what_they_were_trained_on_with_seeds_they_have_not_seen():
    training, judged = load_training("report-trained"), load_experiment("report-judged")
    streams = streams_of(training)
    taught = [s for s in streams if s.seed == training.seeds[0] and s.method.method != "none"]
    *trained, original, uniform = (variant.config for variant in judged.variants)
    assert [config.policy["name"] for config in trained] == [stream.label for stream in taught]
    for config, stream in zip(trained, taught, strict=True):
        (plan,) = stream.planned(0)
        for key in set(plan.config.as_dict()) - {"seed", "steps", "policy", "settings"}:
            assert getattr(config, key) == getattr(plan.config, key), key
        assert set(config.policy["theta"]) == set(stream.knows.policy("x")["theta"])
    assert (original.algorithm, original.actions) == ("original", "published")
    assert (uniform.algorithm, uniform.actions) == ("uniform", "sized")
    tasks = {(c.composition, c.target, c.population, c.max_atoms, c.steps) for _, c in judged.variants}
    assert len(tasks) == 1
    seen = {plan.config.seed for s in streams for n in range(s.n_batches) for plan in s.planned(n)}
    assert len(seen) == 120
    assert not set(judged.seeds) & (seen | set(load_experiment("learning-across").seeds))


def test_the_zoo_searches_for_every_known_minimum_but_the_published_ones():
    zoo = load_experiment("zoo")
    wanted = [(p.formula, p.max_atoms, p.target, p.potential) for p in list(presets().values())[5:]]
    configs = [v.config for v in zoo.variants]
    assert [(c.composition, c.max_atoms, c.target, c.potential) for c in configs] == wanted
    assert len(wanted) >= 25
    assert len(zoo.seeds) == 20


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("steps = 50", "stepz = 50", 6, ["stepz", "steps", "max_atoms"]),
        ("steps = 50", "steps = 0", 6, ["steps must be a whole number between 1"]),
        ("steps = 50", 'steps = "many"', 6, ["steps must be a whole number", "'many'"]),
        ("steps = 50", "steps = 1.5", 6, ["steps must be a whole number"]),
        ("steps = 50", "steps = true", 6, ["steps must be a whole number"]),
        ("target = -20 ", "target = nan ", 7, ["target must be a number between"]),
        ("seeds = 3", "seeds = 0", 3, ["seeds"]),
        ("seeds = 3", "seeds = [1, 1]", 3, ["different seeds"]),
        ("seeds = 3", "seeds = -1", 3, ["seeds"]),
        ("seeds = 3", "sedes = 3", 3, ["sedes", "seeds"]),
        ('title = "A title"', "title = 3", 2, ["title"]),
        ('composition = "SrO"', 'composition = "SrO3"', 14, ["neutral"]),
        ('composition = "SrO"', 'composition = "BaO"', 14, ["Ba"]),
        ("max_atoms = 20", "max_atoms = 1", 15, ["atom limit of 1 "]),
        ('algorithm = "uniform"', 'algorithm = "magic"', 19, ["magic", "rlcsp"]),
        ('algorithm = "uniform"', 'agent = "uniform"', 19, ["agent", "algorithm"]),
        ('algorithm = "uniform"', "", 17, ["algorithm"]),
        ('baseline = "b1"', 'baseline = "b7"', 24, ["b7", "combined"]),
        ("horizon = 7", "horizons = 7", 25, ["horizons", "horizon"]),
        ("horizon = 7", "horizon = 0", 25, ["horizon"]),
        ('label = "B"', 'label = "A"', 22, ["used twice"]),
        ('label = "B"', f'label = "{"B" * 121}"', 22, ["1 to 120 characters"]),
        ("[defaults]", "[default]", 5, ["default", "defaults"]),
        ("steps = 50", "seed = 3", 6, ["seed", "steps"]),
    ],
)
def test_a_mistake_is_named_with_its_line_and_what_is_allowed(old, new, line, words):
    text = GOOD.replace(old, new)
    with pytest.raises(ConfigError) as caught:
        parse_experiment(text, "x", "file.toml")
    assert f"file.toml, line {line}:" in str(caught.value)
    assert all(word in str(caught.value) for word in words)
    assert "\n" not in str(caught.value)


def test_a_table_with_single_brackets_is_a_sentence():
    with pytest.raises(ConfigError, match=r"line 2: write \[\[algorithms\]\] with double brackets"):
        parse_experiment('seeds = 1\n[algorithms]\nalgorithm = "uniform"', "x")


def test_what_is_no_toml_and_what_is_no_file_is_a_sentence(tmp_path):
    with pytest.raises(ConfigError, match=r"not valid TOML.*line 2"):
        parse_experiment("a = 1\nb = = 2", "x")
    for text in (f"a = {'9' * 5000}", f"a = {'[' * 100_000}"):
        with pytest.raises(ConfigError, match="not valid TOML"):
            parse_experiment(text, "x")
    with pytest.raises(ConfigError, match="no \\[\\[algorithms\\]\\]"):
        parse_experiment("seeds = 2", "x")
    for path in (tmp_path, tmp_path / "none.toml", "nonexistent"):
        with pytest.raises(ConfigError, match=r"shipped experiments: .*quick"):
            load_experiment(path)
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="UTF-8"):
        load_experiment(tmp_path / "binary.toml")


def test_each_composition_has_a_policy_of_its_own(tmp_path):
    rows = {str(number): [0.1 * number, 0.0] for number in range(11, 16)}
    for formula in ("Y2O3", "MgO"):
        policy = {"actions": "symmetric", "features": "published", "theta": rows, "name": f"not {formula}"}
        (tmp_path / f"without-{formula}.json").write_text(json.dumps(policy))
    text = f"""
[[compositions]]
composition = "OMg"
potential = "pmmcs"
[[compositions]]
composition = "Y2O3"
[[algorithms]]
algorithm = "fixed"
actions = "symmetric"
policy = "{tmp_path}/without-{{composition}}.json"
"""
    names = [variant.config.policy["name"] for variant in parse_experiment(text, "x").variants]
    assert names == ["not MgO", "not Y2O3"]


def test_shipped_experiments_say_what_they_are_for():
    assert all(about(name) for name in shipped_experiments())
    assert "too hard" in (about("report") or "")
    assert about("mine") is None
