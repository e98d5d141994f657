"""Document -> file, Trace -> file: one file a format, found by suffix."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from tracer.document import Document
from tracer.errors import RenderError, UnknownName
from tracer.registry import Registry, did_you_mean
from tracer.trace import Trace

documents: Registry[Callable[[Document], bytes]] = Registry("document format")
traces: Registry[Callable[[Trace], bytes]] = Registry("trace format")

from tracer.formats import html, json, pdf, txt  # noqa: E402  the rack


def suffixes() -> list[str]:
    """Every suffix that can be written."""
    return [*documents, *traces]


def render(trace: Trace, document: Callable[[], Document], suffix: str) -> bytes:
    """The trace in the format of a suffix; its document is asked for only where the format prints one.

    Raises `UnknownName` for a suffix nobody writes.
    """
    if suffix in traces:
        return traces[suffix](trace)
    if suffix not in documents:
        raise UnknownName(f"there is no format “{suffix}”; {did_you_mean(suffix, suffixes())}")
    return documents[suffix](document())


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

    page = documents[".html"](solution(trace)).decode()
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


__all__ = ["documents", "html", "json", "pdf", "render", "save", "suffixes", "traces", "txt", "write"]
