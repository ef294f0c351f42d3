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

from rlcsp_core.store import addresses, database
from rlcsp_core.store.claims import Claims
from rlcsp_core.store.fields import Fields
from rlcsp_core.store.histories import Histories
from rlcsp_core.store.policies import Policies
from rlcsp_core.store.reader import Reader
from rlcsp_core.store.refinements import Refinements
from rlcsp_core.store.runs import Runs
from rlcsp_core.store.shelf import Shelf
from rlcsp_core.store.structures import Structures


def open_store(url: str | None = None, *, create: bool = True) -> Store:
    """The database of this URL (or path), of RLCSP_DATABASE_URL, or data/runs.sqlite; made if it is not there."""
    return Store(database.connect(addresses.database_url(url), create=create))


class Store(Runs, Shelf, Claims, Histories, Structures, Refinements, Policies, Fields, Reader):
    """See the contract at the top of this module."""

    @property
    def url(self) -> str:
        """For worker processes, through their environment; it holds the password."""
        return addresses.address(self._engine.url)

    @property
    def description(self) -> str:
        """For messages; without user and password."""
        return addresses.describe(self._engine.url)

    def thinned(self, run_id: str) -> bool:
        self.run(run_id)
        return False

    def close(self) -> None:
        self._engine.dispose()
