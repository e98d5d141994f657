"""A formula as NumPy source, a whole tensor at a time: S = Q @ K.T, A = E / D[:, None].

Every array has axes with the names of the formula's indices; what is missing or in another order is lined up as
NumPy wants it, with .T and [:, None]. A sum of products along a chain of matrices is @, any other an einsum.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import reduce
from typing import NamedTuple

from tracer.expr import (
    ZERO,
    Add,
    AtMost,
    Call,
    Case,
    Cell,
    Condition,
    Constant,
    Div,
    Every,
    Expr,
    Index,
    Is,
    Join,
    Largest,
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
    Same,
    Some,
    Sum,
    Tensor,
    walk,
)
from tracer.show import digits

SUM, PRODUCT, POWER, ATOM = range(4)  # how tightly source holds together
FUNCTIONS = {"sqrt": "np.sqrt({})", "exp": "np.exp({})", "ln": "np.log({})", "tanh": "np.tanh({})",
             "sin": "np.sin({})", "cos": "np.cos({})",
             "abs": "np.abs({})", "arccos": "np.arccos(np.clip({}, -1, 1))"}  # fmt: skip
CONSTANTS = {"π": "np.pi", "e": "np.e", "∞": "np.inf"}
EXACT = 2**53  # whole numbers up to here are floats


class Code(NamedTuple):
    """Source, the names of its axes in order, and how tightly it holds together."""

    text: str
    axes: tuple[str, ...] = ()
    level: int = ATOM


class NumPyCode:
    """Writes the formulas of one pass. `names` has the variable of each tensor by its id."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names
        self.before: dict[str, None] = {}  # lines that must stand before: d_k = 3

    def step(self, tensor: Tensor, formula: Expr) -> list[str]:
        """The lines that compute a step from the steps before it."""
        self.before = {}
        axes = tuple(axis.index for axis in tensor.axes)
        code = self.fold(formula, {axis.index: axis.size for axis in tensor.axes})
        text = lined_up(code, axes).text
        if not code.axes or any(axis.size > 1 and axis.index not in code.axes for axis in tensor.axes):
            text = f"np.broadcast_to({text}, {tensor.shape})"
        return [*self.before, f"{self.names[tensor.id]} = {text}{'.astype(float)' if is_counted(formula) else ''}"]

    def fold(self, expr: Expr, sizes: Mapping[str, int]) -> Code:
        """The source of a formula over all its indices at once."""

        def inside(part: Expr) -> Code:
            return self.fold(part, sizes)

        match expr:
            case Num(value, places):
                return number(value, places)
            case Constant(name):
                return Code(CONSTANTS[name])
            case Named(name, value):
                self.before[f"{name} = {inside(value).text}"] = None
                return Code(name)
            case Cell(tensor, at):
                if any(index.less for index in at):
                    return self.looked_up(tensor, at, sizes)
                names = tuple(i.name for i in at if i.name)
                if len(set(names)) < len(names):
                    return Code(f"{self.names[tensor.id]}{cut(tensor, at, sizes)}.diagonal()", names[:1])
                return Code(self.names[tensor.id] + cut(tensor, at, sizes), names)
            case Position(of):
                return Code(position(of + 1), self.grid(of.names, sizes), SUM if of.shift + 1 else ATOM)
            case Neg(body):
                code = inside(body)
                return Code(f"-{bracketed(code, SUM)}", code.axes, SUM)
            case Add(terms):
                return self.added(terms, sizes)
            case Mul(factors):
                return joined([inside(factor) for factor in factors], " * ", PRODUCT)
            case Div(top, bottom):
                return joined([inside(top), inside(bottom)], " / ", PRODUCT)
            case Pow(base, exponent):
                return joined([inside(base), inside(exponent)], "**", POWER)
            case Call(function, body):
                code = inside(body)
                return Code(FUNCTIONS[function].format(code.text), code.axes)
            case Sum(index, size, body):
                return self.summed({index: size}, body, sizes)
            case Max(index, size, body):
                return along(self.fold(body, {**sizes, index: size}), (index,), "max")
            case Ranked(rank, index, size, body):
                return ranked(rank, index, self.fold(body, {**sizes, index: size}), sizes)
            case Largest(of, 1):
                return largest([inside(part) for part in of])
            case Largest(of, rank):
                return Code(f"np.sort([{', '.join(inside(part).text for part in of)}])[-{rank}]")
            case Case(when, then, otherwise):
                return self.case(when, then, otherwise, sizes)
            case Join(_, parts):
                others = {name: size for name, size in sizes.items() if name != expr.index}
                codes = [
                    self.names[part.tensor.id] + cut(part.tensor, part.at, {**_own(part), **others}) for part in parts
                ]
                axes = tuple(i.name for i in parts[0].at if i.name)
                stack = "np.hstack" if axes.index(expr.index) else "np.concatenate"
                return Code(f"{stack}([{', '.join(codes)}])", axes)
            case Pieces():
                return self.pieces(expr, sizes)
        raise TypeError(f"no NumPy source for {expr!r}")

    def added(self, terms: Sequence[Expr], sizes: Mapping[str, int]) -> Code:
        """A sum of terms, with − before those that are negated."""
        codes = [self.fold(term.body if isinstance(term, Neg) and n else term, sizes) for n, term in enumerate(terms)]
        axes = union(codes)
        text = lined_up(codes[0], axes).text
        for code, term in zip(codes[1:], terms[1:], strict=True):
            part = lined_up(code, axes)
            text += f" {'-' if isinstance(term, Neg) else '+'} {bracketed(part, SUM)}"
        return Code(text, axes, SUM)

    def summed(self, over: dict[str, int], body: Expr, sizes: Mapping[str, int]) -> Code:
        """A sum, several sums inside each other at once: matrices behind each other, or sums along axes."""
        if so_far := self.so_far(over, body, sizes):
            return so_far
        while isinstance(body, Sum):
            over, body = {**over, body.index: body.size}, body.body
        within = {**sizes, **over}
        factors = body.factors if isinstance(body, Mul) else (body,)
        codes = [self.fold(factor, within) for factor in factors]
        if len(codes) == 1:
            return along(codes[0], tuple(over), "sum")
        kept = tuple(name for name in union(codes) if name not in over)
        product = matrices(codes, tuple(over), kept)
        if product is not None:
            return product
        letters = {name: chr(97 + n) for n, name in enumerate(union(codes))}
        inputs = ",".join("".join(letters[name] for name in code.axes) for code in codes)
        outputs = "".join(letters[name] for name in kept)
        return Code(f'np.einsum("{inputs}->{outputs}", {", ".join(code.text for code in codes)})', kept)

    def so_far(self, over: Mapping[str, int], body: Expr, sizes: Mapping[str, int]) -> Code | None:
        """The sums of the first k along an axis, for every k: R.cumsum(axis=1). None where it is another sum."""
        match body:
            case Case(
                AtMost(Index(str(index), 1, 0, None), Index(str(end), 1, 0, None)), Cell() as cell, otherwise
            ) if index in over and sizes[end] == over[index] and otherwise == ZERO:
                code = self.fold(cell, {**sizes, **over})
                if end not in code.axes:
                    named = along(code, (index,), "cumsum")
                    axis = code.axes.index(index)
                    return Code(named.text, (*code.axes[:axis], end, *code.axes[axis + 1 :]))
        return None

    def case(self, when: Condition, then: Expr, otherwise: Expr, sizes: Mapping[str, int]) -> Code:
        """One value where a condition holds, another elsewhere."""
        condition = self.condition(when, sizes)
        codes = [self.fold(then, sizes), self.fold(otherwise, sizes)]
        axes = union([condition, *codes])
        parts = [lined_up(code, axes).text for code in (condition, *codes)]
        return Code(f"np.where({', '.join(parts)})", axes)

    def grid(self, names: Sequence[str], sizes: Mapping[str, int]) -> tuple[str, ...]:
        """The positions of indices, lined up with each other: i, j = np.ogrid[:4, :4]; returns their names in order."""
        order = [name for name in sizes if name in names]
        if len(order) == 1:
            self.before[f"{order[0]} = np.arange({sizes[order[0]]})"] = None
        elif order:
            self.before[f"{', '.join(order)} = np.ogrid[{', '.join(f':{sizes[name]}' for name in order)}]"] = None
        return tuple(order)

    def looked_up(self, tensor: Tensor, at: Sequence[Index], sizes: Mapping[str, int]) -> Code:
        """Entries at distances: r[j - i + 3]."""
        names = self.grid([name for index in at for name in index.names], sizes)
        return Code(f"{self.names[tensor.id]}[{', '.join(map(position, at))}]", names)

    def pieces(self, pieces: Pieces, sizes: Mapping[str, int]) -> Code:
        """An array filled piece by piece: rotated[:, 0::2] = …"""
        filled = f"pieces_{len(self.before)}"
        lines, axes = [], tuple(sizes)
        others = {name: size for name, size in sizes.items() if name != pieces.index}
        for piece in reversed(pieces.parts):  # the first that fits is the last word
            code = self.fold(piece.body, {**others, piece.at.name: piece.size} if piece.at.name else others)
            own = tuple(piece.at.name if name == pieces.index else name for name in axes)
            where = ", ".join(stretch(piece) if name == pieces.index else ":" for name in axes)
            lines.append(f"{filled}[{where}] = {lined_up(code, tuple(name for name in own if name)).text}")
        shape = ", ".join(str(sizes[name]) for name in axes)
        self.before |= dict.fromkeys([f"{filled} = np.empty(({shape}{',' if len(axes) == 1 else ''}))", *lines])
        return Code(filled, axes)

    def condition(self, when: Condition, sizes: Mapping[str, int]) -> Code:
        """A condition as source that gives True and False."""
        if isinstance(when, AtMost | Same):
            names = self.grid((*when.right.names, *when.left.names), sizes)
            sign = "<=" if isinstance(when, AtMost) else "=="
            return Code(f"{position(when.left)} {sign} {position(when.right)}", names, SUM)
        if isinstance(when, Every):
            codes = [self.condition(one, sizes) for one in when.of]
            axes = union(codes)
            return Code(" & ".join(bracketed(lined_up(code, axes), SUM) for code in codes), axes, SUM)
        if isinstance(when, Some):
            return self.some(when, sizes)
        cell, value = self.fold(when.cell, sizes), self.fold(when.value, sizes)
        return Code(f"{cell.text} {'==' if isinstance(when, Is) else '!='} {value.text}", cell.axes, SUM)

    def some(self, when: Some, sizes: Mapping[str, int]) -> Code:
        """Whether a condition holds somewhere along an axis: (j <= i).any(axis=1)."""
        code = self.condition(when.when, {**sizes, when.index: when.size})
        return along(code, (when.index,), "any") if when.index in code.axes else code


