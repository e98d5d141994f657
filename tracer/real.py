"""Whether a number that somebody wrote is a real number of bearable size."""

from __future__ import annotations

from tracer.expr import Expr

MAX_MAGNITUDE = 400


def not_real(number: Expr) -> str:
    """Why a number without letters is no real number of bearable size; "" where it is one."""
    from tracer.arithmetic import Undecided, Undefined, ball
    from tracer.evaluate import Table, value

    try:
        with ball.precision(ball.PRECISIONS[1]):
            found = value(number, {}, Table({}, ball.Ball()))
            if ball.infinite(found):
                return "the number is infinite"
            if abs(ball.magnitude(found)) > MAX_MAGNITUDE:
                return f"the number is beyond 10^±{MAX_MAGNITUDE}"
    except Undefined as undefined:
        return undefined.reason
    except (Undecided, OverflowError, ValueError):
        return "the number cannot be computed with certainty"
    return ""


def sign_of(number: Expr) -> int | None:
    """1, 0 or −1 for a number without letters; None where it cannot be told."""
    from tracer.arithmetic import Undecided, Undefined, ball
    from tracer.evaluate import Table, value

    try:
        return ball.decided(lambda bits: ball.sign(value(number, {}, Table({}, ball.Ball()))))
    except (Undecided, Undefined):
        return None
