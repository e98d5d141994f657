"""Which file is whose: by the code in it or in its name, else by who it says it is, else by the name of the file.

A learning platform gives the files of everybody in folders or under names of its own, such as
"Ada Lovelace_12345_assignsubmission_file_answers.pdf": the name of the student stands somewhere in there.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tracer.answers import read_submission, suffixes
from tracer.classes.manifest import Record
from tracer.errors import SubmissionError
from tracer.submission import Submission
from tracer.worksheet import ALPHABET, CODE

MOST = 100_000  # files
LONGEST = 8  # words of a name
CODED = re.compile(rf"(?<![A-Z0-9])[{ALPHABET}]{{{CODE}}}(?![A-Z0-9])")


@dataclass(frozen=True, slots=True)
class HandedIn:
    """A file, what is in it, or why that cannot be read."""

    path: Path
    submission: Submission | None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Matched:
    """For each student, by identity, what they handed in; and files of which nobody knows whose they are."""

    of: Mapping[str, list[HandedIn]]
    strays: Sequence[tuple[HandedIn, str]]


def files(paths: Sequence[Path]) -> list[Path]:
    """The files that are named, and those in folders, in the order of their names; what cannot be answers is left out.

    Raises `SubmissionError` for a path that is not there.
    """
    found: list[Path] = []
    for path in paths:
        if not path.exists():
            raise SubmissionError(f"{path}: is not there; expected a file with answers, or a folder of them")
        inside = sorted(one for one in path.rglob("*") if _is_answers(one, path)) if path.is_dir() else [path]
        found += inside
        if len(found) > MOST:
            raise SubmissionError(f"{path}: has more than {MOST:,} files; give the folder with the answers alone")
    return found


def _is_answers(path: Path, inside: Path) -> bool:
    is_hidden = any(part.startswith((".", "__MACOSX", "~$")) for part in path.relative_to(inside).parts)
    return path.is_file() and not is_hidden and path.suffix.lower() in suffixes()


def read(path: Path) -> HandedIn:
    """A file, read."""
    try:
        return HandedIn(path, read_submission(path))
    except SubmissionError as error:
        return HandedIn(path, None, str(error))


def matched(handed_in: Sequence[HandedIn], students: Sequence[Record]) -> Matched:
    """Every file with its student."""
    known = _Known(students)
    of: dict[str, list[HandedIn]] = {}
    strays: list[tuple[HandedIn, str]] = []
    for one in handed_in:
        found = known.whose(one)
        if isinstance(found, str):
            strays.append((one, found))
        else:
            of.setdefault(found.identity, []).append(one)
    return Matched(of, strays)


class _Known:
    """The students, by all that a file may say of them."""

    def __init__(self, students: Sequence[Record]) -> None:
        self.by_code = {one.code: one for one in students}
        self.by_name: dict[str, set[str]] = {}
        self.by_identity = {one.identity: one for one in students}
        for one in students:
            for name in names(one):
                self.by_name.setdefault(name, set()).add(one.identity)

    def whose(self, one: HandedIn) -> Record | str:
        """The student, or why none was found."""
        told = one.submission or Submission({})
        for code in (told.code.strip().upper(), *CODED.findall(str(one.path).upper())):
            if code in self.by_code:
                return self.by_code[code]
        for called in ([plain(told.by)], _runs(plain(" ".join(one.path.parts[-2:])))):
            found = set().union(*(self.by_name.get(name, set()) for name in called))
            if len(found) == 1:
                return self.by_identity[found.pop()]
        if one.error:
            return one.error
        said = f"it is by “{told.by}”, but " if told.by else ""
        return (
            f"{one.path}: {said}no code and no name of one student is in it; write the sheet's code into it (code = …)"
        )


def _runs(words: str) -> list[str]:
    """All that stands together in some words: in "ada lovelace 12" ada, ada lovelace, lovelace, …"""
    parts = words.split()
    return [" ".join(parts[n:m]) for n in range(len(parts)) for m in range(n + 1, min(len(parts), n + LONGEST) + 1)]


def names(student: Record) -> Iterator[str]:
    """What a student may be called: name, name with the last name first, id, address."""
    first, _, last = student.name.rpartition(" ")
    told = (student.name, f"{last} {first}", student.id, student.email)
    return (name for name in map(plain, told) if len(name) > 1)


def plain(text: str) -> str:
    """Letters and digits alone, without accents, as names are compared."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)).casefold()
    return " ".join(re.findall(r"\w+", bare.replace("_", " ")))
