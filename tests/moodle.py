"""How Moodle reads a file of questions and gives marks, written from its documentation and from its behaviour.

A box is {points:TYPE:answer~answer…}; an answer is a share (%50% or =), its text, and # with what is said. What was
typed belongs to the first answer that holds it. A number holds all within its tolerance, compared as doubles with a
little allowance. Nothing in here knows how tracer writes such a file.

Source: https://docs.moodle.org/405/en/Embedded_Answers_(Cloze)_question_type; qtype_multianswer_extract_question and
qtype_numerical_answer::get_tolerance_interval in Moodle 4.5.
"""

from __future__ import annotations

import html
import re
from fnmatch import fnmatchcase
from typing import NamedTuple

from lxml import etree

ALLOWANCE = 1e-14  # PHP's precision, of which there are 14 digits
UNQUOTED = r"(?<!\\)"
SHARE = r"(?P<share>=|%(?P<percent>-?\d+(?:[.,]\d*)?)%)?"
ANSWER = rf"(?P<answer>.+?{UNQUOTED}(?<!&)(?<!&amp;)(?=[~#}}]|$))"
SAYS = rf"(?:\#(?P<says>.*?{UNQUOTED}(?=[~}}]|$)))?"
ONE = re.compile(f"~?{SHARE}{ANSWER}{SAYS}", re.DOTALL)
PLAIN = re.sub(r"\?P<\w+>", "?:", f"{SHARE}{ANSWER}{SAYS}")
BOX = re.compile(rf"\{{(\d*):(NUMERICAL|NM|SHORTANSWER|SA|MW):({PLAIN}(?:~{PLAIN})*)\}}", re.DOTALL)
NUMBER = r"-?(?:\d+[.,]?\d*|[.,]\d+)(?:[eE][-+]?\d+)?"
WITH_TOLERANCE = re.compile(rf"({NUMBER})(?::({NUMBER}))?")


class Answer(NamedTuple):
    """One answer of a box."""

    share: float
    text: str
    tolerance: float | None
    says: str

    def holds(self, typed: str) -> bool:
        """Whether this is what was typed."""
        if self.tolerance is None:
            return fnmatchcase(typed.strip().casefold(), self.text.casefold().replace("[", "[[]"))
        try:
            value, middle = float(typed), float(self.text)
        except ValueError:
            return False
        reach = self.tolerance + ALLOWANCE * max(self.tolerance, abs(middle), ALLOWANCE)
        return middle - reach <= value <= middle + reach


class Box(NamedTuple):
    """A box of a question."""

    points: int
    answers: tuple[Answer, ...]

    def mark(self, typed: str) -> tuple[float, str]:
        """The share of the points that is earned, and what is said."""
        return next(((one.share, one.says) for one in self.answers if one.holds(typed)), (0.0, ""))


class Question(NamedTuple):
    """A question: its text with {#1}, {#2}, … where the boxes were."""

    name: str
    text: str
    boxes: tuple[Box, ...]
    code: str


def read(content: bytes) -> tuple[str, list[Question]]:
    """The category of a file, and its questions."""
    quiz = etree.fromstring(content)
    assert quiz.tag == "quiz"
    category, *questions = quiz
    assert category.get("type") == "category"
    return category.findtext("category/text"), [_question(one) for one in questions]


def _question(one: etree._Element) -> Question:
    assert one.get("type") == "cloze"
    assert one.find("questiontext").get("format") == "html"
    text, boxes = one.findtext("questiontext/text"), []
    while match := BOX.search(text):
        boxes.append(_box(match))
        text = text.replace(match[0], f"{{#{len(boxes)}}}", 1)
    return Question(one.findtext("name/text"), text, tuple(boxes), one.findtext("idnumber"))


def _box(match: re.Match[str]) -> Box:
    answers, rest = [], match[3]
    while rest:
        found = ONE.match(rest)
        assert found, rest
        answers.append(_answer(found, is_number=match[2] in ("NUMERICAL", "NM")))
        rest = rest[found.end() :]
    assert any(one.share == 1 for one in answers), "a box that nobody can get right is not imported"
    return Box(int(match[1] or 1), tuple(answers))


def _answer(found: re.Match[str], *, is_number: bool) -> Answer:
    share = 1.0 if found["share"] == "=" else float((found["percent"] or "0").replace(",", ".")) / 100
    says = html.unescape(found["says"] or "").replace(r"\}", "}").replace(r"\#", "#")
    if not is_number:
        return Answer(share, html.unescape(found["answer"]).replace(r"\}", "}").replace(r"\#", "#"), None, says)
    number = WITH_TOLERANCE.fullmatch(found["answer"])
    assert number, f"{found['answer']} is no number"
    return Answer(share, number[1], float(number[2] or 0), says)
