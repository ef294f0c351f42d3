"""A run as a film: any step with its decision, its trial and the structure it started from."""

from pages.common.errors import show_errors
from pages.common.session import library
from pages.replay.film import replay

with show_errors():
    replay(library())
