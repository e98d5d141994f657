"""Formulas as boxes of glyphs, for the PDF: the rules of the OpenType MATH table, piece by piece.

Source: the OpenType specification, MATH table; Knuth, The TeXbook, appendix G, for what the table leaves open.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tracer.expr import Tensor
from tracer.layout.box import EMPTY, Box, centred, last_glyph, lines, overlaid, row, rule, run, scaled, shifted, space
from tracer.layout.font import MathFont
from tracer.show import ATOM, FRACTION, POWER, SUM, Shown, Signs, Symbol, bracketed, is_differential

THIN, MEDIUM, THICK = 3 / 18, 4 / 18, 5 / 18  # the three spaces of mathematics, in em
RELATIONS = "=≈≤≥≠"
SLACK = 0.9  # a bracket may be a tenth shorter than what it holds


class Boxes:
    """The pieces of a formula in boxes."""

    always_dot = False

    def __init__(self, font: MathFont, signs: Signs, others: Callable[[str], Box]) -> None:
        self.font, self.signs, self.others = font, signs, others
        self.written: dict[str, Box] = {}
        self.names: dict[tuple[Tensor, str, tuple[str, ...]], Box] = {}
        self.signed: dict[str, Box] = {}
        self.axis = font.constant("AxisHeight")
        self.rule = font.constant("FractionRuleThickness")

    # Words and signs

    def upright(self, text: str) -> Box:
        """Text as it stands: numbers, words, signs; what the font lacks is set by `others`."""
        box = self.written.get(text)
        if box is None:
            glyphs = [self.font.glyph(c) for c in text]
            box = self.written[text] = self.others(text) if None in glyphs else run(g for g in glyphs if g)
        return box

    def name(self, text: str) -> Box:
        """A one-letter name is italic, behind a d too, a longer one upright; primes stand behind."""
        letter = text.rstrip("′")
        if is_differential(letter):
            return row([self.upright("d"), self.name(text[1:])])
        if len(letter) != 1 or not letter.isalpha():
            return self.upright(text)
        glyph = self.font.glyph(letter, italic=True)
        return row([run([glyph]), self.upright(text[1:])]) if glyph else self.upright(text)

    def number(self, text: str) -> Box:
        return self.upright(text.replace(".", self.signs.decimal))

    def letter(self, name: str) -> Box:
        base, _, sub = name.partition("_")
        return self.scripted(self.name(base), self.name(sub) if sub else None, None)

    def constant(self, name: str) -> Box:
        return self.name(name) if name in ("π", "e") else self.upright(name)

    def operator(self, sign: str) -> Box:
        if sign not in self.signed:
            self.signed[sign] = self._spaced(sign)
        return self.signed[sign]

    def _spaced(self, sign: str) -> Box:
        gap = THICK if sign in RELATIONS else THIN if sign in "·×,;" else MEDIUM
        before = 0.0 if sign in ",;" else gap
        return row([space(before), self.upright(sign), space(gap)])

    def sign(self, body: Box) -> Box:
        return row([self.upright("−"), body])

    def row(self, parts: Sequence[Box]) -> Box:
        return row(parts)

    # Brackets

    def brackets(self, body: Box) -> Box:
        return self.fenced("(", body, ")")

    def bars(self, body: Box) -> Box:
        return self.fenced("|", body, "|")

    def fenced(self, left: str, body: Box, right: str) -> Box:
        """A body in brackets that are as tall as it is, centred on the axis."""
        reach = 2 * max(body.height - self.axis, body.depth + self.axis) * SLACK
        fences = [self._fence(sign, reach) if sign else EMPTY for sign in (left, right)]
        return row([fences[0], body, fences[1]])

    def _fence(self, sign: str, reach: float) -> Box:
        glyph = self.font.taller(sign, reach)
        middle = (glyph.top - glyph.bottom) / 2
        return shifted(run([glyph]), middle - self.axis)

    # Fractions, roots, powers

    def fraction(self, top: Shown[Box], bottom: Shown[Box]) -> Shown[Box]:
        over, under = top.text, bottom.text
        gap, constant = self.font.constant("FractionNumeratorGapMin") * 1.5, self.font.constant
        width = max(over.width, under.width) + 2 * 0.1
        middle = self.axis + self.rule / 2
        up = max(constant("FractionNumeratorShiftUp"), middle + gap + over.depth)
        down = max(constant("FractionDenominatorShiftDown"), under.height + gap + self.rule / 2 - self.axis)
        bar = rule(width, self.rule, middle)
        body = overlaid([(centred(over, width), -up, over), (0, 0, bar), (centred(under, width), down, under)])
        side = space(0.06)
        return Shown(row([side, body, side]), FRACTION)

    def root(self, body: Shown[Box]) -> Shown[Box]:
        inside, thickness = body.text, self.font.constant("RadicalRuleThickness")
        gap = self.font.constant("RadicalVerticalGap")
        glyph = self.font.taller("√", inside.total + gap + thickness)
        room = max(gap, (glyph.top + glyph.bottom - thickness - inside.total + gap) / 2)
        top = inside.height + room + thickness
        sign = shifted(run([glyph]), glyph.top - top)
        bar = rule(inside.width + 0.04, thickness, top)
        return Shown(overlaid([(0, 0, sign), (sign.width, 0, bar), (sign.width, 0, inside)]), ATOM)

    def power(self, base: Shown[Box], exponent: Shown[Box]) -> Shown[Box]:
        return Shown(self.scripted(base.text, None, exponent.text), POWER)

    def scripted(self, base: Box, below: Box | None, above: Box | None) -> Box:
        """A base with an index, an exponent, or both one above the other."""
        constant, size = self.font.constant, self.font.script
        placed: list[tuple[float, float, Box]] = [(0, 0, base)]
        low = high = None
        if below is not None:
            low = scaled(below, size)
            down = max(constant("SubscriptShiftDown"), base.depth + constant("SubscriptBaselineDropMin"))
            down = max(down, low.height - constant("SubscriptTopMax"))
        if above is not None:
            high = scaled(above, size)
            up = max(constant("SuperscriptShiftUp"), base.height - constant("SuperscriptBaselineDropMax"))
            up = max(up, high.depth + constant("SuperscriptBottomMin"))
        if low and high:
            gap = (up - high.depth) + (down - low.height)
            down += max(0.0, constant("SubSuperscriptGapMin") - gap)
        lean = self._lean(base)
        if high:
            placed.append((base.width + lean, -up, high))
        if low:
            placed.append((base.width, down, low))
        return row([overlaid(placed), space(constant("SpaceAfterScript"))]) if low or high else base

    def _lean(self, base: Box) -> float:
        last = last_glyph(base)
        return self.font.lean(last) if last else 0.0

    # Names with indices, functions, large operators

    def tensor(self, symbol: Symbol, mark: str, indices: Sequence[str]) -> Box:
        key = symbol.tensor, mark, tuple(indices)
        if key not in self.names:
            self.names[key] = self._indexed(symbol, mark, indices)
        return self.names[key]

    def _indexed(self, symbol: Symbol, mark: str, indices: Sequence[str]) -> Box:
        base = self.name(symbol.base)
        if symbol.sub:
            base = self.scripted(base, self.name(symbol.sub), None)
            if mark or indices:
                base = self.brackets(base)
        comma = "" if all(len(index) == 1 for index in indices) else ","
        below: list[Box] = []
        for n, index in enumerate(indices):
            below += [self.upright(comma)] if n and comma else []
            below.append(self._index(index))
        whole = self.scripted(base, row(below) if below else None, self.upright(mark) if mark else None)
        if symbol.before == "‖":
            return row([self.upright("‖"), whole, self.upright("‖"), space(THIN / 2)])
        return row([self.upright(symbol.before), space(THIN), whole]) if symbol.before else whole

    def _index(self, index: str) -> Box:
        """i, 12, or c+2 with its letters italic."""
        return row([self.name(c) if c.isalpha() else self.upright(c) for c in index])

    def call(self, function: str, arguments: Sequence[Box]) -> Shown[Box]:
        name, _, rank = function.partition("_")
        called = self.scripted(self.upright(name), self.upright(rank), None) if rank else self.upright(name)
        return Shown(row([called, self.brackets(self._listed(arguments))]), ATOM)

    def vector(self, entries: Sequence[Box]) -> Box:
        if self.signs.vectors == "row":
            return self.brackets(self._listed(entries))
        width = max(entry.width for entry in entries)
        stack = lines([row([space(centred(entry, width)), entry]) for entry in entries], 0.3)
        middle = (stack.height - stack.depth) / 2
        return self.brackets(shifted(stack, middle - self.axis))

    def _listed(self, parts: Sequence[Box]) -> Box:
        listed: list[Box] = []
        for n, part in enumerate(parts):
            listed += [self.operator(self.signs.separator), part] if n else [part]
        return row(listed)

    def large(self, operator: str, index: str, end: str, body: Box) -> Box:
        if operator in ("max", "max≤"):
            bound = [self.upright("≤"), self.upright(end)] if operator == "max≤" else []
            below = row([self.name(index), *bound])
            return row([self._limits(self.upright("max"), below, None), space(THIN), body])
        glyph = self.font.taller("∑", 0)
        sign = shifted(run([glyph]), (glyph.top - glyph.bottom) / 2 - self.axis)
        below = row([self.name(index), self.upright("="), self.upright("1")])
        return row([self._limits(sign, below, self._index(end)), space(THIN), body])

    def _limits(self, sign: Box, below: Box, above: Box | None) -> Box:
        low = scaled(below, self.font.script * 0.9)
        high = scaled(above, self.font.script * 0.9) if above else EMPTY
        width = max(sign.width, low.width, high.width)
        gap = self.font.constant("LowerLimitGapMin") * 0.7
        placed = [(centred(sign, width), 0.0, sign)]
        if above:
            placed.insert(0, (centred(high, width), -(sign.height + gap + high.depth), high))
        placed.append((centred(low, width), sign.depth + gap + low.height, low))
        return overlaid(placed)

    def cases(self, rows: Sequence[tuple[Box, Box]], otherwise: Box | None = None) -> Box:
        parts = [(then, row([self.upright(self.signs.when), space(MEDIUM), condition])) for then, condition in rows]
        parts += [] if otherwise is None else [(otherwise, self.upright(self.signs.otherwise))]
        width = max(then.width for then, _ in parts) + 2 * MEDIUM
        stack = lines([row([a, space(width - a.width), b]) for a, b in parts], 0.35)
        middle = (stack.height - stack.depth) / 2
        return self.fenced("{", row([space(THIN), shifted(stack, middle - self.axis)]), "")

    def side_by_side(self, parts: Sequence[Box]) -> Box:
        inside: list[Box] = []
        for n, part in enumerate(parts):
            inside += [space(MEDIUM), self.upright("|"), space(MEDIUM), part] if n else [part]
        return self.fenced("[", row(inside), "]")

    def stacked(self, parts: Sequence[Box]) -> Box:
        stack = lines(list(parts), 0.3)
        middle = (stack.height - stack.depth) / 2
        return self.fenced("[", row([space(THIN), shifted(stack, middle - self.axis), space(THIN)]), "]")

    def some(self, condition: Box, index: str, size: int) -> Box:
        words = [space(MEDIUM), self.upright(self.signs.some), space(MEDIUM)]
        return row([condition, *words, self.name(index), self.operator("≤"), self.upright(str(size))])


class Compact(Boxes):
    """The same for lines that stand close together: the limits of a sum beside it, as in a line of text."""

    def large(self, operator: str, index: str, end: str, body: Box) -> Box:
        if operator in ("max", "max≤"):
            return super().large(operator, index, end, body)
        glyph = self.font.glyph("∑")
        assert glyph is not None
        sign = shifted(run([glyph]), (glyph.top - glyph.bottom) / 2 - self.axis)
        below = row([self.name(index), self.upright("="), self.upright("1")])
        return row([self.scripted(sign, below, self._index(end)), space(THIN), body])


class Level(Compact):
    """The same with fractions on one line, 4.11/4.73, as one writes them on a sheet's lines."""

    def fraction(self, top: Shown[Box], bottom: Shown[Box]) -> Shown[Box]:
        over = self.brackets(top.text) if top.level in (SUM, FRACTION) else top.text
        slash = row([space(THIN / 2), self.upright("/"), space(THIN / 2)])
        return Shown(row([over, slash, bracketed(bottom, FRACTION, self)]), FRACTION)
