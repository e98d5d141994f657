"""What goes wrong, each mistake worked anew in its step; the person then goes on honestly from the wrong numbers.

A mistake gets the tensors as the person sees them (`work.seen`: Q, K, V, the logits Z, …) and a place, and says what
is worked out there instead. `NotFittingError` where the shapes forbid it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Any

from .problems import Wish
from .quantity import HIDDEN, ZERO, Quantity, angle, exp, over, pi, total
from .work import Cell, NotFittingError, Work
from .writing import Text

Made = Callable[[Work, int, int, int], Quantity]  # the work, the place, and a number that picks a variant


@dataclass(frozen=True)
class Way:
    """One way to make a mistake: in which steps, with which number, and which problems it needs."""

    steps: tuple[str, ...]
    made: Made
    wish: Wish = field(default_factory=dict)
    whole: bool = True  # happens to a whole step; else to one cell or one row, or all
    leaves_out: tuple[str, ...] = ()  # steps that somebody who errs so does not write
    places: dict[str, int] = field(default_factory=dict)  # where the mistake shows only beside coarse roundings


WAYS: dict[str, list[Way]] = {}


def way(
    code: str,
    *steps: str,
    whole: bool = True,
    leaves_out: tuple[str, ...] = (),
    places: dict[str, int] | None = None,
    **wish: Any,
) -> Any:
    """Decorator: one more way to make a mistake."""

    def keep(made: Made) -> Made:
        WAYS.setdefault(code, []).append(Way(steps, made, wish, whole, leaves_out, places or {}))
        return made

    return keep


def fits(condition: object) -> None:
    """The shapes must allow it."""
    if not condition:
        raise NotFittingError


# Sums of products

PRODUCTS = ("query", "key", "value", "scores", "outputs", "projected")


def products(w: Work, i: int, j: int) -> tuple[list[tuple[Quantity, Quantity]], Quantity]:
    """The factors of each product in a sum, and what is added to them."""
    fits(w.pairs is not None)
    assert w.pairs is not None
    return w.pairs(i, j), w.bias(i, j)


@way("product_dropped", *PRODUCTS, whole=False)
def _(w: Work, i: int, j: int, pick: int) -> Quantity:
    terms, bias = products(w, i, j)
    fits(len(terms) > 1)
    gone = pick % len(terms)
    return total([a * b for n, (a, b) in enumerate(terms) if n != gone]) + bias


@way("sign_slipped", *PRODUCTS, whole=False)
def _(w: Work, i: int, j: int, pick: int) -> Quantity:
    terms, bias = products(w, i, j)
    wrong = pick % len(terms)
    return total([-a * b if n == wrong else a * b for n, (a, b) in enumerate(terms)]) + bias


@way("added", "scores", "query", "key", "value", "outputs", whole=False)
def _(w: Work, i: int, j: int, pick: int) -> Quantity:
    terms, bias = products(w, i, j)
    return total([a + b for a, b in terms]) + bias


@way("elementwise", "scores", square=True, heads=False, source="X", similarity="dot")
def _(w: Work, i: int, j: int, pick: int) -> Quantity:
    Q, K = w.seen["Q"], w.seen["K"]
    fits(Q.rows == K.rows == Q.columns)
    return Q(i, j) * K(i, j)


@way("elementwise", "scores", square=True, heads=False, source="QKV", similarity="dot")
def _(w: Work, i: int, j: int, pick: int) -> Quantity:
    Q, K = w.seen["Q"], w.seen["K"]
    fits(Q.rows == K.rows == Q.columns)
    return Q(i, j) * K(j, i)


@way("elementwise", "outputs", square=True, heads=False)
def _(w: Work, i: int, j: int, pick: int) -> Quantity:
    A, V = w.seen["A"], w.seen["V"]
    fits(A.rows == A.columns == V.columns)
    return A(i, j) * V(i, j)


# Which matrix, and which way round


@way("k_not_transposed", "scores", square=True, similarity="dot")
def _(w: Work, i: int, j: int, pick: int) -> Quantity:
    Q, K = w.seen["Q"], w.seen["K"]
    fits(K.rows == K.columns)
    return total([Q(i, c) * K(c, j) for c in range(K.rows)])


@way("q_k_exchanged", "scores", source="X", similarity="dot", bare=0.0)
@way("q_k_exchanged", "scores", source="QKV", square=True, similarity="dot")
def _(w: Work, i: int, j: int, pick: int) -> Quantity:
    Q, K = w.seen["Q"], w.seen["K"]
    fits(Q.rows == K.rows)
    return total([K(i, c) * Q(j, c) for c in range(Q.columns)])


@way("w_transposed", "query", "key", "value", "projected", square=True, W_O=True, bare=0.0, heads=False)
def _(w: Work, i: int, j: int, pick: int) -> Quantity:
    fits("W" in w.seen)
    X, W = w.seen["X"], w.seen["W"]
    fits(W.rows == W.columns)
    return total([X(i, a) * W(j, a) for a in range(W.rows)]) + products(w, i, j)[1]


# Scaling


@way("not_scaled", "scaled", scale="default")
@way("not_scaled", "scaled", scale="by")
def _(w: Work, i: int, j: int, pick: int) -> Quantity:
    return w.seen["Z"](i, j)


@way("divided_by_d_k", "scaled", scale="default")
def _(w: Work, i: int, j: int, pick: int) -> Quantity:
    fits(w.d_k > 1)
    return w.seen["Z"](i, j) / w.d_k


@way("divided_by_sqrt_d_model", "scaled", scale="default", source="X")
def _(w: Work, i: int, j: int, pick: int) -> Quantity:
    fits(w.d_k and "X" in w.seen and w.seen["X"].columns != w.d_k)
    return w.seen["Z"](i, j) / Decimal(w.seen["X"].columns).sqrt()


@way("divided_by_sqrt_n", "scaled", scale="default", source="X")
def _(w: Work, i: int, j: int, pick: int) -> Quantity:
    n = w.seen["S"].rows
    fits(w.d_k and n == w.seen["S"].columns and n != w.d_k)
    return w.seen["Z"](i, j) / Decimal(n).sqrt()


@way("scaled_twice", "scaled", scale="default")
@way("scaled_twice", "scaled", scale="by")
def _(w: Work, i: int, j: int, pick: int) -> Quantity:
    return w.seen["Z"](i, j) / w.by / w.by


# Similarity


@way("cosine_for_dot", "scores", similarity="dot")
def _(w: Work, i: int, j: int, pick: int) -> Quantity:
    if pick % 2:
        return w.seen["C"](i, j)
    dot = total([a * b for a, b in products(w, i, j)[0]])
    return over(dot, w.seen["q"](i, 0) * w.seen["k"](j, 0))


@way("dot_for_cosine", "scores", similarity="cosine")
def _(w: Work, i: int, j: int, pick: int) -> Quantity:
    Q, K = w.seen["Q"], w.seen["K"]
    return total([Q(i, c) * K(j, c) for c in range(Q.columns)])


@way("norm_without_root", "query_norms", whole=False)
def _(w: Work, i: int, j: int, pick: int) -> Quantity:
    Q = w.seen["Q"]
    return total([Q(i, c) * Q(i, c) for c in range(Q.columns)])


@way("norm_without_root", "key_norms", whole=False)
def _(w: Work, i: int, j: int, pick: int) -> Quantity:
    K = w.seen["K"]
    return total([K(i, c) * K(i, c) for c in range(K.columns)])


@way("one_norm_only", "cosines", whole=False)
def _(w: Work, i: int, j: int, pick: int) -> Quantity:
    Q, K = w.seen["Q"], w.seen["K"]
    dot = total([Q(i, c) * K(j, c) for c in range(Q.columns)])
    return over(dot, w.seen["q"](i, 0) if pick % 2 else w.seen["k"](j, 0))


@way("radians", "angles")
def _(w: Work, i: int, j: int, pick: int) -> Quantity:
    return angle(w.seen["C"](i, j), pi())


# From logits to weights

SOFTMAX = {"normalisation": "softmax"}
SHIFTED = {"normalisation": "softmax-shifted"}


@way("exponentials_forgotten", "exponentials", **SOFTMAX)
def _(w: Work, i: int, j: int, pick: int) -> Quantity:
    return w.seen["Z"](i, j) if w.ok(i, j) else ZERO


@way("exponentials_forgotten", "exponentials", **SHIFTED)
def _(w: Work, i: int, j: int, pick: int) -> Quantity:
    return w.seen["power"](i, j) if w.ok(i, j) else ZERO


@way("exponentials_forgotten", "weights", leaves_out=("exponentials", "row_sums"), **SOFTMAX)
@way("exponentials_forgotten", "weights", **SOFTMAX)
def _(w: Work, i: int, j: int, pick: int) -> Quantity:
    Z = w.seen["Z"]
    return over(Z(i, j), total([Z(i, b) for b in range(Z.columns) if w.ok(i, b)])) if w.ok(i, j) else ZERO


@way("base_10", "exponentials", **SOFTMAX)
@way("base_10", "exponentials", **SHIFTED)
def _(w: Work, i: int, j: int, pick: int) -> Quantity:
    return Decimal(10) ** w.seen["power"](i, j) if w.ok(i, j) else ZERO


@way("base_2", "exponentials", **SOFTMAX)
@way("base_2", "exponentials", **SHIFTED)
def _(w: Work, i: int, j: int, pick: int) -> Quantity:
    return Decimal(2) ** w.seen["power"](i, j) if w.ok(i, j) else ZERO


def column(w: Work, j: int) -> Quantity:
    E = w.seen["E"]
    return total([E(a, j) for a in range(E.rows) if w.ok(a, j)])


@way("softmax_down_columns", "weights", leaves_out=("row_sums",))
@way("softmax_down_columns", "weights")
def _(w: Work, i: int, j: int, pick: int) -> Quantity:
    return over(w.seen["E"](i, j), column(w, j)) if w.ok(i, j) else ZERO


@way("softmax_down_columns", "row_sums", "weights", source="X", heads=False)
def _(w: Work, i: int, j: int, pick: int) -> Quantity:
    E = w.seen["E"]
    fits(E.rows == E.columns)
    if "D" not in w.seen:
        return column(w, i)
    return over(E(i, j), w.seen["D"](j, 0)) if w.ok(i, j) else ZERO


@way("softmax_whole_matrix", "row_sums")
def _(w: Work, i: int, j: int, pick: int) -> Quantity:
    return total([column(w, b) for b in range(w.seen["E"].columns)])


@way("softmax_whole_matrix", "weights", leaves_out=("row_sums",))
@way("softmax_whole_matrix", "weights")
def _(w: Work, i: int, j: int, pick: int) -> Quantity:
    E = w.seen["E"]
    return over(E(i, j), total([column(w, b) for b in range(E.columns)])) if w.ok(i, j) else ZERO


@way("sum_of_scores", "row_sums", whole=False, **SOFTMAX)
@way("sum_of_scores", "row_sums", whole=False, **SHIFTED)
def _(w: Work, i: int, j: int, pick: int) -> Quantity:
    Z = w.seen["Z"]
    return total([Z(i, b) for b in range(Z.columns) if w.ok(i, b)])


@way("sum_of_wrong_row", "weights", whole=False)
def _(w: Work, i: int, j: int, pick: int) -> Quantity:
    D = w.seen["D"]
    fits(D.rows > 1)
    return over(w.seen["E"](i, j), D((i + 1 + pick % (D.rows - 1)) % D.rows, 0)) if w.ok(i, j) else ZERO


@way("sum_of_wrong_row", "row_sums", whole=False)
def _(w: Work, i: int, j: int, pick: int) -> Quantity:
    E = w.seen["E"]
    fits(E.rows > 1)
    row = (i + 1 + pick % (E.rows - 1)) % E.rows
    return total([E(row, b) for b in range(E.columns) if w.ok(row, b)])


@way("maximum_in_numerator_only", "row_sums", whole=False, **SHIFTED)
def _(w: Work, i: int, j: int, pick: int) -> Quantity:
    Z = w.seen["Z"]
    return total([exp(Z(i, b)) for b in range(Z.columns) if w.ok(i, b)])


@way("maximum_in_numerator_only", "weights", whole=False, **SHIFTED)
def _(w: Work, i: int, j: int, pick: int) -> Quantity:
    Z = w.seen["Z"]
    below = total([exp(Z(i, b)) for b in range(Z.columns) if w.ok(i, b)])
    return over(w.seen["E"](i, j), below) if w.ok(i, j) else ZERO


@way("forced_to_one", "weights", places={"row_sums": 1, "weights": 4})
@way("forced_to_one", "weights", places={"exponentials": 1, "row_sums": 1, "weights": 3})
def _(w: Work, i: int, j: int, pick: int) -> Quantity:
    E = w.seen["E"]
    last = max((b for b in range(E.columns) if w.ok(i, b)), default=-1)
    fits(j == last)
    weights = w.prefix + "weights"
    return 1 - total([w._look((weights, i, b)) for b in range(j)])


# Masks: what the person believes stands in `Mistake.believes`


def as_it_is(w: Work, i: int, j: int, pick: int) -> Quantity:
    raise NotFittingError


for rule in ("causal", "given", "top-left"):
    way("mask_forgotten", "masked", mask=rule)(as_it_is)
    way("mask_forgotten", "masked", mask=rule, leaves_out=("masked",))(as_it_is)
    way("mask_zero", "masked", mask=rule)(as_it_is)
    way("mask_flipped", "masked", mask=rule)(as_it_is)
way("mask_shifted", "masked", mask="causal")(as_it_is)
way("mask_shifted", "masked", mask="top-left")(as_it_is)


@way("masked_after_softmax", "weights", leaves_out=("masked",), mask="causal", **SOFTMAX)
@way("masked_after_softmax", "weights", leaves_out=("masked", "exponentials", "row_sums"), mask="given", **SOFTMAX)
@way("masked_after_softmax", "weights", leaves_out=("masked",), mask="given", **SHIFTED)
def _(w: Work, i: int, j: int, pick: int) -> Quantity:
    return over(w.seen["E"](i, j), w.seen["D"](i, 0)) if w.allowed[i][j] else ZERO


# Outputs


def mixed_with(w: Work, name: str, i: int, j: int) -> Quantity:
    """A contribution, or an output, with another matrix in the place of V."""
    A, V, M = w.seen["A"], w.seen["V"], w.seen.get(name)
    fits(M is not None and M.rows == V.rows and M.columns == V.columns)
    assert M is not None
    if w.pairs is None:
        return A(w.row, i) * M(i, j)
    return total([A(i, b) * M(b, j) for b in range(A.columns)])


@way("weights_on_x", "contributions", "outputs", square=True, source="X", heads=False, bare=0.0)
def _(w: Work, i: int, j: int, pick: int) -> Quantity:
    return mixed_with(w, "Y", i, j)


@way("weights_on_k", "contributions", "outputs", source="X", square=True, bare=0.0)
@way("weights_on_k", "contributions", "outputs", source="QKV", square=True)
def _(w: Work, i: int, j: int, pick: int) -> Quantity:
    return mixed_with(w, "K", i, j)


@way("v_transposed", "contributions", "outputs", square=True)
def _(w: Work, i: int, j: int, pick: int) -> Quantity:
    A, V = w.seen["A"], w.seen["V"]
    fits(V.rows == V.columns)
    if w.pairs is None:
        return A(w.row, i) * V(j, i)
    return total([A(i, b) * V(j, b) for b in range(A.columns)])


@way("weights_copied", "outputs", square=True)
def _(w: Work, i: int, j: int, pick: int) -> Quantity:
    A = w.seen["A"]
    fits(A.columns == w.seen["V"].columns)
    return A(i, j)


# Heads


@way("heads_by_rows", "query", "key", "value", heads=True, columns=True)
def _(w: Work, i: int, j: int, pick: int) -> Quantity:
    fits("whole" in w.seen and w.prefix.endswith(".") and "head" in w.prefix)
    whole, (number, parts) = w.seen["whole"], w.place
    width = whole.columns // parts
    flat = number * whole.rows * width + i * width + j  # the numbers of the matrix in a row, cut into equal pieces
    return whole(flat // whole.columns, flat % whole.columns)


@way("heads_interleaved", "query", "key", "value", heads=True, columns=True)
def _(w: Work, i: int, j: int, pick: int) -> Quantity:
    fits("whole" in w.seen and w.prefix.endswith(".") and "head" in w.prefix)
    number, parts = w.place
    return w.seen["whole"](i, j * parts + number)


@way("heads_added", "joined", heads=True)
def _(w: Work, i: int, j: int, pick: int) -> Quantity | None:
    outputs = list(w.seen.values())
    return total([O(i, j) for O in outputs]) if j < outputs[0].columns else None


@way("w_o_forgotten", "projected", W_O=True)
def _(w: Work, i: int, j: int, pick: int) -> Quantity:
    J, W = w.seen["J"], w.seen["W"]
    fits(W.rows == W.columns)
    return J(i, j)


# Slips of the pen: other texts than were meant


def exchanged(text: Text) -> Iterator[Text]:
    """Two neighbouring digits of a decimal in each other's place."""
    for match in re.finditer(r"(?=(\d)(\d))", text.raw):
        at, (a, b) = match.start(), match.groups()
        raw = text.raw[:at] + b + a + text.raw[at + 2 :]
        if a != b and not re.match(r"[-−≈ ]*0\d", raw):
            yield from _read_back(raw, text)


