"""Python's search for garbage that refers to itself, put off while a page is made, and left out at the end.

Python searches whenever there are 700 objects more. A page is a hundred thousand objects, all of them alive until
it is done: the searches find nothing, and take a tenth of the time.
"""

from __future__ import annotations

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager

RARELY = 100_000  # new objects from one search to the next


@contextmanager
def rarely() -> Iterator[None]:
    """Search rarely inside; the caller's own setting is put back after."""
    usual, *others = gc.get_threshold()
    if not 0 < usual < RARELY:  # switched off, or put off already
        yield
        return
    gc.set_threshold(RARELY, *others)
    try:
        yield
    finally:
        gc.set_threshold(usual, *others)


def kept() -> None:
    """What there is now stays for good and is searched no more; what comes is searched when `searched` is called."""
    gc.collect()
    gc.freeze()
    gc.disable()


def searched() -> None:
    """Search once: between two jobs nearly everything is garbage, which takes no time."""
    gc.collect()


def unsearched_at_exit() -> None:
    """When the process ends, its memory goes back without a last search."""
    atexit.register(gc.freeze)
