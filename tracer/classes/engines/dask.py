"""Workers of Dask distributed, on any machines: `--on dask=tcp://scheduler:8786`. distributed's home.

Each of them has this version of tracer installed. The files come back over the network; a student whose worker has
ended is given to another. A few students wait for each thread, so that neither side keeps many files.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any
from uuid import uuid4

from tracer import __version__
from tracer.classes.engines import Outcome, engines
from tracer.classes.making import Files, outcome
from tracer.classes.spec import Spec
from tracer.classes.students import Student
from tracer.errors import ClassError

PATIENCE = 10  # seconds until a scheduler and its first worker answer
AHEAD = 2  # students for each thread


@engines.register("dask")
class Dask:
    """The workers of a scheduler that is running already."""

    def __init__(self, at: str) -> None:
        try:
            from distributed import Client
        except ImportError:
            raise ClassError(
                "--on dask needs Dask distributed, which is not installed; type  pip install 'attention-tracer[dask]'"
            ) from None
        where = f"--on dask={at}"
        if "://" not in at:
            raise ClassError(f"{where}: expected the address of a scheduler, such as  --on dask=tcp://localhost:8786")
        try:
            self.client = Client(at, timeout=PATIENCE, set_as_default=False)
        except (OSError, ValueError) as error:
            raise ClassError(
                f"{where}: no scheduler answers there ({_line(error)}); start one with  dask scheduler"
            ) from None
        try:
            self.client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError:
            self.close()
            raise ClassError(f"{where}: the scheduler has no workers; start some with  dask worker {at}") from None

    def outcomes(self, spec: Spec, students: Sequence[Student]) -> Iterator[Outcome]:
        """A few students for each thread, and another whenever one is done."""
        from distributed import as_completed

        left, run, under_way = iter(students), uuid4().hex, dict[str, Student]()

        def submitted(student: Student) -> Any:
            key = f"tracer-{run}-{student.code}"
            under_way[key] = student
            return self.client.submit(outcome, spec, student, __version__, key=key, pure=False)

        ahead = AHEAD * sum(self.client.nthreads().values())
        done = as_completed([submitted(student) for student in islice(left, ahead)], loop=self.client.loop)
        for future in done:
            student, made = under_way.pop(future.key), _result(future)
            future.release()
            for another in islice(left, 1):
                done.add(submitted(another))
            yield student, made

    def close(self) -> None:
        """Leave the scheduler; it forgets what we have asked for."""
        self.client.close()


def _result(future: Any) -> Files | str:
    """The files, or why the workers could not make them."""
    try:
        made: Files | str = future.result()
    except Exception as error:
        return f"the worker has failed: {type(error).__name__}: {_line(error)}"
    return made


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
