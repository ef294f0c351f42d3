"""Simulated powder diffraction: what an X-ray experiment on a structure would show.

Lines by pymatgen (atomic scattering factors, Lorentz and polarisation factor, no thermal motion), each drawn as a
pseudo-Voigt peak of one width:   I(x) = Σ_r I_r [η L(x − x_r) + (1 − η) G(x − x_r)].

Angles are 2θ in degrees, wavelengths in Å, intensities relative to the strongest line = 100.  Shapes: R lines, X grid.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rlcsp_core.crystal.formats import to_ase
from rlcsp_core.errors import ConfigError
from rlcsp_core.records import Array, Crystal

WAVELENGTHS = {  # Å, weighted mean of Kα1 and Kα2 (International Tables, vol. C)
    "Cu Kα": 1.54184,
    "Co Kα": 1.79026,
    "Fe Kα": 1.93736,
    "Mo Kα": 0.71073,
    "Ag Kα": 0.56087,
}
SHORTEST, LONGEST = 0.2, 3.0  # Å, of a wavelength somebody may choose
RANGE = (8.0, 90.0)  # degrees
WIDTH = 0.25  # degrees, full width at half maximum: a laboratory instrument
GRID_STEP = 0.03  # degrees
LORENTZIAN = 0.5  # η
STRONGEST = 100.0


@dataclass(frozen=True, eq=False)
class Pattern:
    """The lines of a powder pattern."""

    angle: Array  # [R] 2θ, degrees
    intensity: Array  # [R]
    labels: tuple[str, ...]  # [R] Miller indices, "2 2 2"


@dataclass(frozen=True, eq=False)
class Profile:
    """A pattern as measured: peaks of finite width."""

    angle: Array  # [X] 2θ, degrees
    intensity: Array  # [X]


def powder_pattern(crystal: Crystal, wavelength: float = WAVELENGTHS["Cu Kα"]) -> Pattern:
    """Lines of a crystal; wavelength in Å.  None where all lattice planes are too close for it."""
    from ase.geometry import minkowski_reduce
    from pymatgen.analysis.diffraction.xrd import XRDCalculator
    from pymatgen.io.ase import AseAtomsAdaptor

    if not SHORTEST <= wavelength <= LONGEST:
        raise ConfigError(f"the wavelength must lie between {SHORTEST} and {LONGEST} Å, got {wavelength:g}")
    reciprocal, _ = minkowski_reduce(
        np.linalg.inv(crystal.cell).T
    )  # Å⁻¹; its shortest vector is one of the rows
    if np.linalg.norm(reciprocal, axis=1).min() > 2 * np.sin(np.radians(RANGE[1] / 2)) / wavelength:
        return Pattern(np.empty(0), np.empty(0), ())  # which pymatgen fails at
    structure = AseAtomsAdaptor.get_structure(to_ase(crystal))
    found = XRDCalculator(wavelength).get_pattern(structure, scaled=True, two_theta_range=RANGE)
    labels = tuple(" ".join(str(index) for index in family[0]["hkl"]) for family in found.hkls)
    return Pattern(np.asarray(found.x, dtype=float), np.asarray(found.y, dtype=float), labels)


def profile(pattern: Pattern, width: float = WIDTH) -> Profile:
    """The pattern with peaks of that full width at half maximum [degrees], highest point 100."""
    angle = np.arange(*RANGE, GRID_STEP)
    distance = (angle[:, None] - pattern.angle) / (width / 2)  # [X, R] in half widths
    peak = LORENTZIAN / (1 + distance**2) + (1 - LORENTZIAN) * np.exp2(-(distance**2))
    intensity = peak @ pattern.intensity
    highest = intensity.max(initial=0.0)
    return Profile(angle, intensity * (STRONGEST / highest) if highest > 0 else intensity)


def similarity(first: Profile, second: Profile) -> float:
    """Cosine of the angle between two profiles: 1 for the same pattern, 0 for patterns without common peaks."""
    norms = np.linalg.norm(first.intensity) * np.linalg.norm(second.intensity)
    return float(first.intensity @ second.intensity / norms) if norms > 0 else 0.0
