"""The folder of a class, in which a file is whole or not there, whenever a run is killed; one run at a time.

What is being written stands in a folder of its own, `.tracer`, and is renamed when it is whole. What is done is noted
there in a journal, a line a student, since the manifest of thousands is too large to be written for each; the next run
puts it into the manifest.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from tracer.classes.manifest import Manifest, Record, line, parsed, records, written
from tracer.classes.spec import sha256
from tracer.errors import ClassError

OURS, JOURNAL, LOCK, PART = ".tracer", "journal", "lock", "part"
MANIFEST = "manifest.json"


class Folder:
    """A folder that this run alone writes to (`opened`)."""

    def __init__(self, path: Path) -> None:
        self.path, self.ours = path, path / OURS
        self.made: set[Path] = set()

    def place(self, name: str, content: bytes) -> str:
        """Put a file at its place, in one moment. Returns its digest."""
        with self.placed(name) as part:
            part.write_bytes(content)
        return sha256(content)

    @contextmanager
    def placed(self, name: str) -> Iterator[Path]:
        """A place to write a file to, from which it is put at its own when it is whole."""
        part, path = self.ours / PART, self.path / name
        if path.parent not in self.made:
            path.parent.mkdir(parents=True, exist_ok=True)
            self.made.add(path.parent)
        yield part
        part.replace(path)

    def remove(self, name: str) -> None:
        """Take a file away that a record names; nothing outside the folder, whatever stands in the record."""
        if ".." not in PurePosixPath(name).parts and not PurePosixPath(name).is_absolute():
            (self.path / name).unlink(missing_ok=True)

    def holds(self, files: Mapping[str, str]) -> bool:
        """Whether all these files are there, as they were written."""
        return all(self.digest(name) == digest for name, digest in files.items())

    def digest(self, name: str) -> str:
        """The digest of a file; "" where there is none."""
        try:
            with (self.path / name).open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            return ""

    def note(self, record: Record) -> None:
        """Note in the journal what became of a student."""
        with (self.ours / JOURNAL).open("ab") as journal:
            journal.write(f"{line(record)}\n".encode())

    def manifest(self) -> Manifest | None:
        """The manifest, with what the journal says that it does not; None in a new folder."""
        path = self.path / MANIFEST
        if not path.exists():
            return None
        try:
            manifest = parsed(path.read_bytes())
        except ClassError as error:
            raise ClassError(f"{path}: {error}") from None
        noted = {}
        with suppress(FileNotFoundError):
            noted = records((self.ours / JOURNAL).read_text("utf-8", errors="replace").split("\n"))
        return replace(manifest, students=tuple({**manifest.by_identity, **noted}.values()))

    def fold(self, manifest: Manifest) -> None:
        """Write the manifest, after which the journal has nothing to say."""
        self.place(MANIFEST, written(manifest))
        (self.ours / JOURNAL).unlink(missing_ok=True)


@contextmanager
def opened(path: Path) -> Iterator[Folder]:
    """The folder, for this run alone. Raises `ClassError` where another run is at work, or something else is in it."""
    if path.exists() and not path.is_dir():
        raise ClassError(f"{path}: is a file; expected a folder")
    folder = Folder(path)
    if not folder.ours.exists() and path.exists() and any(path.iterdir()):
        raise ClassError(f"{path}: has something in it, but no class; give a new folder, or an empty one")
    folder.ours.mkdir(parents=True, exist_ok=True)
    with (folder.ours / LOCK).open("ab") as lock:
        if not _locked(lock):
            raise ClassError(f"{path}: another run of tracer is at work in it; wait until that is done")
        yield folder


def _locked(file: BinaryIO) -> bool:
    """Lock a file until it is closed, at the latest when the process ends, however; False where it is locked."""
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
