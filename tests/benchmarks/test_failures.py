"""`benchmarks/failures.py` counts what it relaxed, and says with its exit code whether anything failed."""

from __future__ import annotations

import json

import numpy as np
import pytest

from benchmarks.failures import gas_like, main


def test_every_composition_is_relaxed_from_both_kinds_of_start(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["2", "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["start"], row["relaxations"]) for row in rows] == [("modular", 2), ("gas-like", 1)] * 5
    assert all(row["failed"] == 0 for row in rows)
    assert all(row["most_evaluations"] >= row["mean_evaluations"] > 1 for row in rows)


def test_less_than_one_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["0"])
    assert "at least 1" in capsys.readouterr().err


def test_gas_like_starts_have_two_atoms_far_too_close() -> None:
    rng = np.random.default_rng(2)
    for _ in range(20):
        crystal = gas_like("Y2TiO5", 40, rng)
        apart = np.linalg.norm(crystal.positions[-1] - crystal.positions[0])
        assert 0.6 <= apart <= 1.0 + 1e-9  # Å
        assert np.linalg.det(crystal.cell) > 0
