"""A relaxation with pictures of its way down."""

from __future__ import annotations

import numpy as np

from rlcsp_core.crystal.identity import references
from rlcsp_core.energy import evaluate, load_potential
from rlcsp_core.records import Crystal
from rlcsp_core.relax import relax
from rlcsp_core.relax.film import FRAMES, relax_film


def test_the_film_goes_from_the_start_to_the_minimum() -> None:
    potential = load_potential()
    rutile = next(phase.crystal for phase in references() if phase.name == "rutile")
    shaken = Crystal(
        rutile.numbers, rutile.positions + np.random.default_rng(1).normal(0, 0.15, (6, 3)), rutile.cell
    )
    film = relax_film(shaken, potential)
    alone = relax(shaken, potential)
    assert film.outcome.energy == alone.energy
    assert np.isclose(film.energies[0], evaluate(shaken, potential).energy / 6, rtol=1e-12)
    assert np.isclose(film.energies[-1], alone.energy, atol=1e-9)
    assert film.energies[-1] < film.energies[0]
    assert [energy for _, energy in film.frames[:: len(film.frames) - 1]] == [
        film.energies[0],
        film.energies[-1],
    ]
    assert len(film.frames) <= FRAMES + 1
    assert np.isclose(film.frames[-1][0].volume, alone.crystal.volume, rtol=1e-4)


def test_no_film_without_a_minimum() -> None:
    rutile = next(phase.crystal for phase in references() if phase.name == "rutile")
    squeezed = Crystal(rutile.numbers, rutile.positions * 0.5, rutile.cell * 0.5)
    film = relax_film(squeezed, load_potential())
    assert not film.outcome.converged
    assert (film.energies, film.frames) == ([], [])
