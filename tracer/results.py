"""Does the result of a pass fit what becomes of it: its output projection, the next pass, its own gradient?"""

from __future__ import annotations

from tracer.errors import ProblemError, ShapeError
from tracer.operations.projection import projections
from tracer.problem import Problem, size


def check_result(problem: Problem, d_v: int | None) -> None:
    """With values of so many columns, all heads together. Raises `ProblemError`, or a child of it."""
    if "W_O" in problem.given:
        _output(problem, d_v)
    if problem.wiring.repeat > 1:
        _repeats(problem, d_v)
    if "dO" in problem.given:
        _gradient(problem, d_v)


def _joined(problem: Problem, d_v: int | None) -> int:
    """How many columns the outputs of all heads have side by side."""
    return problem.wiring.n_heads * ((d_v or 0) // problem.wiring.n_kv_heads)


def _columns(problem: Problem, d_v: int | None) -> int:
    """How many columns the result has."""
    if "W_O" in problem.given:
        return problem.matrix("W_O").shape[projections[problem.wiring.projection].outputs_axis]
    return _joined(problem, d_v)


def _output(problem: Problem, d_v: int | None) -> None:
    W_O, convention = problem.matrix("W_O"), projections[problem.wiring.projection]
    if d_v is None:
        raise ProblemError("[given] W_O has nothing to project: there are no values; give V, or X")
    joined = _joined(problem, d_v)
    if W_O.shape[convention.inputs_axis] != joined:
        side = ("rows", "columns")[convention.inputs_axis]
        raise ShapeError(
            f"[given] W_O is {size(W_O)} but the joined heads have {joined} columns; W_O needs {joined} {side}"
        )
    outputs = W_O.shape[convention.outputs_axis]
    if "b_O" in problem.given and problem.matrix("b_O").shape[0] != outputs:
        raise ShapeError(
            f"[given] b_O has {problem.matrix('b_O').shape[0]} numbers but W_O is {size(W_O)}; give {outputs}"
        )


def _gradient(problem: Problem, d_v: int | None) -> None:
    """The gradient of the result has its shape, and goes back through one pass."""
    given, wiring = problem.given, problem.wiring
    if wiring.repeat > 1:
        raise ProblemError(
            "[given] dO asks for the backward pass, which is worked for one pass; take out repeat, or dO"
        )
    if d_v is None:
        raise ProblemError("[given] dO is the gradient of the outputs, and there are none without values; give V, or X")
    for letter in "QKV":
        if isinstance(given.get(f"W_{letter}"), tuple) and not isinstance(given.get(f"b_{letter}", ()), tuple):
            raise ProblemError(
                f"[given] b_{letter} is one bias for all heads, and W_{letter} has a matrix for each; for the backward "
                f"pass give b_{letter} a list for each head, too"
            )
    wanted, dO = (len(problem.tokens), _columns(problem, d_v)), problem.matrix("dO")
    if dO.shape != wanted:
        raise ShapeError(
            f"[given] dO is {size(dO)}, but the result of the pass is {wanted[0]} × {wanted[1]}; "
            "give the derivative of the loss with respect to each of its numbers"
        )


def _repeats(problem: Problem, d_v: int | None) -> None:
    source = problem.matrix("X") if "X" in problem.given else problem.matrix("embedding")
    result = _columns(problem, d_v)
    if any(name in problem.given for name in ("Q", "K", "V", "S", "A")):
        raise ProblemError("[pass] repeat feeds the outputs back in as X, so Q, K, V, S and A cannot be given")
    if result != source.shape[1]:
        raise ShapeError(
            f"[pass] repeat feeds the outputs back in as X: X has {source.shape[1]} columns, "
            f"the outputs have {result}; they must agree"
        )
