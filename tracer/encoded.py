"""Do the encodings of a pass have something to do, and do they fit the vectors that they change?"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tracer.errors import ProblemError, ShapeError
from tracer.operations.encodings import encodings
from tracer.operations.qk_norm import GAINS
from tracer.problem import Problem, Setting

NAMES = {"g_Q": "queries", "g_K": "keys"}


def check_encodings(problem: Problem, d_model: int | None, d_q: int | None, d_k: int | None) -> None:
    """Sizes of the words, and of the queries and keys of one head; None where there are none.

    Raises `ProblemError`, or a child of it.
    """
    sizes = {"query": d_q, "key": d_k}
    norms = [setting.use for setting in problem.wiring.encoding if _takes_sizes_out(setting)]
    if len(norms) > 1:
        raise ProblemError(f"[pass] encoding has both {norms[0]} and {norms[1]}; the second undoes the first, use one")
    for n, setting in enumerate(problem.wiring.encoding, 1):
        where = f"[pass] encoding {n}, {setting.use},"
        if setting.use in encodings and ("S" in problem.given or "A" in problem.given):
            known = "scores S" if "S" in problem.given else "weights A"
            raise ProblemError(f"{where} has nothing to do, because the {known} are given already; take it out")
        if setting.use not in encodings and d_model is None:
            raise ProblemError(f"{where} has nothing to do, because no words are given; give X, or take it out")
        for width in dict.fromkeys(sizes.values() if setting.use in encodings else [d_model]):
            if width is not None and setting.use in FITTING:
                FITTING[setting.use](setting, where, width)
    for name, gain in GAINS.items():
        if gain in problem.given and problem.matrix(gain).shape[0] != sizes[name]:
            raise ShapeError(
                f"[given] {gain} has {problem.matrix(gain).shape[0]} numbers, but the {NAMES[gain]} of a head have "
                f"{sizes[name]} coordinates; give one number for each"
            )


def _takes_sizes_out(setting: Setting) -> bool:
    return setting.use in encodings and "sizes are taken out" in encodings[setting.use].traits


def _in_waves(setting: Setting, where: str, width: int) -> None:
    if width % 2:
        raise ShapeError(
            f"{where} adds a sine and a cosine side by side, but X has {width} column{'s' if width > 1 else ''}; "
            "give it an even number"
        )


def _in_pairs(setting: Setting, where: str, width: int) -> None:
    turned = setting.told.get("dimensions", width)
    if turned > width:
        raise ShapeError(f"{where} has dimensions = {turned}, but queries and keys have {width}; turn at most so many")
    if turned % 2 and "dimensions" in setting.told:
        raise ShapeError(f"{where} has dimensions = {turned}; coordinates are turned in pairs: give an even number")
    if turned % 2:
        part = f", or turn only some of them, with dimensions = {width - 1}" if width > 1 else ""
        raise ShapeError(
            f"{where} turns coordinates in pairs, but queries and keys have {width}; give them an even number{part}"
        )
    for problem in _of_angles(setting, turned):
        raise ShapeError(f"{where} {problem}")


def _of_angles(setting: Setting, turned: int) -> Iterator[str]:
    if "angles" not in setting.told:
        return
    if "base" in setting.told:
        yield "has both angles and base, which are two ways to say the same; take one of the two out"
    count, pairs = len(setting.told["angles"]), turned // 2
    if count != pairs:
        given = f"{count} angle{'s' if count > 1 else ''}"
        of = f"{turned} coordinates are {pairs} pair{'s' if pairs > 1 else ''}"
        yield f"has {given}, but {of}; give one angle for each pair, or say with dimensions how many are turned"


FITTING: dict[str, Callable[[Setting, str, int], None]] = {"sinusoidal": _in_waves, "rotary": _in_pairs}
