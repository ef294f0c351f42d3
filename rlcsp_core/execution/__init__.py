"""Runs at work: in this process, in processes of their own, and as experiments on one machine or many.

`RunManager` is for programs that must stay quick (the dashboard), `execute` for those that wait (the command line).
"""

from rlcsp_core.execution.manager import RunManager
from rlcsp_core.execution.running import Halt, execute, halting

__all__ = ["Halt", "RunManager", "execute", "halting"]
