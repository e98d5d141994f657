"""A press: a process of its own that imports WeasyPrint while the numbers are still being worked.

Half of a PDF's time is WeasyPrint's import. Whoever knows that there will be something to print starts a press
first, before anything else is imported; jobs go to it one after another, so that a class of thirty pays once.
"""

from __future__ import annotations

import atexit
import pickle
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tracer.formats.pdf.job import Job, Sheet

RUNNING: list[Press] = []  # the running press, if there is one


class Press:
    """A running press (formats/pdf/work.py). It stops when its input ends, and so with us at the latest."""

    def __init__(self) -> None:
        command = [sys.executable, "-c", "from tracer.formats.pdf.work import main; main()"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603

    def printed(self, job: Job) -> Sheet:
        """The PDF of a job. Raises `RenderError` where Pango is missing, or where the press has broken down."""
        from tracer.errors import RenderError

        assert self.process.stdin is not None
        assert self.process.stdout is not None
        outcome: Sheet | str
        try:
            pickle.dump(job, self.process.stdin, pickle.HIGHEST_PROTOCOL)
            self.process.stdin.flush()
            outcome = pickle.load(self.process.stdout)  # noqa: S301  our own process wrote it
        except (EOFError, BrokenPipeError):
            raise RenderError("the process that prints PDFs has ended without an answer; try again") from None
        if isinstance(outcome, str):
            raise RenderError(outcome)
        return outcome

    def stop(self) -> None:
        """End it at once."""
        self.process.kill()
        self.process.communicate()


def start() -> None:
    """Start a press: there will be something to print."""
    if not RUNNING:
        RUNNING.append(Press())
        atexit.register(RUNNING[0].stop)
