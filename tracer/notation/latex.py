"""Formulas as LaTeX, for pdflatex with amsmath, and for MathJax and KaTeX."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tracer.show import ATOM, FRACTION, POWER, SUM, Shown, Signs, Symbol, bracketed, is_differential
from tracer.tex_words import GREEK, words

SIGNS = {
    "·": r" \cdot ", "−": " - ", "≤": r" \le ", "≈": r" \approx ", "≠": r" \ne ", "×": r" \times ", "…": r" \dots ",
    ",": ", ",
}  # fmt: skip
CONSTANTS = {"π": r"\pi", "∞": r"\infty", "…": r"\dots", "⊤": r"\top", "e": "e"}
FUNCTIONS = {
    "": "",
    "ln": r"\ln",
    "tanh": r"\tanh",
    "arccos": r"\arccos",
    "sin": r"\sin",
    "cos": r"\cos",
    "max": r"\max",
}
INDEX = re.compile("[A-Za-z]?|[A-Za-z0-9+−]*[0-9][A-Za-z0-9+−]*")
NORM = {"‖": (r"\lVert ", r" \rVert"), "cos": (r"\cos ", ""), "": ("", "")}


class Latex:
    """Math-mode source, without the dollar signs."""

    always_dot = False

    def __init__(self, signs: Signs) -> None:
        self.signs = signs

    def number(self, text: str) -> str:
        return text.replace(".", self.signs.decimal).replace(",", "{,}")

    def letter(self, name: str) -> str:
        base, _, sub = name.partition("_")
        return _name(base) + (f"_{{{_name(sub)}}}" if sub else "")

    def constant(self, name: str) -> str:
        return CONSTANTS[name]

    def operator(self, sign: str) -> str:
        return SIGNS.get(sign, f" {sign} ")

    def sign(self, body: str) -> str:
        return f"-{body}"

    def brackets(self, body: str) -> str:
        return rf"\left({body}\right)"

    def bars(self, body: str) -> str:
        return rf"\left|{body}\right|"

    def row(self, parts: Sequence[str]) -> str:
        return "".join(parts)

    def tensor(self, symbol: Symbol, mark: str, indices: Sequence[str]) -> str:
        before, after = NORM[symbol.before]
        name = _name(symbol.base) + (f"_{{{_name(symbol.sub)}}}" if symbol.sub else "")
        if symbol.sub and (mark or indices):
            name = f"({name})"
        return before + name + (f"^{{{_mark(mark)}}}" if mark else "") + _subscript(indices) + after

    def fraction(self, top: Shown[str], bottom: Shown[str]) -> Shown[str]:
        return Shown(rf"\frac{{{top.text}}}{{{bottom.text}}}", FRACTION)

    def root(self, body: Shown[str]) -> Shown[str]:
        return Shown(rf"\sqrt{{{body.text}}}", ATOM)

    def power(self, base: Shown[str], exponent: Shown[str]) -> Shown[str]:
        body = base.text
        if not body.startswith(r"\left") and ("^" in body or "'" in body):  # TeX takes one superscript, not two
            body = f"{{{body}}}"
        return Shown(f"{body}^{{{exponent.text}}}", POWER)

    def call(self, function: str, arguments: Sequence[str]) -> Shown[str]:
        name, _, rank = function.partition("_")
        below = f"_{{{rank}}}" if rank else ""
        return Shown(rf"{FUNCTIONS[name]}{below}\left({self._listed(arguments)}\right)", ATOM)

    def vector(self, entries: Sequence[str]) -> str:
        if self.signs.vectors == "column":
            return r"\begin{pmatrix}" + r" \\ ".join(entries) + r"\end{pmatrix}"
        return rf"\left({self._listed(entries)}\right)"

    def _listed(self, parts: Sequence[str]) -> str:
        return f"{self.signs.separator} ".join(parts)

    def large(self, operator: str, index: str, end: str, body: str) -> str:
        if operator == "max":
            return rf"\max_{{{index}}} {body}"
        if operator == "max≤":
            return rf"\max_{{{index} \le {end}}} {body}"
        return rf"\sum_{{{index}=1}}^{{{end.replace('−', '-')}}} {body}"

    def cases(self, rows: Sequence[tuple[str, str]], otherwise: str | None = None) -> str:
        parts = [rf"{then} & \text{{{self.signs.when} }} {condition}" for then, condition in rows]
        parts += [] if otherwise is None else [rf"{otherwise} & \text{{{self.signs.otherwise}}}"]
        return r"\begin{cases}" + r" \\ ".join(parts) + r"\end{cases}"

    def side_by_side(self, parts: Sequence[str]) -> str:
        return r"\left[" + r" \mid ".join(parts) + r"\right]"

    def stacked(self, parts: Sequence[str]) -> str:
        return r"\begin{bmatrix}" + r" \\ ".join(parts) + r"\end{bmatrix}"

    def some(self, condition: str, index: str, size: int) -> str:
        return rf"{condition} \text{{ {self.signs.some} }} {index} \le {size}"


class Level(Latex):
    """The same with fractions on one line, 4.11/4.73, as one writes them on a sheet's lines."""

    def fraction(self, top: Shown[str], bottom: Shown[str]) -> Shown[str]:
        over = self.brackets(top.text) if top.level in (SUM, FRACTION) else top.text
        return Shown(f"{over}/{bracketed(bottom, FRACTION, self)}", FRACTION)


def _mark(mark: str) -> str:
    return mark.replace("⟨", r"\langle ").replace("⟩", r"\rangle ")


def _name(text: str) -> str:
    """A name as people chose it: one letter is italic, a longer word upright, a sum of indices as it stands."""
    plain = text.rstrip("′")
    return _letters(plain) + "'" * (len(text) - len(plain))


def _letters(name: str) -> str:
    if is_differential(name):
        return rf"\mathrm{{d}}{_letters(name[1:])}"
    if name in GREEK:
        return f"{{\\{GREEK[name]}}}"  # in braces, so that no letter behind it becomes part of its name
    if INDEX.fullmatch(name):
        return name.replace("−", "-")
    if name.isascii() and name.isalpha():
        return rf"\mathrm{{{name}}}"
    return r"\$".join(map(_typed, name.split("$")))


def _typed(name: str) -> str:
    """What somebody typed, as words, and between dollars the signs of mathematics among it."""
    return "".join(part if n % 2 else rf"\text{{{part}}}" for n, part in enumerate(words(name).split("$")) if part)


def _subscript(indices: Sequence[str]) -> str:
    if not indices:
        return ""
    comma = "" if all(len(index) == 1 for index in indices) else ","
    return f"_{{{comma.join(indices)}}}".replace("−", "-")


latex = Latex(Signs())
