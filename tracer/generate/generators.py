"""The generators by number. What a seed has given it always gives: a generator is never changed, a new one is added."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
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
Tally: TypeAlias = defaultdict[str, list[bool]]  # whether a requirement was met, try by try

LOGARITHMS = (0, "ln 2", "ln 3", "ln 4", "ln 5", "ln 6")
FEW_LOGARITHMS = (0, 0, "ln 2", "ln 3")
WORD_NUMBERS = (0, 1, 1, 2, -1)
WEIGHT_NUMBERS = (0, 1, 1, -1)


@dataclass(frozen=True, slots=True)
class Generator:
    """What makes problems, and the mistakes and requirements that its certificate is about.

    `pools` are the numbers that each matrix is drawn from, `alike` the mistakes that nobody can tell apart.
    `attempts` fresh starts, and in each so many `tries` for a row, are made before it gives up.
    """

    mistakes: tuple[str, ...]
    requirements: tuple[str, ...]
    pools: Callable[[Wishes], Mapping[str, Sequence[Raw]]]
    alike: Callable[[Wishes], Collection[frozenset[str]]]
    attempts: int
    tries: int

    def search(self, plan: Plan, stream: Stream, tally: Tally) -> Given | None:
        """The numbers of an attempt: row by row until each meets its requirements. None where a row or the whole fails.

        The `tally` is kept of every requirement that is tried.
        """
        wishes, pools = plan.wishes, self.pools(plan.wishes)
        given = {name: _drawn(stream, pools[name], *shape) for name, shape in shapes(wishes).items()}
        drawn_late = given["X" if wishes.d_model else "Q"]
        for redrawn, settled in _parts(wishes):
            for _ in range(self.tries):
                if self._meets(plan, given, settled, True, tally):
                    break
                for i in redrawn:
                    drawn_late[i][:] = _drawn(stream, pools["X" if wishes.d_model else "Q"], 1, len(drawn_late[i]))[0]
            else:
                return None
        return given if self._meets(plan, given, range(wishes.tokens), False, tally) else None

    def _meets(self, plan: Plan, given: Given, rows: Sequence[int], of_rows: bool, tally: Tally) -> bool:
        """Whether the rows, or the whole, meet their requirements."""
        draft = with_numbers(plan, {name: written(matrix) for name, matrix in given.items()}, rows)
        for one in self.entries():
            if one.of_rows is of_rows:
                is_met = _is_met(one, draft)
                tally[one.name].append(is_met)
                if not is_met:
                    return False
        return True

    def plan(self, trace: Trace, wishes: Wishes) -> Plan:
        """What all its drafts of a pass have in common."""
        return plan(trace, wishes, self.mistakes, self.alike(wishes))

    def entries(self) -> Iterator[Requirement]:
        """Its requirements, in order."""
        return map(requirements.__getitem__, self.requirements)


def _is_met(one: Requirement, draft: Draft) -> bool:
    """Whether a draft certainly meets a requirement."""
    try:
        return one.holds(one.measure(draft), draft.wishes)
    except (Undecided, Undefined):
        return False


def _parts(wishes: Wishes) -> list[tuple[Sequence[int], Sequence[int]]]:
    """The rows that are drawn together, and those that can be judged then: a word's row waits for all that it sees."""
    if wishes.d_model and wishes.mask == "none":
        return [(range(wishes.tokens), range(wishes.tokens))]
    return [([i], [i]) for i in range(wishes.tokens)]


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
    words, matrix = (WORD_NUMBERS, WEIGHT_NUMBERS) if wishes.d_model else (wishes.level.numbers, WEIGHT_NUMBERS)
    if not wishes.exact_weights:
        return {
            **dict.fromkeys("XQK", words),
            "V": wishes.level.values,
            **dict.fromkeys(("W_Q", "W_K", "W_V", "W_O"), matrix),
        }
    root: Raw = wishes.root or f"√{wishes.d_k}"
    roots = (*[0] * max(1, wishes.d_k - 2), root, root)
    return {
        "X": (0, 1, 1), "W_Q": roots, "W_K": FEW_LOGARITHMS, "W_V": matrix, "W_O": matrix,
        "Q": roots, "K": LOGARITHMS, "V": wishes.level.values,
    }  # fmt: skip


def _alike(wishes: Wishes) -> Collection[frozenset[str]]:
    """With d_k = 2, 2^z = e^(0.69 z) for e^z hardly differs from e^(z/√2) = e^(0.71 z), which is scaled twice."""
    return {frozenset(("base_2", "scaled_twice"))} if wishes.d_k == 2 and wishes.places <= 2 else ()


GENERATORS = {
    1: Generator(
        (
            "product_dropped", "sign_slipped", "elementwise", "added", "k_not_transposed", "q_k_exchanged",
            "w_transposed", "not_scaled", "divided_by_d_k", "divided_by_sqrt_d_model", "divided_by_sqrt_n",
            "scaled_twice", "cosine_for_dot", "dot_for_cosine", "exponentials_forgotten", "base_10", "base_2",
            "softmax_down_columns", "softmax_whole_matrix", "sum_of_scores", "sum_of_wrong_row", "mask_forgotten",
            "mask_zero", "masked_after_softmax", "mask_shifted", "mask_flipped", "maximum_in_numerator_only",
            "forced_to_one", "weights_on_x", "weights_on_k", "v_transposed", "weights_copied", "heads_by_rows",
            "heads_interleaved", "heads_added", "w_o_forgotten", "softcap_after_mask", "norm_without_root",
            "one_norm_only", "radians",
        ),
        (
            "friendly_numbers", "no_zero_query", "different_queries", "no_zero_key", "no_zero_value",
            "unequal_scores", "largest_weight", "smallest_weight", "exact_weights", "far_from_ties",
            "far_from_ties_by_hand", "same_by_hand", "rows_add_up", "work", "mistakes_show", "mistakes_differ",
        ),
        _pools,
        _alike,
        attempts=250,
        tries=40,
    ),
}  # fmt: skip
NEWEST = max(GENERATORS)
