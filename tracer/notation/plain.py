"""Formulas on one line of text: Q[1, 2]·K[3, 2], e^(1/2)/(1 + e^(1/2)), 6·√2."""

from __future__ import annotations

from collections.abc import Sequence

from tracer.show import ATOM, FRACTION, SUM, Shown, Signs, Symbol, bracketed


class Plain:
    """One line; a mark in the style of ids, [i, j] for indices."""

    always_dot = True

    def __init__(self, signs: Signs) -> None:
        self.signs = signs

    def number(self, text: str) -> str:
        return text.replace(".", self.signs.decimal)

    def letter(self, name: str) -> str:
        return name

    def constant(self, name: str) -> str:
        return name

    def operator(self, sign: str) -> str:
        return sign if sign == "·" else ", " if sign == "," else f" {sign} "

    def sign(self, body: str) -> str:
        return f"−{body}"

    def brackets(self, body: str) -> str:
        return f"({body})"

    def bars(self, body: str) -> str:
        return f"|{body}|"

    def row(self, parts: Sequence[str]) -> str:
        return "".join(parts)

    def tensor(self, symbol: Symbol, mark: str, indices: Sequence[str]) -> str:
        name = symbol.base + (f"_{symbol.sub}" if symbol.sub else "") + mark
        before = f"{symbol.before} " if symbol.before.isalpha() else symbol.before
        return f"{before}{name}" + (f"[{', '.join(indices)}]" if indices else "") + symbol.after

    def fraction(self, top: Shown[str], bottom: Shown[str]) -> Shown[str]:
        over = self.brackets(top.text) if top.level in (SUM, FRACTION) else top.text
        return Shown(f"{over}/{bracketed(bottom, FRACTION, self)}", FRACTION)

    def root(self, body: Shown[str]) -> Shown[str]:
        return Shown(f"√{bracketed(body, ATOM - 1, self)}", ATOM)

    def power(self, base: Shown[str], exponent: Shown[str]) -> Shown[str]:
        return Shown(f"{base.text}^{bracketed(exponent, ATOM - 1, self)}", FRACTION + 1)

    def call(self, function: str, arguments: Sequence[str]) -> Shown[str]:
        return Shown(f"{function}{self.vector(arguments)}", ATOM)

    def vector(self, entries: Sequence[str]) -> str:
        return f"({f'{self.signs.separator} '.join(entries)})"

    def large(self, operator: str, index: str, end: str, body: str) -> str:
        if operator.endswith("≤"):
            return f"{'Σ' if operator == '∑≤' else 'max'}_({index} ≤ {end}) {body}"
        return f"{'Σ' if operator == '∑' else operator}_{index} {body}"

    def cases(self, rows: Sequence[tuple[str, str]], otherwise: str | None = None) -> str:
        parts = [f"{then} {self.signs.when} {condition}" for then, condition in rows]
        parts += [] if otherwise is None else [f"{otherwise} {self.signs.otherwise}"]
        return f"{{{', '.join(parts)}}}"

    def side_by_side(self, parts: Sequence[str]) -> str:
        return f"[{' | '.join(parts)}]"

    def stacked(self, parts: Sequence[str]) -> str:
        return f"[{'; '.join(parts)}]"

    def some(self, condition: str, index: str, size: int) -> str:
        return f"{condition} {self.signs.some} {index} ≤ {size}"


plain = Plain(Signs())
