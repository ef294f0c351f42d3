"""Runs and their histories in a database: SQLite, PostgreSQL or MySQL/MariaDB.  The only SQL of the project."""

from rlcsp_core.store.database import UnavailableError
from rlcsp_core.store.records import (
    ACTIVE,
    ENDED,
    RESUMABLE,
    Claim,
    ClaimLostError,
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
    Tally,
    UpdateTable,
)
from rlcsp_core.store.store import Orders, Store, open_store

__all__ = [
    "ACTIVE",
    "ENDED",
    "RESUMABLE",
    "Claim",
    "ClaimLostError",
    "Finding",
    "Members",
    "Orders",
    "PolicyTable",
    "PopulationTable",
    "Request",
    "RunInfo",
    "RunState",
    "SharedPolicy",
    "Source",
    "StepTable",
    "Store",
    "StructureInfo",
    "Tally",
    "UnavailableError",
    "UpdateTable",
    "open_store",
]
