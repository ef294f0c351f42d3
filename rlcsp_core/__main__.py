"""`python -m rlcsp_core`: see `rlcsp_core.cli`."""

from rlcsp_core.cli.main import command

if __name__ == "__main__":
    command()
