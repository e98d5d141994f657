"""Who is in the class: a list of names in CSV, as a spreadsheet program or a learning platform exports it.

Name;Matrikelnummer;E-Mail             or only names, one on a line, without any heading:
Anna Schmidt;4711;anna@example.org     Anna Schmidt
"""

from __future__ import annotations

import csv
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tracer.answers import decoded
from tracer.answers.csv import DELIMITERS, QUOTED, TOLD
from tracer.errors import ClassError, ProblemError, SubmissionError
from tracer.fields import short, string
from tracer.files import at_most

MAX_BYTES = 20_000_000
MAX_STUDENTS = 100_000
HEADINGS = {  # letters only, by what stands below; a running number is nobody's, so that "Nr." is no heading
    "id": (
        "id", "studentid", "studentnumber", "studentno", "idnumber", "userid", "username", "user", "login", "loginid",
        "sisuserid", "sisid", "sisloginid", "externalid", "matriculationnumber", "registrationnumber", "matrikelnummer",
        "matrikelnr", "matrikel", "matrnr", "martikelnummer", "kennung", "benutzername", "anmeldename", "idnummer",
        "schülernummer", "schülerid", "kürzel",
    ),
    "email": ("email", "emailaddress", "mail", "emailadresse", "mailadresse"),
    "first": ("firstname", "givenname", "forename", "first", "vorname", "vornamen", "rufname"),
    "last": ("lastname", "familyname", "surname", "last", "nachname", "familienname", "zuname"),
    "name": (
        "name", "fullname", "student", "students", "studentname", "learner", "pupil", "schüler", "schülerin",
        "schülerinnen", "schülerschülerin", "studierende", "studierender", "studentin", "teilnehmer", "teilnehmerin",
        "teilnehmende", "vollständigername", "vornamenachname", "namevorname", "nachnamevorname", "vorundnachname",
    ),
}  # fmt: skip
MEANS = {heading: what for what, headings in HEADINGS.items() for heading in headings}


@dataclass(frozen=True, slots=True)
class Entry:
    """Somebody on the roster. Whoever has no name is called as their id or their address.

    The `identity` tells them apart for good: by their id, or else by their name, and, where several have the same, by
    whether they are the first with it, the second …
    """

    identity: str
    name: str
    id: str = ""
    email: str = ""


def read(path: str | Path) -> tuple[Entry, ...]:
    """Everybody on the roster, in its order; `-` is standard input.

    Raises `ClassError` with the file's name in front, and the line.
    """
    where = "standard input" if str(path) == "-" else str(path)
    try:
        return entries(decoded(_content(path)))
    except (ClassError, SubmissionError, ProblemError) as error:
        raise ClassError(f"{where}: {error}") from None


def entries(text: str) -> tuple[Entry, ...]:
    """Everybody in a text in CSV: fields between tabs, semicolons or commas, whichever the first line has."""
    lines = list(_lines(text))
    if not lines:
        raise ClassError("nobody is on it; expected a name on each line, or a table with the heading  name")
    columns = _headed(lines[0][1])
    if columns:
        lines = lines[1:]
    else:
        columns = _guessed([fields for _, fields in lines])
    if len(lines) > MAX_STUDENTS:
        raise ClassError(f"has {len(lines):,} students; at most {MAX_STUDENTS:,}")
    if not lines:
        raise ClassError("has a heading, but nobody below it; expected a student on each line")
    seen = Counter[tuple[str, str]]()
    return tuple(_entry(fields, columns, where, seen) for where, fields in lines)


def _content(path: str | Path) -> bytes:
    try:
        raw = at_most(MAX_BYTES, path)
    except OSError as error:
        raise ClassError(f"cannot be read ({error.strerror or error}); expected a roster in CSV") from None
    if raw.startswith(b"PK"):
        raise ClassError("is a spreadsheet; save it as CSV")
    if len(raw) > MAX_BYTES:
        raise ClassError(f"is larger than {MAX_BYTES // 1_000_000} MB; a roster is names, one on a line")
    return raw


def _lines(text: str) -> Iterator[tuple[str, list[str]]]:
    """The fields of each line that is not empty, and where it stands."""
    told = TOLD.match(text)
    text = text[told.end() :] if told else text
    first = QUOTED.sub("", text.lstrip("\n").partition("\n")[0])
    sign = told[1] if told else next((sign for sign in DELIMITERS if sign in first), ",")
    reader = csv.reader((f"{line}\n" for line in text.split("\n")), delimiter=sign, strict=True)
    last = int(bool(told))
    try:
        for row in reader:
            last = reader.line_num + bool(told)
            where = f"line {last}"
            fields = [_clean(field, where) for field in row]
            if any(fields):
                yield where, fields
    except csv.Error as error:
        raise ClassError(f"line {last + 1} cannot be read: {error}; check the quotes") from None


def _clean(field: str, where: str) -> str:
    """One line without control characters, composed, so that every program's é is the same é."""
    return unicodedata.normalize("NFC", " ".join(string(field, where).split()))


def _headed(fields: Sequence[str]) -> list[str]:
    """What each column is, "" where we do not know; nothing at all where the line is no heading."""
    columns = [_heading(field) for field in fields]
    if "first" in columns:  # Name, Vorname: the name is the last name then
        columns = ["last" if what == "name" and "last" not in columns else what for what in columns]
    for n, what in enumerate(columns):
        if what in columns[:n]:
            columns[n] = ""  # the first of several ids counts
    return columns if any(columns) else []


def _heading(field: str) -> str:
    """What stands below a heading; "" below none that we know. “Student 1” is no heading, but a student."""
    has_digits = any(map(str.isdigit, field))
    return "" if has_digits else MEANS.get("".join(filter(str.isalpha, field.casefold())), "")


def _guessed(rows: Sequence[Sequence[str]]) -> list[str]:
    """The columns of a table without headings: addresses, ids, and words, which are names."""
    columns = []
    for n in range(max(map(len, rows))):
        found = [row[n] for row in rows if len(row) > n and row[n]]
        if found and all("@" in field for field in found):
            columns.append("email" if "email" not in columns else "")
        elif len(rows) > 1 and found and all(map(_is_id, found)):
            runs = found == [str(m) for m in range(1, len(rows) + 1)]  # a running number is nobody's
            columns.append("" if runs or "id" in columns else "id")
        else:
            columns.append("name")
    return columns


def _is_id(field: str) -> bool:
    """Whether a field looks like an id: one word with a digit in it."""
    return " " not in field and any(map(str.isdigit, field))


def _entry(fields: Sequence[str], columns: Sequence[str], where: str, seen: Counter[tuple[str, str]]) -> Entry:
    if any(fields[len(columns) :]):
        raise ClassError(
            f"{where} has {len(fields)} fields, but the heading {len(columns)}; put what holds the separator in quotes"
        )
    told: dict[str, str] = {}
    for what, field in zip(columns, fields, strict=False):
        if field and what:
            told[what] = f"{told[what]} {field}" if what in told else field
    id_, email = told.get("id", ""), told.get("email", "")
    name = told.get("name") or " ".join(told[part] for part in ("first", "last") if part in told) or id_ or email
    if not name:
        found = short(" ".join(filter(None, fields)))
        raise ClassError(f"{where} has no name: “{found}”; give each student a name, an id or an address")
    kind = ("id", id_) if id_ else ("name", name)
    seen[kind] += 1
    return Entry(f"{kind[0]} {seen[kind]} {kind[1]}", name, id_, email)
