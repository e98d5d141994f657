"""A class: everybody has a problem of their own, whatever happens to the roster, to the folder, or to the computer."""

from __future__ import annotations

import csv
import io
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from tracer import __version__
from tracer.classes import handing_out
from tracer.classes.binding import bind
from tracer.classes.engines import Outcome, opened
from tracer.classes.handing_out import hand_out
from tracer.classes.making import make, outcome
from tracer.classes.manifest import parsed
from tracer.classes.roster import Entry, entries, read
from tracer.classes.spec import Spec, settled
from tracer.classes.spec_file import from_table, load_spec
from tracer.classes.students import Student, enrolled
from tracer.errors import ClassError, ProblemError

ROOT = Path(__file__).parent.parent
APPLE = ROOT / "examples/apple-and-orange/problem.toml"
EASY = {"new": {"difficulty": "easy"}, "sheet": {"blank": "weights"}, "formats": ["txt"]}  # quick to make
NAMES = ["Anna Schmidt", "Ben O'Neil", "Anna Schmidt", 'Bob, "the Builder"', "Zoë 🍎", "李明", "CON"]


class Here:
    """An engine that works in this process, so that it can be watched, and made to fail."""

    def __init__(self, fails: Sequence[str] = ()) -> None:
        self.fails, self.asked = fails, list[str]()

    def outcomes(self, spec: Spec, students: Sequence[Student]) -> Iterator[Outcome]:
        """One student after the other."""
        for student in students:
            self.asked.append(student.entry.name)
            yield student, "no luck" if student.entry.name in self.fails else outcome(spec, student, __version__)

    def close(self) -> None:
        """Nothing is left behind."""


def spec(**told: Any) -> Spec:
    """A spec of a parsed file."""
    return settled(from_table({**EASY, **told}, ROOT), 1)


def roster(*names: str) -> tuple[Entry, ...]:
    """A roster of names."""
    return entries("Name\n" + "".join('"' + name.replace('"', '""') + '"\n' for name in names))


def made(path: Path, names: Sequence[str] = ("Ann", "Ben", "Cy"), engine: Here | None = None, again: bool = False,
         **told: Any) -> handing_out.Outcome:  # fmt: skip
    """A class in a folder."""
    return hand_out(spec(**told), roster(*names), path, engine or Here(), lambda *_: None, again=again)


def contents(path: Path) -> dict[str, bytes]:
    """Every file of a class, but for what tracer keeps for itself."""
    files = [one for one in path.rglob("*") if one.is_file() and one.relative_to(path).parts[0] != ".tracer"]
    return {str(one.relative_to(path)): one.read_bytes() for one in files}


def command(*arguments: str | Path) -> list[str]:
    """Tracer class, in a process of its own."""
    return [sys.executable, "-m", "tracer", "class", *map(str, arguments)]


