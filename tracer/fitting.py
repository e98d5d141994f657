"""Does what an operation is given or told of its own fit the pass: matrices, masks, a number for each head?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import product
from typing import Any

from tracer.errors import ProblemError, ShapeError
from tracer.expr import ONE, ZERO
from tracer.operations.masks import rule_of
from tracer.operations.projection import projections
from tracer.operations.similarity import similarities
from tracer.problem import Problem, Values, size

QUERY, KEY = "one for each column of the queries", "one for each column of the keys"
FEATURE, DISTANCE = "one for each number of v", "one for each distance from −(n − 1) to m − 1"
AXES = {  # what the rows and the columns of a matrix are, or the numbers of a vector
    "W_1": (QUERY, FEATURE),
    "W_2": (KEY, FEATURE),
    "v": (FEATURE,),
    "W_S": (QUERY, KEY),
    "relative": (DISTANCE,),
}
PROJECTING = ("W_1", "W_2")  # laid out as W_Q is


def check_fit(problem: Problem, d_q: int | None, d_k: int | None) -> None:
    """Queries and keys of these widths can be compared. Raises `ShapeError`.

    A similarity without a matrix of its own takes coordinate by coordinate, so the widths agree.
    """
    similarity = problem.wiring.similarity.use
    if not similarities[similarity].needs and None not in (d_q, d_k) and d_q != d_k:
        what = {"dot": "a dot product"}.get(similarity, f"the similarity “{similarity}”")
        raise ShapeError(
            f"the queries have {d_q} columns (d_k) and the keys {d_k}; {what} needs as many of one as of the other"
        )
    n, m = len(problem.tokens), len(problem.key_tokens)
    sizes = {QUERY: d_q, KEY: d_k, DISTANCE: n + m - 1, FEATURE: next((v.shape[0] for v in problem.of("v")), None)}
    for name, axes in AXES.items():
        for one in problem.of(name):
            _fits(name, one, [(axis, sizes[axis]) for axis in axes], problem.wiring.projection)


def check_told(problem: Problem) -> None:
    """Masks say which keys are seen, and each head has a number where heads have numbers. Raises `ProblemError`."""
    _masks(problem, len(problem.key_tokens))
    _slopes(problem)
    _sinks(problem)


def _fits(name: str, values: Values, wanted: list[tuple[str, int | None]], projection: str) -> None:
    is_turned = name in PROJECTING and projections[projection].inputs_axis == 1
    for n, (axis, count) in enumerate(reversed(wanted) if is_turned else wanted):
        if count is not None and values.shape[n] != count:
            parts = ("rows", "columns")[n] if len(wanted) == 2 else "numbers"
            found = size(values) if len(wanted) == 2 else f"{values.shape[0]} numbers long"
            raise ShapeError(f"[given] {name} is {found}; it needs {count} {parts}, {axis}")


def _slopes(problem: Problem) -> None:
    for n, step in enumerate(problem.wiring.logits, 1):
        slopes, heads = step.told.get("slopes"), problem.wiring.n_heads
        if slopes is not None and len(slopes) != heads:
            raise ShapeError(
                f"[pass] logits {n}, {step.use}, has {len(slopes)} slopes, but n_heads is {heads}; give one for each"
            )


def _masks(problem: Problem, m: int) -> None:
    """A mask matrix says yes or no, a window has a side, and there are as many keys as are no padding."""
    for one in problem.of("mask"):
        rows, columns = one.shape
        if one.count(ZERO) + one.count(ONE) != rows * columns:
            places = product(range(rows), range(columns))
            row, column = next(at for at in places if one.entry(at) not in (ZERO, ONE))
            raise ProblemError(
                f"[given] mask row {row + 1}, column {column + 1}, must be 0 or 1; 1 means “may attend”, "
                "and numbers to be added to the scores are a bias"
            )
    for number, setting in enumerate(problem.wiring.logits, 1):
        if setting.use == "mask" and (rule := rule_of(setting.told)) in RULES:
            RULES[rule](setting.told, f"[pass] logits {number}, mask", m)


def _window(told: Mapping[str, Any], where: str, m: int) -> None:
    if not {"left", "right"} & told.keys():
        raise ProblemError(f"{where}: a window has a left side, a right side or both; give left = 2, say")


def _padding(told: Mapping[str, Any], where: str, m: int) -> None:
    if told["length"] > m:
        raise ShapeError(
            f"{where}, length: {told['length']} keys would be no padding, but there are only {m}; give at most {m}"
        )


RULES: dict[str, Callable[[Mapping[str, Any], str, int], None]] = {"window": _window, "padding": _padding}


def _sinks(problem: Problem) -> None:
    wiring = problem.wiring
    if "sinks" in problem.given and problem.matrix("sinks").shape[0] != wiring.n_heads:
        count = problem.matrix("sinks").shape[0]
        raise ShapeError(
            f"[given] sinks has {count} number{'s' if count > 1 else ''}, but the pass has {wiring.n_heads} "
            f"head{'s' if wiring.n_heads > 1 else ''}; give one number for each head"
        )
