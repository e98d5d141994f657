"""The answers of a class, marked: points for everybody, a page of feedback each, and what it says about the class."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache, partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from tracer.classes.engines.local import cores
from tracer.classes.folder import MANIFEST
from tracer.classes.making import PROBLEMS, looking
from tracer.classes.manifest import Manifest, Record, parsed
from tracer.classes.overview import table
from tracer.collecting import changes as changed
from tracer.collecting.changes import Change
from tracer.collecting.class_page import class_page
from tracer.collecting.matching import HandedIn, files, matched, read
from tracer.collecting.results import Results, as_csv, as_json, decimal
from tracer.collecting.results import parsed as parsed_results
from tracer.collecting.rules import Rules
from tracer.collecting.scoring import Score, scored
from tracer.composition import solve
from tracer.document import Document, Field, Fields
from tracer.errors import ClassError, SubmissionError, TracerError
from tracer.formats import documents, load, write
from tracer.garbage import rarely
from tracer.judging import check
from tracer.marking import Marks
from tracer.pages.feedback import feedback
from tracer.problem_file import from_text
from tracer.style_file import styled
from tracer.worksheet import Worksheet, worksheet

MARKS, FEEDBACK = "marks.json", "feedback"
FEW, CHUNK = 12, 4  # sheets that one process marks alone; sheets that a process is given at a time
Watch = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Collected:
    """What came of it: all marks, and who changes against the marks before, where there are any."""

    results: Results
    changes: Sequence[Change]
    is_again: bool


def collect(
    folder: Path, paths: Sequence[Path], rules: Rules, out: Path, formats: Sequence[str], watch: Watch
) -> Collected:
    """Mark what a class has handed in, and write marks, feedback and the page about the class.

    Raises `ClassError` where there is no class in the folder, `SubmissionError` for a path that is not there.
    """
    manifest = _manifest(folder)
    students = [one for one in manifest.students if one.on_roster]
    found = files(paths)
    handed_in = matched([read(path) for path in found], students)
    before = _before(out / MARKS)
    (out / FEEDBACK).mkdir(parents=True, exist_ok=True)
    jobs = [Job(folder, manifest.told, one, *_chosen(handed_in.of.get(one.identity, [])), rules) for one in students]
    task = partial(student_marked, out=out, formats=tuple(formats))
    scores = []
    with _engine(len(jobs)) as each:
        for score in each(task, jobs):
            scores.append(score)
            watch(len(scores), len(jobs))
    results = Results(rules, tuple(scores), tuple((str(one.path), reason) for one, reason in handed_in.strays))
    changes = changed.changes(before, results) if before else []
    _write(out, manifest, results, changes, is_again=before is not None)
    return Collected(results, changes, before is not None)


@contextmanager
def _engine(jobs: int) -> Iterator[Callable[[Callable[[Job], Score], Sequence[Job]], Iterator[Score]]]:
    """What marks one job after another, in their order: all cores where there are enough of them."""
    if jobs < FEW or cores() == 1:
        yield map
        return
    with ProcessPoolExecutor(cores(), get_context("spawn")) as pool:
        yield partial(pool.map, chunksize=CHUNK)


@dataclass(frozen=True, slots=True)
class Job:
    """A student's sheet, and what was handed in for it; `others` are files of the same student that are not marked."""

    folder: Path
    told: Mapping[str, Any]
    student: Record
    chosen: HandedIn | None
    others: tuple[str, ...]
    rules: Rules

    @property
    def path(self) -> Path | None:
        """The problem's file; none where none could be made."""
        return next((self.folder / name for name in self.student.files if name.startswith(f"{PROBLEMS}/")), None)

    def worksheet(self) -> Worksheet:
        """The sheet anew, from the problem in the folder. Raises `TracerError`."""
        if self.path is None:
            raise ClassError("no sheet could be made for this student")
        told = self.told["sheet"]
        points = tuple((step, Fraction(worth)) for step, worth in told["points"].items())
        paper = tuple(self.told["paper"].items())
        return _worksheet(_text(self.path), told["blank"], told["level"], points, paper, self.told["title"])


