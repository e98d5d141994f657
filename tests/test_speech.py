"""How formulas are read aloud, in English and in German."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from test_notation import EXAMPLES as EVERY_NODE
from test_notation import O1, O2, Q, W, a, b, c, i, j, minus_two, q, theta, three, two

import tracer
from tracer.document import Card, Chain, Checks, Document, Equation, Grid, Heading, Math, Text, flat
from tracer.expr import (
    INFINITY,
    MINUS_INFINITY,
    ONE,
    ZERO,
    Add,
    AtMost,
    Axis,
    Call,
    Case,
    Cell,
    Constant,
    Div,
    Expr,
    Index,
    IsNot,
    Join,
    Largest,
    Letter,
    Max,
    Mul,
    Named,
    Neg,
    Num,
    Pow,
    Ranked,
    Row,
    Sum,
    Tensor,
    children,
    exp,
    num,
    position,
    sqrt,
    square,
)
from tracer.notation.speech import Speech
from tracer.pages.solution import only, solution
from tracer.show import digits, show
from tracer.spoken import Spoken
from tracer.style import Style

ROOT = Path(__file__).parent.parent
GOLDEN = Path(__file__).parent / "golden"
PROBLEMS = sorted((ROOT / "examples").glob("*/*.toml"))
LABELS = {"query": ("apple", "pear"), "key": ("orange", "plum", "fig")}
ENGLISH, GERMAN = (Speech(style.signs, style.language, LABELS) for style in (Style(), Style("de")))

scores = Tensor("scores", "S", (Axis("i", 2, "query"), Axis("j", 3, "key")))
weights = Tensor("pass2.head3.weights", "A", (Axis("i", 2, "query"), Axis("j", 3, "key")), "⟨2⟩(3)")
given = Tensor("head2.W_Q", "W_Q", (Axis("a", 2), Axis("c", 3)), "(2)")
bias = Tensor("b_Q", "b_Q", (Axis("c", 3),))
brought = Tensor("row2.contributions", "C_2", (Axis("j", 3, "key"), Axis("c", 2)))
K = Tensor("key", "K", (Axis("j", 3, "key"), Axis("c", 3)))
half, first, second = num(Fraction(1, 2)), position(0), position(1)

EXAMPLES: list[tuple[Expr, str, str]] = [  # English, German
    (Num(Fraction(15, 2), 2), "7.50", "7,50"),
    (minus_two, "minus 2", "minus 2"),
    (half, "the fraction 1 over 2", "Bruch 1 durch 2"),
    (INFINITY, "infinity", "unendlich"),
    (Constant("π"), "pi", "Pi"),
    (Letter("x_1"), "x sub 1", "x Index 1"),
    (sqrt(Named("d_k", three)), "the square root of d sub k", "Wurzel aus d Index k"),
    # numbers of the pass, by whom they belong to
    (scores[first, second], "score of apple with plum", "Score von apple mit plum"),
    (scores[i, j], "score of i with j", "Score von i mit j"),
    (Cell(scores, ()), "S", "S"),
    (Q[first, second], "coordinate 2 of the query of apple", "Koordinate 2 der Query von apple"),
    (weights[second, first], "weight of pear on orange in head 3 of pass 2",
     "Gewicht von pear auf orange in Kopf 3 von Durchgang 2"),
    (given[first, second], "row 1, column 2 of W sub Q in head 2", "Zeile 1, Spalte 2 von W Index Q in Kopf 2"),
    (bias[c], "entry c of b sub Q", "Eintrag c von b Index Q"),
    (brought[first, second], "coordinate 2 of the contribution of orange to pear",
     "Koordinate 2 des Beitrags von orange zu pear"),
    (Cell(q, ()), "the vector of the lengths of the queries", "Vektor der Längen der Queries"),
    (theta[i, j], "cosine of i with j", "Kosinus von i mit j"),
    # sums, products and brackets
    (Add((two, minus_two)), "2 plus minus 2", "2 plus minus 2"),
    (Add((a, Neg(b))), "a minus b", "a minus b"),
    (Add((a, Neg(Add((a, b))))), "a minus open bracket a plus b close bracket", "a minus Klammer auf a plus b Klammer zu"),
    (Mul((two, minus_two)), "2 times minus 2", "2 mal minus 2"),
    (Mul((two, Add((a, b)))), "2 times open bracket a plus b close bracket", "2 mal Klammer auf a plus b Klammer zu"),
    (Mul((Num(Fraction(203, 100), 2), square(a))), "2.03 times a squared", "2,03 mal a zum Quadrat"),
    # fractions, roots, powers: their ends can be heard
    (Div(Mul((three, sqrt(two))), two), "start fraction 3 times the square root of 2 over 2 end fraction",
     "Anfang Bruch 3 mal Wurzel aus 2 durch 2 Ende Bruch"),
    (Div(half, Add((a, b))), "start fraction the fraction 1 over 2 over a plus b end fraction",
     "Anfang Bruch Bruch 1 durch 2 durch a plus b Ende Bruch"),
    (sqrt(Add((a, b))), "the square root of open bracket a plus b close bracket",
     "Wurzel aus Klammer auf a plus b Klammer zu"),
    (square(minus_two), "open bracket minus 2 close bracket squared", "Klammer auf minus 2 Klammer zu zum Quadrat"),
    (Neg(square(a)), "minus a squared", "minus a zum Quadrat"),
    (square(Q[i, c]), "the square of coordinate c of the query of i", "Quadrat von Koordinate c der Query von i"),
    (Pow(num(10), minus_two), "10 to the power of minus 2", "10 hoch minus 2"),
    (exp(Div(sqrt(two), two)), "e to the power of start fraction the square root of 2 over 2 end fraction",
     "e hoch Anfang Bruch Wurzel aus 2 durch 2 Ende Bruch"),
    (exp(Add((a, Neg(b)))), "e to the power of open bracket a minus b close bracket",
     "e hoch Klammer auf a minus b Klammer zu"),
    (Call("ln", three), "the natural logarithm of 3", "natürlicher Logarithmus von 3"),
    (Mul((three, Call("tanh", Div(a, three)))), "3 times the hyperbolic tangent of the fraction a over 3",
     "3 mal Tangens hyperbolicus von Bruch a durch 3"),
    (Call("arccos", theta[i, j]), "the arc cosine of cosine of i with j", "Arkuskosinus von Kosinus von i mit j"),
    (Call("abs", minus_two), "the absolute value of minus 2", "Betrag von minus 2"),
    # sums with limits, vectors, cases, whole matrices
    (Sum("c", 3, Mul((Q[i, c], K[j, c]))),
     "the sum over c from 1 to 3 of coordinate c of the query of i times coordinate c of the key of j",
     "Summe über c von 1 bis 3 von Koordinate c der Query von i mal Koordinate c des Keys von j"),
    (Max("j", 3, scores[first, j]), "the largest over j from 1 to 3 of score of apple with j",
     "Maximum über j von 1 bis 3 von Score von apple mit j"),
    (Largest((two, minus_two)), "the largest of 2, minus 2", "Maximum von 2; minus 2"),
    (Largest((two, minus_two), 2), "number 2 by size of 2, minus 2", "Nummer 2 der Größe nach von 2; minus 2"),
    (Ranked(Index("k"), "j", 3, scores[first, j]), "score of apple with rank k", "Score von apple mit Rang k"),
    (Sum("r", 3, Case(AtMost(Index("r"), Index("k")), scores[first, Index("r")], ZERO)),
     "the sum over r from 1 to k of score of apple with r", "Summe über r von 1 bis k von Score von apple mit r"),
    (Row((Num(Fraction(57, 50), 2), two)), "the vector 1.14, 2", "Vektor 1,14; 2"),
    (Case(AtMost(j, i + 2), scores[i, j], MINUS_INFINITY),
     "score of i with j if j is at most i plus 2, otherwise minus infinity",
     "Score von i mit j, falls j kleiner gleich i plus 2, sonst minus unendlich"),
    (Case(IsNot(scores[i, j], MINUS_INFINITY), ONE, ZERO), "1 if score of i with j is not minus infinity, otherwise 0",
     "1, falls Score von i mit j ungleich minus unendlich, sonst 0"),
    (Mul((Cell(Q, ()), Pow(Cell(W, ()), Constant("⊤")))), "Q times W sub Q transposed", "Q mal W Index Q transponiert"),
    (Join("c", (O1[i, c], O2[i, c])), "O in head 1 next to O in head 2", "O in Kopf 1 neben O in Kopf 2"),
    (Add((two, Constant("…"), three)), "2 plus and so on plus 3", "2 plus und so weiter plus 3"),
]  # fmt: skip


@pytest.mark.parametrize(("expr", "english", "german"), EXAMPLES)
def test_formulas_are_read_aloud(expr: Expr, english: str, german: str) -> None:
    """Names instead of letters, words instead of signs, and the end of whatever the eye sees by its place."""
    assert show(expr, ENGLISH) == english
    assert show(expr, GERMAN) == german


@pytest.mark.parametrize("expr", [expr for expr, *_ in EVERY_NODE])
def test_every_node_is_spoken_in_words(expr: Expr) -> None:
    """Letters, digits, a decimal sign and pauses: nothing that a screen reader spells out or leaves away."""
    for speech in (ENGLISH, GERMAN):
        assert re.fullmatch(r"[\w ,;.]+", show(expr, speech))


def test_the_issue_s_sentence() -> None:
    """The score of apple with orange, from its name to its value."""
    links = (("=", Add((Mul((two, ZERO)), Mul((two, three))))), ("=", num(6)))
    chain = Chain(scores[first, first], links)
    for lang, said in (
        ("en", "score of apple with orange equals 2 times 0 plus 2 times 3, equals 6"),
        ("de", "Score von apple mit orange gleich 2 mal 0 plus 2 mal 3, gleich 6"),
    ):
        assert Spoken(Document("", (), style=Style(lang), labels=LABELS)).chain(chain) == said


def test_blocks_are_read_aloud() -> None:
    """Equation, unit and remark of a worked number, a part of a matrix with its labels, a vector."""
    spoken = Spoken(Document("", (), labels=LABELS))
    S_, D = Cell(scores, ()), Cell(Tensor("row_sums", "D", (Axis("i", 2, "query"),)), ())
    product = (("", S_), ("=", Mul((Cell(Q, ()), Cell(K, ())))), (", that is", scores[i, j]), ("=", a), ("=", b))
    assert spoken.equation(Equation(product)) == "S equals Q times K, that is score of i with j equals a, equals b"
    chain = Chain(theta[i, j], (("≈", num(45)),), ("by hand ", Math(num(44))), unit="°")
    assert spoken.chain(chain) == "cosine of i with j is approximately 45 degrees, by hand 44"
    rows = ((two, three, "undefined"), (a, b, half))
    grid = Grid(S_, "≈", LABELS["query"], LABELS["key"], rows)
    assert spoken.grid(grid, range(2), range(1, 3)) == (
        "S is approximately the matrix with columns plum, fig: row apple: 3, undefined; row pear: b, the fraction 1 over 2"
    )
    assert spoken.grid(Grid(D, "=", LABELS["query"], ("",), ((two,), (three,))), range(2), range(1)) == (
        "D equals: row apple: 2; row pear: 3"
    )


def numbers(expr: Expr) -> list[str]:
    """The numbers of a formula from left to right, as they are written; a square is spoken in a word."""
    if isinstance(expr, Num):
        value = abs(expr.value)
        if expr.places is not None:
            return [digits(value, expr.places)]
        return str(value).split("/")
    if isinstance(expr, Named) or expr == exp(two):
        return []
    if isinstance(expr, Sum) and isinstance(expr.body, Case) and isinstance(expr.body.when, AtMost):
        return numbers(expr.body.then)  # its last index stands above the sign
    parts = children(expr)[:1] if isinstance(expr, Pow) and expr.exponent == two else children(expr)
    return [number for part in parts for number in numbers(part)]


@pytest.mark.parametrize("path", PROBLEMS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_the_numbers_of_a_formula_are_spoken_in_order(path: Path) -> None:
    """Every number of every worked line of every example is said, in the order in which it stands there."""
    document = solution(tracer.solve(tracer.load(path)))
    spoken = Spoken(document)
    for block in flat(document.blocks):
        if isinstance(block, Chain):
            said = iter(re.findall(r"\d+(?:\.\d+)?", spoken.chain(block)))
            for _, expr in block.links:
                for number in numbers(expr):
                    assert number in said, (number, spoken.chain(block))  # `in` moves on behind what it finds


def aloud(document: Document) -> str:
    """A whole page as it is heard."""
    spoken, said = Spoken(document), [document.title]
    for block in flat(document.blocks):
        match block:
            case Heading(text):
                said.append(f"\n{text}")
            case Text(line):
                said.append(spoken.line(line))
            case Equation(_, remark):
                said += [spoken.equation(block), *([spoken.line(remark)] if remark else [])]
            case Chain():
                said.append(spoken.chain(block))
            case Grid(_, _, rows, columns, _, remark):
                said += [spoken.line(remark)] if remark else []
                said.append(spoken.grid(block, range(len(rows)), range(len(columns))))
            case Card(title, entries):
                said += [f"\n{title}", *(f"{key}: {spoken.line(line)}" for key, line in entries)]
            case Checks(entries):
                said += [spoken.line(line) for _, line in entries]
    return "\n".join(said) + "\n"


@pytest.mark.parametrize("lang", ["en", "de"])
def test_a_page_read_aloud_is_the_golden_one(lang: str) -> None:
    """Apple next to an orange, the row of apple worked, word for word. TRACER_GOLDEN=write writes it anew."""
    problem = tracer.load(ROOT / "examples/apple-and-orange/problem.toml")
    paper = replace(problem.paper, style=replace(problem.paper.style, lang=lang))
    said = aloud(solution(tracer.solve(replace(problem, paper=paper)), only(1)))
    golden = GOLDEN / f"apple-and-orange-aloud.{lang}.txt"
    if os.environ.get("TRACER_GOLDEN") == "write":
        golden.write_text(said, "utf-8")
    assert said == golden.read_text("utf-8")