def larger(codes: Sequence[Code]) -> Code:
    """The largest of some numbers; of arrays entry by entry."""
    axes = union(codes)
    if not axes:
        return Code(f"max({', '.join(code.text for code in codes)})")
    parts = [lined_up(code, axes).text for code in codes]
    return Code(reduce(lambda left, right: f"np.maximum({left}, {right})", parts), axes)


def number(value: Fraction, places: int | None = None) -> Code:
    """A number as a literal: 3, 0.5, 1 / 3; one that no float holds exactly, as a float."""
    if value < 0:
        return Code(f"-{bracketed(number(-value, places), SUM)}", (), SUM)
    if value.numerator > EXACT or value.denominator > EXACT:
        try:
            return Code(repr(float(value)))
        except OverflowError:
            return Code("np.inf")
    if places is not None:
        return Code(digits(value, places))
    if value.denominator == 1:
        return Code(str(value.numerator))
    return Code(f"{value.numerator} / {value.denominator}", (), PRODUCT)


def cut(tensor: Tensor, at: Sequence[Index], sizes: Mapping[str, int]) -> str:
    """What stands in square brackets behind a variable, where not all of it is meant: [:, 2:4], [0]."""
    parts = []
    for index, axis in zip(at, tensor.axes, strict=True):
        if index.name is None:
            parts.append(str(index.shift))
            continue
        end = index.at({index.name: sizes[index.name] - 1}) + 1
        whole = index.shift == 0 and end == axis.size and index.scale == 1
        parts.append(":" if whole else f"{index.shift}:{end}" + (f":{index.scale}" if index.scale > 1 else ""))
    while parts and parts[-1] == ":":
        parts.pop()
    return f"[{', '.join(parts)}]" if parts else ""


