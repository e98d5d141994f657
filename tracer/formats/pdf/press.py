"""A press: a process of its own that imports WeasyPrint while the numbers are still being worked.

Half of a PDF's time is WeasyPrint's import. Whoever knows that there will be something to print starts a press
first; jobs go to it one after another, so that a class of thirty pays for the import once.
"""

from __future__ import annotations

import contextlib
import pickle
import signal
import subprocess
import sys
from typing import BinaryIO

from tracer.errors import RenderError
from tracer.formats.pdf.job import Job, Sheet


class Press:
    """A running press. It stops when its input ends, and so with us at the latest."""

    def __init__(self) -> None:
        command = [sys.executable, "-c", f"from {__name__} import main; main()"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603

    def printed(self, job: Job) -> Sheet:
        """The PDF of a job. Raises `RenderError` where Pango is missing, or where the press has broken down."""
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


def work(jobs: BinaryIO, outcomes: BinaryIO) -> None:
    """Print jobs until there are no more; the first word is printed into the void, to warm the press."""
    from tracer.formats.pdf.painting import printed

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started us answers to Ctrl-C
    with contextlib.suppress(RenderError):  # that is said when there is a job
        printed(Job("<p>word", {}, 14, "serif"))
    while True:
        try:
            job = pickle.load(jobs)  # noqa: S301  our own process wrote it
        except EOFError:
            return
        outcome: Sheet | str
        try:
            outcome = printed(job)
        except RenderError as error:
            outcome = str(error)
        pickle.dump(outcome, outcomes, pickle.HIGHEST_PROTOCOL)
        outcomes.flush()


def main() -> None:
    """Work from standard input to standard output."""
    work(sys.stdin.buffer, sys.stdout.buffer)
