"""What is going on, on standard error: a bar on a terminal, a line now and then in a log."""

from __future__ import annotations

import sys
import time
from typing import TextIO

from rlcsp_core.records import PopulationRecord, SearchRecord, StepRecord

BAR = 24  # characters
REDRAW = 0.1  # s, on a terminal
LOG = 10.0  # s, elsewhere


class Bar:
    """A share of the work done and a text; `finish` leaves the last state standing."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stderr
        self.terminal = self.stream.isatty()
        self.interval = REDRAW if self.terminal else LOG
        self.drawn = time.monotonic() - (self.interval if self.terminal else 0.0)
        self.line = ""

    def show(self, share: float, text: str) -> None:
        filled = round(BAR * min(max(share, 0.0), 1.0))
        self.line = f"{'█' * filled}{'░' * (BAR - filled)} {share:4.0%}  {text}"
        if self.due:
            self.draw()

    @property
    def due(self) -> bool:
        """Whether the next state will be drawn."""
        return time.monotonic() - self.drawn >= self.interval

    def draw(self) -> None:
        self.drawn = time.monotonic()
        # \x1b[K: erase what is left of a longer line
        self.stream.write(f"\r{self.line}\x1b[K" if self.terminal else f"{self.line}\n")
        self.stream.flush()

    def finish(self) -> None:
        if self.line:
            self.draw()
        if self.terminal and self.line:
            self.stream.write("\n")


class RunProgress:
    """Follows the records of one run."""

    def __init__(self, population: int, steps: int) -> None:
        self.population, self.steps = population, steps
        self.bar = Bar()
        self.began = time.monotonic()
        self.first: int | None = None

    def notify(self, record: SearchRecord) -> None:
        if isinstance(record, PopulationRecord):
            self.bar.show(
                (record.index + 1) / self.population,
                f"initial population {record.index + 1}/{self.population}",
            )
        elif isinstance(record, StepRecord):
            self._show_step(record)

    def _show_step(self, record: StepRecord) -> None:
        if self.first is None:
            self.first, self.began = record.step, time.monotonic()
        seconds = time.monotonic() - self.began
        rate = (record.step - self.first) / seconds if seconds > 0 else 0.0
        self.bar.show(
            record.step / self.steps,
            f"step {record.step}/{self.steps}  best {record.best_energy:.6f} eV/atom  {rate:.1f} steps/s",
        )


def compile_once() -> None:
    """The kernels, on the first use of this version on this machine."""
    from rlcsp_core.relax import is_warm, warm

    if is_warm():
        return
    bar = Bar()
    warm(lambda name, share: bar.show(share, f"compiling, once: {name}"))
    bar.finish()
