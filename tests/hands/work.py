"""The work of a pass, step after step and cell after cell, for whoever does it.

A person says which number they see in a cell (`look`) and is told what comes out of a formula (`note`). The same
formulas serve somebody exact, somebody with a pencil, and the spans of what could come out by hand. A mistake is asked
at every cell whether it has another number for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Any, Protocol

from .quantity import HIDDEN, ZERO, Quantity, Undefined, angle, exp, largest, over, read, root, square, total

Cell = tuple[str, int, int]  # step, row and column, counted from 0
Formula = Callable[[int, int], Quantity]
Pairs = Callable[[int, int], list[tuple[Quantity, Quantity]]]


class NotFittingError(Exception):
    """A mistake that cannot be made here: the shapes forbid it."""


class Person(Protocol):
    """Whoever works."""

    other_ways: bool  # outputs from the contributions written before, cosines from the scores

    def begin(self, cell: Cell) -> None:
        """A cell is to be worked."""

    def look(self, cell: Cell) -> Quantity | None:
        """The number that this person sees in an earlier cell; None where there is none."""

    def note(self, cell: Cell, value: Quantity | None, honest: Quantity | None, arranged: bool) -> None:
        """What came out, and what would have without a mistake."""


class Tensor:
    """A matrix as the person sees it: given, or an earlier step."""

    def __init__(self, rows: int, columns: int, cell: Formula, id_: str = "") -> None:
        self.rows, self.columns, self.cell, self.id = rows, columns, cell, id_

    def __call__(self, i: int, j: int) -> Quantity:
        return self.cell(i, j)


def given(raw: list[Any]) -> Tensor:
    """Given numbers; a vector is one row."""
    rows = [[read(x) for x in row] for row in (raw if isinstance(raw[0], list) else [raw])]
    return Tensor(len(rows), len(rows[0]), lambda i, j: rows[i][j])


class Work:
    """One person working one problem. `shapes` tells the steps in the order of the work."""

    def __init__(self, problem: dict[str, Any], person: Person, mistake: Any = None) -> None:
        self.numbers, self.wiring = problem["given"], problem["pass"]
        self.heads = self.wiring.get("n_heads", 1)
        self.kv_heads = self.wiring.get("n_kv_heads", self.heads)
        self.person, self.mistake = person, mistake
        self.shapes: dict[str, tuple[int, int]] = {}
        self.prefix = ""
        self.honestly = False  # whether the cell is being worked without the mistake
        self.seen: dict[str, Tensor] = {}  # the tensors of this head, by their letters
        self.pairs: Pairs | None = None  # the factors of the sum that is being worked
        self.bias: Formula = lambda i, j: ZERO  # what is added to it
        self.allowed: list[list[bool]] = []
        self.believed: list[list[bool]] = []  # what the person takes for allowed

    # A step

    def step(self, name: str, rows: int, columns: int, formula: Formula, arranged: bool = False) -> Tensor:
        id_ = self.prefix + name
        self.shapes[id_] = (rows, columns)
        for i in range(rows):
            for j in range(columns):
                self._cell((id_, i, j), formula, arranged)
        return Tensor(rows, columns, lambda i, j: self._look((id_, i, j)), id_)

    def _look(self, cell: Cell) -> Quantity:
        found = self.person.look(cell)
        if found is None:
            raise Undefined
        return found

    def _cell(self, cell: Cell, formula: Formula, arranged: bool) -> None:
        _, i, j = cell
        self.person.begin(cell)
        self.honestly = True
        value = honest = self._tried(lambda: formula(i, j))
        self.honestly = False
        if self.mistake is not None:
            value = self._tried(lambda: formula(i, j))
            if self.mistake.concerns(cell):
                with suppress(NotFittingError):
                    value = self._tried(lambda: self.mistake.value(self, i, j))
        self.person.note(cell, value, honest, arranged)

    @staticmethod
    def _tried(formula: Callable[[], Quantity]) -> Quantity | None:
        try:
            return formula()
        except Undefined:
            return None

    def sums(self, name: str, rows: int, columns: int, pairs: Pairs, bias: Tensor | None = None) -> Tensor:
        """A step whose cells are sums of products, and a bias."""
        self.pairs = pairs
        self.bias = (lambda i, j: bias(0, j)) if bias else (lambda i, j: ZERO)
        found = self.step(name, rows, columns, lambda i, j: total([a * b for a, b in pairs(i, j)]) + self.bias(i, j))
        self.pairs = None
        return found

    # The pass

    def run(self) -> Work:
        X = given(self.numbers["X"]) if "X" in self.numbers else None
        if "ids" in self.numbers:
            table, ids = given(self.numbers["embedding"]), self.numbers["ids"]
            X = self.step("embedding", len(ids), table.columns, lambda i, a: table(ids[i] - 1, a))
        repeat = self.wiring.get("repeat", 1)
        for number in range(1, repeat + 1):
            X = self.one_pass(X, f"pass{number}." if repeat > 1 else "")
        return self

    def one_pass(self, X: Tensor | None, outside: str) -> Tensor | None:
        self.prefix = outside
        Y = given(self.numbers["Y"]) if "Y" in self.numbers else X
        wholes = {letter: self.whole(letter, X if letter == "Q" else Y) for letter in "QKV"}
        outputs = []
        for h in range(self.heads):
            self.prefix = f"{outside}head{h + 1}." if self.heads > 1 else outside
            O = self.head(h, wholes, X, Y)
            if O is not None:
                outputs.append(O)
        self.prefix = outside
        if not outputs:
            return None
        J = outputs[0]
        if len(outputs) > 1:
            width = J.columns
            self.seen = {f"O{h}": O for h, O in enumerate(outputs)}
            J = self.step("joined", J.rows, width * len(outputs), lambda i, c: outputs[c // width](i, c % width), True)
        if "W_O" not in self.numbers:
            return J
        return self.projected("projected", J, self.numbers["W_O"], self.numbers.get("b_O"))

    def whole(self, letter: str, source: Tensor | None) -> Tensor | None:
        """Queries, keys or values of all heads together, where they are."""
        if letter != "V" and ("S" in self.numbers or "A" in self.numbers):
            return None
        raw, weight = self.numbers.get(letter), self.numbers.get(f"W_{letter}")
        name = {"Q": "query", "K": "key", "V": "value"}[letter]
        if raw is not None:
            return None if isinstance(raw[0][0], list) else given(raw)
        if source is None or (weight is not None and isinstance(weight[0][0], list)):
            return None
        if weight is None:
            self.seen = {"X": source}
            return self.step(name, source.rows, source.columns, source, True)
        return self.projected(name, source, weight, self.numbers.get(f"b_{letter}"))

    def projected(self, name: str, X: Tensor, raw: list[list[Any]], bias: Any) -> Tensor:
        W = given(raw)
        if self.wiring["projection"] != "X W":
            kept = W
            W = Tensor(kept.columns, kept.rows, lambda a, c: kept(c, a))
        self.seen = {"X": X, "W": W, "J": X}
        return self.sums(
            name, X.rows, W.columns,
            lambda i, c: [(X(i, a), W(a, c)) for a in range(W.rows)], given(bias) if bias else None,
        )  # fmt: skip

    def part(self, letter: str, h: int, wholes: dict[str, Tensor | None], source: Tensor | None) -> Tensor | None:
        """Queries, keys or values of one head."""
        whole, parts = wholes[letter], self.heads if letter == "Q" else self.kv_heads
        name, number = {"Q": "query", "K": "key", "V": "value"}[letter], h * parts // self.heads
        if whole is not None and self.heads == 1:
            return whole
        if whole is not None:
            width = whole.columns // parts
            self.seen = {"whole": whole}
            self.place = number, parts
            return self.step(name, whole.rows, width, lambda i, c: whole(i, number * width + c), True)
        if letter != "V" and ("S" in self.numbers or "A" in self.numbers):
            return None
        if letter in self.numbers:
            return given(self.numbers[letter][number])
        if source is None:
            return None
        bias = self.numbers.get(f"b_{letter}")
        if bias is not None and isinstance(bias[0], list):
            bias = bias[number]
        return self.projected(name, source, self.numbers[f"W_{letter}"][number], bias)

    def head(self, h: int, wholes: dict[str, Tensor | None], X: Tensor | None, Y: Tensor | None) -> Tensor | None:
        Q, K = self.part("Q", h, wholes, X), self.part("K", h, wholes, Y)
        V = self.part("V", h, wholes, Y)
        letters = {"Q": Q, "K": K, "V": V, "X": X, "Y": Y}
        self.seen = {name: M for name, M in letters.items() if M is not None}
        if "A" in self.numbers:
            A = self.own("A", h)
        else:
            S = self.own("S", h) if "S" in self.numbers else self.scores(Q, K)  # type: ignore[arg-type]
            A = self.weights(self.masked(S, K.columns if K else 0))
        self.seen["A"] = A
        O = None if V is None else self.mixed(A, V)
        if Q is not None and K is not None:
            self.bilinear(h, X, Y)
        return O

    def own(self, name: str, h: int) -> Tensor:
        raw = self.numbers[name]
        return given(raw[h] if isinstance(raw[0][0], list) else raw)

    def scores(self, Q: Tensor, K: Tensor) -> Tensor:
        n, m, d = Q.rows, K.rows, Q.columns
        q = self.step("query_norms", n, 1, lambda i, _: root(total([square(Q(i, c)) for c in range(d)])))
        k = self.step("key_norms", m, 1, lambda j, _: root(total([square(K(j, c)) for c in range(d)])))

        def dot(i: int, j: int) -> Quantity:
            return total([Q(i, c) * K(j, c) for c in range(d)])

        self.seen |= {"q": q, "k": k}
        scores = None
        if self.person.other_ways and self.wiring["similarity"] == "dot":
            self.shapes |= {self.prefix + "cosines": (n, m), self.prefix + "angles": (n, m)}
            scores = self.dots(Q, K)
        C = self.step("cosines", n, m, lambda i, j: over(scores(i, j) if scores else dot(i, j), q(i, 0) * k(j, 0)))
        self.seen["C"] = C
        self.step("angles", n, m, lambda i, j: angle(C(i, j)))
        if self.wiring["similarity"] == "cosine":
            return self.step("scores", n, m, C, True)
        return scores or self.dots(Q, K)

    def dots(self, Q: Tensor, K: Tensor) -> Tensor:
        return self.sums("scores", Q.rows, K.rows, lambda i, j: [(Q(i, c), K(j, c)) for c in range(Q.columns)])

    def masked(self, Z: Tensor, d_k: int) -> Tensor:
        n, m = Z.rows, Z.columns
        self.seen["S"] = Z
        self.allowed = [[True] * m for _ in range(n)]
        if "S" in self.numbers:
            self.allowed = [[Z(i, j) != HIDDEN for j in range(m)] for i in range(n)]
        self.believed = self.allowed
        for entry in self.wiring["logits"]:
            self.seen["Z"] = Z
            if entry["use"] == "scale":
                self.by = read(entry["by"]) if "by" in entry else Decimal(d_k).sqrt()
                self.d_k = 0 if "by" in entry else d_k
                Z = self.step("scaled", n, m, lambda i, j, Z=Z, by=self.by: over(Z(i, j), by))
            else:
                self.allowed = [[self.may_attend(entry, i, j, n, m) for j in range(m)] for i in range(n)]
                self.believed = self.mistake.believes(self, entry, n, m) if self.mistake else self.allowed
                hidden = self.mistake.hidden if self.mistake else HIDDEN
                Z = self.step("masked", n, m, lambda i, j, Z=Z, x=hidden: Z(i, j) if self.ok(i, j) else
                              HIDDEN if self.honestly else x, True)  # fmt: skip
                if hidden != HIDDEN:
                    self.believed = [[True] * m for _ in range(n)]
        return Z

    def may_attend(self, entry: dict[str, Any], i: int, j: int, n: int, m: int) -> bool:
        if entry.get("rule", "given") == "given":
            return bool(self.numbers["mask"][i][j])
        return j <= i if entry.get("align") == "top-left" else j <= i + (m - n)

    def ok(self, i: int, j: int) -> bool:
        return (self.allowed if self.honestly else self.believed)[i][j]

    def weights(self, Z: Tensor) -> Tensor:
        n, m = Z.rows, Z.columns
        self.seen["Z"] = Z
        kind = self.wiring["normalisation"]
        E = Z
        if kind != "sum":
            power: Formula = Z
            if kind == "softmax-shifted":
                top = self.step("maxima", n, 1, lambda i, _: largest([Z(i, j) for j in range(m)]))
                self.seen["top"] = top

                def power(i: int, j: int) -> Quantity:
                    return Z(i, j) - top(i, 0)

            self.seen["power"] = Tensor(n, m, power)
            E = self.step("exponentials", n, m, lambda i, j: exp(power(i, j)) if self.ok(i, j) else ZERO)
        self.seen["E"] = E
        D = self.step(
            "row_sums", n, 1, lambda i, _: total([E(i, j) for j in range(m) if self.ok(i, j) or kind != "sum"])
        )
        self.seen["D"] = D
        return self.step("weights", n, m, lambda i, j: over(E(i, j), D(i, 0)) if self.ok(i, j) else ZERO)

    def mixed(self, A: Tensor, V: Tensor) -> Tensor:
        n, m, d = A.rows, A.columns, V.columns
        parts = []
        for i in range(n):
            self.row = i
            parts.append(self.step(f"row{i + 1}.contributions", m, d, lambda j, c, i=i: A(i, j) * V(j, c)))
        if self.person.other_ways:
            return self.step("outputs", n, d, lambda i, c: total([parts[i](j, c) for j in range(m)]))
        return self.sums("outputs", n, d, lambda i, c: [(A(i, j), V(j, c)) for j in range(m)])

    def bilinear(self, h: int, X: Tensor | None, Y: Tensor | None) -> None:
        """The comparison through one matrix, which stands beside the pass where it can."""
        W, U = self.numbers.get("W_Q"), self.numbers.get("W_K")
        alone = W is not None and U is not None and X is not None and Y is not None
        if not alone or "b_Q" in self.numbers or "b_K" in self.numbers or self.wiring["similarity"] != "dot":
            return
        per_head = isinstance(W[0][0], list)
        number = h * self.kv_heads // self.heads
        if per_head is not isinstance(U[0][0], list) or number != h:
            return
        W, U = (given(W[h]), given(U[h])) if per_head else (given(W), given(U))
        side = 0 if self.wiring["projection"] == "X W" else 1
        columns = (W.columns, W.rows)[side]
        width = columns if per_head else columns // self.heads
        span = range(width) if per_head else range(h * width, h * width + width)

        def at(M: Tensor, a: int, c: int) -> Quantity:
            return M(a, c) if side == 0 else M(c, a)

        d = (W.rows, W.columns)[side]
        T = self.sums("bilinear", d, (U.rows, U.columns)[side],
                      lambda a, b: [(at(W, a, c), at(U, b, c)) for c in span])  # fmt: skip
        self.step("bilinear_scores", X.rows, Y.rows, lambda i, j: total(  # type: ignore[union-attr]
            [X(i, a) * T(a, b) * Y(j, b) for a in range(d) for b in range(T.columns)]))  # type: ignore[misc]  # fmt: skip


def sequence(shapes: dict[str, tuple[int, int]]) -> Sequence[Cell]:
    """All cells in the order of the work."""
    return [(id_, i, j) for id_, (rows, columns) in shapes.items() for i in range(rows) for j in range(columns)]
