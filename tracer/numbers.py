"""Reads a number as people write it: 3/4, 0,5, √2/2, −1, 12 %, 2e-3, ln 2, e^(1/2), a, x_1.

The reader is a small recursive descent over a token list. Nothing is ever run as code, and a decimal
is exact as written: 0.1 is one tenth, and remembers its one place.
"""

from __future__ import annotations

import re
from fractions import Fraction

from tracer.expr import INFINITY, Add, Call, Constant, Div, Expr, Letter, Mul, Neg, Num, Pow

MAX_CHARACTERS = 100
MAX_EXPONENT = 400
MAX_DEPTH = 20

FUNCTIONS = {"sqrt": "sqrt", "ln": "ln", "log": "ln", "exp": "exp", "tanh": "tanh", "sin": "sin", "cos": "cos"}
WORDS = {
    "e": Constant("e"),
    "pi": Constant("π"),
    "π": Constant("π"),
    "inf": INFINITY,
    "infinity": INFINITY,
    "∞": INFINITY,
}
SAME = str.maketrans({
    "−": "-", "–": "-", "⋅": "·", "*": "·", "×": "·", "∕": "/", "÷": "/", "\u00a0": " ", "\u202f": " ", "\u2009": " ",
})  # fmt: skip
TOKEN = re.compile(
    r"(?P<number>(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d+)?)"
    r"|(?P<word>[^\W\d_]+(?:_[A-Za-z0-9]+)?|∞)"
    r"|(?P<sign>[-+·/^()√%])"
    r"|(?P<space>\s+)"
)


class Unreadable(ValueError):
    """The text is no number; says why."""


def read(raw: int | str) -> Expr:
    """The exact number a text or integer stands for, as an expression.

    >>> from tracer.notation.plain import plain
    >>> from tracer.show import show
    >>> [show(read(text), plain) for text in ("-√2/2", "0,5", "12 %")]
    ['−√2/2', '0.5', '0.12']

    Raises `Unreadable` with the reason.
    """
    if isinstance(raw, int):
        if abs(raw) >= 10**MAX_CHARACTERS:
            raise Unreadable(f"has more than {MAX_CHARACTERS} digits")
        return Num(Fraction(raw))
    if len(raw) > MAX_CHARACTERS:
        raise Unreadable(f"is longer than {MAX_CHARACTERS} characters")
    return _Reader(raw).read()


def decimal(text: str) -> Num:
    """A decimal as written: its value, and how many places it was written with."""
    mantissa, _, exponent = text.replace(",", ".").lower().partition("e")
    if abs(int(exponent or 0)) > MAX_EXPONENT:
        raise Unreadable(f"has an exponent beyond ±{MAX_EXPONENT}")
    whole, point, decimals = mantissa.partition(".")
    places = len(decimals) - int(exponent or 0)
    value = Fraction(int(whole + decimals or "0")) / Fraction(10) ** places
    return Num(value, max(places, 0) if point or places > 0 else None)


class _Reader:
    """expression := term (± term)*     term := factor ((· | /)? factor)*     factor := − factor | atom (^ factor)?"""

    def __init__(self, text: str) -> None:
        self.tokens = list(self._tokens(text.translate(SAME)))
        self.depth = 0

    @staticmethod
    def _tokens(text: str) -> list[tuple[str, str]]:
        found, at = [], 0
        while at < len(text):
            match = TOKEN.match(text, at)
            if match is None:
                raise Unreadable(f"has “{text[at]}” in it, which is no part of a number")
            if match.lastgroup != "space":
                found.append((match.lastgroup or "", match.group()))
            at = match.end()
        return found

    def read(self) -> Expr:
        if not self.tokens:
            raise Unreadable("is empty")
        value = self.expression()
        if self.tokens:
            raise Unreadable(f"goes on after the number, with “{self.tokens[0][1]}”")
        return value

    def take(self, *signs: str) -> str | None:
        if self.tokens and self.tokens[0][1] in signs:
            return self.tokens.pop(0)[1]
        return None

    def expression(self) -> Expr:
        terms = [self.term()]
        while sign := self.take("+", "-"):
            term = self.term()
            terms.append(term if sign == "+" else Neg(term))
        return terms[0] if len(terms) == 1 else Add(tuple(terms))

    def term(self) -> Expr:
        value = self.factor()
        while self.tokens and self.tokens[0][1] not in ("+", "-", ")"):
            if self.take("/"):
                value = quotient(value, self.factor())
            elif self.take("·") or self.tokens[0][0] != "number":  # 2√2 and 2a are products, 1 000 is a slip
                value = Mul((value, self.factor()))
            else:
                raise Unreadable(f"has the number {self.tokens[0][1]} right behind another; write 1000, 3/2 or 2·3")
        return value

    def factor(self) -> Expr:
        if self.take("-"):
            body = self.factor()
            return Num(-body.value, body.places) if isinstance(body, Num) else Neg(body)
        if self.take("+"):
            return self.factor()
        base = self.atom()
        if not self.take("^"):
            return base
        exponent = self.factor()
        return Call("exp", exponent) if base == Constant("e") else Pow(base, exponent)

    def atom(self) -> Expr:
        if not self.tokens:
            raise Unreadable("stops where a number should follow")
        kind, text = self.tokens.pop(0)
        if kind == "number":
            return self.percent(decimal(text))
        if text == "√":
            return Call("sqrt", self.atom())
        if text == "(":
            return self.brackets()
        if kind == "word":
            return self.word(text)
        raise Unreadable(f"has “{text}” where a number should stand")

    def percent(self, number: Num) -> Num:
        if not self.take("%"):
            return number
        return Num(number.value / 100, (number.places or 0) + 2)

    def brackets(self) -> Expr:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise Unreadable(f"has more than {MAX_DEPTH} brackets inside each other")
        value = self.expression()
        if not self.take(")"):
            raise Unreadable("opens a bracket that it does not close")
        self.depth -= 1
        return value

    def word(self, text: str) -> Expr:
        if text.lower() in FUNCTIONS:
            return Call(FUNCTIONS[text.lower()], self.atom())
        if text in WORDS:
            return WORDS[text]
        if text.lower() in ("inf", "infinity"):
            return INFINITY
        if len(text.partition("_")[0]) == 1:
            return Letter(text)
        raise Unreadable(f"has the word “{text}” in it; a letter is one character, with an index if you like: a, x_1")


def quotient(top: Expr, bottom: Expr) -> Expr:
    """Top / bottom; a quotient of integers becomes one rational number."""
    whole = isinstance(top, Num) and isinstance(bottom, Num) and top.places is bottom.places is None
    if isinstance(bottom, Num) and bottom.value == 0:
        raise Unreadable("divides by zero")
    if whole and isinstance(top, Num) and isinstance(bottom, Num) and top.value.denominator == 1:
        return Num(top.value / bottom.value)
    return Div(top, bottom)