# The roster


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Anna\nBen\n", [("Anna", "", ""), ("Ben", "", "")]),
        ("\ufeffName;Matrikelnummer;E-Mail\nAnna;17;a@b.c\n", [("Anna", "17", "a@b.c")]),
        ("Nachname\tVorname\tID-Nummer\nSchmidt\tAnna\t17\n", [("Anna Schmidt", "17", "")]),
        ("Name,Vorname,Nr.\nSchmidt,Anna,1\n", [("Anna Schmidt", "", "")]),
        ("First name,Surname,ID number,Email address\nAnna,Schmidt,17,a@b.c\n", [("Anna Schmidt", "17", "a@b.c")]),
        ("Student,ID,SIS User ID,Section\nAnna,17,s17,A\n", [("Anna", "17", "")]),
        ("sep=;\nName;ID\nAnna;17\n", [("Anna", "17", "")]),
        ('name\n"Schmidt, Anna"\n"Bob ""B"" Lee"\n', [("Schmidt, Anna", "", ""), ('Bob "B" Lee', "", "")]),
        ('name,id\n"Anna\nSchmidt",1\n', [("Anna Schmidt", "1", "")]),
        ("\n\nname\n\nAnna\n,\n  Ben  Li \n\n", [("Anna", "", ""), ("Ben Li", "", "")]),
        ("Schmidt, Anna\nLi, Ben\n", [("Schmidt Anna", "", ""), ("Li Ben", "", "")]),
        ("1;Anna;a@b.c;s17\n2;Ben;b@b.c;s18\n", [("Anna", "s17", "a@b.c"), ("Ben", "s18", "b@b.c")]),
        ("id\n17\n18\n", [("17", "17", ""), ("18", "18", "")]),
        ("name,email\n,a@b.c\n", [("a@b.c", "", "a@b.c")]),
        ("Student 1\nStudent 2\n", [("Student 1", "", ""), ("Student 2", "", "")]),
        ("name\n=1+1\n👩‍🎓 Zoë\n", [("=1+1", "", ""), ("👩‍🎓 Zoë", "", "")]),
    ],
)  # fmt: skip
def test_rosters_as_programs_export_them(text: str, expected: list[tuple[str, str, str]]) -> None:
    """Separators, headings in two languages or none, quotes, empty lines: name, id and address are found."""
    assert [(one.name, one.id, one.email) for one in entries(text.removeprefix("\ufeff"))] == expected


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "nobody is on it"),
        (b"name,id\n", "nobody below it"),
        (b"name,id\nAnna,17,x\n", "line 2 has 3 fields, but the heading 2"),
        (b"name\nSchmidt, Anna\n", "line 2 has 2 fields"),
        (b'name\n"Anna\nBen\n', "line 2 cannot be read: unexpected end of data; check the quotes"),
        (b"name,room\n,17\n", "line 2 has no name"),
        (b"PK\x03\x04", "is a spreadsheet; save it as CSV"),
        (b"\x00\x01\x02", "is no text"),
        (b"name\n" + b"a" * 400, "line 2"),
    ],
)
def test_what_is_no_roster(raw: bytes, says: str, tmp_path: Path) -> None:
    """One error, with the file and the line."""
    path = tmp_path / "roster.csv"
    path.write_bytes(raw)
    with pytest.raises(ClassError, match="roster.csv") as error:
        read(path)
    assert says in str(error.value)


def test_rosters_of_old_programs(tmp_path: Path) -> None:
    """Windows' own encoding, UTF-16, and letters in parts are the same names."""
    path, found = tmp_path / "roster.csv", set()
    for raw in ("Jürgen".encode("cp1252"), "Jürgen".encode("utf-16"), unicodedata.normalize("NFD", "Jürgen").encode()):
        path.write_bytes(raw)
        found.add(read(path))
    assert len(found) == 1


def test_ten_thousand_students() -> None:
    """Everybody on a roster of 10,000 has a seed, a code and file names of their own, within seconds."""
    people = entries("name,id\n" + "".join(f'"Doe, {n % 50}",\n' if n % 2 else f"Jo,{n}\n" for n in range(10_000)))
    start = time.process_time()
    students = enrolled(spec(), people, {})
    assert time.process_time() - start < 10
    for distinct in ("seed", "code", "file"):
        assert len({str(getattr(student, distinct)).casefold() for student in students}) == 10_000


# Who gets what


names = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=30)
people = st.lists(names.filter(str.strip), min_size=1, max_size=12)


@given(people, st.randoms(use_true_random=False), names.filter(str.strip))
def test_nobody_s_problem_changes_when_others_come_and_go(some: list[str], draw: random.Random, other: str) -> None:
    """Seeds and codes hang on who somebody is: not on the line, nor on the others."""
    task = spec()
    try:
        first = entries("name\n" + "\n".join(map(quoted, some)))
        shuffled = draw.sample(some, len(some))
        second = entries("name\n" + "\n".join(map(quoted, [other, *shuffled] if other not in some else shuffled)))
    except (ClassError, ProblemError):
        return  # a name of signs that nobody sees
    before = {student.entry.identity: student for student in enrolled(task, first, {})}
    after = {student.entry.identity: student for student in enrolled(task, second, {})}
    assert {who: (after[who].seed, after[who].code) for who in before} == {
        who: (one.seed, one.code) for who, one in before.items()
    }


def quoted(name: str) -> str:
    """A field of a CSV file."""
    return '"' + name.replace('"', '""') + '"'


@given(people)
def test_file_names_are_safe_everywhere(some: list[str]) -> None:
    """Letters, digits and hyphens, of bearable length, all different even where capitals do not count."""
    students = enrolled(spec(), tuple(Entry(f"name {n} {name}", name) for n, name in enumerate(some)), {})
    for student in students:
        assert all(unicodedata.category(c)[0] in "LMN" or c == "-" for c in student.file)
        assert len(student.file.encode()) <= 67
        assert unicodedata.is_normalized("NFC", student.file)
    assert len({student.file.casefold() for student in students}) == len(students)


