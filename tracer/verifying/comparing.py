"""A printed file beside the same page made anew: leaf by leaf, by its cell where it has one, else in reading order."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from tracer.verifying.finding import Finding
from tracer.verifying.printed import Leaf, Printed

TOKEN = re.compile(r"\d+(?:[.,]\d+)?|\s+|[^\W\d]+|.")
NUMBER = re.compile(r"−?\d+(?:[.,]\d+)?")
RELATION = re.compile(r"[=≈](?!.*[=≈])")
AROUND = 3  # signs of a formula, or words, quoted around what differs


def numbers(found: Printed, expected: Printed, with_strokes: bool) -> Iterator[Finding]:
    """What does not stand of the places that show a cell: each is found by its name."""
    places, wanted = named(found), named(expected)
    for name, leaf in wanted.items():
        if name in places:
            yield from of_cell(name, places[name], leaf, with_strokes)
        else:
            yield Finding("missing", leaf.page, name, expected=value(leaf.text))
    for name, leaf in places.items():
        if name not in wanted:
            yield Finding("added", leaf.page, name, prints=value(leaf.text))


def of_cell(name: str, found: Leaf, wanted: Leaf, with_strokes: bool) -> Iterator[Finding]:
    """What does not stand of one place: its result, its working, what is heard, how it is drawn."""
    if bare(found.text) != bare(wanted.text):
        ends = value(found.text), value(wanted.text)
        if ends[0] != ends[1] or not name.startswith("worked "):
            yield Finding("number", found.page, name, *ends)
        else:
            yield Finding("working", found.page, name, *differing(found.text, wanted.text))
    elif with_strokes and found.strokes != wanted.strokes:
        yield Finding("drawn", found.page, name, value(found.text))
    if found.heard != wanted.heard:
        yield Finding("spoken", found.page, name, *differing(found.heard, wanted.heard))


def words(found: Printed, expected: Printed) -> Iterator[Finding]:
    """What differs in all else that is printed or read aloud, in reading order; then in the margins."""
    yield from texts(said(found), said(expected), "words")
    yield from texts(heard(found), heard(expected), "words spoken")
    yield from texts(found.margins, expected.margins, "words")


def ink(found: Printed, expected: Printed) -> Iterator[Finding]:
    """What is put over a page, and fonts whose letters look like others."""
    for page, kind in Counter(found.notes) - Counter(expected.notes):
        yield Finding("note", page, prints=kind)
    if len(found.painted) == len(expected.painted):
        more = [(a - b).total() for a, b in zip(found.painted, expected.painted, strict=True)]
        if sum(map(Counter.total, found.painted)) > sum(map(Counter.total, expected.painted)):
            yield Finding("painted", more.index(max(more)) + 1)
    ours = {face.name: face for face in expected.faces}
    for face in found.faces:
        same = ours.get(face.name)
        if same is not None and same.program != face.program:
            looks, should = face.outlines(), same.outlines()
            others = [code for code in sorted(face.used & same.used) if looks.get(code) != should.get(code)]
            if others:
                yield Finding("letters", 1, prints=" ".join(face.text(code) for code in others))


def named(printed: Printed) -> dict[str, Leaf]:
    """The leaves that show a cell; a place where nothing stands shows none."""
    return {leaf.id: leaf for leaf in printed.leaves if leaf.id and leaf.text}


def said(printed: Printed) -> list[tuple[int, str]]:
    """The text of all other leaves, with its page."""
    return [(leaf.page, leaf.text) for leaf in printed.leaves if not leaf.id and leaf.text]


def heard(printed: Printed) -> list[tuple[int, str]]:
    """What is read aloud in place of other leaves, with its page."""
    return [(leaf.page, leaf.heard) for leaf in printed.leaves if not leaf.id and leaf.heard]


def texts(found: Sequence[tuple[int, str]], wanted: Sequence[tuple[int, str]], kind: str) -> Iterator[Finding]:
    """What differs between two texts, part by part; where a part is cut by the end of a page does not matter."""
    a, b = [bare(text) for _, text in found], [bare(text) for _, text in wanted]
    for tag, i, j, k, n in SequenceMatcher(None, a, b).get_opcodes():
        if tag == "equal" or "".join(a[i:j]) == "".join(b[k:n]):
            continue
        for (page, text), (_, should) in zip(found[i:j], wanted[k:n], strict=False):
            if bare(text) != bare(should):
                yield Finding(kind, page, "", *differing(text, should))
        both = min(j - i, n - k)
        for page, text in found[i + both : j]:
            yield Finding("words added", page, prints=text)
        for page, text in wanted[k + both : n]:
            yield Finding("words missing", page, expected=text)


def bare(text: str) -> str:
    """A text without its spaces: lines may end elsewhere."""
    return "".join(text.split())


def value(text: str) -> str:
    """What a place says that its cell is: what stands behind the last = or ≈, without the remark in brackets."""
    relation = RELATION.search(text)
    last = text[relation.end() :] if relation else text
    return last.partition(" (")[0].strip() or text


def differing(found: str, wanted: str) -> tuple[str, str]:
    """The part in which two texts differ, with a little of what stands around it."""
    a, b = TOKEN.findall(found), TOKEN.findall(wanted)
    first = next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    rest = min(len(a), len(b)) - first
    last = next((n for n in range(rest) if a[-1 - n] != b[-1 - n]), rest)
    start, end = max(0, first - AROUND), max(0, last - AROUND)
    return "".join(a[start : len(a) - end]).strip(), "".join(b[start : len(b) - end]).strip()
