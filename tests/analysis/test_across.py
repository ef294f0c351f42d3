"""Ways to search compared over compounds: against numbers worked out by hand and made with a known ratio."""

import numpy as np
import pandas as pd
import pytest

from rlcsp_core.analysis.across import against, alone, means, sentence, sentences


def costs(ratio, rng, n_compounds=12, n_seeds=20):
    """Costs of b that are `ratio` times those of a but for scatter, on compounds of all degrees of difficulty."""
    rows = []
    for c in range(n_compounds):
        typical = 10 ** rng.uniform(1, 3)
        for seed in range(n_seeds):
            for label, factor in (("a", 1.0), ("b", ratio)):
                steps = max(1, round(typical * factor * rng.exponential()))
                rows.append((f"C{c}", label, seed, steps, True, steps * 0.01))
    return pd.DataFrame(rows, columns=["composition", "label", "seed", "steps", "reached", "cpu"])


def test_the_ratio_is_the_geometric_mean_of_the_ratios_of_means():
    table = pd.DataFrame(
        [("X", "a", 1, 10, True, 1.0), ("X", "a", 2, 30, True, 1.0),
         ("X", "b", 1, 40, True, 4.0), ("X", "b", 2, 120, True, 4.0),
         ("Y", "a", 1, 5, True, 2.0), ("Y", "a", 2, 5, True, 2.0),
         ("Y", "b", 1, 45, True, 2.0), ("Y", "b", 2, 45, False, 2.0)],
        columns=["composition", "label", "seed", "steps", "reached", "cpu"],
    )  # fmt: skip
    (steps,) = against(table, "steps", "a", ["b"])
    assert steps.ratio == pytest.approx((4 * 9) ** 0.5)
    assert steps.missed == (False, True)
    (cpu,) = against(table, "cpu", "a", ["b"])
    assert cpu.ratio == pytest.approx(2.0)
    bounds = {(m.composition, m.label): (m.mean, m.is_bound) for m in means(table, "steps")}
    assert bounds == {
        ("X", "a"): (20, False), ("X", "b"): (80, False), ("Y", "a"): (5, False), ("Y", "b"): (45, True),
    }  # fmt: skip


@pytest.mark.parametrize("ratio", [0.25, 1.0, 3.0])
def test_a_known_ratio_is_found(ratio, rng):
    (found,) = against(costs(ratio, rng), "steps", "a", ["b"])
    assert found.low < ratio < found.high
    assert (found.p < 1e-3) == (ratio != 1.0)
    n_apart = {0.25: len(found.worse), 1.0: 0, 3.0: len(found.better)}[ratio]
    assert n_apart >= (ratio != 1.0)
    assert not (found.better if ratio < 1 else found.worse)
    words = sentence(found, "a", 12, "steps")
    assert ("cannot be told apart" in words) == (ratio == 1.0)
    if ratio < 1:
        assert words.startswith("b needs ")


def test_comparisons_that_tell_nothing_share_a_sentence(rng):
    table = pd.concat([costs(5.0, rng), costs(1.0, rng).query("label == 'b'").assign(label="c")])
    like_c = table.query("label == 'c'").assign(label="d")
    found = against(pd.concat([table, like_c]), "steps", "a", ["b", "c", "d"])
    decided = [one for one in found if one.label == "b"]
    undecided = [one._replace(p=0.5, better=(), worse=()) for one in found if one.label != "b"]
    first, second = sentences([*undecided, *decided], "a", 12, "steps")
    assert first.startswith("a needs ")
    assert second == "Over 12 compounds, a cannot be told apart in steps from: c (p = 0.5); d (p = 0.5)."
    head, listed = sentences(undecided, "a", 12, "steps")
    assert head.endswith("from any other.")
    assert listed == second
    assert alone(undecided, "a", 12) == ["No compound taken alone tells a from: c; d."]
    assert len(alone([*undecided, *decided], "a", 12)) == 2


@pytest.mark.parametrize("ratio", [1.0, 6.0])
def test_one_compound_alone_is_tested_over_its_seeds(ratio, rng):
    (found,) = against(costs(ratio, rng, n_compounds=1), "steps", "a", ["b"])
    assert found.low < ratio < found.high
    words = sentence(found, "a", 1, "steps")
    assert ("cannot be told apart" in words) == (ratio == 1.0)
    assert "compounds" not in words


def test_the_interval_covers_as_often_as_it_says():
    rng = np.random.default_rng(5)
    inside = 0
    for _ in range(60):
        (found,) = against(costs(2.0, rng, n_compounds=10, n_seeds=8), "steps", "a", ["b"])
        inside += found.low < 2.0 < found.high
    assert inside >= 50  # 57 expected


@pytest.mark.parametrize(
    ("missing", "words"), [("", "needs 3"), ("b", "at least 3"), ("a", "at most 3"), ("ab", "not known")]
)
def test_what_did_not_arrive_is_said_as_a_bound_of_its_side(missing, words, rng):
    table = costs(3.0, rng)
    table["reached"] = ~(table["label"].isin(list(missing)) & (table["seed"] == 1))
    (found,) = against(table, "steps", "a", ["b"])
    said = sentence(found._replace(ratio=3.0), "a", 12, "steps")
    assert words in said
    assert ("as some searches by " in said) == (len(missing) == 1)
    assert f"by {missing} did not arrive" in said or len(missing) != 1
    turned = found._replace(ratio=1 / 3.0, low=0.2, high=0.5, missed=found.missed[::-1])
    assert words in sentence(turned, "a", 12, "steps")