def shifted(text: Text) -> Iterator[Text]:
    """The decimal point one place further left or right."""
    match = re.fullmatch(r"(\D*)(\d*)([.,])(\d+)(.*)", text.raw)
    if not match or "e" in text.raw:
        return
    before, whole, point, decimals, after = match.groups()
    right = (whole + decimals[0]).lstrip("0") or "0"
    yield from _read_back(before + right + (point + decimals[1:] if decimals[1:] else "") + after, text)
    yield from _read_back(before + (whole[:-1] or "0") + point + (whole[-1:] or "0") + decimals + after, text)


def _read_back(raw: str, meant: Text) -> Iterator[Text]:
    """The text with its number, read from the text itself."""
    match = re.fullmatch(r"[≈ ]*([-−]?)(\d*)(?:[.,](\d+))?( ?%)?", raw)
    if not match:
        return
    sign, whole, decimals, percent = match.groups()
    places = len(decimals or "") + (2 if percent else 0)
    value = Decimal(int((whole or "") + (decimals or ""))).scaleb(-places)
    if value != abs(meant.value):
        yield Text(raw, -value if sign else value, places)


PEN: dict[str, Callable[[Text], Iterator[Text]]] = {"digits_exchanged": exchanged, "point_misplaced": shifted}
CODES = (*WAYS, *PEN)


