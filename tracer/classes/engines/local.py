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
from queue import SimpleQueue
from threading import Thread

from tracer.classes.engines import Outcome, engines
from tracer.classes.making import Files
from tracer.classes.spec import Spec
from tracer.classes.students import Student
from tracer.errors import ClassError

JOBS = 500  # after so many a process makes room for a new one, whatever its libraries have kept
TRIES = 2  # a process may have died of something else
MOST = 256  # processes
CODE = "from tracer.classes.worker import main; main()"


class Worker:
    """A process that makes what one student after another gets (worker.py)."""

    def __init__(self, spec: Spec, done: SimpleQueue[tuple[Worker, Files | str | None]]) -> None:
        self.process = subprocess.Popen([sys.executable, "-c", CODE], stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603
        self.student: Student | None = None
        self.jobs = 0
        self.tell(spec)
        Thread(target=self.listen, args=(done,), daemon=True).start()

    def tell(self, what: Spec | Student) -> None:
        """Send a message; where the process has ended, that is heard of soon."""
        assert self.process.stdin is not None
        try:
            pickle.dump(what, self.process.stdin, pickle.HIGHEST_PROTOCOL)
            self.process.stdin.flush()
        except BrokenPipeError:
            return

    def take(self, student: Student) -> None:
        """Begin with a student."""
        self.student, self.jobs = student, self.jobs + 1
        self.tell(student)

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
            try:
                pipe.close()
            except BrokenPipeError:
                continue


@engines.register("local")
class Local:
    """All cores of this machine, or as many processes as are told."""

    def __init__(self, at: str) -> None:
        if at and not (at.isdecimal() and 1 <= int(at) <= MOST):
            raise ClassError(f"--on local={at}: expected a number of processes from 1 to {MOST}")
        self.count = int(at) if at else cores()
        self.workers: set[Worker] = set()

    def outcomes(self, spec: Spec, students: Sequence[Student]) -> Iterator[Outcome]:
        """A student for each process, and another whenever one is done."""
        done: SimpleQueue[tuple[Worker, Files | str | None]] = SimpleQueue()
        left, tries = list(reversed(students)), Counter[Student]()
        for _ in range(min(self.count, len(students))):
            self.next(Worker(spec, done), left)
        while self.workers:
            worker, made = done.get()
            if worker not in self.workers:
                continue  # it has been sent home
            student = worker.student
            assert student is not None
            if made is None:
                self.workers.remove(worker)
                worker.end()
                tries[student] += 1
                if tries[student] < TRIES:
                    left.append(student)
                else:
                    made = f"the process that made it has ended (exit code {worker.process.returncode})"
                if left:
                    self.next(Worker(spec, done), left)
            elif worker.jobs >= JOBS and left:
                self.workers.remove(worker)
                worker.end()
                self.next(Worker(spec, done), left)
            else:
                self.next(worker, left)
            if made is not None:
                yield student, made

    def next(self, worker: Worker, left: list[Student]) -> None:
        """Give a process its next student; send it home where there is none."""
        if left:
            self.workers.add(worker)
            worker.take(left.pop())
        else:
            self.workers.discard(worker)
            worker.end()

    def close(self) -> None:
        """End all processes."""
        while self.workers:
            self.workers.pop().end()


def cores() -> int:
    """The cores that we may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on Linux
        return os.cpu_count() or 1