@lru_cache(maxsize=8)
def _worksheet(
    text: str,
    blank: str,
    level: str,
    points: tuple[tuple[str, Fraction], ...],
    paper: tuple[tuple[str, str], ...],
    title: str,
) -> Worksheet:
    """The sheet of a problem; of one that the whole class has, once for all."""
    problem = from_text(text)
    style = styled(problem.paper.style, dict(paper), "[paper]")
    return worksheet(solve(looking(problem, title, style)), blank, level, dict(points))


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise ClassError(f"{path}: cannot be read ({error.strerror or error}); run tracer class again") from None


def student_marked(job: Job, out: Path, formats: Sequence[str]) -> Score:
    """The score of a student, and their page of feedback written."""
    score, marks = _marked(job)
    if marks is not None and job.path is not None:
        document = _with_points(feedback(marks), score)
        for suffix in formats:
            load(suffix)
        with rarely():
            write({out / FEEDBACK / f"{job.path.stem}{suffix}": documents[suffix](document) for suffix in formats})
    return replace(score, others=job.others)


def _marked(job: Job) -> tuple[Score, Marks | None]:
    """The score of a student, and the marks where there are any."""
    student, chosen, rules = job.student, job.chosen, job.rules
    name = str(chosen.path) if chosen else ""
    try:
        work = job.worksheet()
    except TracerError as error:
        return Score(student.identity, student.name, student.id, student.code, name, {}, problem=str(error)), None
    if chosen is None:
        return scored(student, work, None, rules, ""), None
    if chosen.submission is None:
        return scored(student, work, None, rules, name, chosen.error), None
    try:
        marks = check(work.trace, replace(chosen.submission, by=chosen.submission.by or student.name))
    except SubmissionError as error:
        return scored(student, work, None, rules, name, f"{name}: {error}"), None
    return scored(student, work, marks, rules, name), marks


def _chosen(handed_in: Sequence[HandedIn]) -> tuple[HandedIn | None, tuple[str, ...]]:
    """Of several files of one student the one with most in it, the last of these; and the names of the others."""
    if not handed_in:
        return None, ()
    chosen = max(reversed(handed_in), key=_written)
    return chosen, tuple(str(one.path) for one in handed_in if one is not chosen)


def _written(one: HandedIn) -> int:
    return -1 if one.submission is None else sum(not entry.is_blank for entry in one.submission.cells.values())


def _with_points(document: Document, score: Score) -> Document:
    """The page of feedback with the points above it."""
    say = document.style.language.text
    points = f"{decimal(score.points)} / {decimal(score.of)}"
    told = (Field("", say("Name"), 6, score.name), Field("", say("Code"), 3, score.code))
    return replace(document, blocks=(Fields((*told, Field("", say("Points"), 3, points))), *document.blocks))


# Files


def _manifest(folder: Path) -> Manifest:
    path = folder / MANIFEST
    try:
        return parsed(path.read_bytes())
    except OSError as error:
        raise ClassError(
            f"{path}: cannot be read ({error.strerror or error}); expected the folder of a class"
        ) from None
    except ClassError as error:
        raise ClassError(f"{path}: {error}") from None


def _before(path: Path) -> Results | None:
    """The marks from last time."""
    if not path.exists():
        return None
    try:
        return parsed_results(path.read_bytes())
    except (ClassError, OSError) as error:
        raise ClassError(f"{path}: {error}; move it away to mark anew") from None


def _write(out: Path, manifest: Manifest, results: Results, changes: Sequence[Change], *, is_again: bool) -> None:
    page = class_page(manifest.told, results, changes)
    content: Mapping[str, bytes] = {
        "marks.csv": as_csv(results.scores),
        "class.html": _printed(page, ".html"),
        "class.pdf": _printed(page, ".pdf"),
        MARKS: as_json(results),
    }
    if is_again:
        content = {**content, "changes.csv": _changes(changes)}
    write({out / name: one for name, one in content.items()})


def _printed(page: Document, suffix: str) -> bytes:
    load(suffix)
    return documents[suffix](page)


def _changes(changes: Sequence[Change]) -> bytes:
    rows = [(one.name, one.code, decimal(one.before), decimal(one.after), "; ".join(one.reasons)) for one in changes]
    return table([("name", "code", "before", "after", "why"), *rows])
