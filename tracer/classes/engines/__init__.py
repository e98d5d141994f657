"""Where a class is made: one file an engine, called as it is asked for in `--on dask=tcp://…`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Protocol, TypeAlias

from tracer.errors import UnknownName
from tracer.registry import Registry, did_you_mean

if TYPE_CHECKING:  # an engine is started first; it warms up while we import the others
    from tracer.classes.making import Files
    from tracer.classes.spec import Spec
    from tracer.classes.students import Student

Outcome: TypeAlias = "tuple[Student, Files | str]"  # the files, or why there are none


class Engine(Protocol):
    """Something that makes what students get, several at a time."""

    def outcomes(self, spec: Spec, students: Sequence[Student]) -> Iterator[Outcome]:
        """What became of each student, in the order in which they are done; few are under way at a time."""
        ...

    def close(self) -> None:
        """Let go of everything, whatever is under way."""
        ...


engines: Registry[Callable[[str], Engine]] = Registry("engine")


def opened(told: str) -> Engine:
    """The engine that "dask=tcp://…" means, with what stands behind its =. Raises `UnknownName`, `ClassError`."""
    name, _, at = told.partition("=")
    known = [module.name for module in iter_modules(__path__)]
    if name not in known:
        raise UnknownName(f"--on {told}: there is no engine “{name}”; {did_you_mean(name, known)}")
    import_module(f"tracer.classes.engines.{name}")
    return engines[name](at)
