"""Trials that were not kept, made again: they follow from the configuration, its seed and what became of the others.

A search draws all chance from one generator, and no chance is in a relaxation, which is most of its time.  So the run
is gone through once more, its stored energies and structures in the place of relaxations: the trial of any step comes
out as it was built, and only that one is relaxed.  Every record made on the way is compared with the stored one, and
the energy of the trial with its own, bit for bit: what is not the same is not shown.
"""

from __future__ import annotations

import json
import threading
import time
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

from rlcsp_core.actions import CurrentStructure
from rlcsp_core.errors import NotFoundError, RLCSPError
from rlcsp_core.execution.repeat import first_difference, place
from rlcsp_core.outside import is_outside
from rlcsp_core.records import Crystal, SearchRecord, StepRecord, StopRecord
from rlcsp_core.relax import BUILTIN, is_warm
from rlcsp_core.search import Search, SearchConfig, check_config
from rlcsp_core.search.rounds import Made
from rlcsp_core.search.trials import Relaxed, TrialBuilder
from rlcsp_core.store import Reader, RunInfo, Source
from rlcsp_core.tables import PopulationTable, StepTable

BLOCK = 200  # steps that are read at once
SPACING = 50  # steps between states to go on from
MOST = 200  # of such states; then every other one goes
KEPT = 50  # trials that were made again last
NOWHERE = -1  # where a search stands that cannot go on


class RetraceError(RLCSPError):
    """A trial that cannot be made again as it was."""


class Remade(NamedTuple):
    """The trial of one step, as it was."""

    built: Crystal | None  # None where no action gave a sound one
    relaxed: Crystal | None  # None where it has no energy


def obstacle(store: Reader, run: RunInfo) -> str | None:
    """Why no trial of this run can be made again; None where nothing is known against it."""
    if store.thinned(run.id):
        return "what is shipped of this run is rounded"
    if run.policy is not None:
        return "its policy was shared with other runs"
    if is_outside(run.algorithm):
        return "its agent is code from outside"
    if run.config.get("calculator", BUILTIN) != BUILTIN:
        return "another program relaxed them"
    return None if is_warm() else "the energy engine is not compiled yet, which any search does"


