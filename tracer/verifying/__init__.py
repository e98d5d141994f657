"""Whether a printed page still stands: its problem, which it carries inside, is worked anew, and each number compared.

printed.py      what the file really prints, place by place
content.py      the content of its pages, sign by sign
faces.py        what its glyphs say that they are, and what they look like
comparing.py    beside the same page made anew by this version
certifying.py   of another version's page, each number beside the certified value of its cell
finding.py      what does not stand
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from tracer import __version__, handout, pages
from tracer.errors import HandoutError, ProblemError
from tracer.formats.pdf import pdf
from tracer.handout import Handout
from tracer.style import Style
from tracer.verifying.certifying import certified
from tracer.verifying.comparing import ink, named, numbers, words
from tracer.verifying.finding import Finding
from tracer.verifying.printed import Printed, of_bytes, of_file

OWN = "it was made in a house's own style; with that style (--style) its words and its look are compared too"
OTHER = "it was made by tracer {made}, and this is {here}: results are compared, not words and formulas"

__all__ = ["Finding", "Verification", "verify"]


@dataclass(frozen=True, slots=True)
class Verification:
    """What became of a printed page: by which version it was made, how many numbers were compared, what does not stand.

    `remarks` say what could not be compared.
    """

    version: str
    numbers: int
    findings: tuple[Finding, ...]
    remarks: tuple[str, ...]

    @property
    def stands(self) -> bool:
        """Whether everything that was compared stands."""
        return not self.findings


def verify(path: str | Path, style: Style | None = None) -> Verification:
    """Whether every number that a PDF prints still stands; `style` has the house's own style sheet and templates.

    Raises `HandoutError` where the file is no whole, open PDF, or has no problem inside.
    """
    found = of_file(path)
    carried = _carried(found)
    if carried.version != __version__:
        return _of_another_version(found, carried)
    if carried.is_own and style is not None:
        paper = carried.problem.paper
        own = replace(paper.style, css=style.css, templates=style.templates)
        problem = replace(carried.problem, paper=replace(paper, style=own))
        carried = replace(carried, problem=problem, is_own=False)
    return _of_this_version(found, carried)


def _carried(found: Printed) -> Handout:
    if handout.PAGE not in found.attached or handout.PROBLEM not in found.attached:
        raise HandoutError("has no problem inside; expected a worked solution or a key that tracer made")
    try:
        return handout.found(found.attached)
    except ProblemError as error:
        raise HandoutError(f"the problem inside it cannot be read: {error}") from None


def _of_this_version(found: Printed, carried: Handout) -> Verification:
    for module in iter_modules(pages.__path__):
        import_module(f"tracer.pages.{module.name}")
    try:
        document = handout.made_again(carried)
    except ProblemError as error:
        raise HandoutError(f"the problem inside it cannot be worked: {error}") from None
    expected = of_bytes(pdf(document))
    findings = [*numbers(found, expected, with_strokes=not carried.is_own)]
    if carried.is_own:
        return Verification(carried.version, len(named(expected)), tuple(findings), (OWN,))
    findings += [*words(found, expected), *ink(found, expected)]
    findings.sort(key=lambda finding: finding.page)
    return Verification(carried.version, len(named(expected)), tuple(findings), ())


def _of_another_version(found: Printed, carried: Handout) -> Verification:
    try:
        trace = handout.worked(carried)
    except ProblemError as error:
        raise HandoutError(f"the problem inside it cannot be worked: {error}") from None
    judged = [one for one in certified(found, trace) if one is None or one.kind != "sign" or carried.page != "key"]
    remark = OTHER.format(made=carried.version, here=__version__)
    return Verification(carried.version, len(judged), tuple(one for one in judged if one), (remark,))
