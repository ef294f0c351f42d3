"""How long a test waits before it gives up: enough for a machine whose load is ten times what it can do.

No test asserts how long something took.  Only what will never come about waits this long.
"""

STARTING = 600.0  # s; a server or a process, with all its libraries to load and everything to compile
SOON = 180.0  # s; what a user would call at once
