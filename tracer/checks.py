"""What must be true of a finished pass, checked with enclosures; and the same numbers found a second way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from tracer.arithmetic import Undecided, Undefined, ball
from tracer.composition import solve
from tracer.decoding import at_once
from tracer.evaluate import value
from tracer.expr import ONE, ZERO, Add, Cell, Div, Expr, Index, Mul, Sum, Tensor, exp, minus, position, walk
from tracer.operations.normalisation import normalisations
from tracer.problem import Problem
from tracer.trace import Trace
from tracer.views import StepView

BITS = 128


@dataclass(frozen=True, slots=True)
class Check:
    """A statement by its name, whether it holds (None: it does not apply), and the formula it was checked with."""

    name: str
    step: str
    holds: bool | None
    formula: Expr | None = None


Rows = range | tuple[int, ...]
Test = Callable[[Trace, StepView, Rows], list[Check]]


def traits(problem: Problem) -> tuple[str, ...]:
    """What is true of the weights of a pass (see `operations.normalisation`); those that are given must add up to 1."""
    return ("rows add up to 1",) if "A" in problem.given else normalisations[problem.wiring.normalisation.use].traits


def checks(trace: Trace, rows: Rows) -> list[Check]:
    """Every check of every head, for the rows that are worked. A symbolic pass has nothing to check in numbers."""
    found, known = _all_at_once(trace), (ALWAYS, *traits(trace.problem))
    for step in map(trace.__getitem__, trace.tables.definitions):
        if step.kind == "arrange" or not step.tensor.axes[0].along(rows):
            continue
        for name, trait, test in CHECKS:
            if step.name == name and trait in known:
                found += test(trace, step, rows)
    return found


def _all_at_once(trace: Trace) -> list[Check]:
    """What was worked token by token, worked again with all tokens at once and a causal mask."""
    if trace.problem.wiring.prefill is None:
        return []
    again, result = solve(at_once(trace.problem)), trace.steps[-1].tensor

    def test() -> bool:
        tables = trace.tables.balls(BITS), again.tables.balls(BITS)
        places = product(*map(range, result.shape))
        return all(ball.agree(*(table[result.id, at] for table in tables)) for at in places)

    return [Check("decoded and all at once", result.id, _holds(test))]


def _block_by_block(trace: Trace, step: StepView, rows: Rows) -> list[Check]:
    """O = A V, with the weights written down at the end: what the blocks have come to without them."""
    O = trace[step.id.removesuffix(step.name) + "outputs"]
    return [Check("block by block", step.id, _equal(trace, step, O, rows), O.formula)]


def _equal(trace: Trace, step: StepView, other: StepView, rows: Rows) -> bool | None:
    """Whether two steps have come to the same numbers."""

    def test() -> bool:
        table = trace.tables.balls(BITS)
        places = [(i, c) for i in other.tensor.axes[0].along(rows) for c in range(other.shape[1])]
        return all(ball.agree(table[step.id, at], table[other.id, at]) for at in places)

    return _holds(test)


def _ball(trace: Trace, formula: Expr, where: dict[str, int] | None = None) -> Any:
    return value(formula, where or {}, trace.tables.balls(BITS))


def _holds(test: Callable[[], bool]) -> bool | None:
    try:
        with ball.precision(BITS):
            return test()
    except (Undefined, Undecided):
        return None


def _row_sum(trace: Trace, A: Tensor, row: int) -> Any:
    return _ball(trace, Sum("j", A.shape[1], A[position(row), Index("j")]))


def _attending(trace: Trace, A: Tensor, rows: Rows) -> list[int]:
    """The rows that have any weight to share out: all but the fully masked ones."""
    return [row for row in A.axes[0].along(rows) if A.allowed is None or _row_sum(trace, A, row) != 0]


def _add_up(trace: Trace, step: StepView, rows: Rows) -> list[Check]:
    """Each row of weights adds up to 1; a fully masked row has nothing to share out."""
    A = step.tensor

    def test() -> bool:
        one = _ball(trace, ONE)
        return all(ball.agree(_row_sum(trace, A, row), one) for row in _attending(trace, A, rows))

    return [Check("rows add up to 1", A.id, _holds(test))]


def _leave_over(trace: Trace, step: StepView, rows: Rows) -> list[Check]:
    """Each row of weights adds up to 1 together with what it leaves over."""
    A, rest = step.tensor, step.id.removesuffix("weights") + "rest"

    def test() -> bool:
        table, arithmetic = trace.tables.balls(BITS), ball.Ball()
        here = A.axes[0].along(rows)
        wholes = [arithmetic.add([_row_sum(trace, A, row), table[rest, (row,)]]) for row in here]
        return all(ball.agree(whole, _ball(trace, ONE)) for whole in wholes)

    return [Check("rows and rest add up to 1", A.id, _holds(test))]


def _stand_alone(trace: Trace, step: StepView, rows: Rows) -> list[Check]:
    """Each weight lies between 0 and 1."""

    def test() -> bool:
        table, zero, one = trace.tables.balls(BITS), _ball(trace, ZERO), _ball(trace, ONE)
        here = step.tensor.axes[0].along(rows)
        weights = [table[step.id, (i, j)] for i in here for j in range(step.shape[1])]
        return all(ball.at_most(zero, weight) and ball.at_most(weight, one) for weight in weights)

    return [Check("weights lie between 0 and 1", step.id, _holds(test))]


def _weights_again(trace: Trace, step: StepView, rows: Rows) -> list[Check]:
    """A softmax weight is also 1 over the sum of e to the differences: no exponential of a large number in it."""
    A = step.tensor
    if A.allowed:
        return []
    exponentials = trace[step.id.removesuffix("weights") + "exponentials"]
    Z = next(cell.tensor for cell in _cells(exponentials.formula) if len(cell.at) == 2)
    again = Div(ONE, Sum("k", A.shape[1], exp(minus(Z[Index("i"), Index("k")], Z[Index("i"), Index("j")]))))

    def test() -> bool:
        places = [(i, j) for i in A.axes[0].along(rows) for j in range(A.shape[1])]
        table = trace.tables.balls(BITS)
        return all(ball.agree(_ball(trace, again, {"i": i, "j": j}), table[A.id, (i, j)]) for i, j in places)

    return [Check("weights a second way", step.id, _holds(test), again)]


def _cells(expr: Expr | None) -> list[Cell]:
    return [] if expr is None else [node for node in walk(expr) if isinstance(node, Cell)]


def _between(trace: Trace, step: StepView, rows: Rows) -> list[Check]:
    """A mixture with weights that add up to 1 lies between the smallest and the largest value of its column."""
    return [Check("outputs lie between the values", step.id, _inside(trace, step, rows, []))]


def _between_with_0(trace: Trace, step: StepView, rows: Rows) -> list[Check]:
    """Where a part of the attention brings nothing, a mixture lies between the values and 0."""
    return [Check("outputs lie between the values and 0", step.id, _inside(trace, step, rows, [_ball(trace, ZERO)]))]


def _inside(trace: Trace, step: StepView, rows: Rows, besides: list[Any]) -> bool | None:
    """Whether each output lies between the smallest and the largest of its column's values, and these `besides`."""
    A, V = (cell.tensor for cell in _cells(step.formula))
    table = trace.tables.balls(BITS)

    def inside(i: int, c: int) -> bool:
        O, column = table[step.id, (i, c)], [*besides, *(table[V.id, (j, c)] for j in range(V.shape[0]))]
        return any(ball.at_most(v, O) for v in column) and any(ball.at_most(O, v) for v in column)

    def test() -> bool:
        return all(inside(i, c) for i in _attending(trace, A, rows) for c in range(V.shape[1]))

    return _holds(test)


