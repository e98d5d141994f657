"""WeasyPrint, imported in less than half of the time it takes by itself.

Its look-up of libraries asks `ctypes.util.find_library`, which starts 86 processes (ldconfig, gcc, ld) before the plain
names are tried that load. And fontTools' subsetter and instancer are imported for variable fonts and fonts that
HarfBuzz cannot subset, none of which is ours: they are imported when they are called.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType, SimpleNamespace
from typing import Any

from tracer.errors import RenderError

MISSING = (
    "PDF needs the Pango library, which is not installed; on Debian or Ubuntu type  "
    "sudo apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0  (HTML and JSON work without it)"
)
LATER = ("fontTools.subset", "fontTools.varLib.instancer")


class Later(ModuleType):
    """Stands for a module until something of it is called."""

    def __getattr__(self, name: str) -> Any:
        def called(*args: Any, **keys: Any) -> Any:
            return getattr(import_module(self.__name__), name)(*args, **keys)

        return called


def imported() -> Any:
    """WeasyPrint. Raises `RenderError` where Pango is missing."""
    if "weasyprint" in sys.modules:
        return sys.modules["weasyprint"]
    import ctypes.util

    slow, ctypes.util.find_library = ctypes.util.find_library, lambda name: None
    standing = {name: Later(name) for name in LATER if name not in sys.modules}
    sys.modules.update(standing)
    try:
        import weasyprint
    except OSError:
        raise RenderError(MISSING) from None
    finally:
        ctypes.util.find_library = slow
        for name in standing:
            del sys.modules[name]
    return weasyprint


@contextmanager
def compressed_as_usual() -> Iterator[None]:
    """Inside, pydyf compresses at zlib's usual level instead of 9, which takes five times as long for 3 % less."""
    import pydyf

    pydyf.zlib = SimpleNamespace(compressobj=lambda level: zlib.compressobj())
    try:
        yield
    finally:
        pydyf.zlib = zlib