def test_two_who_would_come_to_the_same_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there are few seeds, all are different still, whatever the order; whoever had one keeps it."""
    from tracer.classes import students

    monkeypatch.setattr(students, "SEEDS", range(10))
    everybody = roster(*"abcdefghij")
    seeds = {one.entry.name: one.seed for one in enrolled(spec(), everybody, {})}
    assert sorted(seeds.values()) == list(range(10))
    assert {one.entry.name: one.seed for one in enrolled(spec(), everybody[::-1], {})} == seeds
    known = {"name 1 j": (seeds["a"], "AAAAAA")}
    assert {one.entry.name: one.seed for one in enrolled(spec(), everybody, known)}["j"] == seeds["a"]


def test_another_class_has_other_problems() -> None:
    """The seed of the class decides; codes also hang on the spec, so that no sheet is taken for last week's."""
    one, other, later = (enrolled(task, roster("Ann"), {})[0] for task in (spec(), spec(seed=1), spec(title="Week 2")))
    assert one.seed != other.seed
    assert one.seed == later.seed
    assert one.code != later.code


# The spec


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"titel": "x"}, "the spec has the key “titel”, which means nothing there; did you mean “title”?"),
        ({"given": {}}, "is a problem file"),
        ({"seed": "a"}, "seed is a; expected a whole number"),
        ({"new": {"tokens": 99}}, "[new] tokens is 99; expected a whole number from 2 to 8"),
        ({"new": {"tokens": "3"}}, "[new] tokens is 3; expected a whole number"),
        ({"new": {"d_q": 3}}, "[new] has the key “d_q”"),
        ({"new": {"difficulty": "esy"}}, "[new] difficulty “esy” is unknown; did you mean “easy”?"),
        ({"new": {"generator": 999}}, "[new] generator is 999; known are: 1"),
        ({"new": {"exact_weights": 1}}, "[new] exact_weights is a number; expected true or false"),
        ({"new": [], "problem": "a.toml"}, "has problem and new; keep the one that is meant"),
        ({"problem": "nowhere.toml"}, "nowhere.toml: cannot be read"),
        ({"problems": []}, "problems lists 0 files"),
        ({"sheet": {"blank": "weigths"}}, "[sheet] blank: there is no step “weigths”"),
        ({"sheet": {"level": "fadded"}}, "[sheet] there is no level called “fadded”; did you mean “faded”?"),
        ({"sheet": {"points": {"weights": "many"}}}, "[sheet] points.weights is many; expected points"),
        ({"sheet": {"points": {"wieghts": 2}}}, "[sheet] points: there is no step “wieghts”"),
        ({"paper": {"lang": "xx"}}, "no language has the code “xx”"),
        ({"paper": {"style": "nice"}}, "there is no style “nice”"),
        ({"formats": ["docx"]}, "formats: there are no sheets in “docx”"),
        ({"formats": []}, "formats is empty"),
        ({"double_sided": "yes"}, "double_sided is the text “yes”; expected true or false"),
    ],
)  # fmt: skip
def test_what_is_no_spec(told: dict[str, Any], says: str) -> None:
    """One error, which says where, what, and what was expected."""
    with pytest.raises(ProblemError) as error:
        from_table(told, ROOT)
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_an_empty_spec_is_a_spec(tmp_path: Path) -> None:
    """Everything has a default."""
    path = tmp_path / "spec.toml"
    path.write_text("")
    assert load_spec(path).formats == (".pdf",)


def test_given_problems_are_dealt_out(tmp_path: Path) -> None:
    """Several problem files: everybody gets one of them, and it is theirs for good; the spec's keys go before the file's."""
    for n in (1, 2):
        (tmp_path / f"{n}.toml").write_text(f"title = 'no {n}'\n[given]\nX = [[{n}, 2], [0, 1]]\n")
    task = from_table({"problems": ["1.toml", "2.toml"], "paper": {"lang": "de"}, "formats": "txt"}, tmp_path)
    people = enrolled(task, roster(*"abcdefgh"), {})
    texts = {student.entry.name: make(task, student)[f"sheets/{student.file}.txt"].decode() for student in people}
    assert {text.strip().split("\n")[0] for text in texts.values()} == {"no 1", "no 2"}
    assert all("Deine Rechnung" in text or "Runde" in text for text in texts.values())


