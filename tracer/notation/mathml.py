"""Formulas as MathML Core, the part of MathML that browsers draw and screen readers speak."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from tracer.layout.font import slanted
from tracer.show import ATOM, FRACTION, POWER, Shown, Signs, Symbol, is_differential

TALL = ("<mfrac", "<munder", "<mtable", "<msqrt", "<mo>{")  # what makes the brackets and roots around it grow
PARTS = re.compile(r"[+−()]|\d+|[A-Za-z]\w*")  # of an index expression
SIGNS = {sign: f"<mo>{sign}</mo>" for sign in "+−"} | {
    bracket: f'<mo stretchy="false" lspace="0" rspace="0">{bracket}</mo>' for bracket in "()"
}
BAR = '<mo stretchy="false" form="infix" lspace="0.2em" rspace="0.2em">|</mo>'
NORM = '<mo stretchy="false" lspace="0" rspace="0">‖</mo>'


class MathML:
    """Presentation MathML, without the outer <math>."""

    always_dot = False

    def __init__(self, signs: Signs) -> None:
        self.signs = signs

    def number(self, text: str) -> str:
        return f"<mn>{text.replace('.', self.signs.decimal)}</mn>"

    def letter(self, name: str) -> str:
        base, _, sub = name.partition("_")
        return f"<msub>{_name(base)}{_name(sub)}</msub>" if sub else _name(base)

    def constant(self, name: str) -> str:
        return {"∞": "<mn>∞</mn>", "…": "<mo>…</mo>"}.get(name, f"<mi>{name}</mi>")

    def operator(self, sign: str) -> str:
        spaces = ' lspace="0.15em" rspace="0.15em"' if sign in "·×" else ""
        return f"<mo{spaces}>{escape(sign)}</mo>"

    def sign(self, body: str) -> str:
        return f'<mrow><mo form="prefix">−</mo>{body}</mrow>'

    def brackets(self, body: str) -> str:
        return _fenced("(", body, ")")

    def bars(self, body: str) -> str:
        return _fenced("|", body, "|")

    def row(self, parts: Sequence[str]) -> str:
        return f"<mrow>{''.join(parts)}</mrow>"

    def tensor(self, symbol: Symbol, mark: str, indices: Sequence[str]) -> str:
        name = _name(symbol.base)
        if symbol.sub:
            name = f"<msub>{name}{_name(symbol.sub)}</msub>"
            if mark or indices:
                name = self.brackets(name)
        below = _indices(indices)
        above = f"<mtext>{escape(mark)}</mtext>" if mark else ""
        if above and below:
            name = f"<msubsup>{name}{below}{above}</msubsup>"
        elif above or below:
            tag = "msup" if above else "msub"
            name = f"<{tag}>{name}{above or below}</{tag}>"
        if symbol.before == "‖":
            return f"<mrow>{NORM}{name}{NORM}</mrow>"
        return f'<mrow><mi>{symbol.before}</mi><mspace width="0.17em"/>{name}</mrow>' if symbol.before else name

    def fraction(self, top: Shown[str], bottom: Shown[str]) -> Shown[str]:
        return Shown(f"<mfrac>{top.text}{bottom.text}</mfrac>", FRACTION)

    def root(self, body: Shown[str]) -> Shown[str]:
        """A low root says so, for a font whose sign cannot grow: Chromium would keep room for the widest there is."""
        low = "" if _is_tall(body.text) else ' class="low"'
        return Shown(f"<msqrt{low}>{body.text}</msqrt>", ATOM)

    def power(self, base: Shown[str], exponent: Shown[str]) -> Shown[str]:
        return Shown(f"<msup>{base.text}{exponent.text}</msup>", POWER)

    def call(self, function: str, arguments: Sequence[str]) -> Shown[str]:
        name, _, rank = function.partition("_")
        called = f"<msub><mi>{name}</mi><mtext>{rank}</mtext></msub>" if rank else f"<mi>{name}</mi>"
        return Shown(f"<mrow>{called}{_fenced('(', self._listed(arguments), ')')}</mrow>", ATOM)

    def vector(self, entries: Sequence[str]) -> str:
        if self.signs.vectors == "column":
            rows = "".join(f"<mtr><mtd>{entry}</mtd></mtr>" for entry in entries)
            return _fenced("(", f"<mtable>{rows}</mtable>", ")")
        return _fenced("(", self._listed(entries), ")")

    def _listed(self, parts: Sequence[str]) -> str:
        return f"<mo>{self.signs.separator}</mo>".join(parts)

    def large(self, operator: str, index: str, end: str, body: str) -> str:
        if operator in ("max", "max≤"):
            among = f"<mi>{index}</mi>"
            if operator == "max≤":
                among = f"<mrow>{among}<mo>≤</mo><mn>{end}</mn></mrow>"
            return f'<mrow><munder><mo movablelimits="false">max</mo>{among}</munder>{body}</mrow>'
        below = f"<mrow><mi>{index}</mi><mo>=</mo><mn>1</mn></mrow>"
        over = _name(end) if len(end) == 1 or end.isdecimal() else f"<mrow>{_index(end)}</mrow>"
        return f'<mrow><munderover><mo movablelimits="false">∑</mo>{below}{over}</munderover>{body}</mrow>'

    def cases(self, rows: Sequence[tuple[str, str]], otherwise: str | None = None) -> str:
        parts = [
            f"<mtr><mtd>{then}</mtd><mtd><mrow><mtext>{self.signs.when}\u00a0</mtext>{condition}</mrow></mtd></mtr>"
            for then, condition in rows
        ]
        if otherwise is not None:
            parts.append(f"<mtr><mtd>{otherwise}</mtd><mtd><mtext>{self.signs.otherwise}</mtext></mtd></mtr>")
        return f'<mrow><mo>{{</mo><mtable class="cases" displaystyle="true">{"".join(parts)}</mtable></mrow>'

    def side_by_side(self, parts: Sequence[str]) -> str:
        return _fenced("[", BAR.join(parts), "]")

    def stacked(self, parts: Sequence[str]) -> str:
        rows = "".join(f"<mtr><mtd>{part}</mtd></mtr>" for part in parts)
        return _fenced("[", f"<mtable>{rows}</mtable>", "]")

    def some(self, condition: str, index: str, size: int) -> str:
        places = f"<mi>{index}</mi><mo>≤</mo><mn>{size}</mn>"
        return f"<mrow>{condition}<mtext>\u00a0{self.signs.some}\u00a0</mtext>{places}</mrow>"


def _is_tall(body: str) -> bool:
    return any(tag in body for tag in TALL)


def _fenced(left: str, body: str, right: str) -> str:
    """A row in brackets, which grow only where they must: a bracket that could grow takes more room in Chromium."""
    fixed = "" if _is_tall(body) else ' stretchy="false"'
    return f"<mrow><mo{fixed}>{left}</mo>{body}<mo{fixed}>{right}</mo></mrow>"


def _name(text: str) -> str:
    """A name; a letter with primes is italic by its own place, as browsers make a single letter."""
    letter = text.rstrip("′")
    if len(letter) == 1 < len(text):
        text = slanted(letter) + text[1:]
    elif is_differential(letter):
        text = f"d{slanted(letter[1])}{text[2:]}"
    return f"<mn>{text}</mn>" if text.isdigit() else f"<mi>{escape(text)}</mi>"


def _indices(indices: Sequence[str]) -> str:
    if not indices:
        return ""
    comma = "" if all(len(index) == 1 for index in indices) else "<mo>,</mo>"
    return f"<mrow>{comma.join(_index(index) for index in indices)}</mrow>"


def _index(index: str) -> str:
    """i, 12, or c+2 with the sign as a sign."""
    return "".join(SIGNS.get(part) or _name(part) for part in PARTS.findall(index)) or _name(index)


mathml = MathML(Signs())
