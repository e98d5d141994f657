"""Processes of this machine, one for each core: `--on local`, or so many with `--on local=4`.

Each has a pipe of its own. So it is known at what it was when it died; and when we are killed, its pipe ends, and so
does it.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING

from tracer.classes.engines import Outcome, engines
from tracer.errors import ClassError

if TYPE_CHECKING:
    from tracer.classes.making import Files
    from tracer.classes.spec import Spec
    from tracer.classes.students import Student

JOBS = 500  # after so many a process makes room for a new one, whatever its libraries have kept
TRIES = 2  # a process may have died of something else
MOST = 256  # processes
EARLY = 4  # of them are started before it is known how many students there are
CODE = "from tracer.classes.worker import main; main()"


class Worker:
    """A process that makes what one student after another gets (worker.py)."""

    def __init__(self) -> None:
        self.process = subprocess.Popen([sys.executable, "-c", CODE], stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603
        self.student: Student | None = None
        self.jobs = 0

    def begin(self, spec: Spec, done: SimpleQueue[tuple[Worker, Files | str | None]]) -> None:
        """Tell it the spec; from now on what it says goes to `done`."""
        self.tell(spec)
        Thread(target=self.listen, args=(done,), daemon=True).start()

    def take(self, student: Student) -> None:
        """Begin with a student."""
        self.student, self.jobs = student, self.jobs + 1
        self.tell(student)

    def tell(self, what: Spec | Student) -> None:
        """Send a message; where the process has ended, that is heard of soon."""
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):
            pickle.dump(what, self.process.stdin, pickle.HIGHEST_PROTOCOL)
            self.process.stdin.flush()

    def listen(self, done: SimpleQueue[tuple[Worker, Files | str | None]]) -> None:
        """Hand on what the process says; None when it has ended."""
        assert self.process.stdout is not None
        try:
            while True:
                done.put((self, pickle.load(self.process.stdout)))  # noqa: S301  our own process wrote it
        except (EOFError, pickle.UnpicklingError, ValueError, OSError):
            done.put((self, None))

    def end(self) -> None:
        """End it at once."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            with suppress(BrokenPipeError):
                pipe.close()


@engines.register("local")
class Local:
    """All cores of this machine, or as many processes as are told."""

    def __init__(self, at: str) -> None:
        if at and not (at.isdecimal() and 1 <= int(at) <= MOST):
            raise ClassError(f"--on local={at}: expected a number of processes from 1 to {MOST}")
        self.count = int(at) if at else cores()
        self.idle = [Worker() for _ in range(min(self.count, EARLY))]
        self.busy: set[Worker] = set()

    def outcomes(self, spec: Spec, students: Sequence[Student]) -> Iterator[Outcome]:
        """A student for each process, and another whenever one is done."""
        done: SimpleQueue[tuple[Worker, Files | str | None]] = SimpleQueue()
        left = list(reversed(students))
        tries: Counter[Student] = Counter()

        def set_to_work(worker: Worker) -> None:
            worker.begin(spec, done)
            self.busy.add(worker)
            worker.take(left.pop())

        while left and len(self.busy) < self.count:
            set_to_work(self.idle.pop() if self.idle else Worker())
        while self.busy:
            worker, made = done.get()
            if worker not in self.busy:
                continue  # it has been sent home
            student = worker.student
            assert student is not None
            tries[student] += made is None
            if made is None and tries[student] < TRIES:
                left.append(student)
            if made is not None and left and worker.jobs < JOBS:
                worker.take(left.pop())
            else:
                self.busy.remove(worker)
                worker.end()
                if left:
                    set_to_work(Worker())
            if made is not None:
                yield student, made
            elif tries[student] == TRIES:
                yield student, f"the process that made it has ended (exit code {worker.process.returncode})"

    def close(self) -> None:
        """End all processes."""
        for worker in (*self.idle, *self.busy):
            worker.end()
        self.idle, self.busy = [], set()


def cores() -> int:
    """The cores that we may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on Linux
        return os.cpu_count() or 1
