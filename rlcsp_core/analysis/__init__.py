"""Numbers only: what runs have in common, in what they differ, and how sure that is.

    curves        one run as arrays, and runs put together by label
    metrics       what is measured on one run
    distribution  mean, median, mode and deviation of a sequence
    aggregate     many runs on one grid
    survival      steps to the target, with runs that did not reach it
    compare       which settings differ, which differences are real
    published     what the literature reports

Nothing here reads a database or draws.  SciPy, which is slow to import, is imported where it is used.
"""
