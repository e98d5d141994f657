"""What a process of the local engine does: read the spec, then make what one student after another gets."""

from __future__ import annotations

import os
import pickle
import signal
import sys
from contextlib import suppress

from tracer import __version__
from tracer.classes.making import outcome
from tracer.errors import RenderError
from tracer.formats.pdf.painting import House
from tracer.garbage import kept, searched


def main() -> None:
    """Work from standard input to standard output until there are no more students, or nobody listens."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started us answers to Ctrl-C
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever a library prints is no answer
    students = sys.stdin.buffer
    with suppress(RenderError):  # that is said when there is something to print
        House.opened()
    with suppress(EOFError, BrokenPipeError):
        spec = pickle.load(students)  # noqa: S301  our own process wrote it
        kept()
        while True:
            made = outcome(spec, pickle.load(students), __version__)  # noqa: S301
            pickle.dump(made, answers, pickle.HIGHEST_PROTOCOL)
            answers.flush()
            searched()
    os._exit(0)
