"""What a press does (press.py): print jobs from standard input to standard output until there are no more."""

from __future__ import annotations

import contextlib
import pickle
import signal
import sys
from typing import BinaryIO

from tracer.errors import RenderError
from tracer.formats.pdf.job import Job, Sheet
from tracer.formats.pdf.painting import printed
from tracer.garbage import rarely
from tracer.layout.piece import Node, Piece

SPECIMEN = """<html lang="en"><title>a</title><p>b <em>c</em> <img src="piece:0" alt="-">"""  # warms the press


def work(jobs: BinaryIO, outcomes: BinaryIO) -> None:
    """Print jobs until there are no more; the first word is printed into the void, to warm the press."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started us answers to Ctrl-C
    with contextlib.suppress(RenderError):  # that is said when there is a job
        printed(Job(SPECIMEN, {"piece:0": Piece(1, 1, 0, Node("Formula", says="a"))}, 14, "STIX Two Text"))
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
    with rarely():
        work(sys.stdin.buffer, sys.stdout.buffer)
