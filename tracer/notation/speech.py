"""Formulas as they are read aloud: "score of apple with orange equals 2 times 0 plus 2 times 3 equals 6".

A number of the pass is spoken by what it is and whom it belongs to, not by its letter: S[2, 1] is "score of apple
with orange". Numbers stay digits, which a screen reader speaks in the page's language. What the eye sees by place is
said where the ear would lose it: brackets, the ends of a fraction, the limits of a sum.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from tracer.language import Language
from tracer.names import Names
from tracer.show import ATOM, FRACTION, POWER, Shown, Signs, Symbol

SIGNS = {
    "+": "plus", "−": "minus", "·": "times", "×": "times", "=": "equals", "≈": "is approximately", "≤": "is at most",
    "≠": "is not", ",": "and",
}  # fmt: skip
CONSTANTS = {"π": "pi", "∞": "infinity", "…": "and so on"}
FUNCTIONS = {
    "ln": "the natural logarithm of {body}", "tanh": "the hyperbolic tangent of {body}",
    "arccos": "the arc cosine of {body}", "sin": "the sine of {body}", "cos": "the cosine of {body}",
    "max": "the largest of {body}",
}  # fmt: skip
RANKED = "number {rank} by size of {body}"
LARGE = {
    "∑": "the sum over {index} from 1 to {size} of {body}",
    "∑≤": "the sum over {index} from 1 to {size} of {body}",
    "max": "the largest over {index} from 1 to {size} of {body}",
    "max≤": "the largest over {index} from 1 to {size} of {body}",
}


class Speech:
    """Words in the page's language; `labels` has the words of rows and columns (see `Names`)."""

    always_dot = True

    def __init__(self, signs: Signs, say: Language, labels: Mapping[str, Sequence[str]]) -> None:
        self.signs, self.say = signs, say
        self._signs = {sign: say.text(word) for sign, word in SIGNS.items()}
        self._open, self._close = say.text("open bracket"), say.text("close bracket")
        self._negative = re.compile(re.escape(self._signs["−"]) + r" \S+")
        self._compound = re.compile("|".join(f" {self._signs[sign]} " for sign in "+−·"))
        self.names = Names(say, labels, self.letter)

    # Numbers and signs

    def number(self, text: str) -> str:
        return text.replace(".", self.signs.decimal)

    def letter(self, name: str) -> str:
        base, _, sub = name.partition("_")
        if sub:
            return self.say.text("{base} sub {index}", base=self.letter(base), index=self.letter(sub))
        if name.startswith("("):
            return self.say.text("rank {rank}", rank=self.letter(name.strip("()")))
        if name.endswith("′"):
            return self.say.text("{letter} prime", letter=self.letter(name[:-1]))
        return name.replace("+", f" {self._signs['+']} ").replace("−", f" {self._signs['−']} ")

    def constant(self, name: str) -> str:
        return self.say.text(CONSTANTS[name]) if name in CONSTANTS else name

    def operator(self, sign: str) -> str:
        return f" {self._signs[sign]} "

    def sign(self, body: str) -> str:
        return f"{self._signs['−']} {body}"

    def brackets(self, body: str) -> str:
        """Spoken, but for a negative number: "2 times minus 3" is clear."""
        return body if self._negative.fullmatch(body) else self._bracketed(body)

    def _bracketed(self, body: str) -> str:
        return f"{self._open} {body} {self._close}"

    def bars(self, body: str) -> str:
        return self.say.text("the absolute value of {body}", body=self._one(body))

    def row(self, parts: Sequence[str]) -> str:
        return "".join(parts)

    def _one(self, body: str) -> str:
        """A body that is one thing; a sum or product is in brackets."""
        return self.brackets(body) if self._compound.search(body) else body

    # Names

    def tensor(self, symbol: Symbol, mark: str, indices: Sequence[str]) -> str:
        return self.names.of(symbol.tensor, indices)

    # Fractions, roots, powers, functions

    def fraction(self, top: Shown[str], bottom: Shown[str]) -> Shown[str]:
        if " " in top.text or " " in bottom.text:
            text = self.say.text("start fraction {top} over {bottom} end fraction", top=top.text, bottom=bottom.text)
        else:
            text = self.say.text("the fraction {top} over {bottom}", top=top.text, bottom=bottom.text)
        return Shown(text, FRACTION)

    def root(self, body: Shown[str]) -> Shown[str]:
        return Shown(self.say.text("the square root of {body}", body=self._whole(body)), ATOM)

    def power(self, base: Shown[str], exponent: Shown[str]) -> Shown[str]:
        if exponent.text == "⊤":
            return Shown(self.say.text("{matrix} transposed", matrix=base.text), POWER)
        is_closed = " " not in base.text or base.text.startswith(self._open)
        if exponent.text != "2":
            under = base.text if is_closed else self._bracketed(base.text)
            text = self.say.text("{base} to the power of {exponent}", base=under, exponent=self._whole(exponent))
        elif is_closed or self._negative.fullmatch(base.text):
            text = self.say.text("{base} squared", base=base.text if is_closed else self._bracketed(base.text))
        else:
            text = self.say.text("the square of {base}", base=base.text)
        return Shown(text, POWER)

    def _whole(self, body: Shown[str]) -> str:
        """A body whose end can be heard: a name, a fraction, or in brackets."""
        return body.text if body.level in (ATOM, FRACTION) else self.brackets(body.text)

    def call(self, function: str, arguments: Sequence[str]) -> Shown[str]:
        body = self._listed(arguments) if len(arguments) > 1 else self._one(arguments[0])
        name, _, rank = function.partition("_")
        text = (
            self.say.text(RANKED, rank=rank.strip("()"), body=body)
            if rank
            else self.say.text(FUNCTIONS[name], body=body)
        )
        return Shown(text, ATOM)

    def vector(self, entries: Sequence[str]) -> str:
        return self.say.text("the vector {entries}", entries=self._listed(entries))

    def _listed(self, parts: Sequence[str]) -> str:
        return f"{self.signs.separator} ".join(parts)

    # What is large

    def large(self, operator: str, index: str, end: str, body: str) -> str:
        return self.say.text(LARGE[operator], index=index, size=self.letter(end), body=body)

    def cases(self, rows: Sequence[tuple[str, str]], otherwise: str | None = None) -> str:
        parts = [self.say.text("{then} if {condition}", then=then, condition=condition) for then, condition in rows]
        if otherwise is not None:
            parts.append(self.say.text("otherwise {body}", body=otherwise))
        return ", ".join(parts)

    def side_by_side(self, parts: Sequence[str]) -> str:
        first, *others = parts
        for part in others:
            first = self.say.text("{left} next to {right}", left=first, right=part)
        return first

    def stacked(self, parts: Sequence[str]) -> str:
        first, *others = parts
        for part in others:
            first = self.say.text("{above} above {below}", above=first, below=part)
        return first

    def some(self, condition: str, index: str, size: int) -> str:
        places = {"condition": condition, "index": index, "size": str(size)}
        return self.say.text("{condition} for some {index} from 1 to {size}", **places)
