"""Document -> file, Trace -> file: one file a format, called as its suffix and imported when it is asked for."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

from tracer.errors import RenderError, UnknownName
from tracer.garbage import rarely
from tracer.registry import Registry, did_you_mean

if TYPE_CHECKING:
    from tracer.document import Document
    from tracer.marking import Marks
    from tracer.parts.compared import Compared
    from tracer.trace import Trace
    from tracer.worksheet import Worksheet

documents: Registry[Callable[[Document], bytes]] = Registry("document format")
traces: Registry[Callable[[Trace], bytes]] = Registry("trace format")
marked: Registry[Callable[[Marks], bytes]] = Registry("format of marks")
ruled: Registry[Callable[[Mapping[str, Compared]], bytes]] = Registry("format of what other rules change")
worksheets: Registry[Callable[[Document], bytes]] = Registry("format of worksheets")  # to fill in, where it says more


def suffixes() -> list[str]:
    """Every suffix that can be written."""
    found = iter_modules(__path__)
    return [f".{module.name}" for module in found]


def load(suffix: str) -> None:
    """Import the file that is called as the suffix, and nothing else. Raises `UnknownName` where there is none."""
    if suffix not in suffixes():
        raise UnknownName(f"there is no format “{suffix}”; {did_you_mean(suffix, suffixes())}")
    import_module(f"tracer.formats.{suffix[1:]}")


def _known(suffix: str, what: str, *racks: Registry[Any]) -> None:
    """Import the file that is called as the suffix. Raises `UnknownName` where it writes nothing of this kind."""
    if not is_written(suffix, *racks):
        raise UnknownName(f"{what} are not written as {suffix}; known are: {', '.join(sorted(written(*racks)))}")


def is_written(suffix: str, *racks: Registry[Any]) -> bool:
    """Whether one of the racks has the format of a suffix; its file is imported, and no other."""
    if suffix in suffixes():
        load(suffix)
    return any(suffix in rack for rack in racks)


def written(*racks: Registry[Any]) -> dict[str, None]:
    """All suffixes of the racks, in their order, each once; every file is imported."""
    for one in suffixes():
        load(one)
    return dict.fromkeys(one for rack in racks for one in rack)


def render(trace: Trace, document: Callable[[], Document], suffix: str) -> bytes:
    """The trace in the format of a suffix; its document is asked for only where the format prints one.

    Raises `UnknownName` for a suffix nobody writes.
    """
    load(suffix)
    _known(suffix, "solutions", traces, documents)
    with rarely():
        return traces[suffix](trace) if suffix in traces else documents[suffix](document())


def render_page(document: Callable[[], Document], suffix: str) -> bytes:
    """A page that is no worked solution, in the format of a suffix.

    Raises `UnknownName` for a suffix in which nobody writes pages.
    """
    _known(suffix, "such pages", documents)
    with rarely():
        return documents[suffix](document())


def render_under(compared: Mapping[str, Compared], document: Callable[[], Document], suffix: str) -> bytes:
    """What changes under other rules, in the format of a suffix; its document where the format prints one.

    Raises `UnknownName` for a suffix in which nobody writes that.
    """
    _known(suffix, "differences", ruled, documents)
    with rarely():
        return ruled[suffix](compared) if suffix in ruled else documents[suffix](document())


def render_marks(marks: Marks, document: Callable[[], Document], suffix: str) -> bytes:
    """The marks in the format of a suffix, their document where the format prints one.

    Raises `UnknownName` for a suffix in which nobody writes marks.
    """
    _known(suffix, "marks", marked, documents)
    with rarely():
        return marked[suffix](marks) if suffix in marked else documents[suffix](document())


def render_sheet(work: Worksheet, suffix: str, *, key: bool = False, form: bool = False) -> bytes:
    """A worksheet in the format of a suffix, or its key. With `form` the boxes of a PDF can be filled in.

    Raises `UnknownName` for a suffix in which nobody writes sheets.
    """
    from tracer.pages import sheet

    _known(suffix, "sheets", worksheets, documents)
    with rarely():
        document = sheet.key(work) if key else sheet.sheet(work, form=form)
        return (worksheets if suffix in worksheets else documents)[suffix](document)


def save(trace: Trace, *paths: str | Path) -> None:
    """Write the worked solution of a trace to files, each in the format of its suffix: all of them, or none.

    Raises `RenderError` where a file cannot be written, `UnknownName` where a suffix is unknown.
    """
    from tracer.pages.solution import solution

    write({Path(path): render(trace, lambda: solution(trace), Path(path).suffix.lower()) for path in paths})


def notebook(trace: Trace) -> str:
    """The worked solution for a notebook cell: the HTML page in a frame of its own."""
    from html import escape

    from tracer.pages.solution import solution

    page = render(trace, lambda: solution(trace), ".html").decode()
    return f'<iframe srcdoc="{escape(page)}" style="width:100%;height:40em;border:0" title="Worked solution"></iframe>'


def write(files: Mapping[Path, bytes]) -> None:
    """Write files beside their places and then rename them, so that none is ever half written."""
    beside: dict[Path, Path] = {}
    try:
        for path, content in files.items():
            if path.exists() and not path.is_file():  # a device such as /dev/stdout
                beside[path] = path
                path.write_bytes(content)
                continue
            beside[path] = path.with_name(f".{path.name}.{os.getpid()}.part")
            beside[path].write_bytes(content)
        for path, part in beside.items():
            if part != path:
                part.replace(path)
    except OSError as error:
        raise RenderError(
            f"{path}: cannot be written ({error.strerror or error}); nothing was changed, choose another place"
        ) from None
    finally:
        for path, part in beside.items():
            if part != path:
                part.unlink(missing_ok=True)
