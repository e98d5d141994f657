"""An attention pass computed twice without tracer: in NumPy, and in the decimal module with 80 digits.

Both take the dictionary that a problem file is and give every step by its public name. What does not
exist is nan. The decimal one can round at the end of each step, as a person with a pencil does.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from typing import Any

import mpmath
import numpy as np

DIGITS = 80
NAN = Decimal("NaN")
ARRANGED = {"query", "key", "value", "masked", "joined"}  # steps that may only put numbers in another place


def read(text: Any) -> Decimal:
    """A number as the strategies write it: 2, -1/3, 0.5, √2/2, sqrt(5), -inf."""
    sign, root, radicand, top, bottom = re.fullmatch(
        r"(-?)(?:(√|sqrt)\(?(\d+)\)?|([\d.e-]+|inf))(?:/(\d+))?", str(int(text) if isinstance(text, bool) else text)
    ).groups()
    value = (Decimal(radicand).sqrt() if root else Decimal(top)) / Decimal(bottom or 1)
    return -value if sign else value


def half_up(value: Decimal, places: int) -> Decimal:
    """Rounded to so many places, a tie away from zero; 80 digits of a tie are taken for the tie itself."""
    with localcontext(Context(prec=DIGITS)):
        near = value.quantize(Decimal(1).scaleb(-45))
        return near.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP) + 0


def settings(problem: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any], int, int, list[dict[str, Any]]]:
    """What is given, the wiring, the numbers of heads, and the logit steps."""
    given, wiring = problem["given"], problem.get("pass", {})
    heads = wiring.get("n_heads", 1)
    default = [{"use": "scale"}] + ([{"use": "mask"}] if "mask" in given else [])
    return given, wiring, heads, wiring.get("n_kv_heads", heads), wiring.get("logits", default)


def per_head(raw: Any, flat: int) -> bool:
    """Whether a matrix (flat = 2) or vector (flat = 1) is given once for each head."""
    return isinstance(raw[0], list) if flat == 1 else isinstance(raw[0][0], list)


def may_attend(step: dict[str, Any], given: dict[str, Any], i: int, j: int, n: int, m: int) -> bool:
    """Whether a mask lets query i see key j, counted from 0."""
    if step.get("rule", "given") == "given":
        return given["mask"][i][j] in (1, True)
    return j <= i if step.get("align") == "top-left" else j - (m - 1) <= i - (n - 1)


# With 80 digits, cell by cell

Matrix = list[list[Decimal]]
End = Callable[[str, bool, Decimal], Decimal]


def exactly(name: str, arranged: bool, value: Decimal) -> Decimal:
    """Nothing is rounded at a step's end."""
    return value


def by_hand(places: int, rule: dict[str, int]) -> End:
    """Every calculated number is rounded half-up at its step's end, and what the rule names."""

    def end(name: str, arranged: bool, value: Decimal) -> Decimal:
        if not value.is_finite() or (arranged and name not in rule):
            return value
        return half_up(value, rule.get(name, places))

    return end


def worked(problem: dict[str, Any], end: End = exactly) -> dict[str, Matrix]:
    """Every step of the pass, a vector as a column."""
    with localcontext(Context(prec=DIGITS, traps=[])):
        return _Worked(problem, end).run()


def _divided(top: Decimal, bottom: Decimal) -> Decimal:
    return NAN if abs(bottom) < Decimal("1e-60") else top / bottom


def _arccos(value: Decimal) -> Decimal:
    value = value.quantize(Decimal(1).scaleb(-60))  # so that 80 digits of 1 are taken for 1
    if value.is_nan() or abs(value) > 1:  # by hand, rounded lengths can make a cosine of 1.01
        return NAN
    with mpmath.workdps(DIGITS + 10):
        x = mpmath.mpf(str(value))
        return +Decimal(mpmath.nstr(mpmath.acos(x) * 180 / mpmath.pi, DIGITS))


def _tanh(value: Decimal) -> Decimal:
    if not value.is_finite():
        return value
    with mpmath.workdps(DIGITS + 10):
        return +Decimal(mpmath.nstr(mpmath.tanh(mpmath.mpf(str(value))), DIGITS))