def stretch(piece: Piece) -> str:
    """Where along its axis a piece stands: 0:4:2, or 3."""
    at = piece.at
    if at.name is None:
        return str(at.shift)
    end = at.shift + at.scale * (piece.size - 1) + 1
    return f"{at.shift}:{end}" + (f":{at.scale}" if at.scale > 1 else "")


def _own(part: Cell) -> dict[str, int]:
    """How far each index of a joined part runs."""
    return {i.name: a.size - i.shift for i, a in zip(part.at, part.tensor.axes, strict=True) if i.name}


def is_counted(formula: Expr) -> bool:
    """Whether a formula has whole numbers and places only, of which NumPy makes integers."""
    return all(
        isinstance(node, Position | Mul | Add | Neg) or (isinstance(node, Num) and node.value.denominator == 1)
        for node in walk(formula)
    )


def position(index: Index) -> str:
    """An index, counted from 0."""
    if index.name is None:
        return str(index.shift)
    scaled = f"{index.scale} * {index.name}" if index.scale != 1 else index.name
    scaled += f" - {index.less}" if index.less else ""
    return scaled + (f" {'+' if index.shift > 0 else '-'} {abs(index.shift)}" if index.shift else "")


def matrices(codes: Sequence[Code], over: tuple[str, ...], kept: tuple[str, ...]) -> Code | None:
    """Matrices behind each other, each summed against the next: Q @ K.T. None where the factors make no such chain."""
    if len(kept) != 2 or any(len(code.axes) != 2 for code in codes) or len(codes) != len(over) + 1:
        return None
    left, rest, text = kept[0], list(codes), []
    while rest:
        following = next((code for code in rest if left in code.axes), None)
        if following is None:
            return None
        rest.remove(following)
        right = following.axes[1 - following.axes.index(left)]
        text.append(bracketed(lined_up(following, (left, right)), PRODUCT))
        left = right
    return Code(" @ ".join(text), kept, PRODUCT) if left == kept[1] else None


