"""The generators by number. What a seed has given it always gives: a generator is never changed, a new one is added."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tracer.errors import ProblemError
from tracer.generate.plan import Plan, plan
from tracer.generate.requirements import Requirement, requirements
from tracer.generate.search import Given, Raw, Tally, search
from tracer.generate.stream import Stream
from tracer.generate.wishes import Wishes
from tracer.trace import Trace

LOGARITHMS = (0, "ln 2", "ln 3", "ln 4", "ln 5", "ln 6")
FEW_LOGARITHMS = (0, 0, "ln 2", "ln 3")
WORD_NUMBERS = (0, 1, 1, 2, -1)
WEIGHT_NUMBERS = (0, 1, 1, -1)
HALVES = (0, 1, 1, 2, -1, -1, "1/2", "1/2", "-1/2", "3/2")


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
        """The numbers of an attempt, None where it failed; the `tally` is kept."""
        return search(plan, self.pools(plan.wishes), list(self.entries()), self.tries, stream, tally)

    def plan(self, trace: Trace, wishes: Wishes) -> Plan:
        """What all its drafts of a pass have in common."""
        return plan(trace, wishes, self.mistakes, self.alike(wishes))

    def entries(self) -> Iterator[Requirement]:
        """Its requirements, in order."""
        return map(requirements.__getitem__, self.requirements)


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


def numbered(generator: int) -> Generator:
    """The generator with a number. Raises `ProblemError` where there is none."""
    if generator not in GENERATORS:
        raise ProblemError(f"--generator {generator} is unknown; known are: {', '.join(map(str, GENERATORS))}")
    return GENERATORS[generator]