def _outputs_again(trace: Trace, step: StepView, rows: Rows) -> list[Check]:
    """O = v₁ + sum over j of A[i, j] (v_j − v₁): start at the first value and move towards the others."""
    A, V = (cell.tensor for cell in _cells(step.formula))
    i, j, c, first = Index("i"), Index("j"), Index("c"), position(0)
    again = Add((V[first, c], Sum("j", V.shape[0], Mul((A[i, j], minus(V[j, c], V[first, c]))))))

    def test() -> bool:
        places = [(r, k) for r in _attending(trace, A, rows) for k in range(V.shape[1])]
        table = trace.tables.balls(BITS)
        return all(ball.agree(_ball(trace, again, {"i": r, "c": k}), table[step.id, (r, k)]) for r, k in places)

    return [Check("outputs a second way", step.id, _holds(test), again)]


def _in_the_other_order(trace: Trace, step: StepView, rows: Rows) -> list[Check]:
    """Keys with values first, then queries: the same outputs."""
    O = trace[step.id.removesuffix(step.name) + "outputs"]
    return [Check("outputs in the other order", step.id, _equal(trace, step, O, rows))]


def _gradients(trace: Trace, mean: StepView, rows: Rows) -> list[Check]:
    """What must be true behind the normalisation: of the Jacobians, and of the gradients of the logits."""
    under = mean.id.removesuffix("mean_gradients")
    dZ = next(step.tensor for step in trace.steps if mean.tensor in [cell.tensor for cell in _cells(step.formula)])
    is_there = f"{under}row1.jacobian" in trace
    jacobians, through = (
        {i: trace[f"{under}row{i + 1}.{name}"].tensor for i in rows if is_there} for name in ("jacobian", "d_logits")
    )
    j, keys = Index("j"), range(dZ.shape[1])

    def agree(pairs: Sequence[tuple[Expr, Expr]]) -> bool | None:
        return _holds(lambda: all(ball.agree(_ball(trace, a), _ball(trace, b)) for a, b in pairs))

    columns = [(Sum("j", len(keys), Jac[j, position(k)]), ZERO) for Jac in jacobians.values() for k in keys]
    again = [(dz[position(k)], dZ[position(i), position(k)]) for i, dz in through.items() for k in keys]
    over_rows = [(Sum("j", len(keys), dZ[position(i), j]), ZERO) for i in rows]
    found = []
    if is_there and "rows add up to 1" in traits(trace.problem):
        found += [Check("columns of Jacobians add up to 0", dZ.id, agree(columns))]
    if is_there:
        found += [Check("gradients through the Jacobians", dZ.id, agree(again))]
    if "rows may be shifted" in traits(trace.problem):
        found += [Check("gradients of a row add up to 0", dZ.id, agree(over_rows))]
    return found


ALWAYS = ""  # a check that hangs on no trait
CHECKS: tuple[tuple[str, str, Test], ...] = (  # of a step, where its pass has a trait
    ("weights", "rows add up to 1", _add_up),
    ("weights", "weights hang on differences", _weights_again),
    ("weights", "rows leave something over", _leave_over),
    ("weights", "weights stand alone", _stand_alone),
    ("outputs", "rows add up to 1", _between),
    ("outputs", "rows add up to 1", _outputs_again),
    ("outputs", "rows leave something over", _between_with_0),
    ("linear_outputs", ALWAYS, _in_the_other_order),
    ("online_outputs", ALWAYS, _block_by_block),
    ("mean_gradients", ALWAYS, _gradients),
)
