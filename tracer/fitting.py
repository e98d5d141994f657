"""Do the matrices that a similarity or a logit step has of its own fit to queries and keys?"""

from __future__ import annotations

from tracer.errors import ShapeError
from tracer.operations.projection import projections
from tracer.operations.similarity import similarities
from tracer.problem import Problem, Values

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
    _slopes(problem)


def _fits(name: str, values: Values, wanted: list[tuple[str, int | None]], projection: str) -> None:
    is_turned = name in PROJECTING and projections[projection].inputs_axis == 1
    for n, (axis, size) in enumerate(reversed(wanted) if is_turned else wanted):
        if size is not None and values.shape[n] != size:
            parts = ("rows", "columns")[n] if len(wanted) == 2 else "numbers"
            found = " × ".join(map(str, values.shape)) if len(wanted) == 2 else f"{values.shape[0]} numbers long"
            raise ShapeError(f"[given] {name} is {found}; it needs {size} {parts}, {axis}")


def _slopes(problem: Problem) -> None:
    for n, step in enumerate(problem.wiring.logits, 1):
        slopes, heads = step.told.get("slopes"), problem.wiring.n_heads
        if slopes is not None and len(slopes) != heads:
            raise ShapeError(
                f"[pass] logits {n}, {step.use}, has {len(slopes)} slopes, but n_heads is {heads}; give one for each"
            )
