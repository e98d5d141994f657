"""Do the sizes of a problem fit together? Everything is checked here, before the first step is recorded."""

from __future__ import annotations

from tracer.cached import check_cache
from tracer.encoded import check_encodings
from tracer.errors import ProblemError, ShapeError
from tracer.expr import MINUS_INFINITY, Num
from tracer.fitting import check_fit, check_told
from tracer.hidden import check_hidden
from tracer.operations.projection import projections
from tracer.problem import Problem, Values, size
from tracer.results import check_result
from tracer.wired import check_names, check_used

MAX_PRODUCTS = 5_000_000  # multiplications that anybody will wait for
MAX_SCORES = 10_000
NAMES = {"Q": "queries", "K": "keys", "V": "values"}


def check(problem: Problem) -> None:
    """Raises `ProblemError`, or a child of it, with both names and both shapes."""
    check_names(problem)
    check_used(problem)
    if ("ids" in problem.given) != ("embedding" in problem.given):
        raise ProblemError(
            "[given] embedding and ids belong together; give the table and the number of each word's row"
        )
    source, keys = _sources(problem)
    _rows(problem)
    d_q = _columns(problem, "Q", source)
    d_k = _columns(problem, "K", keys)
    d_v = _columns(problem, "V", keys)
    check_cache(problem, d_k, d_v)
    _fit(problem, d_q, d_k, d_v)
    wiring = problem.wiring
    check_encodings(
        problem,
        source.shape[1] if source is not None else None,
        d_q and d_q // wiring.n_heads,
        d_k and d_k // wiring.n_kv_heads,
    )
    check_hidden(problem)
    _work(problem, d_q or d_k or 1, d_v or 1)


def _sources(problem: Problem) -> tuple[Values | None, Values | None]:
    """Where queries come from, and where keys and values do: X, Y or the embedding table."""
    given = problem.given
    source = problem.matrix("X") if "X" in given else problem.matrix("embedding") if "embedding" in given else None
    keys = problem.matrix("Y") if "Y" in given else source
    if source is None and "A" not in given and "S" not in given:
        for name in ("Q", "K") if keys is None else ("Q",):
            if name not in given:
                raise ProblemError(
                    f"[given] the {NAMES[name]} are missing: give {name}, or X to take them from, or the scores S"
                )
    if problem.wiring.repeat > 1 and (("X" not in given and "embedding" not in given) or "Y" in given):
        raise ProblemError("[pass] repeat feeds the outputs back in as X, so it needs a pass that starts from X alone")
    if "ids" in given:
        _ids(problem)
    return source, keys


def _rows(problem: Problem) -> None:
    """The words that queries, keys and values are taken from are as many as there are queries and keys."""
    given, n, m = problem.given, len(problem.tokens), len(problem.key_tokens)
    words = "ids" if "ids" in given else "X" if "X" in given else ""
    known = "S" in given or "A" in given
    wanted = [(words, n, "queries")] if words and "Q" not in given and not known else []
    origin = "Y" if "Y" in given else words
    if origin and ("V" not in given or ("K" not in given and not known)):
        wanted.append((origin, m - problem.past, "new keys" if problem.past else "keys"))
    for name, count, what in wanted:
        rows = problem.matrix(name).shape[0]
        if rows != count:
            found = size(problem.matrix(name))
            raise ShapeError(f"[given] {name} is {found}, but there are {count} {what}; give it a row for each")


def _ids(problem: Problem) -> None:
    words = problem.matrix("embedding").shape[0]
    ids = problem.matrix("ids")
    for n in range(ids.shape[0]):
        number = ids.entry((n,))
        if not isinstance(number, Num) or number.value.denominator != 1 or not 1 <= number.value <= words:
            raise ProblemError(
                f"[given] ids, number {n + 1}, must be a row of embedding, a whole number from 1 to {words}"
            )


