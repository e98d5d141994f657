"""Formulas inside an SVG picture: one line of text, letters italic, indices low, exponents high."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from tracer.layout.font import slanted
from tracer.notation.plain import Plain
from tracer.show import ATOM, Shown, Symbol, is_differential

SCRIPT, LOW, HIGH = 0.72, 0.22, -0.38  # the size of an index, how far it is moved (em of the formula)


class Tspans(Plain):
    """The same line as plain text, in the tspans of an SVG text."""

    always_dot = False

    def letter(self, name: str) -> str:
        base, _, sub = name.partition("_")
        return _name(base) + (_moved(_name(sub), LOW) if sub else "")

    def constant(self, name: str) -> str:
        return _name(name)

    def operator(self, sign: str) -> str:
        return sign if sign == "·" else f" {escape(sign)} "

    def tensor(self, symbol: Symbol, mark: str, indices: Sequence[str]) -> str:
        below = _name(symbol.sub) + (", " if symbol.sub and indices else "") + "".join(map(_name, indices))
        name = _name(symbol.base) + (_moved(below, LOW) if below else "")
        name += _moved(escape(mark), HIGH) if mark else ""
        return f"{escape(symbol.before)}{name}{escape(symbol.after)}"

    def power(self, base: Shown[str], exponent: Shown[str]) -> Shown[str]:
        return Shown(base.text + _moved(exponent.text, HIGH), ATOM)


def _name(name: str) -> str:
    """A letter is italic, by its own place among the mathematical letters; longer names and numbers are upright."""
    letter = name.rstrip("′")
    if is_differential(letter):
        return f"d{_name(name[1:])}"
    return escape(slanted(letter) + name[1:] if len(letter) == 1 and letter.isalpha() else name)


def _moved(text: str, by: float) -> str:
    """Text in a smaller size below or above the line, and back to the line again."""
    back = f'<tspan dy="{-by:.2f}em">\u200b</tspan>'
    return f'<tspan dy="{by / SCRIPT:.2f}em" font-size="{SCRIPT:.0%}">{text}</tspan>{back}'
