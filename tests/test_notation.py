"""How every kind of formula looks in every notation."""

from __future__ import annotations

from fractions import Fraction
from typing import get_args
from xml.etree import ElementTree

import pytest

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
    Every,
    Expr,
    Index,
    Is,
    IsNot,
    Join,
    Largest,
    Letter,
    Max,
    Mul,
    Named,
    Neg,
    Num,
    Piece,
    Pieces,
    Position,
    Pow,
    Ranked,
    Row,
    Same,
    Some,
    Sum,
    Tensor,
    exp,
    minus,
    num,
    position,
    sqrt,
    walk,
)  # fmt: skip
from tracer.layout.box import EMPTY, marks
from tracer.notation.latex import latex
from tracer.notation.mathml import mathml
from tracer.notation.plain import plain
from tracer.show import Signs, show

i, j, c = Index("i"), Index("j"), Index("c")
Q = Tensor("query", "Q", (Axis("i", 2, "query"), Axis("c", 3)))
S = Tensor("scores", "S", (Axis("i", 2), Axis("j", 3)))
W = Tensor("W_Q", "W_Q", (Axis("a", 2), Axis("c", 3)))
M = Tensor("mask", "M", (Axis("i", 2), Axis("j", 3)))
q = Tensor("query_norms", "‖q‖", (Axis("i", 2),))
theta = Tensor("cosines", "cos θ", (Axis("i", 2), Axis("j", 3)))
r = Tensor("relative", "r", (Axis("d", 3),))
O1, O2 = (Tensor(f"head{h}.outputs", "O", (Axis("i", 2), Axis("c", 2)), f"({h})") for h in (1, 2))
a, b = Letter("a"), Letter("b")
two, three, minus_two = num(2), num(3), num(-2)

