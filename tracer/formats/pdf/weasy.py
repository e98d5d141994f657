"""WeasyPrint, imported in less than half of the time it takes by itself.

Its look-up of libraries asks `ctypes.util.find_library`, which starts 86 processes (ldconfig, gcc, ld) before the plain
names are tried that load. And fontTools' subsetter and instancer are imported for variable fonts and fonts that
HarfBuzz cannot subset, none of which is ours: they are imported when they are called. And for every new length of an
array, cffi reads all of its declarations anew: arrays are made without a length, which their content tells.
"""

from __future__ import annotations

import re
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
LENGTH = re.compile(r"\[\d+\]$")
LATER = ("fontTools.subset", "fontTools.varLib.instancer")


class Later(ModuleType):
    """Stands for a module until something of it is called."""

    def __getattr__(self, name: str) -> Any:
        def called(*args: Any, **keys: Any) -> Any:
            return getattr(import_module(self.__name__), name)(*args, **keys)

        return called


class Arrays:
    """Stands for cffi's `ffi` where the arrays of a font's glyphs are made."""

    def __init__(self, ffi: Any) -> None:
        self.ffi = ffi

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ffi, name)

    def new(self, kind: str, *content: Any) -> Any:
        """An array as long as its content; anything else as it is."""
        return self.ffi.new(LENGTH.sub("[]", kind) if content else kind, *content)


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
        from weasyprint.pdf import fonts
    except OSError:
        raise RenderError(MISSING) from None
    finally:
        ctypes.util.find_library = slow
        for name in standing:
            del sys.modules[name]
    fonts.ffi = Arrays(fonts.ffi)
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
