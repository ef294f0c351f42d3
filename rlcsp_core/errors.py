"""What can go wrong, as one tree of exceptions.

Every message names the rule that was broken, the value that broke it and the way out; the command line prints it and
exits with 2, the dashboard shows it as it is.  Anything that is not an `RLCSPError` is a defect of ours.
"""


class RLCSPError(Exception):
    """Root of all errors this package raises on purpose."""


class FormulaError(RLCSPError):
    """A composition that cannot be read, is not charge neutral, or has an element without a potential."""


class ConfigError(RLCSPError):
    """A setting outside its range, or a name that is not in the table of choices."""


class StructureError(RLCSPError):
    """A structure that cannot be read, has no cell, or has numbers that are not finite."""


class CalculatorError(RLCSPError):
    """An external energy code that is not installed or did not answer."""


class CheckpointError(RLCSPError):
    """A stored state of a search that is damaged, or belongs to another run."""


class StoreError(RLCSPError):
    """The database cannot be reached, is of another version, or refused a write."""


class NotFoundError(StoreError):
    """No run, structure or experiment of that name in the database."""