# A mistake made at a certain place


@dataclass(frozen=True)
class Mistake:
    """A mistake as somebody makes it: always, or only in one head, one row or one cell."""

    code: str
    way: Way
    pick: int
    steps: tuple[str, ...] | None = None  # ids; None: wherever the step occurs
    row: int | None = None
    column: int | None = None

    def concerns(self, cell: Cell) -> bool:
        id_, i, j = cell
        return (
            id_.rpartition(".")[2] in self.way.steps
            and (self.steps is None or id_ in self.steps)
            and self.row in (None, i)
            and self.column in (None, j)
        )

    def value(self, work: Work, i: int, j: int) -> Quantity | None:
        """The number that comes out instead."""
        try:
            return self.way.made(work, i, j, self.pick)
        except KeyError:
            raise NotFittingError from None

    @property
    def hidden(self) -> Decimal:
        """What stands for a masked logit."""
        return ZERO if self.code == "mask_zero" else HIDDEN

    def believes(self, work: Work, entry: dict[str, Any], n: int, m: int) -> list[list[bool]]:
        """Where this person takes attention for allowed."""
        allowed, causal = work.allowed, entry.get("rule", "given") == "causal"
        shift = 0 if entry.get("align") == "top-left" else m - n
        match self.code:
            case "mask_forgotten" | "masked_after_softmax":
                return [[True] * m for _ in range(n)]
            case "mask_flipped" if causal and self.pick % 2:
                return [[j >= i + shift for j in range(m)] for i in range(n)]
            case "mask_flipped":
                return [[not ok for ok in row] for row in allowed]
            case "mask_shifted":
                by = 1 if self.pick % 2 else -1
                return [[j <= i + shift + by for j in range(m)] for i in range(n)]
        return allowed


def draw(code: str, rng: Random) -> Mistake:
    """One way to make this mistake, everywhere; `narrowed` puts it into one place."""
    return Mistake(code, rng.choice(WAYS[code]), rng.randrange(12))
