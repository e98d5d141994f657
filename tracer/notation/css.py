"""Formulas as HTML boxes for the PDF, where there is no MathML: real text, positioned by the style sheet."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from tracer.show import ATOM, FRACTION, POWER, Shown, Symbol


class Css:
    """Spans with the classes that templates/math.css lays out."""

    always_dot = False

    def number(self, text: str) -> str:
        return text

    def letter(self, name: str) -> str:
        base, _, sub = name.partition("_")
        return _name(base) + (f"<sub>{_name(sub)}</sub>" if sub else "")

    def constant(self, name: str) -> str:
        return f"<i>{name}</i>" if name in "πe" else name

    def operator(self, sign: str) -> str:
        return f"\u202f{sign}\u202f" if sign == "·" else f" {escape(sign)} "  # a product stays on its line

    def sign(self, body: str) -> str:
        return f"−{body}"

    def brackets(self, body: str) -> str:
        return f"({body})" if 'class="f"' not in body else f'<b class="p">(</b>{body}<b class="p">)</b>'

    def row(self, parts: Sequence[str]) -> str:
        return "".join(parts)

    def tensor(self, symbol: Symbol, mark: str, indices: Sequence[str]) -> str:
        name = _name(symbol.base) + (f"<sub>{_name(symbol.sub)}</sub>" if symbol.sub else "")
        if symbol.sub and (mark or indices):
            name = f"({name})"
        below = _indices(indices)
        if mark and below:
            name += f'<span class="ss"><span>{escape(mark)}</span><span>{below}</span></span>'
        elif mark:
            name += f"<sup>{escape(mark)}</sup>"
        elif below:
            name += f"<sub>{below}</sub>"
        before = f"{symbol.before} " if symbol.before.isalpha() else symbol.before
        return before + name + symbol.after

    def fraction(self, top: Shown, bottom: Shown) -> Shown:
        return Shown(f'<span class="f"><span>{top.text}</span><span>{bottom.text}</span></span>', FRACTION)

    def root(self, body: Shown) -> Shown:
        return Shown(f'<span class="r">√<span>{body.text}</span></span>', ATOM)

    def power(self, base: Shown, exponent: Shown) -> Shown:
        return Shown(f"{base.text}<sup>{exponent.text}</sup>", POWER)

    def call(self, function: str, arguments: Sequence[str]) -> Shown:
        return Shown(f"{function}{self.brackets(', '.join(arguments))}", ATOM)

    def large(self, operator: str, index: str, size: int, body: str) -> str:
        if operator == "max":
            return f'<span class="l"><span>max</span><span><i>{index}</i></span></span> {body}'
        return (
            f'<span class="l"><span>{size}</span><span class="o">∑</span><span><i>{index}</i> = 1</span></span> {body}'
        )

    def cases(self, then: str, condition: str, otherwise: str) -> str:
        return (
            f'<span class="c"><span><span>{then}</span><span>if {condition}</span></span>'
            f"<span><span>{otherwise}</span><span>otherwise</span></span></span>"
        )

    def side_by_side(self, parts: Sequence[str]) -> str:
        return f"[{' | '.join(parts)}]"


def _name(text: str) -> str:
    letters = text.rstrip("′")
    return f"<i>{escape(text)}</i>" if len(letters) == 1 and letters.isalpha() else escape(text)


def _indices(indices: Sequence[str]) -> str:
    comma = "" if all(len(index) == 1 for index in indices) else ","
    return comma.join(_name(index) for index in indices)


css = Css()