class Retrace:
    """A run gone through as far as was asked; one for all threads."""

    def __init__(self, store: Reader, run: RunInfo) -> None:
        self._store, self._run_id = store, run.id
        self._config = SearchConfig.from_dict(run.config)
        parts = check_config(self._config)
        self._builder = TrialBuilder(
            parts.problem, self._config.min_distance, self._config.rattle, parts.relaxer
        )
        self._members = store.population(run.id)
        self._block = store.steps(run.id, 0, BLOCK)
        self._search = Search(self._config, relaxing=self._told)
        self._step = 0  # the last that the search has made
        self._states: list[tuple[int, str]] = []  # after some steps, rising; as JSON
        self._trials: OrderedDict[int, Remade] = OrderedDict()
        self._lock = threading.Lock()

    def trial(self, step: int, seconds: float) -> Remade | int:
        """Of a stored step; the step that was reached where this, or others who are at it, take longer than `seconds`.

        RetraceError where the run takes another course here than it took."""
        if not self._lock.acquire(timeout=seconds):
            return self._step if 0 < self._step < step else 0  # it may stand beyond this one, for others
        try:
            if step not in self._trials:
                record = self._record(step, time.monotonic() + seconds)
                if record.step < step:
                    return record.step
                self._trials[step] = self._remade(record)
                if len(self._trials) > KEPT:
                    self._trials.popitem(last=False)
            return self._trials[step]
        except RLCSPError:
            self._step = NOWHERE
            raise
        finally:
            self._lock.release()

    def _record(self, step: int, deadline: float) -> StepRecord:
        """That of the step, or of the one that was reached at the deadline."""
        self._go_near(step)
        for record in self._search:  # begun anew, its clock leaves out what was between
            self._compare(record)
            if not isinstance(record, StepRecord):
                continue
            self._step = record.step
            done = record.step == step or time.monotonic() > deadline
            if done or record.step % SPACING == 0:
                self._keep_state()
            if done:
                return record
        raise NotFoundError(f"run {self._run_id} has no step {step}")

    def _go_near(self, step: int) -> None:
        """Stand at the last state before the step, unless the search stands nearer."""
        place_of = bisect_left(self._states, step, key=lambda kept: kept[0])
        at, state = self._states[place_of - 1] if place_of else (0, None)
        if at <= self._step < step:
            return
        if state is None:
            self._search = Search(self._config, relaxing=self._told)
        else:
            energies = self._store.series([self._run_id], ["energy"])[self._run_id]["energy"][:at]
            known = [*self._members.energy.tolist(), *energies.tolist()]
            self._search = Search.resume(self._config, json.loads(state), known, relaxing=self._told)
        self._step = at

    def _keep_state(self) -> None:
        """So that what was gone through need not be once more, also where several readers go on step by step."""
        where = bisect_left(self._states, self._step, key=lambda kept: kept[0])
        if where < len(self._states) and self._states[where][0] == self._step:
            return
        before = self._states[where - 1][0] if where else 0
        left = before == self._step - 1 and before % SPACING > 0  # by a reader who has gone on
        self._states[where - left : where] = [(self._step, json.dumps(self._search.checkpoint()))]
        if len(self._states) > MOST:
            del self._states[::2]

    def _told(self, number: int, made: Sequence[Made]) -> list[Relaxed]:
        """What became of trials, in the place of relaxing them; number: of records before them."""
        return [self._outcome(number + i, each) for i, each in enumerate(made)]

    def _outcome(self, number: int, made: Made) -> Relaxed:
        try:
            table, row, source, named = self._stored(number)
        except NotFoundError:  # of a round that the run is amid, or was stopped amid
            return self._builder.relaxed(made.structure, made.before)
        energy, after = float(table.energy[row]), None
        if energy == energy:
            with suppress(NotFoundError):  # rejected: nothing goes on from it
                after = self._store.structure(self._run_id, named, source=source)
        end = None if after is None or made.structure is None else CurrentStructure(made.structure, after)
        return Relaxed(
            before=made.before,
            structure=end,
            energy=energy if energy == energy else None,
            reason=table.reason[row],
            evaluations=int(table.evaluations[row]),
            seconds=0.0,
        )

    def _stored(self, number: int) -> tuple[PopulationTable | StepTable, int, Source, int]:
        """Where a record is: table, row, and what it is called."""
        step = number - self._config.population + 1
        if step < 1:
            return self._members, number, Source.POPULATION, number
        if not len(self._block) or not self._block.step[0] <= step <= self._block.step[-1]:
            self._block = self._store.steps(self._run_id, step - 1, step - 1 + BLOCK)
            if not len(self._block):
                raise NotFoundError(f"run {self._run_id} has no step {step}")
        return self._block, step - int(self._block.step[0]), Source.STEP, step

    def _compare(self, record: SearchRecord) -> None:
        """The record and the stored one must be the same."""
        if isinstance(record, StopRecord):
            raise RetraceError(f"made again, the run ends after step {record.steps}")
        number = self._config.population + record.step - 1 if isinstance(record, StepRecord) else record.index
        table, row, _, _ = self._stored(number)
        if (name := first_difference(record, table, row)) is not None:
            raise RetraceError(f"made again, the run takes another course at {place(record)} ({name})")

    def _remade(self, record: StepRecord) -> Remade:
        if record.before is None or record.energy is None:
            return Remade(record.before, None)
        again = self._builder.relaxer(record.before)
        if again.energy != record.energy:
            raise RetraceError(f"relaxed again, the trial of {place(record)} has another energy")
        return Remade(record.before, again.crystal)
