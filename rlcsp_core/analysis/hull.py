"""The lower convex hull of energy over composition, by pymatgen (Ong et al. 2008, doi 10.1021/cm702327g).

For x_k moles of end member k a compound has, in eV/atom,

    formation   E − Σ_k x_k E_k, of the end members                  (both per atom of the compound)
    above       E − the lowest energy of any mixture of compounds    (0 on the hull)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from rlcsp_core.crystal.composition import atoms_of_unit

if TYPE_CHECKING:
    from pymatgen.analysis.phase_diagram import PDEntry

Facets = tuple[tuple[int, ...], ...]


class Hull(NamedTuple):
    """One composition in one energy.  All eV/atom."""

    energy: float  # on the scale of the model
    formation: float  # from the end members
    above: float  # the hull


def hull_of(
    compounds: Mapping[int, tuple[str, float]], end_members: Sequence[str]
) -> tuple[dict[int, Hull], Facets]:
    """Of {number: (formula, eV/atom)}, one for each formula and each end member among them: places and simplices."""
    # imported here: it takes a second
    from pymatgen.analysis.phase_diagram import CompoundPhaseDiagram, PDEntry
    from pymatgen.core import Composition

    def entry(number: int) -> PDEntry:
        formula, energy = compounds[number]
        return PDEntry(Composition(formula), energy * atoms_of_unit(formula), attribute=number)

    diagram = CompoundPhaseDiagram(
        [entry(number) for number in compounds], [Composition(m) for m in end_members]
    )
    hulls = {}
    for each in diagram.all_entries:
        number = each.original_entry.attribute
        above = diagram.get_e_above_hull(each)
        assert above is not None  # only asked otherwise it may be
        hulls[number] = Hull(
            energy=compounds[number][1],
            formation=float(diagram.get_form_energy_per_atom(each)),
            above=max(float(above), 0.0),
        )
    numbers = [each.original_entry.attribute for each in diagram.qhull_entries]
    return hulls, tuple(tuple(sorted(numbers[i] for i in facet)) for facet in diagram.facets)
