"""`refine RUN…`: relax the lowest distinct minima of runs again by a machine-learned potential, and rank them twice.

Runs are named by their ids, or as those of a composition or an experiment; those of each composition and potential are
ranked for themselves.  Each relaxation is stored as it is done; called again, the command goes on where it was.  Ctrl-C
stops it in good order.  A structure for which the model gives no minimum has a reason and no energy.  One line for each
structure, in the order of the potential of the search; the energies of the two have different zeros and are never to be
compared with each other.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rlcsp_core.analysis.second_look import TOP
from rlcsp_core.cli.main import INTERRUPTED
from rlcsp_core.cli.options import add_database, add_json, whole
from rlcsp_core.cli.output import Column, Lines, to_json
from rlcsp_core.cli.progress import Bar
from rlcsp_core.errors import ConfigError
from rlcsp_core.relax.learned import MODELS, USUAL

if TYPE_CHECKING:
    from rlcsp_core.store import Reader, RunInfo

COLUMNS = (
    Column("rank", 4),
    Column("model_rank", 10),
    Column("energy_per_atom", 15, ".6f"),
    Column("model_energy_per_atom", 21, ".6f"),
    Column("model_mev_above", 15, ".1f"),
    Column("volume_change", 13, "+.1%"),
    Column("a_change", 8, "+.1%"),
    Column("b_change", 8, "+.1%"),
    Column("c_change", 8, "+.1%"),
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
        "runs", nargs="*", metavar="RUN", help="ids of runs, as `run` and the dashboard show them"
    )
    parser.add_argument("--composition", metavar="FORMULA", help="in place of ids: all runs of this compound")
    parser.add_argument(
        "--experiment",
        metavar="NAME",
        help="in place of ids: all runs of this experiment, or with --composition those of the compound",
    )
    parser.add_argument(
        "--model",
        default=USUAL,
        metavar="NAME",
        help=f"{', '.join(MODELS)} (with the extra `ml`), or module:function for an ASE calculator "
        f"(default: {USUAL})",
    )
    parser.add_argument(
        "--top",
        type=whole,
        default=TOP,
        metavar="N",
        help=f"how many distinct minima of each composition and potential (default: {TOP})",
    )
    parser.add_argument(
        "--output", metavar="FILE", help="write both energies and the structures: .csv, .extxyz or .db (ASE)"
    )
    add_database(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    from rlcsp_core.analysis.file_forms import form_of
    from rlcsp_core.analysis.second_look import (
        TRAINED_ON_KNOWN,
        Row,
        checked_top,
        in_a_sentence,
        of_each_kind,
        second_look,
    )
    from rlcsp_core.analysis.second_look_files import FORMS, values_of
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
    form = None if output is None else form_of(output, FORMS)
    store = open_store(arguments.database, create=False)
    library = Library(store)
    kinds = of_each_kind(_runs(library, arguments.runs, arguments.composition, arguments.experiment))
    rows: list[Row] = []

    with halting(Halt()) as halt:
        tie_to_parent(halt)
        for kind, runs in kinds.items():
            ids, bar = [run.id for run in runs], Bar()
            groups = refine(store, library, ids, model, top, halt, partial(_show, bar, kind.composition))
            bar.finish()
            made = library.refinements(ids, model)
            look = second_look(groups, made, library.crystal, potential=kind.potential)
            if not arguments.json and len(kinds) > 1:
                print(*[""] * bool(rows), f"{kind.composition}, {kind.potential}", sep="\n")
            rows += look.rows
            lines = Lines(arguments.json, COLUMNS)
            for row in look.rows:
                lines.print(values_of(row))
            said = in_a_sentence(look, label_of(model))
            if arguments.json:
                print(to_json({**kind._asdict(), "model": model, "verdict": said}))
            elif said is not None:
                print(f"\n{said}")
            if halt.asked:
                break
    if output is not None and form is not None:
        try:
            output.write_bytes(form.write(rows))
        except OSError as error:
            raise ConfigError(f"{output} cannot be written: {error.strerror}") from None
    if model in MODELS and not arguments.json and any(row.second for row in rows):
        print(TRAINED_ON_KNOWN)
    return INTERRUPTED if halt.asked else 0


def _show(bar: Bar, compound: str, done: int, wanted: int) -> None:
    bar.show(done / wanted if wanted else 1.0, f"{compound}: {done} of {wanted} relaxed again")


def _runs(
    library: Reader, run_ids: Sequence[str], formula: str | None, experiment: str | None
) -> list[RunInfo]:
    """Those that are meant; ConfigError where there is none, or where two ways of naming them are mixed."""
    from rlcsp_core.crystal.composition import canonical_formula

    if run_ids:
        if formula is not None or experiment is not None:
            raise ConfigError("name runs by their ids, or by --composition and --experiment, not both")
        return [library.run(run_id) for run_id in dict.fromkeys(run_ids)]
    if formula is None and experiment is None:
        raise ConfigError("say which runs: their ids, --composition or --experiment")
    compound = None if formula is None else canonical_formula(formula)
    found = [
        run
        for run in library.runs(experiment=experiment, oldest_first=True)
        if compound in (None, run.composition) and run.n_population and not run.archived
    ]
    if not found:
        whose = "" if compound is None else f" of {compound}"
        where = "this database" if experiment is None else f"the experiment {experiment!r}"
        raise ConfigError(f"{where} holds no run{whose} with structures")
    return found
