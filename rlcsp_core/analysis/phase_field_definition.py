"""What a phase field is to find out: end members, compositions between them, and who tells their energies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rlcsp_core.crystal.mixing import Mixture, checked_members, mixture
from rlcsp_core.errors import ConfigError, RLCSPError
from rlcsp_core.relax.learned import checked_model


@dataclass(frozen=True)
class FieldDefinition:
    """What is to be found out, as a field file says it."""

    name: str  # also of the experiment that its runs are stored under
    title: str
    end_members: tuple[str, ...]  # [M] 2 or 3
    mixtures: tuple[Mixture, ...]  # compositions to be searched, the end members first
    potential: str  # of the searches, as `energy_source` tells it
    model: str | None  # that has the last word; None for ions alone
    n_seeds: int  # searches of each composition that are wanted
    known: Mapping[str, str] = field(default_factory=dict)  # {formula: name} beside the known crystals

    def as_dict(self) -> dict[str, Any]:
        """JSON-able: kept beside the runs."""
        return {
            "title": self.title,
            "end_members": list(self.end_members),
            "units": [list(each.units) for each in self.mixtures],
            "potential": self.potential,
            "model": self.model,
            "n_seeds": self.n_seeds,
            "known": dict(self.known),
        }

    @classmethod
    def from_dict(cls, name: str, values: Any) -> FieldDefinition:
        """Checked; ConfigError where it is none, whoever wrote it."""
        try:
            members = checked_members([str(each) for each in values["end_members"]])
            found = tuple(mixture(members, [int(n) for n in units]) for units in values["units"])
            if [each.formula for each in found[: len(members)]] != list(members):
                raise ValueError("its end members do not come first")
            model = values["model"]
            return cls(
                name=name,
                title=str(values["title"]),
                end_members=members,
                mixtures=found,
                potential=str(values["potential"]),
                model=None if model is None else checked_model(str(model)),
                n_seeds=int(values["n_seeds"]),
                known={str(formula): str(known) for formula, known in values["known"].items()},
            )
        except (KeyError, TypeError, ValueError, AttributeError, RLCSPError) as error:
            raise ConfigError(
                f"the definition of the phase field {name[:40]!r} is damaged: {error}"
            ) from None
