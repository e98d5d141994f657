"""Formulas as spreadsheets write them: SUM(scores!B9:E9)/SQRT(3), without the = in front.

A spreadsheet knows cells of sheets and no indices: before a formula is shown, `references.Sheets` puts cells and ranges
where its tensors and sums stand. English names and commas, as every .xlsx file has them; programs translate them.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isinf
from typing import Never

from tracer.show import ATOM, FRACTION, NEGATIVE, SUM, Shown, Signs, Symbol, bracketed

SIGNS = {"·": "*", "×": "*", "−": "-"}
CONSTANTS = {"π": "PI()", "e": "EXP(1)", "∞": '"∞"'}
FUNCTIONS = {
    "ln": "LN({})", "tanh": "TANH({})", "sin": "SIN({})", "cos": "COS({})", "max": "MAX({})",
    "arccos": "ACOS(MAX(-1,MIN(1,{})))",  # 1.0000000000000002 has no arccos
}  # fmt: skip
DIGITS = 15  # that a spreadsheet reads
LONGEST_TEXT = 250  # characters of a text inside a formula; 255 are allowed


class Spreadsheet:
    """One line in the formula language of .xlsx files."""

    always_dot = True
    signs = Signs()

    def number(self, text: str) -> str:
        if len(text) <= DIGITS:
            return text
        value = float(text)
        return f"({text[0]}*10^{len(text.partition('.')[0]) - 1})" if isinf(value) else repr(value).upper()

    def letter(self, name: str) -> str:
        return name

    def constant(self, name: str) -> str:
        return CONSTANTS[name]

    def operator(self, sign: str) -> str:
        return SIGNS.get(sign, sign)

    def sign(self, body: str) -> str:
        return f"-{body}"

    def brackets(self, body: str) -> str:
        return f"({body})"

    def bars(self, body: str) -> str:
        return f"ABS({body})"

    def row(self, parts: Sequence[str]) -> str:
        return "".join(parts)

    def fraction(self, top: Shown[str], bottom: Shown[str]) -> Shown[str]:
        over = self.brackets(top.text) if top.level in (SUM, FRACTION) else top.text
        return Shown(f"{over}/{bracketed(bottom, FRACTION, self)}", FRACTION)

    def root(self, body: Shown[str]) -> Shown[str]:
        return Shown(f"SQRT({body.text})", ATOM)

    def power(self, base: Shown[str], exponent: Shown[str]) -> Shown[str]:
        """A power holds together less tightly than a sign: to a spreadsheet −2^2 is 4."""
        if base.text == CONSTANTS["e"]:
            return Shown(f"EXP({exponent.text})", ATOM)
        return Shown(f"{base.text}^{bracketed(exponent, ATOM - 1, self)}", NEGATIVE)

    def call(self, function: str, arguments: Sequence[str]) -> Shown[str]:
        name, _, rank = function.partition("_")
        if rank:
            return Shown(f"LARGE(({','.join(arguments)}),{rank.strip('()')})", ATOM)
        return Shown(FUNCTIONS[name].format(",".join(arguments)), ATOM)

    def tensor(self, symbol: Symbol, mark: str, indices: Sequence[str]) -> Never:
        raise TypeError(f"{symbol.base} stands nowhere on a sheet: put cells in its place first")

    def vector(self, entries: Sequence[str]) -> Never:
        raise TypeError("a cell holds no vector")

    def large(self, operator: str, index: str, end: str, body: str) -> Never:
        raise TypeError(f"{operator} over {index} stands nowhere on a sheet: put a range in its place first")

    def cases(self, rows: Sequence[tuple[str, str]], otherwise: str | None = None) -> Never:
        raise TypeError("a condition is about cells: put them in its place first")

    def side_by_side(self, parts: Sequence[str]) -> Never:
        raise TypeError("a cell holds no matrix")

    def stacked(self, parts: Sequence[str]) -> Never:
        raise TypeError("a cell holds no matrix")

    def some(self, condition: str, index: str, size: int) -> Never:
        raise TypeError("a condition is about cells: put them in its place first")


spreadsheet = Spreadsheet()


class Live:
    """A piece of a sentence that the spreadsheet computes."""

    def __init__(self, formula: str) -> None:
        self.formula = formula


def sentence(pieces: Sequence[Live | str]) -> str:
    """A sentence with computed pieces, as a formula."""
    return "&".join(piece.formula if isinstance(piece, Live) else literal(piece) for piece in pieces)


def literal(text: str) -> str:
    """A text inside a formula, in pieces that are short enough."""
    pieces = [text[n : n + LONGEST_TEXT] for n in range(0, len(text), LONGEST_TEXT)] or [""]
    return "&".join('"' + piece.replace('"', '""') + '"' for piece in pieces)
