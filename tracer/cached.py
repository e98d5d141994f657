"""Does a cache fit the pass, and can the pass be worked token by token?"""

from __future__ import annotations

from tracer.errors import ProblemError, ShapeError
from tracer.operations.alignment import ALIGNMENTS, USUAL
from tracer.problem import Problem

PREFILL = "[pass] prefill works token by token"


def check_cache(problem: Problem, d_k: int | None, d_v: int | None) -> None:
    """The given keys and values of earlier tokens have the sizes of the new ones. Raises `ProblemError`."""
    has = {name: name in problem.given for name in ("past_K", "past_V")}
    if "dO" in problem.given and (problem.wiring.prefill is not None or any(has.values())):
        cached = "prefill" if problem.wiring.prefill is not None else "past_K and past_V"
        raise ProblemError(
            f"[given] dO asks for the backward pass, which is not worked through a cache; take out {cached}, or dO"
        )
    if problem.wiring.prefill is not None:
        _check_prefill(problem, d_v)
    if not any(has.values()):
        return
    if problem.wiring.repeat > 1:
        raise ProblemError("[pass] repeat needs a cache of its own for each pass; give past_K and past_V for one pass")
    for name, columns in (("past_K", d_k), ("past_V", d_v)):
        what = "keys" if name == "past_K" else "values"
        if has[name] and columns is None:
            raise ProblemError(f"[given] {name} has nothing to do, because no {what} are worked here; take it out")
        if columns is not None and not has[name]:
            raise ProblemError(f"[given] past_K and past_V belong together; {name} is missing")
        if columns is not None:
            _fits(problem, name, columns)
    rows = [problem.of(name)[0].shape[0] for name in ("past_K", "past_V") if has[name]]
    if len(set(rows)) > 1:
        raise ShapeError(
            f"[given] past_K has {rows[0]} rows and past_V {rows[1]}; each earlier token has one key and one value"
        )


def _fits(problem: Problem, name: str, columns: int) -> None:
    """Each matrix has a column for each coordinate of a new key or value; a list has one for each key head."""
    tables = problem.of(name)
    wanted = columns // problem.wiring.n_kv_heads if isinstance(problem.given[name], tuple) else columns
    for one in tables:
        if one.shape != (tables[0].shape[0], wanted):
            rows, width = one.shape
            raise ShapeError(
                f"[given] {name} is {rows} × {width}, but with the new ones below it must be "
                f"{tables[0].shape[0]} × {wanted}"
            )


def _check_prefill(problem: Problem, d_v: int | None) -> None:
    given, wiring, n = problem.given, problem.wiring, len(problem.tokens)
    for name in ("S", "A"):
        if name in given:
            raise ProblemError(
                f"{PREFILL}, with keys that are kept, so {name} cannot be given; "
                "give Q, K and V, or X, or leave prefill out"
            )
    if "Y" in given or len(problem.key_tokens) != n + problem.past:
        raise ProblemError(
            f"{PREFILL}: each brings a key of its own, so keys cannot come from another sequence; "
            "give as many keys as queries, or leave prefill out"
        )
    if d_v is None:
        raise ProblemError(f"{PREFILL}, but there are no values to mix; give V, or X")
    if wiring.prefill is not None and wiring.prefill >= n:
        raise ProblemError(
            f"[pass] prefill = {wiring.prefill} reads all {n} tokens together, so none is left to be decoded; "
            f"expected a whole number from 0 to {n - 1}"
        )
    for number, setting in enumerate(wiring.logits, 1):
        align = setting.told.get("align", USUAL)
        if align != USUAL:
            how = f"“{align}”" if align in ALIGNMENTS else f"by {align}"
            raise ProblemError(
                f"[pass] logits {number} aligns the {setting.use} {how}, but a decoded token stands below its "
                "whole cache; leave align out"
            )
