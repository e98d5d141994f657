"""File -> Submission: one file a format, called as its suffix and imported when it is asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

from tracer.errors import SubmissionError
from tracer.files import at_most
from tracer.handed_in import from_dict
from tracer.registry import Registry, did_you_mean
from tracer.submission import Submission

MAX_BYTES = 5_000_000
ZIPPED, PDF = b"PK", b"%PDF"
TOML = re.compile(r"""\s*(?:\#|\[|["'\w.-]+[ \t]*=)""")  # how a TOML file begins, and CSV does not
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")

readers: Registry[Callable[[bytes], Submission]] = Registry("answer format")


def suffixes() -> list[str]:
    """Every suffix that can be read."""
    return [f".{module.name}" for module in iter_modules(__path__)]


def read_submission(source: str | Path | Mapping[str, Any]) -> Submission:
    """What somebody wrote: a file in TOML, JSON, CSV or .xlsx, a PDF form, or what a dictionary says; `-` is stdin.

        by = "student 17"
        [written]
        scores  = [["9", "6", "0", "0"], ["6", "8", "0", "0"]]
        weights = [["0.85", "0.15", "", ""]]

    The layouts of CSV and sheets are in `tracer/grids.py`, how a number may be written in `submission.entry`. A cell
    that is no number is an `Entry` with its reason; only a file that cannot be read raises `SubmissionError`, with its
    name in front.
    """
    if isinstance(source, Mapping):
        return from_dict(source)
    where = "standard input" if str(source) == "-" else str(source)
    try:
        suffix = "" if str(source) == "-" else known(Path(source).suffix.lower())
        raw = content(source)
        return reader(suffix or recognised(raw))(raw)
    except SubmissionError as error:
        raise SubmissionError(f"{where}: {error}") from None


def known(suffix: str) -> str:
    """A suffix that can be read. Raises `SubmissionError` for another."""
    if suffix in suffixes():
        return suffix
    what = f"answers are not read from “{suffix}”" if suffix else "the name has no suffix"
    raise SubmissionError(f"{what}; {did_you_mean(suffix, suffixes())}")


def reader(suffix: str) -> Callable[[bytes], Submission]:
    """What reads the files of a suffix; nothing else is imported."""
    import_module(f"tracer.answers.{suffix[1:]}")
    return readers[suffix]


def recognised(raw: bytes) -> str:
    """The suffix that a content without a name would have."""
    if raw.startswith(ZIPPED):
        return ".xlsx"
    if raw.startswith(PDF):
        return ".pdf"
    text = decoded(raw)
    return ".json" if text.lstrip().startswith("{") else ".toml" if TOML.match(text) else ".csv"


def content(source: str | Path) -> bytes:
    """The bytes of a file of bearable size."""
    try:
        raw = at_most(MAX_BYTES, source)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SubmissionError(f"cannot be read ({reason}); expected answers in {', '.join(suffixes())}") from None
    if len(raw) > MAX_BYTES:
        raise SubmissionError(f"is larger than {MAX_BYTES // 1_000_000} MB; hand in the numbers alone")
    return raw


def decoded(raw: bytes) -> str:
    """A text in UTF-8, in UTF-16 with its mark, or as older programs on Windows write it (cp1252); lines end in LF.

    Raises `SubmissionError` for what is no text.
    """
    encoding = "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    for one in (encoding, "cp1252"):
        try:
            text = raw.decode(one)
        except UnicodeDecodeError:
            continue
        if not CONTROLS.search(text):
            return text.replace("\r\n", "\n").replace("\r", "\n")
    raise SubmissionError("is no text; save it as text in UTF-8, or as .xlsx")