def _columns(problem: Problem, name: str, source: Values | None) -> int | None:
    """How many columns the queries, keys or values have, all heads together; None where there are none."""
    given, wiring = problem.given, problem.wiring
    heads = wiring.n_heads if name == "Q" else wiring.n_kv_heads
    if name != "V" and ("S" in given or "A" in given):
        return None
    if name in given:
        return _all_heads(problem, name, 1, heads)
    if source is None:
        return None
    weight = f"W_{name}"
    origin = "X" if source is not (problem.given.get("Y")) else "Y"
    if weight not in given:
        return source.shape[1]
    convention = projections[wiring.projection]
    d_out = _all_heads(problem, weight, convention.outputs_axis, heads)
    W = problem.of(weight)[0]
    if W.shape[convention.inputs_axis] != source.shape[1]:
        side = ("rows", "columns")[convention.inputs_axis]
        raise ShapeError(
            f"[given] {weight} is {size(W)} but {origin} is {size(source)}: with projection “{wiring.projection}” "
            f"{weight} needs {source.shape[1]} {side}, one for each column of {origin}"
        )
    bias = f"b_{name}"
    if bias in given and _all_heads(problem, bias, 0, heads) != d_out:
        raise ShapeError(
            f"[given] {bias} has {problem.of(bias)[0].shape[0]} numbers but {weight} is {size(W)}; "
            f"give one number for each of its {W.shape[convention.outputs_axis]} outputs"
        )
    return d_out


def _all_heads(problem: Problem, name: str, axis: int, heads: int) -> int:
    values = problem.given[name]
    if not isinstance(values, tuple):
        return values.shape[axis]
    for n, one in enumerate(values, 1):
        if one.shape != values[0].shape:
            raise ShapeError(
                f"[given] {name} of head {n} is {size(one)}, that of head 1 is {size(values[0])}; heads have one size"
            )
    return values[0].shape[axis] * heads


def _fit(problem: Problem, d_q: int | None, d_k: int | None, d_v: int | None) -> None:
    wiring, n, m = problem.wiring, len(problem.tokens), len(problem.key_tokens)
    for name, columns, heads in (
        ("Q", d_q, wiring.n_heads),
        ("K", d_k, wiring.n_kv_heads),
        ("V", d_v, wiring.n_kv_heads),
    ):
        if columns is not None and columns % heads:
            raise ShapeError(
                f"[pass] {heads} heads cannot share the {columns} columns of the {NAMES[name]} equally; "
                f"choose a number of heads that divides {columns}"
            )
    check_fit(problem, d_q and d_q // wiring.n_heads, d_k and d_k // wiring.n_kv_heads)
    for name in ("Q", "K", "V", "S", "A", "mask", "bias"):
        for one in problem.of(name):
            rows, columns = (
                (n, one.shape[1]) if name == "Q" else (m - problem.past, one.shape[1]) if name in "KV" else (n, m)
            )
            if one.shape != (rows, columns):
                raise ShapeError(
                    f"[given] {name} is {size(one)}, but with {n} queries and {m} keys it must be {rows} × {columns}"
                )
    check_told(problem)
    if any(one.count(MINUS_INFINITY) for one in problem.of("A")):
        raise ProblemError("[given] A holds −inf; a weight is a finite number")
    check_result(problem, d_v)


def _work(problem: Problem, d_k: int, d_v: int) -> None:
    n, m, wiring = len(problem.tokens), len(problem.key_tokens), problem.wiring
    if not all(hasattr(values, "rows") for _, values in problem.tables()):
        return  # arrays of a library user, who looks at what he likes
    d_model = problem.matrix("X").shape[1] if "X" in problem.given else 0
    products = wiring.repeat * (n * m * (d_k + d_v) + (n + m) * d_model * (d_k + d_v))
    scores = n * m * wiring.n_heads * wiring.repeat
    if scores > MAX_SCORES:
        raise ProblemError(f"the pass has {scores:,} scores; at most {MAX_SCORES:,} can be worked step by step")
    if products > MAX_PRODUCTS:
        raise ProblemError(
            f"the pass has {products:,} multiplications; at most {MAX_PRODUCTS:,} can be worked step by step"
        )
