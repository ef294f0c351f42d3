"""The result of an experiment says what its labels stand for."""

from __future__ import annotations

from pages.compare.result import WAYS
from rlcsp_core.analysis.outcomes import read_outcomes, shipped_outcomes
from rlcsp_core.execution.experiment import shipped_experiments


def test_every_label_of_the_experiment_is_explained() -> None:
    for name, words in WAYS.items():
        assert name in shipped_experiments()
        for label in read_outcomes(shipped_outcomes()[name])["label"].unique():
            assert f"{label}: " in words
