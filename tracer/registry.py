"""Name -> thing, with "did you mean"."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from difflib import get_close_matches
from typing import Generic, TypeVar

from tracer.errors import UnknownName

T = TypeVar("T")
MOST_TOLD = 30  # names in one line


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of an error about `name`: the nearest known name, or all of them."""
    names = list(known)
    same = [one for one in names if one.lower() == name.lower()]
    near = same or get_close_matches(name, names, n=1, cutoff=0.6)
    if near:
        return f"did you mean “{near[0]}”?"
    more = f" and {len(names) - MOST_TOLD} more" if len(names) > MOST_TOLD + 1 else ""
    return "known are: " + ", ".join(names[:MOST_TOLD] if more else names) + more


class Registry(Generic[T]):
    """The entries of one rack, in the order in which they are registered."""

    def __init__(self, what: str) -> None:
        self.what = what
        self._entries: dict[str, T] = {}

    def register(self, name: str) -> Callable[[T], T]:
        """Decorator: put what follows into the rack under `name`."""

        def keep(thing: T) -> T:
            self._entries[name] = thing
            return thing

        return keep

    def __getitem__(self, name: str) -> T:
        if name not in self._entries:
            raise UnknownName(f"there is no {self.what} called “{name}”; {did_you_mean(name, self._entries)}")
        return self._entries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __contains__(self, name: object) -> bool:
        return name in self._entries