def along(code: Code, over: tuple[str, ...], function: str) -> Code:
    """A function along axes: E.sum(axis=1)."""
    axes = [code.axes.index(name) for name in over]
    axis = str(axes[0]) if len(axes) == 1 else str(tuple(axes))
    kept = tuple(name for name in code.axes if name not in over)
    return Code(f"{bracketed(code, POWER)}.{function}(axis={axis})", kept)


def ranked(rank: Index, index: str, code: Code, sizes: Mapping[str, int]) -> Code:
    """An array sorted along an axis, the largest first: -np.sort(-Z, axis=1)."""
    axis = code.axes.index(index)
    falling = f"-np.sort(-{bracketed(code, POWER)}, axis={axis})"
    if rank.name is None:
        cut_ = ", ".join(":" if n < axis else str(rank.shift) for n in range(axis + 1))
        return Code(f"({falling})[{cut_}]", code.axes[:axis] + code.axes[axis + 1 :])
    assert rank == Index(rank.name)
    return Code(falling, (*code.axes[:axis], rank.name, *code.axes[axis + 1 :]), SUM)


def largest(codes: Sequence[Code]) -> Code:
    """The largest of some values, entry by entry: max(2, 3), np.maximum(A, 0)."""
    axes = union(codes)
    if not axes:
        return Code(f"max({', '.join(code.text for code in codes)})")
    first, *others = (lined_up(code, axes).text for code in codes)
    for other in others:
        first = f"np.maximum({first}, {other})"
    return Code(first, axes)


def joined(codes: Sequence[Code], sign: str, level: int) -> Code:
    """Factors with a sign between them, each lined up with the others."""
    axes = union(codes)
    first, *others = (lined_up(code, axes) for code in codes)
    left = bracketed(first, level if level == POWER else level - 1)
    return Code(sign.join([left, *(bracketed(other, level) for other in others)]), axes, level)


def union(codes: Sequence[Code]) -> tuple[str, ...]:
    """The names of all axes, those of the largest part first."""
    return tuple(dict.fromkeys(name for code in sorted(codes, key=lambda c: -len(c.axes)) for name in code.axes))


def lined_up(code: Code, axes: tuple[str, ...]) -> Code:
    """The source with its axes in this order: turned round, and with a place for each axis that it lacks."""
    here = tuple(name for name in axes if name in code.axes)
    text, level = code.text, code.level
    if here != code.axes:
        text, level = f"{bracketed(code, POWER)}.T", ATOM
    if not here or axes[-len(here) :] == here:  # NumPy puts axes that lack on the left by itself
        return Code(text, here, level)
    first = axes.index(here[0])
    places = ", ".join(":" if name in here else "None" for name in axes[first:])
    return Code(f"{bracketed(Code(text, here, level), POWER)}[{places}]", axes)


def bracketed(code: Code, above: int) -> str:
    """The source, in brackets unless it holds together more tightly than this."""
    return code.text if code.level > above else f"({code.text})"