class _Worked:
    def __init__(self, problem: dict[str, Any], end: End) -> None:
        self.given, self.wiring, self.heads, self.kv_heads, self.logits = settings(problem)
        self.end = end
        self.steps: dict[str, Matrix] = {}

    def step(self, prefix: str, name: str, rows: int, columns: int, cell: Any, arranged: bool = False) -> Matrix:
        made = [[self.end(name, arranged, cell(i, j)) for j in range(columns)] for i in range(rows)]
        self.steps[prefix + name] = made
        return made

    def run(self) -> dict[str, Matrix]:
        X = self.matrix("X")
        if "ids" in self.given:
            table = self.matrix("embedding")
            ids = self.given["ids"]
            X = self.step("", "embedding", len(ids), len(table[0]), lambda i, a: table[ids[i] - 1][a])
        repeat = self.wiring.get("repeat", 1)
        for number in range(1, repeat + 1):
            X = self.one_pass(X, f"pass{number}." if repeat > 1 else "")
        return self.steps

    def matrix(self, name: str, head: int | None = None) -> Matrix | None:
        raw = self.given.get(name)
        if raw is None:
            return None
        raw = raw if head is None else raw[head]
        rows = [raw] if name.startswith("b_") else raw
        return [[read(x) for x in row] for row in rows]

    def one_pass(self, X: Matrix | None, prefix: str) -> Matrix | None:
        Y = self.matrix("Y") or X
        wholes = {name: self.whole(name, X if name == "Q" else Y, prefix) for name in "QKV"}
        outputs = []
        for h in range(self.heads):
            inside = f"{prefix}head{h + 1}." if self.heads > 1 else prefix
            O = self.head(inside, wholes, X, Y, h)
            if O is not None:
                outputs.append(O)
        if not outputs:
            return None
        J = outputs[0]
        if self.heads > 1:
            flat = [[x for O in outputs for x in O[i]] for i in range(len(J))]
            J = self.step(prefix, "joined", len(flat), len(flat[0]), lambda i, c: flat[i][c], arranged=True)
        if "W_O" not in self.given:
            return J
        return self.project(prefix, "projected", J, self.matrix("W_O"), self.matrix("b_O"))

    def known(self, name: str) -> bool:
        return name != "V" and ("S" in self.given or "A" in self.given)

    def whole(self, name: str, source: Matrix | None, prefix: str) -> Matrix | None:
        step = {"Q": "query", "K": "key", "V": "value"}[name]
        if self.known(name):
            return None
        if name in self.given:
            return None if per_head(self.given[name], 2) else self.matrix(name)
        if f"W_{name}" in self.given:
            if per_head(self.given[f"W_{name}"], 2):
                return None
            return self.project(prefix, step, source, self.matrix(f"W_{name}"), self.matrix(f"b_{name}"))
        if source is None:
            return None
        return self.step(prefix, step, len(source), len(source[0]), lambda i, c: source[i][c], arranged=True)

    def project(self, prefix: str, name: str, X: Matrix, W: Matrix, b: Matrix | None) -> Matrix:
        if self.wiring.get("projection", "X W") != "X W":
            W = [list(column) for column in zip(*W, strict=True)]
        bias = b[0] if b else [Decimal(0)] * len(W[0])

        def cell(i: int, c: int) -> Decimal:
            return sum((X[i][a] * W[a][c] for a in range(len(W))), Decimal(0)) + bias[c]

        return self.step(prefix, name, len(X), len(W[0]), cell)

    def of_head(self, name: str, wholes: dict[str, Any], source: Any, h: int, parts: int, inside: str) -> Any:
        step = {"Q": "query", "K": "key", "V": "value"}[name]
        part = h * parts // self.heads
        whole = wholes[name]
        if whole is not None:
            if self.heads == 1:
                return whole
            width = len(whole[0]) // parts
            return self.step(inside, step, len(whole), width, lambda i, c: whole[i][part * width + c], arranged=True)
        if self.known(name):
            return None
        if name in self.given:
            return self.matrix(name, part)
        if f"W_{name}" in self.given:
            b = None
            if f"b_{name}" in self.given:
                own = per_head(self.given[f"b_{name}"], 1)
                b = self.matrix(f"b_{name}", part) if own else self.matrix(f"b_{name}")
            return self.project(inside, step, source, self.matrix(f"W_{name}", part), b)
        return None

    def head(self, inside: str, wholes: dict[str, Any], X: Any, Y: Any, h: int) -> Matrix | None:
        Q = self.of_head("Q", wholes, X, h, self.heads, inside)
        K = self.of_head("K", wholes, Y, h, self.kv_heads, inside)
        V = self.of_head("V", wholes, Y, h, self.kv_heads, inside)
        A = self.given.get("A")
        if A is not None:
            A = self.matrix("A", h) if per_head(A, 2) else self.matrix("A")
        else:
            A = self.weights(inside, *self.masked(inside, *self.scores(inside, Q, K, h)))
        return None if V is None else self.mixed(inside, A, V)

    def scores(self, inside: str, Q: Any, K: Any, h: int) -> tuple[Matrix, int]:
        if "S" in self.given:
            return (self.matrix("S", h) if per_head(self.given["S"], 2) else self.matrix("S")), 0
        n, m, d = len(Q), len(K), len(Q[0])
        norms = []
        for name, M in (("query_norms", Q), ("key_norms", K)):
            length = [[sum((x * x for x in row), Decimal(0)).sqrt()] for row in M]
            norms.append(self.step(inside, name, len(M), 1, lambda i, _, length=length: length[i][0]))
        q, k = norms

        def dot(i: int, j: int) -> Decimal:
            return sum((Q[i][c] * K[j][c] for c in range(d)), Decimal(0))

        C = self.step(inside, "cosines", n, m, lambda i, j: _divided(dot(i, j), q[i][0] * k[j][0]))
        self.step(inside, "angles", n, m, lambda i, j: _arccos(C[i][j]))
        if self.wiring.get("similarity") == "cosine":
            return self.step(inside, "scores", n, m, lambda i, j: C[i][j], arranged=True), d
        return self.step(inside, "scores", n, m, dot), d

    def masked(self, inside: str, Z: Matrix, d_k: int) -> tuple[Matrix, list[list[bool]]]:
        n, m = len(Z), len(Z[0])
        allowed = [[x != Decimal("-Infinity") for x in row] for row in Z]
        for step in self.logits:
            if step["use"] == "scale":
                by = read(step["by"]) if "by" in step else Decimal(d_k).sqrt()
                Z = self.step(inside, "scaled", n, m, lambda i, j, Z=Z, by=by: Z[i][j] / by)
            elif step["use"] == "softcap":
                cap = read(step["cap"])
                Z = self.step(inside, "capped", n, m, lambda i, j, Z=Z, cap=cap: cap * _tanh(Z[i][j] / cap))
            else:
                allowed = [[may_attend(step, self.given, i, j, n, m) for j in range(m)] for i in range(n)]
                Z = self.step(inside, "masked", n, m, lambda i, j, Z=Z, ok=allowed:
                              Z[i][j] if ok[i][j] else Decimal("-Infinity"), arranged=True)  # fmt: skip
        return Z, allowed

    def weights(self, inside: str, Z: Matrix, allowed: list[list[bool]]) -> Matrix:
        n, m = len(Z), len(Z[0])
        kind = self.wiring.get("normalisation", "softmax")
        zero = Decimal(0)
        if kind == "sum":
            E = [[Z[i][j] if allowed[i][j] else zero for j in range(m)] for i in range(n)]
        else:
            top = [[zero]] * n
            if kind == "softmax-shifted":
                largest = [NAN if any(x.is_nan() for x in row) else max(row) for row in Z]
                top = self.step(inside, "maxima", n, 1, lambda i, _: largest[i])
            E = self.step(inside, "exponentials", n, m,
                          lambda i, j: (Z[i][j] - top[i][0]).exp() if allowed[i][j] else zero)  # fmt: skip
        D = self.step(inside, "row_sums", n, 1, lambda i, _: sum(E[i], zero))
        return self.step(inside, "weights", n, m, lambda i, j: _divided(E[i][j], D[i][0]) if allowed[i][j] else zero)

    def mixed(self, inside: str, A: Matrix, V: Matrix) -> Matrix:
        n, m, d = len(A), len(V), len(V[0])
        for i in range(n):
            self.step(inside, f"row{i + 1}.contributions", m, d, lambda j, c, i=i: A[i][j] * V[j][c])
        return self.step(inside, "outputs", n, d, lambda i, c: sum((A[i][j] * V[j][c] for j in range(m)), Decimal(0)))


