"""A class in a folder: what is missing is made, what is there is left alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tracer import __version__
from tracer.classes import overview
from tracer.classes.binding import bind
from tracer.classes.engines import Engine
from tracer.classes.folder import Folder, opened
from tracer.classes.making import KEYS, SHEETS, Files, places
from tracer.classes.manifest import Bound, Manifest, Record
from tracer.classes.roster import Entry
from tracer.classes.spec import Spec, settled, sha256
from tracer.classes.students import Student, enrolled
from tracer.errors import ClassError
from tracer.generate.generators import NEWEST

Watch = Callable[[int, int, int], None]  # how many are done, of how many, and how many of these have failed


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run has come to: how many students it made files for, kept those of, and found older ones of."""

    made: int
    kept: int
    older: int
    left: int
    failed: Sequence[Record]


def hand_out(
    spec: Spec, roster: Sequence[Entry], path: Path, engine: Engine, watch: Watch, *, again: bool = False
) -> Outcome:
    """Make what is missing of a class. What another spec or version has made is made anew only `again`.

    Raises `ClassError` where the folder has a class of another spec, or another run is at work in it.
    """
    with opened(path) as folder:
        before = folder.manifest() or Manifest({}, "", "", None)
        spec = settled(spec, before.generator if before.generator and not again else NEWEST)
        if not again:
            _same(spec, before, path)
        run = Run(spec, folder, before, again=again)
        students = enrolled(spec, roster, {one.identity: (one.seed, one.code) for one in run.ours()})
        run.open(students)
        missing = [student for student in students if not run.has(student)]
        for n, (student, files) in enumerate(engine.outcomes(spec, missing), 1):
            run.take(student, files)
            watch(n, len(missing), len(run.failed))
        run.close(students)
        kept = len(students) - len(missing)
        left = sum(not record.on_roster for record in run.records.values())
        return Outcome(len(missing) - len(run.failed), kept, run.older, left, run.failed)


def _same(spec: Spec, before: Manifest, path: Path) -> None:
    others = sum(record.spec != spec.digest for record in before.students if record.files)
    if others:
        raise ClassError(
            f"{path}: {others} of its sheets were made from another spec; nothing was changed: give another folder, or "
            "--again to make them anew"
        )


class Run:
    """One run in a folder: the records of all students, as far as they are made."""

    def __init__(self, spec: Spec, folder: Folder, before: Manifest, *, again: bool) -> None:
        self.spec, self.digest, self.folder, self.before, self.again = spec, spec.digest, folder, before, again
        self.records = before.by_identity
        self.failed: list[Record] = []
        self.older = 0

    def ours(self) -> list[Record]:
        """The records from the same spec: whoever has a seed and a code keeps them."""
        return [record for record in self.records.values() if record.spec == self.digest]

    def open(self, students: Sequence[Student]) -> None:
        """Write the manifest before anything is made, so that the folder is ours whatever happens."""
        here = {student.entry.identity for student in students}
        for identity, record in self.records.items():
            if record.on_roster != (identity in here):
                self.records[identity] = replace(record, on_roster=identity in here)
        self.folder.fold(self.manifest(students, self.before.bound))

    def has(self, student: Student) -> bool:
        """Whether a student has everything, or something that only --again makes anew."""
        record = self.records.get(student.entry.identity)
        if record is None or record.failed or not record.files or record.spec != self.digest:
            return False
        if record.tracer != __version__ and not self.again:
            self.older += 1
            return True
        wanted = _record(student, self.digest)
        is_same = replace(record, files={}) == wanted
        return is_same and places(self.spec, student) <= record.files.keys() and self.folder.holds(record.files)

    def take(self, student: Student, files: Files | str) -> None:
        """Put the files of a student at their places, and note that; what they have no more is removed."""
        record = _record(student, self.digest)
        before = self.records.get(record.identity, record).files
        if isinstance(files, str):
            record = replace(record, failed=files, files=before)
            self.failed.append(record)
        else:
            record = replace(record, files={name: self.folder.place(name, files[name]) for name in sorted(files)})
        for name in set(before) - set(record.files):
            self.folder.remove(name)
        self.records[record.identity] = record
        self.folder.note(record)

    def close(self, students: Sequence[Student]) -> None:
        """Bind the sheets, write the index, and the manifest last."""
        here = [self.records[student.entry.identity] for student in students]
        bound = {f"{kind}.pdf": self.bound(kind, here) for kind in (SHEETS, KEYS) if ".pdf" in self.spec.formats}
        manifest = self.manifest(students, bound)
        self.folder.place("index.csv", overview.as_csv(here))
        self.folder.place("index.html", overview.as_html(self.spec, manifest, here))
        self.folder.fold(manifest)

    def bound(self, kind: str, here: Sequence[Record]) -> Bound:
        """All sheets, or all keys, in one PDF; it is left alone where the same went into it."""
        papers = [
            (record.name, name, digest)
            for record in here
            if not record.failed
            for name, digest in record.files.items()
            if name.startswith(f"{kind}/") and name.endswith(".pdf")
        ]
        of = sha256(repr((self.spec.double_sided, papers)).encode())
        before = self.before.bound.get(f"{kind}.pdf")
        if before and before.of == of and self.folder.digest(f"{kind}.pdf") == before.sha256:
            return before
        with self.folder.placed(f"{kind}.pdf") as part:
            paths = ((title, self.folder.path / name) for title, name, _ in papers)
            bind(paths, part, double_sided=self.spec.double_sided)
        return Bound(self.folder.digest(f"{kind}.pdf"), of)

    def manifest(self, students: Sequence[Student], bound: Mapping[str, Bound]) -> Manifest:
        """The manifest as it is now: everybody as on the roster, and behind them who has left."""
        order = [student.entry.identity for student in students]
        records = {who: self.records[who] for who in order if who in self.records} | self.records
        return Manifest(
            self.spec.told, self.digest, __version__, self.spec.generator, tuple(records.values()), dict(bound)
        )


def _record(student: Student, digest: str) -> Record:
    """The record of a student for whom nothing is made yet."""
    who = student.entry
    return Record(who.identity, who.name, who.id, who.email, student.code, student.seed, digest, __version__)
