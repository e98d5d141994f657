"""The mistakes that people make, one file each: a rewrite of one step's formula, a name, a sentence that helps.

    @mistake("not_scaled", "the scores were not scaled", "Divide every score by √d_k, …")
    def not_scaled(step: Step, tensors: Tensors) -> Iterator[Expr]:
        if step.name == "scaled":
            yield tensors["scores"][indices(step.tensor)]

A rewrite gets a step of the pass and yields the formulas, over the same indices, that somebody used instead: none where
the step cannot go wrong that way, several where it can in several places (each product that may be dropped). It is
evaluated on the person's own earlier numbers. `spellings` are slips of the pen: other texts that were meant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import TypeAlias

from tracer.expr import Expr
from tracer.registry import Registry
from tracer.rewriting import Tensors
from tracer.trace import Step

RACK = (  # every file, in the order of the work and of teaching: ties between mistakes are told in this order
    "product_dropped", "sign_slipped", "elementwise", "added",
    "k_not_transposed", "q_k_exchanged", "w_transposed",
    "not_scaled", "divided_by_d_k", "divided_by_sqrt_d_model", "divided_by_sqrt_n", "scaled_twice",
    "cosine_for_dot", "dot_for_cosine",
    "exponentials_forgotten", "base_10", "base_2", "softmax_down_columns", "softmax_whole_matrix",
    "sum_of_scores", "sum_of_wrong_row",
    "mask_forgotten", "mask_zero", "masked_after_softmax", "mask_shifted", "mask_flipped",
    "maximum_in_numerator_only", "forced_to_one",
    "weights_on_x", "weights_on_k", "v_transposed", "weights_copied",
    "heads_by_rows", "heads_interleaved", "heads_added", "w_o_forgotten", "softcap_after_mask",
    "norm_without_root", "one_norm_only", "radians",
    "digits_exchanged", "point_misplaced",
)  # fmt: skip

Rewrite: TypeAlias = Callable[[Step, Tensors], Iterable[Expr]]
Spelling: TypeAlias = Callable[[str], Iterator[str]]


@dataclass(frozen=True, slots=True)
class Mistake:
    """A mistake with a name: what happened, in half a sentence behind “it looks as if”, and one that helps."""

    name: str
    what: str
    helps: str
    rewrites: Rewrite


@dataclass(frozen=True, slots=True)
class Slip:
    """A slip of the pen: the texts that may have been meant."""

    name: str
    what: str
    helps: str
    meant: Spelling


mistakes: Registry[Mistake] = Registry("mistake")
slips: Registry[Slip] = Registry("slip of the pen")


def mistake(name: str, what: str, helps: str) -> Callable[[Rewrite], Rewrite]:
    """Decorator: put a rewrite into the rack."""

    def keep(rewrites: Rewrite) -> Rewrite:
        mistakes.register(name)(Mistake(name, what, helps, rewrites))
        return rewrites

    return keep


def slip(name: str, what: str, helps: str) -> Callable[[Spelling], Spelling]:
    """Decorator: put a slip of the pen into the rack."""

    def keep(meant: Spelling) -> Spelling:
        slips.register(name)(Slip(name, what, helps, meant))
        return meant

    return keep


def load() -> None:
    """Import every mistake, in the order of the rack."""
    for name in RACK:
        import_module(f"{__name__}.{name}")


__all__ = ["RACK", "Mistake", "Rewrite", "Slip", "Tensors", "load", "mistake", "mistakes", "slip", "slips"]
