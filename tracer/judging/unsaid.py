"""Scores alone do not say d_k: it is the one that the written numbers fit."""

from __future__ import annotations

from fractions import Fraction

from tracer.arithmetic import ball
from tracer.composition import solve
from tracer.errors import ProblemError
from tracer.evaluate import Key
from tracer.expr import Num
from tracer.judging.judge import Answer, Judge
from tracer.trace import Trace

SIZES = (*range(1, 65), 72, 80, 96, 100, 128, 192, 256, 384, 512, 768, 1024)
LOOKED_AT = 60  # written cells that are compared


def with_sizes(trace: Trace, answers: dict[Key, Answer]) -> Trace:
    """The trace with a number for d_k where the problem has none: the smallest that most written numbers fit.

    Raises `ProblemError` where another letter has no number.
    """
    letters = trace.open_letters
    if not letters:
        return trace
    if letters != ("d_k",):
        raise ProblemError(
            f"the problem has letters without numbers: {', '.join(letters)}; give them with --let {letters[0]}=1"
        )
    hanging = {key: answer for key, answer in answers.items() if trace.tables.unknown(key)}
    few = dict(list(hanging.items())[:LOOKED_AT])

    def fitting(size: int) -> int:
        judge = Judge(solve(trace.problem.let("d_k", Num(Fraction(size)))), few)
        with ball.precision(ball.PRECISIONS[0]):
            return sum(judge.is_exact(key) for key in few)

    best = max(SIZES, key=fitting) if few else 1
    return solve(trace.problem.let("d_k", Num(Fraction(best))))