# The folder


def test_a_class_in_a_folder(tmp_path: Path) -> None:
    """Everybody has a problem, a sheet and a key; index and manifest tell who has which; each seed gives its problem."""
    import tracer

    assert made(tmp_path / "out", NAMES).made == len(NAMES)
    there = contents(tmp_path / "out")
    manifest = parsed(there["manifest.json"])
    assert [record.name for record in manifest.students] == NAMES
    assert {name for record in manifest.students for name in record.files} | {
        "manifest.json", "index.csv", "index.html",
    } == set(there)  # fmt: skip
    for record in manifest.students:
        name = f"{unicodedata.normalize('NFC', '-'.join(''.join(c if c.isalnum() else ' ' for c in record.name).split()))}-{record.code}"
        sheet, key = (there[f"{folder}/{name}.txt"].decode() for folder in ("sheets", "keys"))
        assert all(part in sheet for part in (record.name, record.code, str(record.seed)))
        assert sheet != key
        problem = there[f"problems/{name}.toml"].decode()
        assert problem == tracer.new(record.seed, tracer.Wishes(difficulty="easy")).text
    assert len({there[name] for name in there if name.startswith("problems/")}) == len(NAMES)


def test_the_manifest_fits_its_schema(tmp_path: Path) -> None:
    """For every kind of spec, with a failure and with somebody who has left."""
    schema = json.loads((ROOT / "tracer/schemas/class.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    made(tmp_path / "a", ["Ann", "Ben"])
    made(tmp_path / "a", ["Ann", "Cy"], Here(fails=["Cy"]))
    made(tmp_path / "b", ["Ann"], new={}, sheet={"points": {"weights": "1/2"}}, paper={"style": "large-print"})
    given_problem = from_table({"problem": str(APPLE), "formats": "md"}, ROOT)
    hand_out(given_problem, roster("Ann"), tmp_path / "c", Here(), lambda *_: None)
    for name in "abc":
        jsonschema.validate(json.loads((tmp_path / name / "manifest.json").read_text()), schema)


def test_a_second_run_makes_only_what_is_missing(tmp_path: Path) -> None:
    """A file that was lost, or written to, is made again, the same; so is whoever is new. Nothing else is touched."""
    out, engine = tmp_path / "out", Here()
    made(out)
    before = contents(out)
    assert made(out, engine=engine).kept == 3
    assert engine.asked == []
    assert contents(out) == before
    lost, broken = sorted(name for name in before if name.startswith("sheets/"))[:2]
    (out / lost).unlink()
    (out / broken).write_bytes(before[broken][:-1])
    assert made(out, engine=engine).made == 2
    assert contents(out) == before
    assert made(out, ["New", "Cy", "Ben", "Ann"]).made == 1
    after = contents(out)
    assert {name: after[name] for name in before if "/" in name} == {n: c for n, c in before.items() if "/" in n}


def test_one_failure_does_not_stop_the_others(tmp_path: Path) -> None:
    """It is recorded with its reason, and tried again by the next run; the end is the same."""
    outcome = made(tmp_path / "a", engine=Here(fails=["Ben"]))
    assert (outcome.made, [(one.name, one.failed) for one in outcome.failed]) == (2, [("Ben", "no luck")])
    assert made(tmp_path / "a").made == 1
    made(tmp_path / "b")
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_a_mistake_of_ours_is_a_failure_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever happens while somebody's sheet is made, there is a reason."""
    from tracer.classes import making

    monkeypatch.setattr(making, "solve", lambda _: 1 / 0)
    assert outcome(spec(), enrolled(spec(), roster("Ann"), {})[0], __version__) == (
        "tracer has failed: ZeroDivisionError: division by zero"
    )
    assert "the worker has tracer" in str(outcome(spec(), enrolled(spec(), roster("Ann"), {})[0], "0.0.1"))


def test_sheets_of_another_spec_are_not_written_over(tmp_path: Path) -> None:
    """They may have been handed out. With --again all are made anew, and the old ones go."""
    made(tmp_path / "a")
    before = contents(tmp_path / "a")
    with pytest.raises(ClassError, match="3 of its sheets were made from another spec"):
        made(tmp_path / "a", title="Another")
    assert contents(tmp_path / "a") == before
    assert made(tmp_path / "a", title="Another", again=True).made == 3
    made(tmp_path / "b", title="Another")
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    assert made(tmp_path / "a", title="Another", again=True).made == 0


def test_sheets_of_another_version_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is new is made with this one; with --again, all are."""
    out = tmp_path / "out"
    made(out)
    monkeypatch.setattr(handing_out, "__version__", "9.9")
    engine = Here()
    outcome = made(out, ["Ann", "Ben", "Cy", "Di"], engine)
    assert (outcome.made, outcome.kept, outcome.older, engine.asked) == (1, 3, 3, ["Di"])
    assert made(out, ["Ann", "Ben", "Cy", "Di"], again=True).made == 3


def test_more_formats_later(tmp_path: Path) -> None:
    """A format may be added when the sheets are out: the sheets stay what they are."""
    made(tmp_path)
    before = contents(tmp_path)
    made(tmp_path, formats=["txt", "md", "csv"])
    after = contents(tmp_path)
    assert {name: after[name] for name in before if "/" in name} == {n: c for n, c in before.items() if "/" in n}
    assert sum(name.endswith(".md") for name in after) == 6


def test_a_name_put_right(tmp_path: Path) -> None:
    """With an id it is the same student: the same problem and code, another name above it, and no old file."""
    for name in ("Jahn Doe", "John Doe"):
        hand_out(spec(), entries(f"name,id\n{name},17\n"), tmp_path, Here(), lambda *_: None)
        record = parsed((tmp_path / "manifest.json").read_bytes()).students[0]
        assert sorted(one.name.rpartition("-")[2] for one in (tmp_path / "sheets").iterdir()) == [f"{record.code}.txt"]
        assert name in next((tmp_path / "sheets").iterdir()).read_text()


def test_whoever_has_left_keeps_their_files(tmp_path: Path) -> None:
    """The index is about the roster; the manifest has everybody."""
    made(tmp_path)
    before = contents(tmp_path)
    assert made(tmp_path, ["Ann", "Ben"]).left == 1
    after = contents(tmp_path)
    assert set(after) == set(before)
    assert "Cy" not in after["index.csv"].decode()
    assert [(one.name, one.on_roster) for one in parsed(after["manifest.json"]).students][2] == ("Cy", False)
    made(tmp_path)
    assert contents(tmp_path) == before


def test_the_index_is_safe_to_open(tmp_path: Path) -> None:
    """What looks like a formula is text for a spreadsheet program, and in the page nothing that was typed is markup."""
    made(tmp_path, ["=1+1", '<b>"x"</b>'])
    lines = list(csv.reader(io.StringIO((tmp_path / "index.csv").read_text("utf-8-sig"))))
    assert [line[0] for line in lines] == ["name", "'=1+1", '<b>"x"</b>']
    page = (tmp_path / "index.html").read_text()
    assert "<b>" not in page
    for line in lines[1:]:
        assert f'href="{line[5]}"' in page
        assert (tmp_path / line[5]).is_file()


def test_folders_that_are_no_class(tmp_path: Path) -> None:
    """Nothing is written where something else is, or into a file, or beside a manifest that is none."""
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters/love.txt").write_text("…")
    (tmp_path / "file").write_text("…")
    made(tmp_path / "broken")
    (tmp_path / "broken/manifest.json").write_text("{")
    for name, says in (("letters", "no class"), ("file", "is a file"), ("broken", "manifest.json: is no manifest")):
        with pytest.raises(ClassError, match=says):
            made(tmp_path / name)
    assert [one.name for one in (tmp_path / "letters").iterdir()] == ["love.txt"]


def test_two_runs_at_once(tmp_path: Path) -> None:
    """The second says that the first is at work, and does nothing."""

    class Twice(Here):
        def outcomes(self, spec: Spec, students: Sequence[Student]) -> Iterator[Outcome]:
            with pytest.raises(ClassError, match="another run of tracer is at work in it"):
                made(tmp_path / "out")
            yield from super().outcomes(spec, students)

    assert made(tmp_path / "out", engine=Twice()).made == 3


class Stop(Exception):
    """The run ends here, as if it were killed."""


@given(first=st.integers(0, 14), second=st.integers(0, 14))
@settings(max_examples=25)
def test_stopped_at_any_moment_and_taken_up_again(
    tmp_path_factory: pytest.TempPathFactory, first: int, second: int
) -> None:
    """Whatever write a run ends at, twice: every file that is there is whole, and the end is as if nothing had been."""
    from tracer.classes.folder import Folder

    whole = _whole(tmp_path_factory)
    out, usual = tmp_path_factory.mktemp("class") / "out", Folder.placed
    for moment in (first, second):
        writes = iter(range(moment + 1))

        def placed(self: Folder, name: str, writes: Iterator[int] = writes) -> Any:
            if next(writes, None) is None:
                (self.ours / "part").write_bytes(b"half of")
                raise Stop
            return usual(self, name)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Folder, "placed", placed)
            try:
                made(out)
            except Stop:
                continue
            finally:
                for name, content in contents(out).items():
                    assert name.startswith(("manifest", "index")) or content == whole[name]
    made(out)
    assert contents(out) == whole


WHOLE: dict[str, bytes] = {}


def _whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    if not WHOLE:
        made(tmp_path_factory.mktemp("whole") / "out")
        WHOLE.update(contents(tmp_path_factory.getbasetemp() / "whole0/out"))
    return WHOLE


def test_a_line_of_the_journal_that_was_never_finished(tmp_path: Path) -> None:
    """Half a line is no record, and the lines before it are."""
    made(tmp_path)
    before = contents(tmp_path)
    records = [json.dumps(one) for one in json.loads(before["manifest.json"])["students"]]
    manifest = json.loads(before["manifest.json"])
    (tmp_path / "manifest.json").write_text(json.dumps({**manifest, "students": []}))
    (tmp_path / ".tracer/journal").write_text("\n".join(records)[:-30])
    engine = Here()
    made(tmp_path, engine=engine)
    assert engine.asked == ["Cy"]
    assert contents(tmp_path) == before


# For printing


def test_papers_are_bound_in_order(tmp_path: Path) -> None:
    """All pages of all papers, each with its bookmark, the same text; on both sides every paper begins on an odd page."""
    made(tmp_path, ["Ann", "Ben"], formats=["pdf"], sheet={})
    papers = [(path.stem, path) for path in sorted((tmp_path / "keys").iterdir())]
    for double_sided in (False, True):
        bind(papers, tmp_path / "bound.pdf", double_sided=double_sided)
        bound, first = PdfReader(tmp_path / "bound.pdf"), 0
        assert [one.title for one in bound.outline] == [title for title, _ in papers]  # type: ignore[union-attr]
        for n, (_, path) in enumerate(papers):
            assert bound.get_destination_page_number(bound.outline[n]) == first  # type: ignore[arg-type]
            pages = PdfReader(path).pages
            for page in pages:
                assert bound.pages[first].extract_text() == page.extract_text() != ""
                assert bound.pages[first].mediabox == page.mediabox
                first += 1
            if double_sided and first % 2:
                assert bound.pages[first].extract_text() == ""
                first += 1
        assert len(bound.pages) == first


def test_a_bound_pdf_is_sound(tmp_path: Path) -> None:
    """The checker of qpdf finds nothing against it, what is twice in it is written once, and it looks as the papers do."""
    import pikepdf

    made(tmp_path, ["Ann"], formats=["pdf"])
    paper = next((tmp_path / "sheets").iterdir())
    bind([("é 🍎 (x)", paper)] * 2, tmp_path / "two.pdf", double_sided=False)
    with pikepdf.open(tmp_path / "two.pdf") as two:
        assert two.check_pdf_syntax() == []
        assert len(two.pages) == 2 * len(PdfReader(paper).pages)
    bind([("Ann", paper)], tmp_path / "one.pdf", double_sided=False)
    assert (tmp_path / "two.pdf").stat().st_size < (tmp_path / "one.pdf").stat().st_size + 2000
    assert (tmp_path / "one.pdf").read_bytes()[-6:] == b"%%EOF\n"
    bind([], tmp_path / "none.pdf", double_sided=True)
    assert len(PdfReader(tmp_path / "none.pdf").pages) == 0


# Engines


def test_processes_of_this_machine_make_the_same(tmp_path: Path) -> None:
    """Two processes make the very bytes that one makes here."""
    engine = opened("local=2")
    try:
        hand_out(spec(formats=["pdf"]), roster("Ann", "Ben", "Cy"), tmp_path / "a", engine, lambda *_: None)
    finally:
        engine.close()
    made(tmp_path / "b", formats=["pdf"])
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_a_process_that_dies_is_replaced(tmp_path: Path) -> None:
    """Its student is given to another; whoever kills every process that tries is told of."""
    from tracer.classes.engines.local import Local

    class Killing(Local):
        victims: tuple[str, ...] = ()

        def outcomes(self, spec: Spec, students: Sequence[Student]) -> Iterator[Outcome]:
            from tracer.classes.engines import local

            take = local.Worker.take

            def killed(worker: local.Worker, student: Student) -> None:
                take(worker, student)
                if student.entry.name in self.victims:
                    worker.process.kill()
                    type(self).victims = self.victims[1:]

            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(local.Worker, "take", killed)
                yield from super().outcomes(spec, students)

    for victims, failed in ((("Ben",), []), (("Ben", "Ben"), ["Ben"])):
        Killing.victims = victims
        engine = Killing("1")
        try:
            task = spec()
            outcome = hand_out(task, roster("Ann", "Ben", "Cy"), tmp_path / str(len(victims)), engine, lambda *_: None)
        finally:
            engine.close()
        assert [one.name for one in outcome.failed] == failed
        assert all("has ended (exit code -9)" in one.failed for one in outcome.failed)


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ("locl", "there is no engine “locl”; did you mean “local”?"),
        ("local=0", "expected a number of processes from 1"),
        ("local=many", "expected a number of processes from 1"),
    ],
)
def test_engines_that_are_none(told: str, says: str) -> None:
    """One error that says what there is."""
    from tracer.errors import TracerError

    with pytest.raises(TracerError) as error:
        opened(told)
    assert says in str(error.value)


# The command


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with a spec and a roster."""
    (tmp_path / "spec.toml").write_text('formats = "txt"\n[new]\ndifficulty = "easy"\n[sheet]\nblank = "weights"\n')
    (tmp_path / "roster.csv").write_text("name\n" + "".join(f"Student {n}\n" for n in range(12)))
    return tmp_path


def test_the_command(files: Path) -> None:
    """What is made is told in a line, or as JSON; no progress where nobody watches; a second run keeps all."""
    call = command(files / "spec.toml", files / "roster.csv", "-o", files / "out")
    first = subprocess.run(call, capture_output=True, text=True, check=False)
    assert (first.returncode, first.stdout) == (0, "")
    assert first.stderr.startswith(f"{files / 'out'}: 12 made, in ")
    assert first.stderr.count("\n") == 1
    second = subprocess.run([*call, "--json", "--quiet"], capture_output=True, text=True, check=True)
    told = json.loads(second.stdout)
    assert (told["made"], told["kept"], told["failed"], second.stderr) == (0, 12, [], "")


def test_the_command_says_what_failed(files: Path) -> None:
    """Exit code 1, and the reasons; the others are there."""
    (files / "spec.toml").write_text('problem = "p.toml"\nformats = "txt"\n')
    (files / "p.toml").write_text("[given]\nX = [[1, 2], [0, 1]]\n")
    (files / "house.toml").write_text('templates = "gone"\n')
    done = subprocess.run(
        command(files / "spec.toml", files / "nobody.csv", "-o", files / "out"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "nobody.csv: cannot be read" in done.stderr
    assert not (files / "out").exists()


def test_ctrl_c_ends_it_cleanly(files: Path) -> None:
    """A line that says so, no traceback, no process left; the same command goes on."""
    (files / "roster.csv").write_text("name\n" + "".join(f"Student {n}\n" for n in range(300)))
    call = command(files / "spec.toml", files / "roster.csv", "-o", files / "out")
    process = subprocess.Popen(call, stderr=subprocess.PIPE, text=True, start_new_session=True)
    wait_for(lambda: len(list((files / "out").glob("keys/*"))) > 2)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert errors.startswith("stopped; what is done stays")
    assert errors.count("\n") == 1
    wait_for(lambda: not alive(process.pid))
    (files / "roster.csv").write_text("name\n" + "".join(f"Student {n}\n" for n in range(5)))
    assert subprocess.run([*call, "--quiet"], check=True).returncode == 0


def wait_for(condition: Any, seconds: float = 60) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def alive(group: int) -> bool:
    """Whether a process group has a process."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def killed_and_resumed(folder: Path, call: list[str], kills: int, longest: float) -> int:
    """Run a command, killed so many times at any moment, and then to its end. Returns how often it was really killed."""
    hit, draw = 0, random.Random(kills)
    for _ in range(kills):
        process = subprocess.Popen(call, stderr=subprocess.DEVNULL, start_new_session=True)
        time.sleep(draw.uniform(0.2, longest))
        hit += process.poll() is None
        process.kill()  # it alone: the workers see that their pipes end
        process.wait()
        group = process.pid
        wait_for(lambda: not alive(group))  # noqa: B023
        there = [one for one in folder.rglob("*") if one.is_file() and ".tracer" not in one.parts]
        assert all(one.stat().st_size for one in there)
    subprocess.run(call, check=True, stderr=subprocess.DEVNULL)
    return hit


def test_killed_and_taken_up_again(files: Path) -> None:
    """Killed in the middle, with its workers: the next run ends in the same bytes as a run that nobody disturbed."""
    calls = [command(files / "spec.toml", files / "roster.csv", "-o", files / name) for name in ("a", "b")]
    killed_and_resumed(files / "a", calls[0], 2, longest=1.2)
    subprocess.run(calls[1], check=True, stderr=subprocess.DEVNULL)
    assert contents(files / "a") == contents(files / "b")


@pytest.mark.full
def test_killed_many_times(files: Path) -> None:
    """The same with PDFs, bound for printing, killed eight times."""
    (files / "spec.toml").write_text("double_sided = true\n")
    calls = [command(files / "spec.toml", files / "roster.csv", "-o", files / name) for name in ("a", "b")]
    assert killed_and_resumed(files / "a", calls[0], 8, longest=3) >= 2
    subprocess.run(calls[1], check=True, stderr=subprocess.DEVNULL)
    assert contents(files / "a") == contents(files / "b")


# Dask


@pytest.fixture
def cluster() -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler and two workers, each a process of its own."""
    pytest.importorskip("distributed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    scheduler = _python(
        f"from distributed.cli.dask_scheduler import main; main(['--host', '127.0.0.1', '--port', '{port}', '--no-dashboard'])"
    )
    worker = f"from distributed.cli.dask_worker import main; main(['{address}', '--no-nanny', '--no-dashboard', '--nthreads', '1'])"
    workers = [_python(worker) for _ in range(2)]
    yield address, workers
    for process in (*workers, scheduler):
        process.kill()
        process.wait()


def _python(code: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.mark.full
def test_a_class_on_dask(files: Path, cluster: tuple[str, list[subprocess.Popen[bytes]]]) -> None:
    """A scheduler and two workers make the very bytes that this machine makes, though one worker is killed midway."""
    address, workers = cluster
    (files / "spec.toml").write_text("")
    call = command(files / "spec.toml", files / "roster.csv", "-o", files / "a", "--on", f"dask={address}", "--json")
    process = subprocess.Popen(call, stdout=subprocess.PIPE, text=True)
    wait_for(lambda: len(list((files / "a").glob("keys/*"))) > 1)
    workers[0].kill()
    told = json.loads(process.communicate(timeout=90)[0])
    assert (told["made"], told["failed"]) == (12, [])
    subprocess.run(command(files / "spec.toml", files / "roster.csv", "-o", files / "b", "--quiet"), check=True)
    assert contents(files / "a") == contents(files / "b")


@pytest.mark.full
def test_no_scheduler_answers(files: Path) -> None:
    """One line says so, after seconds, and nothing is written."""
    pytest.importorskip("distributed")
    call = command(files / "spec.toml", files / "roster.csv", "-o", files / "a", "--on", "dask=tcp://127.0.0.1:9")
    done = subprocess.run(call, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "no scheduler answers there" in done.stderr
    assert not (files / "a").exists()


def test_dask_is_optional(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it one line says what to install; an address that is none is told too."""
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ClassError, match=r"pip install 'attention-tracer\[dask\]'"):
        opened("dask=tcp://localhost:8786")
