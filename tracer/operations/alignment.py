"""Alignments: which key stands where a query does, when there are more of one than of the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from tracer.expr import Index, Tensor
from tracer.options import Option, one_of, whole_number

FURTHEST = 1_000_000  # keys that an alignment or a window may span: more than any row has


class Alignment(NamedTuple):
    """How many of the m keys come before the first of n queries; and what is said of it, of sight and of distances."""

    before: Callable[[int, int], int]
    sees: str
    stands: str


ALIGNMENTS = {
    "bottom-right": Alignment(
        lambda n, m: m - n, "the last query sees the last key", "the last query stands where the last key does"
    ),
    "top-left": Alignment(
        lambda n, m: 0, "the first query sees the first key", "the first query stands where the first key does"
    ),
}
USUAL = "bottom-right"
BEFORE = whole_number(-FURTHEST, FURTHEST)


def _alignment(raw: Any) -> str | int:
    return one_of(ALIGNMENTS).read(raw) if isinstance(raw, str) else BEFORE.read(raw)  # type: ignore[no-any-return]


ALIGN = Option(_alignment, f"{one_of(ALIGNMENTS).expected}, or how many keys come before the first query's own")


def aligned(Z: Tensor, told: Mapping[str, Any]) -> Index:
    """The key that stands where query i does: i + p.

    `align` says p: "bottom-right", p = m − n, so that the last query sees the last key; "top-left", p = 0; or p itself,
    the number of keys that come before the first query's own.

    Source: the ONNX operator Attention, attribute is_causal, where p is called offset.
    """
    align = told.get("align", USUAL)
    before: int = ALIGNMENTS[align].before(*Z.shape) if align in ALIGNMENTS else align
    return Index("i") + before
