"""The manifest of a class: who got what, with seeds, versions and digests. `tracer schema class` has its schema."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from tracer.errors import ClassError

SCHEMA = "tracer/class/1"


@dataclass(frozen=True, slots=True)
class Record:
    """What became of a student: their files by place, with the SHA-256 digest of each, or why they have failed.

    Where they have failed, the files are those from before, if there are any. `spec` is the digest of the spec they
    were made from, `tracer` the version that made them. Who has left the class is not on the roster; their files stay.
    """

    identity: str
    name: str
    id: str
    email: str
    code: str
    seed: int
    spec: str
    tracer: str
    files: Mapping[str, str] = field(default_factory=dict)
    failed: str = ""
    on_roster: bool = True


@dataclass(frozen=True, slots=True)
class Bound:
    """A PDF in which others are bound: its digest, and one of all that went into it."""

    sha256: str
    of: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What there is in the folder of a class. `told` is the spec as it was told, `students` stand as on the roster."""

    told: Mapping[str, Any]
    digest: str
    tracer: str
    generator: int | None
    students: tuple[Record, ...] = ()
    bound: Mapping[str, Bound] = field(default_factory=dict)

    @property
    def by_identity(self) -> dict[str, Record]:
        """Every record, by whose it is."""
        return {record.identity: record for record in self.students}


def written(manifest: Manifest) -> bytes:
    """The manifest as JSON: a line for each student, so that one can read it."""
    head = {
        "schema": SCHEMA,
        "tracer": manifest.tracer,
        "generator": manifest.generator,
        "digest": manifest.digest,
        "spec": manifest.told,
        "bound": {place: asdict(bound) for place, bound in manifest.bound.items()},
    }
    lines = [f"{_json(key)}: {_json(value)}" for key, value in head.items()]
    students = ",\n".join(map(line, manifest.students))
    return ("{\n" + ",\n".join(lines) + ',\n"students": [\n' + students + "\n]\n}\n").encode()


def line(record: Record) -> str:
    """A record as one line of JSON."""
    return _json(asdict(record))


def parsed(raw: bytes) -> Manifest:
    """The manifest that JSON says. Raises `ClassError` where it is none of ours."""
    try:
        data = json.loads(raw)
        if data["schema"] != SCHEMA:
            raise ClassError(f"has the schema “{data['schema']}”, which is not known here; expected {SCHEMA}")
        bound = {place: Bound(**one) for place, one in data["bound"].items()}
        students = tuple(Record(**record) for record in data["students"])
        return Manifest(data["spec"], data["digest"], data["tracer"], data["generator"], students, bound)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ClassError("is no manifest of a class; expected the file that tracer class has written") from None


def records(lines: Iterable[str]) -> dict[str, Record]:
    """The records of a journal, the last of each student; a line that was never finished is none."""
    found = {}
    for text in lines:
        try:
            record = Record(**json.loads(text))
        except (ValueError, TypeError):
            continue
        found[record.identity] = record
    return found


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
