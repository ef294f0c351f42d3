"""`python -m rlcsp_core`: see `rlcsp_core.cli`."""

import sys

from rlcsp_core.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
