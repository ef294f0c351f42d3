"""The command line: one module a command, each with `add_parser(subparsers)` and `run(arguments) -> exit code`.

Results go to standard output, one JSON object a line with --json; progress and errors go to standard error.
Exit codes: 0 done, 2 bad input or database (one sentence says what to do), 130 interrupted, 1 a defect of ours.
"""
