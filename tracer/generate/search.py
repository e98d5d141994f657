"""The search for numbers: drawn part by part, each part again until it meets its requirements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from tracer.arithmetic import Undecided, Undefined
from tracer.generate.draft import Draft, with_numbers
from tracer.generate.plan import Plan
from tracer.generate.requirements import Requirement
from tracer.generate.stream import Stream
from tracer.generate.wishes import Wishes
from tracer.problem import written

Raw: TypeAlias = int | str
Matrix: TypeAlias = list[list[Raw]]
Given: TypeAlias = dict[str, Matrix]

ENOUGH = 40  # drafts


class Tally:
    """How many drafts there were, and for each requirement whether it was met, draft by draft."""

    def __init__(self) -> None:
        self.drafts = 0
        self.met: defaultdict[str, list[bool]] = defaultdict(list)

    @property
    def is_hopeless(self) -> bool:
        """Whether there is too much or too little work, which hardly depends on the numbers: none will be found."""
        found = self.met.get("work", [])
        return len(found) >= ENOUGH and not any(found)


def search(
    plan: Plan,
    pools: Mapping[str, Sequence[Raw]],
    entries: Sequence[Requirement],
    tries: int,
    stream: Stream,
    tally: Tally,
) -> Given | None:
    """The given numbers, drawn from their `pools`; None where a part fails with all its tries, or the whole does.

    Every matrix of a part is drawn `tries` times. The `tally` is kept of every requirement that is tried.
    """
    wishes = plan.wishes
    given = {name: _drawn(stream, pools[name], *shape) for name, shape in shapes(wishes).items()}
    of_rows = [one for one in entries if one.of_rows]
    for part in parts(wishes):
        for _ in range(tries * len(part.drawn)):
            if _meets(plan, given, part, of_rows, tally):
                break
            for name, rows, columns in part.drawn:
                for row in given[name][rows]:
                    row[columns] = [stream.one_of(pools[name]) for _ in row[columns]]
        else:
            return None
    return given if _meets(plan, given, everything(wishes), entries, tally) else None


@dataclass(frozen=True, slots=True)
class Part:
    """Rows and columns of matrices that are drawn together, and the rows and heads that are judged then."""

    drawn: Sequence[tuple[str, slice, slice]]
    rows: Sequence[int]
    heads: Sequence[int]


def everything(wishes: Wishes) -> Part:
    """Nothing more is drawn, all rows and heads are judged."""
    return Part((), range(wishes.tokens), range(wishes.heads))


def parts(wishes: Wishes) -> Iterator[Part]:
    """What can be judged as soon as it is drawn.

    A row of a head is judged for its query; a word under a causal mask for all heads, when those before it are settled;
    without a mask every word sees all the others, and a head is judged for its columns of the matrices.
    """
    rows, heads, whole = range(wishes.tokens), range(wishes.heads), slice(None)
    columns = [slice(h * wishes.d_k, (h + 1) * wishes.d_k) for h in heads]
    row = [slice(i, i + 1) for i in rows]
    if not wishes.d_model:
        yield from (Part([("Q", row[i], columns[h])], [i], [h]) for h in heads for i in rows)
    elif wishes.mask == "causal":
        yield from (Part([("X", row[i], whole)], [i], heads) for i in rows)
    else:
        for h in heads:
            words = [("X", whole, whole)] if h == 0 else []
            yield Part([*words, *((W, whole, columns[h]) for W in ("W_Q", "W_K", "W_V"))], rows, [h])


def _meets(plan: Plan, given: Given, part: Part, entries: Iterable[Requirement], tally: Tally) -> bool:
    """Whether a part meets all of some requirements."""
    numbers = {name: written(matrix) for name, matrix in given.items()}
    draft = with_numbers(plan, numbers, part.rows, part.heads)
    tally.drafts += 1
    for one in entries:
        is_met = _is_met(one, draft)
        tally.met[one.name].append(is_met)
        if not is_met:
            return False
    return True


def _is_met(one: Requirement, draft: Draft) -> bool:
    """Whether a draft certainly meets a requirement."""
    try:
        return one.holds(one.measure(draft), draft.wishes)
    except (Undecided, Undefined):
        return False


def shapes(wishes: Wishes) -> dict[str, tuple[int, int]]:
    """The given matrices and their sizes."""
    n, width = wishes.tokens, wishes.heads * wishes.d_k
    model = wishes.d_model or width
    if wishes.d_model:
        found = {"X": (n, model), **dict.fromkeys(("W_Q", "W_K", "W_V"), (model, width))}
    else:
        found = dict.fromkeys("QKV", (n, width))
    return {**found, "W_O": (width, model)} if "projected" in wishes.steps else found


def _drawn(stream: Stream, pool: Sequence[Raw], rows: int, columns: int) -> Matrix:
    return [[stream.one_of(pool) for _ in range(columns)] for _ in range(rows)]
