"""Crystal structure prediction by reinforcement learning: engine, agents, search and storage."""

import os

# The rounding of a linear solve depends on how many threads share it, and records must not depend on the machine's
# number of cores.  It has to be said before NumPy is loaded; `runs.running.one_blas_thread` says it afterwards.
os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"

__version__ = "0.1.0"
