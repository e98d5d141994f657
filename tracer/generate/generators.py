"""The generators by number. What a seed has given it always gives: a generator is never changed, a new one is added."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from tracer.arithmetic import Undecided, Undefined
from tracer.generate.draft import Draft, with_numbers
from tracer.generate.plan import Plan, plan
from tracer.generate.requirements import Requirement, requirements
from tracer.generate.stream import Stream
from tracer.generate.wishes import Wishes
from tracer.problem import written
from tracer.trace import Trace

Raw: TypeAlias = int | str
Matrix: TypeAlias = list[list[Raw]]
Given: TypeAlias = dict[str, Matrix]

ENOUGH = 40  # drafts
LOGARITHMS = (0, "ln 2", "ln 3", "ln 4", "ln 5", "ln 6")
FEW_LOGARITHMS = (0, 0, "ln 2", "ln 3")
WORD_NUMBERS = (0, 1, 1, 2, -1)
WEIGHT_NUMBERS = (0, 1, 1, -1)
HALVES = (0, 1, 1, 2, -1, -1, "1/2", "1/2", "-1/2", "3/2")


class Tally:
    """How many drafts there were, and for each requirement whether it was met, draft by draft."""

    def __init__(self) -> None:
        self.drafts = 0
        self.met: defaultdict[str, list[bool]] = defaultdict(list)

    @property
    def is_hopeless(self) -> bool:
        """Whether there is too much or too little work, which hardly depends on the numbers: none will be found."""
        return len(self.met["work"]) >= ENOUGH and not any(self.met["work"])


@dataclass(frozen=True, slots=True)
class Generator:
    """What makes problems, and the mistakes and requirements that its certificate is about.

    `pools` are the numbers that each matrix is drawn from, `alike` the mistakes that nobody can tell apart. Every
    matrix of a part is drawn `tries` times before all begins anew; after `patience` drafts it gives up.
    """

    mistakes: tuple[str, ...]
    requirements: tuple[str, ...]
    pools: Callable[[Wishes], Mapping[str, Sequence[Raw]]]
    alike: Callable[[Wishes], Collection[frozenset[str]]]
    tries: int
    patience: int

    def search(self, plan: Plan, stream: Stream, tally: Tally) -> Given | None:
        """The numbers of an attempt, drawn part by part until each meets its requirements.

        None where a part or the whole fails. The `tally` is kept of every requirement that is tried.
        """
        wishes, pools = plan.wishes, self.pools(plan.wishes)
        given = {name: _drawn(stream, pools[name], *shape) for name, shape in shapes(wishes).items()}
        of_rows = [one for one in self.entries() if one.of_rows]
        for part in parts(wishes):
            for _ in range(self.tries * len(part.drawn)):
                if _meets(plan, given, part, of_rows, tally):
                    break
                for name, rows, columns in part.drawn:
                    for row in given[name][rows]:
                        row[columns] = [stream.one_of(pools[name]) for _ in row[columns]]
            else:
                return None
        return given if _meets(plan, given, everything(wishes), list(self.entries()), tally) else None

    def plan(self, trace: Trace, wishes: Wishes) -> Plan:
        """What all its drafts of a pass have in common."""
        return plan(trace, wishes, self.mistakes, self.alike(wishes))

    def entries(self) -> Iterator[Requirement]:
        """Its requirements, in order."""
        return map(requirements.__getitem__, self.requirements)


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


# The generators


def _pools(wishes: Wishes) -> dict[str, Sequence[Raw]]:
    """The numbers from which each matrix is drawn, each as often as it stands there."""
    words: Sequence[Raw] = WORD_NUMBERS if wishes.d_model else wishes.level.numbers
    values: Sequence[Raw] = wishes.level.values
    matrix = WEIGHT_NUMBERS
    if wishes.numbers == "fractions":
        words = values = HALVES
    if not wishes.exact_weights:
        return {
            **dict.fromkeys("XQK", words),
            "V": values,
            **dict.fromkeys(("W_Q", "W_K", "W_V", "W_O"), matrix),
        }
    root: Raw = wishes.root or f"√{wishes.d_k}"
    roots = (*[0] * max(1, wishes.d_k - 2), root, root)
    return {
        "X": (0, 1, 1), "W_Q": roots, "W_K": FEW_LOGARITHMS, "W_V": matrix, "W_O": matrix,
        "Q": roots, "K": LOGARITHMS, "V": values,
    }  # fmt: skip


def _alike(wishes: Wishes) -> Collection[frozenset[str]]:
    """With d_k = 2, 2^z = e^(0.69 z) for e^z hardly differs from e^(z/√2) = e^(0.71 z), which is scaled twice."""
    return {frozenset(("base_2", "scaled_twice"))} if wishes.d_k == 2 and wishes.places <= 2 else ()


GENERATORS = {
    1: Generator(
        (
            "product_dropped", "sign_slipped", "elementwise", "added", "k_not_transposed", "q_k_exchanged",
            "w_transposed", "not_scaled", "divided_by_d_k", "divided_by_sqrt_d_model", "divided_by_sqrt_n",
            "scaled_twice", "cosine_for_dot", "exponentials_forgotten", "base_10", "base_2", "softmax_down_columns",
            "softmax_whole_matrix", "sum_of_scores", "sum_of_wrong_row", "mask_forgotten", "mask_zero",
            "masked_after_softmax", "mask_shifted", "mask_flipped", "forced_to_one", "weights_on_x", "weights_on_k",
            "v_transposed", "weights_copied", "heads_by_rows", "heads_interleaved", "w_o_forgotten",
        ),
        (
            "friendly_numbers", "no_zero_query", "different_queries", "no_zero_key", "no_zero_value",
            "unequal_scores", "largest_weight", "smallest_weight", "exact_weights", "far_from_ties",
            "far_from_ties_by_hand", "same_by_hand", "rows_add_up", "work", "mistakes_show", "mistakes_differ",
        ),
        _pools,
        _alike,
        tries=40,
        patience=12_000,
    ),
}  # fmt: skip
NEWEST = max(GENERATORS)
