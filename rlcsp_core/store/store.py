"""The store of runs: the only door to the database.

Contract, the same on every database:

* A run is made by `create_run`, which queues it.  A worker gets the right to write by `claim`; `append` writes
  records, structures, totals, checkpoint and heartbeat in one transaction, so that a run can always go on from exactly
  the last record that is stored.  Records already stored are not stored twice, gaps are refused.
* Only the holder of the claim writes.  When a run is closed, declared dead or claimed by another, the old claim is
  lost and its next write raises `ClaimLostError`.
* Anyone may `request` a stop, pause, resume or single step; the worker reads the request with its next write.
* What is read is frozen: NumPy columns and records that later writes do not change.  Numbers come back bit for bit;
  an energy that does not exist is None or NaN, never a number.
* Everything that goes wrong is a `StoreError` whose message names the cause and no password.
* A store may be used by several threads; every process opens its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Engine

from rlcsp_core.errors import NotFoundError, StoreError
from rlcsp_core.records import Array, Crystal, SearchRecord
from rlcsp_core.store import addresses, database, found, many, policies, reads, recording, writes
from rlcsp_core.store.records import (
    ACTIVE,
    RESUMABLE,
    Claim,
    Finding,
    Members,
    PolicyTable,
    PopulationTable,
    Request,
    RunInfo,
    RunState,
    SharedPolicy,
    Source,
    StepTable,
    StructureInfo,
    UpdateTable,
)

CLAIMABLE = (RunState.QUEUED, *RESUMABLE)


class Orders(NamedTuple):
    """What a worker finds asked of its run."""

    request: Request
    grants: int  # single steps to take while paused


def open_store(url: str | None = None, *, create: bool = True) -> Store:
    """The database of this URL (or path), of RLCSP_DATABASE_URL, or data/runs.sqlite; made if it is not there."""
    return Store(database.connect(addresses.database_url(url), create=create))


class Store:
    """See the contract at the top of this module."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def url(self) -> str:
        """For worker processes, through their environment; it holds the password."""
        return addresses.address(self._engine.url)

    @property
    def description(self) -> str:
        """For messages; without user and password."""
        return addresses.describe(self._engine.url)

    def close(self) -> None:
        self._engine.dispose()

    # Runs come and go

    def create_run(
        self,
        config: Mapping[str, Any],
        *,
        name: str,
        experiment: str | None = None,
        versions: Mapping[str, str] | None = None,
        detached: bool = False,
        policy: str | None = None,
    ) -> str:
        """Queue a run; its id.  `policy` names a shared policy, whose θ the run reads and updates.
        In an experiment a configuration has one run: asked again, it gives the same id."""
        try:
            with database.writing(self._engine) as connection:
                return writes.create_run(
                    connection, config, name, experiment, versions or {}, detached, policy
                )
        except database.DuplicateError:
            if experiment is None:
                raise StoreError("a new run could not be given an id; try again") from None
        run = self.run_of(experiment, config)
        if run is None:
            raise StoreError(f"a run of experiment {experiment!r} was deleted while it was made; try again")
        return run.id

    def create_claimed(
        self,
        config: Mapping[str, Any],
        *,
        name: str,
        experiment: str | None = None,
        policy: str | None = None,
    ) -> Claim | None:
        """A run that its maker works on at once, so that nobody takes it from the queue.

        None if the experiment has a run of this configuration already."""
        try:
            with database.writing(self._engine) as connection:
                run_id = writes.create_run(connection, config, name, experiment, {}, False, policy)
                return writes.claim(connection, run_id, CLAIMABLE)
        except database.DuplicateError:
            return None

    def delete_run(self, run_id: str) -> None:
        with database.writing(self._engine) as connection:
            writes.delete_run(connection, reads.checked_id(run_id))

    # What a worker does

    def claim(self, run_id: str, states: Sequence[RunState] = CLAIMABLE) -> Claim | None:
        """The right to work on a run; None if it is being worked on, has finished, or is in no such state."""
        with database.writing(self._engine) as connection:
            mine = writes.claim(connection, reads.checked_id(run_id), states)
            if mine is None:
                reads.run_key(connection, run_id)  # a sentence if there is no such run
            return mine

    def attach(self, mine: Claim, versions: Mapping[str, str]) -> None:
        """Note which process and which versions do the work."""
        with database.writing(self._engine) as connection:
            writes.attach(connection, mine, versions)

    def append(
        self, mine: Claim, records: Sequence[SearchRecord], checkpoint: Mapping[str, Any] | None
    ) -> Orders:
        """One transaction; also the heartbeat.  A `StopRecord` closes the run as finished."""
        with database.writing(self._engine) as connection:
            orders = recording.append(connection, mine, records, checkpoint)
        return Orders(Request(orders["request"]), int(orders["grants"]))

    def beat(self, mine: Claim) -> Orders:
        """A sign of life; what is asked of the run."""
        return self.append(mine, (), None)

    def take_grant(self, mine: Claim) -> None:
        """One of the single steps asked for is about to be made."""
        with database.writing(self._engine) as connection:
            row = writes.owned(connection, mine)
            writes.set_values(connection, mine, {"grants": max(row.grants - 1, 0)})

    def mark(self, mine: Claim, state: RunState, reason: str | None = None) -> None:
        """Running or paused."""
        with database.writing(self._engine) as connection:
            writes.set_values(connection, mine, {"state": state, "reason": reason})

    def end(self, mine: Claim, state: RunState, reason: str) -> None:
        """Give the claim back: stopped, failed or interrupted."""
        with database.writing(self._engine) as connection:
            writes.close(connection, mine, state, reason)

    def take_over(self, mine: Claim, state: RunState, reason: str | None, target_step: int | None) -> None:
        """Give the claim back with an end that was written elsewhere."""
        with database.writing(self._engine) as connection:
            values = writes.closing(state, reason) | {"target_step": target_step}
            writes.set_values(connection, mine, values)

    def declare_dead(self, seen: RunInfo, state: RunState, reason: str) -> bool:
        """End a run whose worker has vanished; False if it has shown life since `seen` was read."""
        with database.writing(self._engine) as connection:
            return writes.declare_dead(connection, seen, state, reason)

    # What anyone may ask

    def request(self, run_id: str, verb: str) -> RunState:
        """verb: stop, pause, resume, step.  A queued run stops at once; a stopped one is queued by resume."""
        with database.writing(self._engine) as connection:
            return writes.request(connection, reads.checked_id(run_id), verb)

    # What is read

    def run(self, run_id: str) -> RunInfo:
        with database.reading(self._engine) as connection:
            return reads.run_info(reads.run_row(connection, run_id))

    def runs(
        self,
        limit: int | None = None,
        *,
        states: Sequence[RunState] | None = None,
        experiment: str | None = None,
        oldest_first: bool = False,
    ) -> list[RunInfo]:
        """The newest first, unless asked otherwise."""
        with database.reading(self._engine) as connection:
            return reads.runs(connection, limit, states, experiment, oldest_first)

    def active_runs(self) -> list[RunInfo]:
        return self.runs(states=ACTIVE, oldest_first=True)

    def run_of(self, experiment: str, config: Mapping[str, Any]) -> RunInfo | None:
        """The run of this configuration in an experiment."""
        with database.reading(self._engine) as connection:
            return reads.run_of(connection, experiment, writes.digest(config))

    def experiments(self) -> dict[str, int]:
        """Names of experiments with their numbers of runs."""
        with database.reading(self._engine) as connection:
            return reads.experiments(connection)

    def checkpoint(self, run_id: str) -> dict[str, Any] | None:
        with database.reading(self._engine) as connection:
            return reads.checkpoint(connection, run_id)

    def failed_relaxations(self, run_id: str) -> int:
        """Trials of population and steps that were relaxed and have no energy; counts over the history."""
        with database.reading(self._engine) as connection:
            return reads.failed_relaxations(connection, run_id)

    def energies(self, run_id: str) -> Array:
        """[P + T] eV/atom: trials of the population, then of the steps; NaN where a trial has none."""
        with database.reading(self._engine) as connection:
            return reads.energies(connection, run_id)

    def steps(self, run_id: str, after: int = 0, until: int | None = None) -> StepTable:
        """Steps with after < step ≤ until; `after` the last one seen gives what is new."""
        with database.reading(self._engine) as connection:
            return reads.steps(connection, run_id, after, until)

    def overview(self, run_id: str, max_points: int = 2000) -> StepTable:
        """Every k-th step and the last, at most `max_points` + 1; all steps of a run that is short enough."""
        with database.reading(self._engine) as connection:
            return reads.overview(connection, run_id, max_points)

    def series(self, run_ids: Sequence[str], columns: Sequence[str]) -> dict[str, dict[str, Array]]:
        """Some columns of all steps of many runs, as floats: {run: {column: [T]}}; booleans are 0 and 1."""
        if unknown := [name for name in columns if name not in reads.SERIES]:
            raise NotFoundError(f"unknown column {unknown[0]!r}; choose from {', '.join(reads.SERIES)}")
        with database.reading(self._engine) as connection:
            return many.series(connection, run_ids, columns)

    def population(self, run_id: str) -> PopulationTable:
        with database.reading(self._engine) as connection:
            return reads.population(connection, run_id)

    def populations(self, run_ids: Sequence[str]) -> dict[str, Members]:
        """Energies and times of the initial populations of many runs at once."""
        with database.reading(self._engine) as connection:
            return many.populations(connection, run_ids)

    def updates(self, run_id: str, after: int = 0) -> UpdateTable:
        with database.reading(self._engine) as connection:
            return reads.updates(connection, run_id, after)

    def structures(self, run_id: str, source: Source | None = None) -> list[StructureInfo]:
        """What `structure` can give: members of the population, accepted steps, every new best."""
        with database.reading(self._engine) as connection:
            return found.structures(connection, run_id, source)

    def structure(
        self, run_id: str, number: int, *, source: Source = Source.STEP, relaxed: bool = True
    ) -> Crystal:
        with database.reading(self._engine) as connection:
            return found.structure(connection, run_id, source, number, relaxed)

    def best_structure(self, run_id: str) -> tuple[StructureInfo, Crystal] | None:
        """None as long as no trial has an energy."""
        with database.reading(self._engine) as connection:
            return found.best_structure(connection, run_id)

    def kept(self, run_id: str, number: int, source: Source = Source.STEP) -> StructureInfo:
        """One relaxed structure, without its atoms."""
        with database.reading(self._engine) as connection:
            return found.kept(connection, run_id, source, number)

    def lowest(self, run_ids: Sequence[str], limit: int) -> list[Finding]:
        """The relaxed structures of lowest energy that these runs have kept, the lowest first."""
        with database.reading(self._engine) as connection:
            return found.lowest(connection, run_ids, limit)

    def ancestry(self, run_id: str, until: int) -> dict[str, Array]:
        """Steps ≤ until that kept their structure, which others may descend from: {column of ANCESTRY: [K]}."""
        with database.reading(self._engine) as connection:
            return found.ancestry(connection, run_id, until)

    # Policies that several runs share

    def create_policy(self, name: str, theta: Array) -> SharedPolicy:
        """The policy of this name; made from theta [A, F] if there is none."""
        policies.check_name(name)
        try:
            with database.writing(self._engine) as connection:
                policies.create(connection, name, theta)
        except database.DuplicateError:
            pass  # another run was faster
        return self.policy(name)

    def policy(self, name: str) -> SharedPolicy:
        with database.reading(self._engine) as connection:
            return policies.read(connection, name)

    def policy_names(self) -> list[str]:
        with database.reading(self._engine) as connection:
            return policies.names(connection)

    def add_to_policy(self, name: str, delta: Array, *, run_id: str, step: int) -> SharedPolicy:
        """θ ← θ + delta [A, F], once for each step of a run; the policy as it is then, with the others' updates."""
        with database.writing(self._engine) as connection:
            return policies.add(connection, name, delta, run_id, step)

    def policy_history(self, name: str, after: int = 0) -> PolicyTable:
        """Its updates with version > after."""
        with database.reading(self._engine) as connection:
            return policies.grown(connection, name, after)
