"""`refine RUN…`: relax the lowest distinct minima of runs again by a machine-learned potential, and rank them twice.

The runs are of one composition and one potential.  Each relaxation is stored as it is done; called again, the command
goes on where it was.  Ctrl-C stops it in good order.  A structure for which the model gives no minimum has a reason and
no energy.  One line for each structure, in the order of the potential of the search; the energies of the two have
different zeros and are never to be compared with each other.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from rlcsp_core.analysis.second_look import TOP
from rlcsp_core.cli.main import INTERRUPTED
from rlcsp_core.cli.options import add_database, add_json, whole
from rlcsp_core.cli.output import Column, Lines, to_json
from rlcsp_core.cli.progress import Bar
from rlcsp_core.errors import ConfigError
from rlcsp_core.relax.learned import MODELS, USUAL

COLUMNS = (
    Column("rank", 4),
    Column("model_rank", 10),
    Column("energy_per_atom", 15, ".6f"),
    Column("model_energy_per_atom", 21, ".6f"),
    Column("model_mev_above", 15, ".1f"),
    Column("volume_change", 13, "+.1%"),
    Column("space_group", 14),
    Column("model_space_group", 17),
    Column("known", 16),
    Column("seconds", 7, ".1f"),
    Column("run_id", 10),
    Column("structure", 10),
    Column("reason", 6),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "runs", nargs="+", metavar="RUN", help="ids of runs, as `run` and the dashboard show them"
    )
    parser.add_argument(
        "--model",
        default=USUAL,
        metavar="NAME",
        help=f"{', '.join(MODELS)} (with the extra `ml`), or module:function for an ASE calculator "
        f"(default: {USUAL})",
    )
    parser.add_argument(
        "--top", type=whole, default=TOP, metavar="N", help=f"how many distinct minima (default: {TOP})"
    )
    parser.add_argument(
        "--output", metavar="FILE", help="write both energies and the structures: .csv, .extxyz or .db (ASE)"
    )
    add_database(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    from rlcsp_core.analysis.second_look import (
        TRAINED_ON_KNOWN,
        checked_top,
        in_a_sentence,
        of_one_kind,
        second_look,
    )
    from rlcsp_core.analysis.second_look_files import form_of, values_of
    from rlcsp_core.execution import Halt, halting
    from rlcsp_core.execution.refining import refine
    from rlcsp_core.execution.worker import tie_to_parent
    from rlcsp_core.outside import is_outside, trust
    from rlcsp_core.relax.learned import checked_model, label_of
    from rlcsp_core.store import open_store
    from rlcsp_core.store.library import Library

    model, top = checked_model(arguments.model), checked_top(arguments.top)
    if is_outside(model):
        trust(model)  # who writes it here says so
    output = None if arguments.output is None else Path(arguments.output)
    form = None if output is None else form_of(output)
    store = open_store(arguments.database, create=False)
    library = Library(store)
    run_ids = list(dict.fromkeys(arguments.runs))
    of_one_kind([library.run(run_id) for run_id in run_ids])
    bar = Bar()
    with halting(Halt()) as halt:
        tie_to_parent(halt)
        groups = refine(
            store,
            library,
            run_ids,
            model,
            top,
            halt,
            lambda done, wanted: bar.show(
                done / wanted if wanted else 1.0, f"{done} of {wanted} relaxed again"
            ),
        )
    bar.finish()
    made = store.refinements(run_ids, model)
    look = second_look(
        groups, made, lambda found: library.structure(found.run_id, found.number, source=found.source)
    )
    lines = Lines(arguments.json, COLUMNS)
    for row in look.rows:
        lines.print(values_of(row))
    said = in_a_sentence(look, label_of(model))
    if output is not None and form is not None:
        try:
            output.write_bytes(form.write(look.rows))
        except OSError as error:
            raise ConfigError(f"{output} cannot be written: {error.strerror}") from None
    if arguments.json:
        print(to_json({"model": model, "verdict": said}))
    elif said is not None:
        print(f"\n{said}" + (f"\n{TRAINED_ON_KNOWN}" if model in MODELS else ""))
    return INTERRUPTED if halt.asked else 0