EXAMPLES: list[tuple[Expr, str, str]] = [  # plain, LaTeX
    (two, "2", "2"),
    (minus_two, "−2", "-2"),
    (num(Fraction(1, 3)), "1/3", r"\frac{1}{3}"),
    (num(Fraction(-1, 3)), "−1/3", r"-\frac{1}{3}"),
    (Num(Fraction(1, 2), 3), "0.500", "0.500"),
    (Num(Fraction(-1, 20), 2), "−0.05", "-0.05"),
    (Constant("π"), "π", r"\pi"),
    (INFINITY, "∞", r"\infty"),
    (MINUS_INFINITY, "−∞", r"-\infty"),
    (a, "a", "a"),
    (Letter("x_1"), "x_1", "x_{1}"),
    (Letter("α"), "α", r"{\alpha}"),
    (Named("d_k", three), "d_k", "d_{k}"),
    (Q[i, c], "Q[i, c]", "Q_{ic}"),
    (Q[position(0), position(2)], "Q[1, 3]", "Q_{13}"),
    (Q[i, c + 2], "Q[i, c+2]", "Q_{i,c+2}"),
    (Q[i, 2 * c], "Q[i, 2c−1]", "Q_{i,2c-1}"),
    (Q[i, c - 1], "Q[i, c−1]", "Q_{i,c-1}"),
    (W[i, c], "W_Q[i, c]", "(W_{Q})_{ic}"),
    (q[i], "‖q[i]‖", r"\lVert q_{i} \rVert"),
    (theta[i, j], "cos θ[i, j]", r"\cos {\theta}_{ij}"),
    (O1[i, c], "O(1)[i, c]", "O^{(1)}_{ic}"),
    (Cell(Q, ()), "Q", "Q"),
    (Add((two, three)), "2 + 3", "2 + 3"),
    (Add((two, minus_two)), "2 + (−2)", r"2 + \left(-2\right)"),
    (Add((minus_two, two)), "−2 + 2", "-2 + 2"),
    (minus(two, three), "2 − 3", "2 - 3"),
    (minus(two, minus_two), "2 − (−2)", r"2 - \left(-2\right)"),
    (minus(two, Add((a, b))), "2 − (a + b)", r"2 - \left(a + b\right)"),
    (Neg(a), "−a", "-a"),
    (Neg(Add((a, b))), "−(a + b)", r"-\left(a + b\right)"),
    (Neg(Neg(a)), "−(−a)", r"-\left(-a\right)"),
    (Neg(minus_two), "−(−2)", r"-\left(-2\right)"),
    (Mul((two, three)), "2·3", r"2 \cdot 3"),
    (Mul((two, minus_two)), "2·(−2)", r"2 \cdot \left(-2\right)"),
    (Mul((minus_two, two)), "(−2)·2", r"\left(-2\right) \cdot 2"),
    (Mul((Add((a, b)), two)), "(a + b)·2", r"\left(a + b\right) \cdot 2"),
    (Mul((two, sqrt(two))), "2·√2", r"2\sqrt{2}"),
    (Mul((two, a)), "2·a", "2a"),
    (Mul((two, num(Fraction(1, 2)))), "2·1/2", r"2 \cdot \frac{1}{2}"),
    (Div(a, b), "a/b", r"\frac{a}{b}"),
    (Div(Add((a, b)), two), "(a + b)/2", r"\frac{a + b}{2}"),
    (Div(a, Mul((two, b))), "a/(2·b)", r"\frac{a}{2b}"),
    (Div(a, Div(b, two)), "a/(b/2)", r"\frac{a}{\frac{b}{2}}"),
    (Div(a, minus_two), "a/(−2)", r"\frac{a}{-2}"),
    (Neg(Div(sqrt(two), two)), "−√2/2", r"-\frac{\sqrt{2}}{2}"),
    (Pow(a, two), "a^2", "a^{2}"),
    (Pow(minus_two, two), "(−2)^2", r"\left(-2\right)^{2}"),
    (Pow(Add((a, b)), two), "(a + b)^2", r"\left(a + b\right)^{2}"),
    (Pow(num(Fraction(1, 2)), two), "(1/2)^2", r"\left(\frac{1}{2}\right)^{2}"),
    (Pow(Pow(a, b), two), "(a^b)^2", r"\left(a^{b}\right)^{2}"),
    (Pow(a, minus_two), "a^(−2)", "a^{-2}"),
    (sqrt(two), "√2", r"\sqrt{2}"),
    (sqrt(Add((a, b))), "√(a + b)", r"\sqrt{a + b}"),
    (sqrt(num(Fraction(1, 2))), "√(1/2)", r"\sqrt{\frac{1}{2}}"),
    (Pow(sqrt(two), two), "√2^2", r"\sqrt{2}^{2}"),
    (exp(two), "e^2", "e^{2}"),
    (exp(minus(a, b)), "e^(a − b)", "e^{a - b}"),
    (exp(minus_two), "e^(−2)", "e^{-2}"),
    (Call("ln", two), "ln(2)", r"\ln\left(2\right)"),
    (Call("tanh", a), "tanh(a)", r"\tanh\left(a\right)"),
    (Mul((three, Call("tanh", Div(a, three)))), "3·tanh(a/3)", r"3 \cdot \tanh\left(\frac{a}{3}\right)"),
    (Call("arccos", Div(a, b)), "arccos(a/b)", r"\arccos\left(\frac{a}{b}\right)"),
    (Sum("c", 3, Mul((Q[i, c], W[j, c]))), "Σ_c Q[i, c]·W_Q[j, c]", r"\sum_{c=1}^{3} Q_{ic}(W_{Q})_{jc}"),
    (Sum("c", 3, Add((a, b))), "Σ_c (a + b)", r"\sum_{c=1}^{3} \left(a + b\right)"),
    (Mul((two, Sum("c", 3, a))), "2·(Σ_c a)", r"2\left(\sum_{c=1}^{3} a\right)"),
    (Max("j", 3, S[i, j]), "max_j S[i, j]", r"\max_{j} S_{ij}"),
    (Largest((two, minus_two)), "max(2, −2)", r"\max\left(2, -2\right)"),
    (Largest((two, a, b), 2), "max_(2)(2, a, b)", r"\max_{(2)}\left(2, a, b\right)"),
    (Ranked(Index("k"), "j", 3, S[i, j]), "S[i, (k)]", "S_{i,(k)}"),
    (Sum("r", 3, Case(AtMost(Index("r"), Index("k")), S[i, Index("r")], ZERO)), "Σ_(r ≤ k) S[i, r]",
     r"\sum_{r=1}^{k} S_{ir}"),
    (Row((two, a)), "(2, a)", r"\left(2, a\right)"),
    (Case(AtMost(j, i), S[i, j], MINUS_INFINITY), "{S[i, j] if j ≤ i, −∞ otherwise}",
     r"\begin{cases}S_{ij} & \text{if } j \le i \\ -\infty & \text{otherwise}\end{cases}"),
    (Case(Is(M[i, j], ONE), a, ZERO), "{a if M[i, j] = 1, 0 otherwise}",
     r"\begin{cases}a & \text{if } M_{ij} = 1 \\ 0 & \text{otherwise}\end{cases}"),
    (Case(IsNot(S[i, j], MINUS_INFINITY), a, ZERO), "{a if S[i, j] ≠ −∞, 0 otherwise}",
     r"\begin{cases}a & \text{if } S_{ij} \ne -\infty \\ 0 & \text{otherwise}\end{cases}"),
    (Case(AtMost(j, i + 2), a, b), "{a if j ≤ i + 2, b otherwise}",
     r"\begin{cases}a & \text{if } j \le i + 2 \\ b & \text{otherwise}\end{cases}"),
    (Case(Every((AtMost(i - 1, j), AtMost(j, i + 1))), a, b), "{a if i − 1 ≤ j ≤ i + 1, b otherwise}",
     r"\begin{cases}a & \text{if } i - 1 \le j \le i + 1 \\ b & \text{otherwise}\end{cases}"),
    (Case(Every((AtMost(j, i), AtMost(i - 2, j))), a, b), "{a if j ≤ i, i − 2 ≤ j, b otherwise}",
     r"\begin{cases}a & \text{if } j \le i, i - 2 \le j \\ b & \text{otherwise}\end{cases}"),
    (Pieces("c", (Piece(Index("t", 2), 2, a), Piece(Index("t", 2, 1), 2, b))), "{a if c = 2t − 1, b if c = 2t}",
     r"\begin{cases}a & \text{if } c = 2t - 1 \\ b & \text{if } c = 2t\end{cases}"),
    (Mul((a, Position(i - 1))), "a·(i − 1)", r"a\left(i - 1\right)"),
    (Case(Same(j, i + 1), a, b), "{a if j = i + 1, b otherwise}",
     r"\begin{cases}a & \text{if } j = i + 1 \\ b & \text{otherwise}\end{cases}"),
    (r[Index("j", 1, 1, "i")], "r[j−i+2]", "r_{j-i+2}"),
    (Call("sin", Mul((two, a))), "sin(2·a)", r"\sin\left(2a\right)"),
    (Join("c", (O1[i, c], O2[i, c])), "[O(1) | O(2)]", r"\left[O^{(1)} \mid O^{(2)}\right]"),
    (Join("i", (O1[i, c], O2[i, c])), "[O(1); O(2)]", r"\begin{bmatrix}O^{(1)} \\ O^{(2)}\end{bmatrix}"),
    (Case(Some("j", 2, Is(M[i, j], ONE)), a, ZERO), "{a if M[i, j] = 1 for some j ≤ 2, 0 otherwise}",
     r"\begin{cases}a & \text{if } M_{ij} = 1 \text{ for some } j \le 2 \\ 0 & \text{otherwise}\end{cases}"),
]  # fmt: skip