# In NumPy, whole matrices at a time


def floats(problem: dict[str, Any]) -> dict[str, np.ndarray]:
    """Every step of the pass in float64."""
    given, wiring, _, _, _ = settings(problem)
    arrays = {name: _array(raw) for name, raw in given.items()}
    steps: dict[str, np.ndarray] = {}
    X = arrays.get("X")
    if "ids" in given:
        X = steps["embedding"] = arrays["embedding"][[k - 1 for k in given["ids"]]]
    repeat = wiring.get("repeat", 1)
    with np.errstate(all="ignore"):
        for number in range(1, repeat + 1):
            X = _one_pass(problem, arrays, X, steps, f"pass{number}." if repeat > 1 else "")
    return steps


def _array(raw: Any) -> np.ndarray:
    if isinstance(raw, list):
        return np.array([_array(x) for x in raw])
    return np.float64(read(raw))


def _one_pass(problem: Any, arrays: Any, X: Any, steps: Any, prefix: str) -> Any:
    given, wiring, heads, kv_heads, logits = settings(problem)
    Y = arrays.get("Y", X)

    def weight(W: np.ndarray) -> np.ndarray:
        return W if wiring.get("projection", "X W") == "X W" else W.T

    def many(letter: str, name: str, source: Any, parts: int) -> list[Any]:
        if letter != "V" and ("S" in given or "A" in given):
            return [None] * parts
        M, W, b = arrays.get(letter), arrays.get(f"W_{letter}"), arrays.get(f"b_{letter}")
        if M is not None and M.ndim == 3:
            return list(M)
        if M is None and W is not None and W.ndim == 3:
            b = np.zeros(1) if b is None else b
            made = [source @ weight(one) + (b[h] if b.ndim == 2 else b) for h, one in enumerate(W)]
        else:
            if M is None and W is not None:
                M = steps[prefix + name] = source @ weight(W) + (0 if b is None else b)
            elif M is None and source is not None:
                M = steps[prefix + name] = source
            if M is None or heads == 1:
                return [M] * parts
            made = np.split(M, parts, axis=1)
        for h in range(heads) if heads > 1 else ():
            steps[f"{prefix}head{h + 1}.{name}"] = made[h * parts // heads]
        if heads == 1:
            steps[prefix + name] = made[0]
        return list(made)

    Qs, Ks, Vs = many("Q", "query", X, heads), many("K", "key", Y, kv_heads), many("V", "value", Y, kv_heads)
    outputs = []
    for h in range(heads):
        inside = f"{prefix}head{h + 1}." if heads > 1 else prefix
        kv = h * kv_heads // heads
        Q, K, V = Qs[h], Ks[kv], Vs[kv]
        if "A" in given:
            A = arrays["A"][h] if arrays["A"].ndim == 3 else arrays["A"]
        else:
            S = None
            if "S" in given:
                S = arrays["S"][h] if arrays["S"].ndim == 3 else arrays["S"]
            A = _weights(given, wiring, logits, Q, K, S, steps, inside)
        if V is not None:
            C = A[:, :, None] * V[None]
            for i in range(len(A)):
                steps[f"{inside}row{i + 1}.contributions"] = C[i]
            steps[inside + "outputs"] = A @ V
            outputs.append(A @ V)
    if not outputs:
        return None
    J = outputs[0]
    if heads > 1:
        J = steps[prefix + "joined"] = np.concatenate(outputs, axis=1)
    if "W_O" not in given:
        return J
    steps[prefix + "projected"] = J @ weight(arrays["W_O"]) + arrays.get("b_O", 0)
    return steps[prefix + "projected"]


def _weights(given: Any, wiring: Any, logits: Any, Q: Any, K: Any, S: Any, steps: Any, inside: str) -> np.ndarray:
    if S is None:
        q, k = np.linalg.norm(Q, axis=1), np.linalg.norm(K, axis=1)
        cosines = np.where(np.outer(q, k) == 0, np.nan, Q @ K.T / np.outer(q, k))
        angles = np.degrees(np.arccos(np.clip(cosines, -1, 1)))
        S = cosines if wiring.get("similarity") == "cosine" else Q @ K.T
        named = {"query_norms": q, "key_norms": k, "cosines": cosines, "angles": angles, "scores": S}
        steps.update({inside + name: array for name, array in named.items()})
    n, m = S.shape
    allowed = -np.inf != S
    Z = S
    for step in logits:
        if step["use"] == "scale":
            Z = steps[inside + "scaled"] = Z / (float(read(step["by"])) if "by" in step else np.sqrt(K.shape[1]))
        elif step["use"] == "softcap":
            Z = steps[inside + "capped"] = float(read(step["cap"])) * np.tanh(Z / float(read(step["cap"])))
        else:
            allowed = np.array([[may_attend(step, given, i, j, n, m) for j in range(m)] for i in range(n)])
            Z = steps[inside + "masked"] = np.where(allowed, Z, -np.inf)
    kind = wiring.get("normalisation", "softmax")
    if kind == "sum":
        E = np.where(allowed, Z, 0)
    else:
        shift = 0
        if kind == "softmax-shifted":
            steps[inside + "maxima"] = Z.max(axis=1)
            shift = Z.max(axis=1, keepdims=True)
        E = steps[inside + "exponentials"] = np.where(allowed, np.exp(Z - shift), 0)
    D = steps[inside + "row_sums"] = E.sum(axis=1)
    share = np.where(D[:, None] == 0, np.nan, E / D[:, None])
    steps[inside + "weights"] = np.where(allowed, share, 0)
    return steps[inside + "weights"]
