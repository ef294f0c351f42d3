"""Powder patterns obey Bragg's law, know extinctions, and do not depend on the choice of cell."""

import numpy as np
import pytest
from ase.build import bulk, make_supercell

from rlcsp_core.analysis.diffraction import RANGE, WAVELENGTHS, Pattern, powder_pattern, profile, similarity
from rlcsp_core.crystal.formats import from_ase, to_ase
from rlcsp_core.crystal.identity import references
from rlcsp_core.errors import ConfigError
from rlcsp_core.records import Crystal

EDGE = 5.16  # Å, SrO


@pytest.fixture
def rock_salt() -> Crystal:
    return from_ase(bulk("SrO", "rocksalt", a=EDGE, cubic=True))


def reference(name: str) -> Crystal:
    return next(phase.crystal for phase in references() if phase.name == name)


@pytest.mark.parametrize("wavelength", WAVELENGTHS.values())
def test_lines_obey_braggs_law(rock_salt: Crystal, wavelength: float) -> None:
    pattern = powder_pattern(rock_salt, wavelength)
    squares = [sum(int(index) ** 2 for index in label.split()) for label in pattern.labels]
    sine = wavelength * np.sqrt(squares) / (2 * EDGE)
    assert len(squares) > 3
    assert np.allclose(pattern.angle, np.degrees(2 * np.arcsin(sine)), atol=1e-6)


def test_face_centring_extinguishes_mixed_indices(rock_salt: Crystal) -> None:
    seen = powder_pattern(rock_salt)
    lines = zip(seen.labels, seen.intensity, strict=True)
    strong = [label for label, intensity in lines if intensity > 1e-6]
    assert len(strong) > 3
    assert all(len({int(index) % 2 for index in label.split()}) == 1 for label in strong)


def test_pattern_does_not_depend_on_the_cell(rng: np.random.Generator) -> None:
    crystal = reference("rutile")
    other = make_supercell(to_ase(crystal), [[1, 0, 1], [0, 1, 0], [0, 0, 1]])
    other.translate(rng.normal(size=3))
    one, two = profile(powder_pattern(crystal)), profile(powder_pattern(from_ase(other)))
    assert np.allclose(one.intensity, two.intensity, atol=1e-3)
    assert similarity(one, two) == pytest.approx(1.0)


def test_strongest_line_of_yttria_is_where_it_is_measured() -> None:
    """2 2 2 at 29.15° with Cu Kα1 (ICDD 41-1105); the mean of Kα1 and Kα2 lies 0.03° higher."""
    pattern = powder_pattern(reference("bixbyite"))
    strongest = int(np.argmax(pattern.intensity))
    assert pattern.labels[strongest] == "2 2 2"
    assert pattern.angle[strongest] == pytest.approx(29.18, abs=0.03)


def test_different_structures_have_different_patterns() -> None:
    one, two = (profile(powder_pattern(reference(name))) for name in ("rutile", "anatase"))
    assert similarity(one, two) < 0.6


def test_peaks_have_the_width_and_place_of_their_line() -> None:
    width = 0.6
    curve = profile(Pattern(np.array([40.0]), np.array([7.0]), ("1 0 0",)), width)
    assert curve.intensity.max() == pytest.approx(100.0)
    assert curve.angle[np.argmax(curve.intensity)] == pytest.approx(40.0, abs=0.02)
    half = curve.angle[curve.intensity > 50.0]
    assert np.ptp(half) == pytest.approx(width, abs=0.07)


def test_planes_that_are_closer_than_braggs_law_allows_give_no_lines() -> None:
    wavelength = 1.54
    closest = wavelength / (2 * np.sin(np.radians(RANGE[1] / 2)))  # Å
    for spacing, lines in ((0.99 * closest, 0), (1.01 * closest, 1)):
        crystal = Crystal(np.array([8]), np.zeros((1, 3)), spacing * np.eye(3))
        pattern = powder_pattern(crystal, wavelength)
        assert len(pattern.angle) == len(pattern.labels) == lines
        assert profile(pattern).intensity.any() == (lines > 0)


def test_wavelengths_out_of_range_are_refused(rock_salt: Crystal) -> None:
    with pytest.raises(ConfigError, match="wavelength"):
        powder_pattern(rock_salt, 12.0)