@pytest.mark.parametrize(("expr", "text", "_"), EXAMPLES)
def test_plain(expr: Expr, text: str, _: str) -> None:
    """One line of text, with brackets round negative numbers behind a sign."""
    assert show(expr, plain) == text


@pytest.mark.parametrize(("expr", "_", "source"), EXAMPLES)
def test_latex(expr: Expr, _: str, source: str) -> None:
    """Math-mode source for pdflatex and MathJax, its braces balanced."""
    assert show(expr, latex) == source
    assert source.count("{") == source.count("}")


@pytest.mark.parametrize("expr", [expr for expr, *_ in EXAMPLES])
def test_mathml_is_well_formed(expr: Expr) -> None:
    """Presentation MathML: well-formed XML, with as many children as each element needs."""
    root = ElementTree.fromstring(f"<math>{show(expr, mathml)}</math>")
    children = {"mfrac": 2, "msup": 2, "msub": 2, "msubsup": 3, "munder": 2, "munderover": 3, "mover": 2}
    for element in root.iter():
        if element.tag in children:
            assert len(element) == children[element.tag], ElementTree.tostring(element)
        if element.tag in ("mi", "mn", "mo", "mtext"):
            assert element.text


MATHML: list[tuple[Expr, str]] = [
    (minus_two, '<mrow><mo form="prefix">−</mo><mn>2</mn></mrow>'),
    (num(Fraction(1, 3)), "<mfrac><mn>1</mn><mn>3</mn></mfrac>"),
    (sqrt(two), '<msqrt class="low"><mn>2</mn></msqrt>'),
    (exp(a), "<msup><mi>e</mi><mi>a</mi></msup>"),
    (Letter("Z′"), "<mi>𝑍′</mi>"),
    (Named("d_k", three), "<msub><mi>d</mi><mi>k</mi></msub>"),
]


@pytest.mark.parametrize(("expr", "source"), MATHML)
def test_mathml(expr: Expr, source: str) -> None:
    """The elements that a browser draws and a screen reader speaks."""
    assert show(expr, mathml) == source


@pytest.mark.parametrize("expr", [expr for expr, *_ in EXAMPLES])
def test_boxes(expr: Expr) -> None:
    """A formula laid out for the PDF has a width, and ink."""
    from tracer.layout.font import math_font
    from tracer.notation.boxes import Boxes

    box = show(expr, Boxes(math_font(), Signs(), others=lambda text: EMPTY))
    assert box.width > 0
    assert box.total > 0
    assert marks(box)


def test_every_kind_of_expression_is_among_the_examples() -> None:
    """No node of `expr.py` is without its row."""
    seen = {type(node) for expr, *_ in EXAMPLES for node in walk(expr)}
    assert seen == set(get_args(Expr))


@pytest.mark.parametrize("name", ["<script>", "&", '"'])
def test_a_letter_never_becomes_markup(name: str) -> None:
    """House symbols and letters are text: <, & and quotes are escaped where the notation is markup."""
    tensor = Tensor("weights", name, (Axis("i", 1),))
    for expr in (Letter(name), tensor[i]):
        assert ElementTree.fromstring(f"<math>{show(expr, mathml)}</math>") is not None
