"""A second opinion on what `tracer new` certifies: everything worked again in decimals of 60 digits, from the file alone.

Nothing of tracer is imported here: the pass, the work by hand, the count of the work and every mistake are written apart,
one matrix at a time, so that the certificate and this file can only agree where both are right.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from decimal import ROUND_HALF_UP, Decimal, getcontext
from fractions import Fraction
from itertools import combinations
from math import isqrt
from typing import Any, NamedTuple

getcontext().prec = 60
D, NONE, INF = Decimal, None, Decimal("inf")
TINY = D("1e-40")
SECONDS = {"multiplications": 6, "additions": 4, "divisions": 12, "exponentials": 12, "roots": 12}
LEVELS = {"easy": (1, 15, 1, 20), "medium": (3, 30, 2, 40), "hard": (8, 90, 2, 80)}  # minutes, units off, divisor
NEEDS = {
    "head query": ["query"], "head key": ["key"], "head value": ["value"],
    "scores": ["query", "key"], "scaled": ["scores"], "masked": ["scaled"], "exponentials": ["masked", "scaled"],
    "row_sums": ["exponentials"], "weights": ["row_sums"], "outputs": ["weights", "value"],
    "projected": ["outputs"],
}  # fmt: skip
WORKED = ("query", "key", "value", "scores", "scaled", "exponentials", "row_sums", "weights", "outputs", "projected")
Matrix = list[list[Any]]


class Wrong(NamedTuple):
    """A mistake: its name, what two of them have in common that are the same by algebra, and its answer."""

    name: str
    label: Any
    answer: Matrix


class Problem:
    """A problem file, read without tracer."""

    def __init__(self, text: str) -> None:
        self.top = [line[1:].strip() for line in text.splitlines() if line.startswith("#")]
        self.data = tomllib.loads(text)
        words = self.top[0].split()
        self.told = {words[n][2:]: words[n + 1] for n in range(2, len(words) - 1) if words[n].startswith("--")}
        self.n, self.d, self.heads = (int(self.told[key]) for key in ("tokens", "d-k", "heads"))
        self.model = int(self.told.get("d-model", 0))
        self.causal, self.exact = self.told["mask"] == "causal", "--exact-weights" in words
        self.steps, self.places = self.told["steps"].split(","), int(self.told["places"])
        self.level = LEVELS[self.told["difficulty"]]
        self.unit = D(10) ** -self.places
        self.given = {name: [[number(x, self.d) for x in row] for row in m] for name, m in self.data["given"].items()}

    def sees(self, i: int, j: int) -> bool:
        return not self.causal or j <= i

    def needed(self) -> set[str]:
        found, waiting = set(), list(self.steps)
        while waiting:
            step = waiting.pop()
            found.add(step)
            waiting += NEEDS.get(step, [])
        return found

    def worked(self) -> list[str]:
        return [step for step in WORKED if step in self.needed() and (self.model or step not in WORKED[:3])]


def number(raw: Any, d: int) -> Decimal:
    """2, "3/2", "√2" or "ln 6"."""
    if isinstance(raw, int):
        return D(raw)
    if found := re.fullmatch(r"(-?\d)/2", raw):
        return D(found[1]) / 2
    if found := re.fullmatch(r"ln (\d)", raw):
        return D(found[1]).ln()
    assert raw == f"√{d}", raw
    return D(d).sqrt()


# The pass, once exactly and once by hand


def product(A: Matrix, B: Matrix) -> Matrix:
    return [[sum((a * b for a, b in zip(row, column, strict=True)), D(0)) for column in turned(B)] for row in A]


def turned(A: Matrix) -> Matrix:
    return [list(column) for column in zip(*A, strict=True)]


class Pass:
    """One head: its matrices, each rounded when it has been written."""

    def __init__(self, p: Problem, head: int, rounded: Callable[[Decimal], Decimal]) -> None:
        self.p, self.before = p, {}
        columns = slice(head * p.d, (head + 1) * p.d)

        def step(name: str, A: Matrix) -> Matrix:
            self.before[name] = A
            return [[rounded(x) for x in row] for row in A]

        self.Q, self.K, self.V = (
            [
                row[columns]
                for row in step(name, product(p.given["X"], p.given[f"W_{letter}"]) if p.model else p.given[letter])
            ]
            for name, letter in (("query", "Q"), ("key", "K"), ("value", "V"))
        )
        n, root = range(p.n), D(p.d).sqrt()
        self.S = step("scores", product(self.Q, turned(self.K)))
        self.Z = step("scaled", [[s / root for s in row] for row in self.S])
        self.E = step("exponentials", [[self.Z[i][j].exp() if p.sees(i, j) else D(0) for j in n] for i in n])
        self.D = step("row_sums", [[sum(row)] for row in self.E])
        self.A = step("weights", [[e / self.D[i][0] for e in row] for i, row in enumerate(self.E)])
        self.O = step("outputs", product(self.A, self.V))
        self.by = {
            "scores": self.S, "scaled": self.Z, "exponentials": self.E, "row_sums": self.D, "weights": self.A,
            "outputs": self.O,
        }  # fmt: skip

    def seen(self, A: Matrix) -> Iterator[list[Decimal]]:
        """Of each row with a choice, what stands at the words that it sees."""
        for i, row in enumerate(A):
            found = [x for j, x in enumerate(row) if self.p.sees(i, j)]
            if len(found) > 1:
                yield found


def joined(heads: list[Pass]) -> Matrix:
    """The outputs of all heads side by side."""
    return [[x for one in heads for x in one.O[i]] for i in range(heads[0].p.n)]


def numbers_of(p: Problem, heads: list[Pass], name: str, by_hand: bool = False) -> Iterator[Any]:
    """The numbers of a step, of every head; by hand those before they are rounded."""
    if name == "projected":
        yield from (x for row in product(joined(heads), p.given["W_O"]) for x in row)
        return
    for one in heads:
        yield from (x for row in (one.before[name] if by_hand else one.by.get(name) or one.before[name]) for x in row)


# What is measured


def measured(p: Problem) -> dict[str, Any]:
    """The figure of each requirement."""
    heads = [Pass(p, h, lambda x: x) for h in range(p.heads)]
    hands = [Pass(p, h, lambda x: x.quantize(p.unit, ROUND_HALF_UP)) for h in range(p.heads)]
    worked = p.worked()
    cells = [x for step in worked for x in numbers_of(p, heads, step)]
    rows = [row for one in heads for row in one.seen(one.A)]
    spread = [row for one in heads for row in one.seen(one.Z)]
    apart = [
        sum(a != b for a, b in zip(v, w, strict=True))
        for one in heads
        for M in (one.Q, one.K)
        for v, w in combinations(M, 2)
    ]
    found: dict[str, Any] = {
        "friendly": max(size(x, p.d) for M in p.data["given"].values() for row in M for x in row),
        "query": min(sum(x != 0 for x in q) for one in heads for q in one.Q),
        "different": min(apart),
        "key": min(sum(x != 0 for x in q) for one in heads for q in one.K),
        "value": min(sum(x != 0 for x in q) for one in heads for q in one.V),
        "spread": min(max(row) - min(row) for row in spread),
        "largest": max(max(row) for row in rows),
        "smallest": min(min(row) for row in rows),
    }
    if p.exact:
        found["divisor"] = max(weight.denominator for weight in exact_weights(p))
    found["ties"] = min(to_tie(p, x) for x in cells)
    off = [abs(sum(nearest(p, x) for x in row) - 1) for row in rows]
    if not p.exact:
        hand = [x for step in worked for x in numbers_of(p, hands, step, by_hand=True)]
        found["ties by hand"] = min(to_tie(p, x) for x in hand)
        found["off"] = max(abs(nearest(p, x) - nearest(p, y)) for x, y in zip(cells, hand, strict=True)) / p.unit
        off += [abs(sum(row) - 1) for one in hands for row in one.seen(one.A)]
    found["sums"] = max(off) / p.unit
    found["minutes"] = D(sum(SECONDS[kind] * n for kind, n in work(p, heads).items())) / 60
    answers = {step: list(one) for step, one in every_mistake(p, heads)}
    found["shown"] = min(gap(w.answer, right(p, heads, step)) for step, ws in answers.items() for w in ws) / p.unit
    found["differ"] = (
        min(
            gap(v.answer, w.answer)
            for ws in answers.values()
            for v, w in combinations(ws, 2)
            if v.name != w.name and not alike(p, v, w)
        )
        / p.unit
    )
    return found


BOUNDS: dict[str, Callable[[Problem], tuple[Any, Any]]] = {
    "friendly": lambda p: (0, 9), "query": lambda p: (1, INF), "different": lambda p: (1, INF), "key": lambda p: (1, INF),
    "value": lambda p: (1, INF), "spread": lambda p: (D("0.25"), INF), "largest": lambda p: (0, D("0.9")),
    "smallest": lambda p: (D("0.01"), 1), "divisor": lambda p: (1, p.level[3]), "ties": lambda p: (D("0.02"), INF),
    "ties by hand": lambda p: (D("0.01"), INF), "off": lambda p: (0, p.level[2]), "sums": lambda p: (0, 0),
    "minutes": lambda p: p.level[:2], "shown": lambda p: (3, INF), "differ": lambda p: (3, INF),
}  # fmt: skip


def size(raw: Any, d: int) -> Decimal:
    return abs(number(raw, d)) if isinstance(raw, int) or "/" in raw else D(1 if raw[0] == "√" else int(raw[3:]))


def nearest(p: Problem, x: Decimal) -> Decimal:
    return x.quantize(p.unit, ROUND_HALF_UP)


def to_tie(p: Problem, x: Decimal) -> Decimal:
    """How far, in units, from the middle between two decimals."""
    units = x / p.unit
    return abs(units - units.to_integral_value("ROUND_FLOOR") - D("0.5"))


def exact_weights(p: Problem) -> Iterator[Fraction]:
    """The weights as fractions: e to a sum of logarithms is a product of powers."""

    def power(raw: Any) -> Fraction:  # e to a given logarithm
        return Fraction(int(raw.removeprefix("ln "))) if isinstance(raw, str) else Fraction(1)

    def times(raw: Any) -> int:  # how many √d_k
        return 1 if isinstance(raw, str) else Fraction(raw) / isqrt(p.d) if raw else 0

    given = p.data["given"]
    if p.model:
        X = given["X"]
        q = [
            [sum(x * times(row[c]) for x, row in zip(word, given["W_Q"], strict=True)) for c in range(p.d * p.heads)]
            for word in X
        ]
        k = [[powers(word, [power(row[c]) for row in given["W_K"]]) for c in range(p.d * p.heads)] for word in X]
    else:
        q, k = [[times(x) for x in row] for row in given["Q"]], [[power(x) for x in row] for row in given["K"]]
    for h in range(p.heads):
        columns = slice(h * p.d, (h + 1) * p.d)
        for i in range(p.n):
            E = [powers(q[i][columns], k[j][columns]) for j in range(p.n) if p.sees(i, j)]
            if len(E) > 1:
                yield from (e / sum(E) for e in E)


def powers(exponents: list[Any], bases: list[Fraction]) -> Fraction:
    found = Fraction(1)
    for n, base in zip(exponents, bases, strict=True):
        assert n == int(n)
        found *= base ** int(n)
    return found


# The work


def work(p: Problem, heads: list[Pass]) -> dict[str, int]:
    """How many operations there are that somebody has to do."""
    done = dict.fromkeys(SECONDS, 0)
    needed = p.needed()

    def dot(a: list[Decimal], b: list[Decimal]) -> None:
        terms = [(x, y) for x, y in zip(a, b, strict=True) if abs(x * y) > TINY]
        done["multiplications"] += sum(not (is_one(x) or is_one(y)) for x, y in terms)
        done["additions"] += max(len(terms) - 1, 0)

    if p.model:
        for name, letter in (("query", "Q"), ("key", "K"), ("value", "V")):
            if name in needed:
                for x in p.given["X"]:
                    for w in turned(p.given[f"W_{letter}"]):
                        dot(x, w)
    for one in heads:
        for i in range(p.n):
            for j in range(p.n):
                seen = p.sees(i, j)
                if "scores" in needed:
                    dot(one.Q[i], one.K[j])
                if "scaled" in needed and p.d > 1 and abs(one.S[i][j]) > TINY:
                    done["divisions"] += abs(one.S[i][j] - D(p.d).sqrt()) > TINY
                if "exponentials" in needed and seen:
                    done["exponentials"] += abs(one.Z[i][j]) > TINY
                if "weights" in needed and seen and abs(one.D[i][0] - 1) > TINY:
                    done["divisions"] += abs(one.E[i][j] - one.D[i][0]) > TINY
            if "row_sums" in needed:
                done["additions"] += sum(p.sees(i, j) for j in range(p.n)) - 1
            if "outputs" in needed:
                for c in range(p.d):
                    dot(one.A[i], [v[c] for v in one.V])
    if "projected" in needed:
        for row in joined(heads):
            for column in turned(p.given["W_O"]):
                dot(row, column)
    if "scaled" in needed and p.d > 1:
        done["roots"] = 1
    return done


def is_one(x: Decimal) -> bool:
    return abs(abs(x) - 1) < TINY


# The mistakes


def right(p: Problem, heads: list[Pass], step: str) -> Matrix:
    """The right answer of a step."""
    head, _, name = step.rpartition(".")
    one = heads[int(head[4:]) - 1 if head else 0]
    if name == "projected":
        return product(joined(heads), p.given["W_O"])
    if name in ("query", "key", "value"):
        return getattr(one, name[0].upper() if name != "value" else "V") if head else one.before[name]
    return masked(p, one.Z, p.sees) if name == "masked" else one.by[name]


def every_mistake(p: Problem, heads: list[Pass]) -> Iterator[tuple[str, Iterator[Wrong]]]:
    """The mistakes of each step that is asked for."""
    for name in ("query", "key", "value"):
        if name in p.steps and p.model:
            yield name, in_projection(p, name)
    for h, one in enumerate(heads):
        prefix = f"head{h + 1}." if p.heads > 1 else ""
        for name in p.steps:
            if name in IN_STEP:
                yield prefix + name, IN_STEP[name](p, one, h)
            elif p.heads > 1 and name != "projected":
                yield prefix + name, in_split(p, one, h, name)
    if "projected" in p.steps:
        yield "projected", in_output_projection(joined(heads), p.given["W_O"])


def in_terms(terms: list[list[list[tuple[Any, Any]]]]) -> Iterator[Wrong]:
    """What goes wrong in sums of products, given as their factors cell by cell."""

    def cells(of: Callable[[list[tuple[Any, Any]]], Any]) -> Matrix:
        return [[of(pairs) for pairs in row] for row in terms]

    def sums(each: Callable[[int, Any, Any], Any]) -> Matrix:
        return cells(lambda pairs: sum((each(k, a, b) for k, (a, b) in enumerate(pairs)), D(0)))

    count = len(terms[0][0])
    yield Wrong("sign_slipped", None, sums(lambda k, a, b: -a * b))
    yield Wrong("added", None, sums(lambda k, a, b: a + b))
    for at in range(count) if count > 1 else ():
        yield Wrong("product_dropped", None, sums(lambda k, a, b, at=at: 0 if k == at else a * b))
        yield Wrong("sign_slipped", None, sums(lambda k, a, b, at=at: -a * b if k == at else a * b))
        yield Wrong("added", None, sums(lambda k, a, b, at=at: a + b if k == at else a * b))
        if count > 2:
            yield Wrong("elementwise", None, cells(lambda pairs, at=at: pairs[at][0] * pairs[at][1]))


def elementwise(A: Matrix, B: Matrix, rows: int, columns: int) -> Iterator[Wrong]:
    """The entries of two matrices multiplied one by one, also with either of them turned."""
    for M, N in ((A, B), (A, turned(B)), (turned(A), B)):
        if all((len(L), len(L[0])) == (rows, columns) for L in (M, N)):
            yield Wrong(
                "elementwise", None, [[a * b for a, b in zip(r, s, strict=True)] for r, s in zip(M, N, strict=True)]
            )


def in_projection(p: Problem, name: str) -> Iterator[Wrong]:
    X, letter = p.given["X"], {"query": "Q", "key": "K", "value": "V"}[name]
    W = p.given[f"W_{letter}"]
    yield from in_terms([[list(zip(x, w, strict=True)) for w in turned(W)] for x in X])
    if p.model > 1:
        yield from elementwise(X, W, p.n, len(W[0]))
    if name != "value":
        yield Wrong("q_k_exchanged", None, product(X, p.given["W_K" if name == "query" else "W_Q"]))
    if len(W) == len(W[0]) > 1:
        yield Wrong("w_transposed", None, product(X, turned(W)))


def in_output_projection(J: Matrix, W: Matrix) -> Iterator[Wrong]:
    yield from in_terms([[list(zip(row, column, strict=True)) for column in turned(W)] for row in J])
    yield from elementwise(J, W, len(J), len(W[0]))
    if len(W) == len(W[0]):
        yield Wrong("w_transposed", None, product(J, turned(W)))
    if len(W) >= len(W[0]):
        yield Wrong("w_o_forgotten", None, [row[: len(W[0])] for row in J])


def in_split(p: Problem, one: Pass, h: int, name: str) -> Iterator[Wrong]:
    whole, d = one.before[name], p.d
    yield Wrong("sign_slipped", None, [[-x for x in row[h * d : (h + 1) * d]] for row in whole])
    flat = [x for row in whole for x in row]
    mine = flat[h * p.n * d : (h + 1) * p.n * d]
    yield Wrong("heads_by_rows", None, [mine[i * d : (i + 1) * d] for i in range(p.n)])
    if d > 1:
        yield Wrong("heads_interleaved", None, [row[h :: p.heads] for row in whole])


def in_scores(p: Problem, one: Pass, h: int) -> Iterator[Wrong]:
    Q, K, n, d = one.Q, one.K, p.n, p.d
    yield from in_terms([[list(zip(q, k, strict=True)) for k in K] for q in Q])
    if d > 1:
        yield from elementwise(Q, K, n, n)
    if d > 1 and n == d:
        yield Wrong("k_not_transposed", None, product(Q, K))
        yield Wrong("k_not_transposed", None, product(turned(Q), K))
    yield Wrong("q_k_exchanged", None, turned(one.S))
    lengths = [[sum(x * x for x in v).sqrt() for v in M] for M in (Q, K)]
    cosines = [[s / (lengths[0][i] * lengths[1][j]) for j, s in enumerate(row)] for i, row in enumerate(one.S)]
    yield Wrong("cosine_for_dot", None, cosines)


def in_scaled(p: Problem, one: Pass, h: int) -> Iterator[Wrong]:
    def over(square: int) -> Matrix:
        return [[s / D(square).sqrt() for s in row] for row in one.S]

    yield Wrong("sign_slipped", None, [[-z for z in row] for row in one.Z])
    if p.d > 1:
        yield Wrong("not_scaled", 1, over(1))
        yield Wrong("divided_by_d_k", p.d**2, over(p.d**2))
        yield Wrong("scaled_twice", p.d**2, over(p.d**2))
    for size in {p.model or p.d, p.heads * p.d} - {p.d}:
        yield Wrong("divided_by_sqrt_d_model", size, over(size))
    if p.n != p.d:
        yield Wrong("divided_by_sqrt_n", p.n, over(p.n))


Sees = Callable[[int, int], bool]


def masked(p: Problem, Z: Matrix, sees: Sees, hidden: Any = -INF) -> Matrix:
    return [[z if sees(i, j) else hidden for j, z in enumerate(row)] for i, row in enumerate(Z)]


def masks(p: Problem) -> Iterator[tuple[str, Any, Sees, Any]]:
    """The ways to mask wrongly: name, label, what is seen, and the logit of what is not."""
    if not p.causal:
        return
    yield "mask_forgotten", "unmasked", lambda i, j: True, -INF
    yield "mask_zero", None, p.sees, D(0)
    if p.n > 2:
        yield "mask_shifted", None, lambda i, j: j <= i + 1, -INF
    yield "mask_shifted", None, lambda i, j: j <= i - 1, -INF
    yield "mask_flipped", None, lambda i, j: j > i, -INF
    yield "mask_flipped", None, lambda i, j: j >= i, -INF


def exps(Z: Matrix, base: Decimal | None = None) -> Matrix:
    return [[D(0) if z == -INF else (z if base is None else z * base.ln()).exp() for z in row] for row in Z]


def shares(E: Matrix) -> Matrix:
    found = []
    for row in E:
        total = sum(row)
        found.append([e / total if total else e for e in row])
    return found


def in_masked(p: Problem, one: Pass, h: int) -> Iterator[Wrong]:
    yield Wrong("sign_slipped", None, masked(p, [[-z for z in row] for row in one.Z], p.sees))
    for name, label, sees, hidden in masks(p):
        yield Wrong(name, label, masked(p, one.Z, sees, hidden))
    yield Wrong("masked_after_softmax", "unmasked", one.Z)


def in_exponentials(p: Problem, one: Pass, h: int) -> Iterator[Wrong]:
    Z, root = masked(p, one.Z, p.sees), D(p.d).sqrt()
    yield Wrong("sign_slipped", None, [[-e for e in row] for row in one.E])
    yield Wrong("sign_slipped", None, [[D(0) if z == -INF else (-z).exp() for z in row] for row in Z])
    if p.d > 1:
        yield Wrong("scaled_twice", "e^(z/√2)", exps([[z / root for z in row] for row in Z]))
    yield Wrong("exponentials_forgotten", None, masked(p, one.Z, p.sees, D(0)))
    yield Wrong("base_10", None, exps(Z, D(10)))
    yield Wrong("base_2", "2^z", exps(Z, D(2)))
    for name, label, sees, hidden in masks(p):
        yield Wrong(name, label, exps(masked(p, one.Z, sees, hidden)))
    if p.causal:
        yield Wrong("masked_after_softmax", "unmasked", exps(one.Z))


def in_row_sums(p: Problem, one: Pass, h: int) -> Iterator[Wrong]:
    n, E = range(p.n), one.E
    yield Wrong("sign_slipped", None, [[-x] for (x,) in one.D])
    for at in n:
        yield Wrong("product_dropped", None, [[sum(e for j, e in enumerate(row) if j != at)] for row in E])
        yield Wrong("sign_slipped", None, [[sum(-e if j == at else e for j, e in enumerate(row))] for row in E])
        yield Wrong("sum_of_wrong_row", None, [one.D[at] for _ in n])
    yield Wrong("softmax_down_columns", None, [[sum(column)] for column in turned(E)])
    yield Wrong("softmax_whole_matrix", None, [[sum(map(sum, E))] for _ in n])
    yield Wrong("sum_of_scores", None, [[sum(row)] for row in masked(p, one.Z, p.sees, D(0))])
    for name, label, sees, hidden in masks(p):
        yield Wrong(name, label, [[sum(row)] for row in exps(masked(p, one.Z, sees, hidden))])
    if p.causal:
        yield Wrong("masked_after_softmax", "unmasked", [[sum(row)] for row in exps(one.Z)])


def in_weights(p: Problem, one: Pass, h: int) -> Iterator[Wrong]:
    n, E, Z, root = range(p.n), one.E, masked(p, one.Z, p.sees), D(p.d).sqrt()
    seen = masked(p, one.Z, p.sees, D(0))

    def divided(bottom: Callable[[int, int], Decimal], top: Matrix = E) -> Matrix:
        return [
            [(top[i][j] / bottom(i, j) if abs(bottom(i, j)) > TINY else NONE) if p.sees(i, j) else D(0) for j in n]
            for i in n
        ]

    yield Wrong("sign_slipped", None, [[-a for a in row] for row in one.A])
    if p.d > 1:
        yield Wrong("scaled_twice", "e^(z/√2)", shares(exps([[z / root for z in row] for row in Z])))
    yield Wrong("exponentials_forgotten", None, divided(lambda i, j: sum(seen[i]), seen))
    yield Wrong("base_10", None, shares(exps(Z, D(10))))
    yield Wrong("base_2", "2^z", shares(exps(Z, D(2))))
    yield Wrong("softmax_down_columns", None, divided(lambda i, j: sum(row[j] for row in E)))
    yield Wrong("softmax_whole_matrix", None, divided(lambda i, j: sum(map(sum, E))))
    yield Wrong("sum_of_scores", None, divided(lambda i, j: sum(seen[i])))
    for at in n:
        yield Wrong("sum_of_wrong_row", None, divided(lambda i, j, at=at: one.D[at][0]))
    for name, label, sees, hidden in masks(p):
        yield Wrong(name, label, shares(exps(masked(p, one.Z, sees, hidden))))
    if p.causal:
        unmasked = shares(exps(one.Z))
        yield Wrong("masked_after_softmax", None, masked(p, unmasked, p.sees, D(0)))


def in_outputs(p: Problem, one: Pass, h: int) -> Iterator[Wrong]:
    A, V, n, d = one.A, one.V, p.n, p.d
    yield from in_terms([[list(zip(a, v, strict=True)) for v in turned(V)] for a in A])
    yield from elementwise(A, V, n, d)
    yield Wrong("weights_on_k", None, product(A, one.K))
    if p.model in (d, d * p.heads):
        X = p.given["X"]
        yield Wrong("weights_on_x", None, product(A, [row if p.model == d else row[h * d : (h + 1) * d] for row in X]))
    if n == d:
        yield Wrong("v_transposed", None, product(A, turned(V)))
    if d <= n:
        yield Wrong("weights_copied", None, [row[:d] for row in A])


IN_STEP = {
    "scores": in_scores, "scaled": in_scaled, "masked": in_masked, "exponentials": in_exponentials,
    "row_sums": in_row_sums, "weights": in_weights, "outputs": in_outputs,
}  # fmt: skip


def alike(p: Problem, v: Wrong, w: Wrong) -> bool:
    """Whether two mistakes come to the same by algebra, or to nearly the same: 2^z and e^(z/√2)."""
    near = p.d == 2 and p.places <= 2 and {v.label, w.label} == {"2^z", "e^(z/√2)"}
    return near or (v.label is not None and v.label == w.label)


def gap(A: Matrix, B: Matrix) -> Decimal:
    """The largest distance in a cell; infinite between a number and what is none."""
    most = D(0)
    for row, other in zip(A, B, strict=True):
        for a, b in zip(row, other, strict=True):
            if a is None or b is None or a.is_infinite() or b.is_infinite():
                most = most if a == b else INF
            else:
                most = max(most, abs(a - b))
    return most


# The verdict


def doubts(text: str) -> list[str]:
    """What the certificate of a file says that is not so, and what it leaves out. Nothing, if it is right."""
    p = Problem(text)
    found = measured(p)
    lines = [line for line in p.top if line.startswith(("✓", "✗"))]
    said = [line for line in lines if not line.startswith("✓")]
    if len(lines) != len(found):
        return [f"{len(lines)} lines, {len(found)} figures"]
    for line, (name, figure) in zip(lines, found.items(), strict=True):
        low, high = BOUNDS[name](p)
        if not low <= figure <= high:
            said.append(f"{name} is {figure}, not from {low} to {high}")
        printed = re.search(r" \[(.*)\]$", line)[1]
        exact = INF if printed == "∞" else D(printed)
        if exact != figure and not abs(exact - D(figure)) <= D("0.000501"):
            said.append(f"{name} is {figure}, not {printed}")
    heads = [Pass(p, h, lambda x: x) for h in range(p.heads)]
    listed, same = dict(remarks(p, "Mistakes")), {(step, frozenset(names)) for step, names in remarks(p, "The same")}
    for step, ones in every_mistake(p, heads):
        wrong = list(ones)
        if {one.name for one in wrong} != set(listed.pop(step, ())):
            said.append(f"{step}: there are {sorted({one.name for one in wrong})}")
        twins = {
            frozenset((v.name, w.name))
            for v, w in combinations(wrong, 2)
            if v.name != w.name and v.label is not None and v.label == w.label
        }
        if {(step, pair) for pair in twins} != {one for one in same if one[0] == step}:
            said.append(f"{step}: the same by algebra are {sorted(map(sorted, twins))}")
    said += [f"{step}: nobody is asked for it" for step in listed]
    counts = dict(re.findall(r"(\w+) (\d+) \(", next(line for line in p.top if line.startswith("The work,"))))
    if {kind: str(n) for kind, n in work(p, heads).items() if n} != counts:
        said.append(f"work {work(p, heads)}, not {counts}")
    return said


def remarks(p: Problem, kind: str) -> Iterator[tuple[str, list[str]]]:
    """The steps and the names in the lines that begin so."""
    for line in p.top:
        if line.startswith(kind):
            told, _, names = line.removesuffix(".").partition(": ")
            for step in re.sub(r".* in |, whatever.*", "", told).split(", "):
                yield step, names.split(", ")
