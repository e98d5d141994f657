r"""Moodle XML: a category, and in it one cloze question for each sheet.

    {1:NUMERICAL:%100%0.43:0.005~%50%0.415:0.01#Nearly …~%0%0.5:0.005#It looks as if …}

Moodle takes the first answer whose number ± tolerance holds what was typed. Formulas are TeX between \( and \), which
the MathJax filter of every new Moodle site renders, in its app too; the same filter passes MathML by, and the editor
may drop it.

Source: question/type/multianswer/questiontype.php and question/type/numerical/question.php of Moodle 4.5.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from tracer.document import Blank
from tracer.notation.latex import Latex
from tracer.page import written
from tracer.quizzes import quizzes
from tracer.quizzes.gaps import Gap, Response, decimal
from tracer.quizzes.question import UNSEEN, Formulas, Question, body, questions
from tracer.worksheet import Worksheet

SPECIAL = re.compile(r'[&~}{#\\"/=%]')  # what a cloze answer or its feedback could end at, or begin anew
OPENING = re.compile(r"\{(?=\d*:|#)")  # what Moodle would take for a box of its own


@quizzes.register(".moodle.xml")
def moodle(sheets: Sequence[Worksheet], title: str) -> bytes:
    """The sheets as cloze questions in one category, for “Question bank › Import › Moodle XML format”."""
    asked = questions(sheets, title)
    entries = [(question, _text(question), _tags(question)) for question in asked]
    values = {"category": title.replace("/", "//"), "entries": entries}
    return UNSEEN.sub("□", written("quizzes/moodle.xml.j2", asked[0].page.style, values)).encode()


def _tags(question: Question) -> list[str]:
    return ["attention", *dict.fromkeys(question.sheet.trace[id_].name for id_ in question.sheet.asked)]


def _text(question: Question) -> str:
    """The question as it stands in a CDATA section. Boxes come last: no other brace may open one."""
    order: list[Blank] = []

    def place(blank: Blank) -> str:
        order.append(blank)
        return f"\x00{len(order) - 1}\x00"

    tex = Formulas(Latex(question.page.style.signs), lambda text: rf"\({escape(text.strip(), quote=False)}\)")
    parts = body(question, tex, place).split("\x00")
    texts = [OPENING.sub("&#123;", part) for part in parts[::2]]
    boxes = [cloze(question.gaps[order[int(n)].id]) for n in parts[1::2]]
    return "".join(text + box for text, box in zip(texts, [*boxes, ""], strict=True)).replace("]]>", "]]&gt;")


def cloze(gap: Gap) -> str:
    """A box as Moodle writes it."""
    if not gap.responses:
        return f"{{0:SHORTANSWER:%100%{quoted(gap.right)}~%100%*}}"
    return f"{{{gap.points}:NUMERICAL:{'~'.join(_answer(one, gap.places + 1) for one in gap.responses)}}}"


def _answer(one: Response, places: int) -> str:
    """An answer and its tolerance: the middle of the range, and half its width, exactly."""
    middle, tolerance = (one.low + one.high) / 2, (one.high - one.low) / 2
    says = f"#{quoted(escape(one.says, quote=False))}" if one.says else ""
    return f"%{int(one.share * 100)}%{decimal(middle, places)}:{decimal(tolerance, places)}{says}"


def quoted(text: str) -> str:
    """A text inside a box, each special sign as an entity, which Moodle decodes."""
    return SPECIAL.sub(lambda sign: "&amp;" if sign[0] == "&" else f"&#{ord(sign[0])};", text)
