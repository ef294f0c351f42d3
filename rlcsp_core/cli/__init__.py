"""The command line: one module a command, each with `add_arguments(parser)` and `run(arguments) -> exit code`.

The first line of a module, after the colon, is what `--help` lists; all of it is the command's own help.

Results go to standard output, one JSON object a line with --json; progress and errors go to standard error.
Exit codes: 0 done, 2 bad input or database (one sentence says what to do), 130 interrupted, 1 a defect of ours.
"""
