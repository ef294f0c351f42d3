"""`potentials`: the shipped potentials and their measured errors.

Ions, form, charges, source, number of known crystals relaxed in each, and the median error of their axes in per cent.
`validate` measures them again.
"""

from __future__ import annotations

import argparse
from typing import Any

from rlcsp_core.cli.options import add_json
from rlcsp_core.cli.output import to_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    from rlcsp_core.energy.choice import measurements, median_error
    from rlcsp_core.energy.potential_file import load_potential, potential_names

    rows: list[dict[str, Any]] = []
    for potential in map(load_potential, potential_names()):
        mine = [row for row in measurements() if row.potential == potential.name]
        rows.append({
            "name": potential.name,
            "ions": [ion.symbol for ion in potential.ions],
            "form": potential.about["form"],
            "charges": {
                ion.symbol: charge for ion, charge in zip(potential.ions, potential.charges.tolist(), strict=True)
            },
            "source": potential.about["paper"],
            "read_in": potential.about.get("sources"),
            "second_hand": potential.about.get("second_hand", False),
            "note": potential.about.get("note"),
            "n_validated": len(mine),
            "n_kept": sum(row.kept for row in mine),
            "median_error_percent": median_error(mine),
        })  # fmt: skip
    if arguments.json:
        for row in rows:
            print(to_json(row))
        return 0
    for row in rows:
        error = row["median_error_percent"]
        measured = (
            f"{row['n_validated']} crystals, {row['n_kept']} keep their structure, median error of an axis"
        )
        print(f"{row['name']}  ({row['form']}{', second-hand' if row['second_hand'] else ''})")
        print(f"    {' '.join(row['ions'])}")
        print(f"    {measured} {'–' if error is None else f'{error:.2f} %'}")
        print(f"    {row['source']}")
    return 0
