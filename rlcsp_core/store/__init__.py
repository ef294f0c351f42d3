"""Runs and their histories in a database: SQLite, PostgreSQL or MySQL/MariaDB.  The only SQL of the project."""

from rlcsp_core.store.database import UnavailableError
from rlcsp_core.store.histories import Orders
from rlcsp_core.store.reader import Reader
from rlcsp_core.store.records import (
    ACTIVE,
    ENDED,
    RESUMABLE,
    Claim,
    ClaimLostError,
    Finding,
    PolicyTable,
    Refinement,
    Request,
    RunInfo,
    RunState,
    SharedPolicy,
    Source,
    StructureInfo,
    StructureKey,
)
from rlcsp_core.store.store import Store, open_store
from rlcsp_core.tables import PopulationTable, StepTable, Tally, UpdateTable

__all__ = [
    "ACTIVE",
    "ENDED",
    "RESUMABLE",
    "Claim",
    "ClaimLostError",
    "Finding",
    "Orders",
    "PolicyTable",
    "PopulationTable",
    "Reader",
    "Refinement",
    "Request",
    "RunInfo",
    "RunState",
    "SharedPolicy",
    "Source",
    "StepTable",
    "Store",
    "StructureInfo",
    "StructureKey",
    "Tally",
    "UnavailableError",
    "UpdateTable",
    "open_store",
]
