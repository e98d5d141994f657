"""Which few coordinates of a head are kept: `bases` is the rack of ways to choose those of queries and keys.

    (Q [n, d_k], K [m, d_k], how many, whether a row of scores may be shifted) -> Chosen

Softmax is the same for scores that are shifted row by row, so what counts are the keys relative to their mean.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tracer.language import Language
from tracer.models.rounded import percent
from tracer.registry import Registry


@dataclass(frozen=True, slots=True)
class Chosen:
    """Matrices with few columns, and what a page says about them."""

    left: Any
    right: Any
    told: Callable[[Language], list[str]]
    kept: list[int] = field(default_factory=list)


RELATIVE = "Keys are relative to their mean, which shifts each row of scores by one number and changes no weight."

bases: Registry[Callable[[Any, Any, Any, int], Chosen]] = Registry("basis")  # Q, K, the origin of the keys, how many


@bases.register("turned")
def turned(Q: Any, K: Any, origin: Any, count: int) -> Chosen:
    """New coordinates in which dot products stay what they are, those that hold most of the scores first.

    With Q (K − origin)ᵀ = U Σ Wᵀ the queries are U √Σ and the keys W √Σ: the first r columns have the scores of rank r
    that are nearest to all (Eckart and Young 1936), and their part of the sum of squares is that of Σ².
    """
    U, sigma, Wt = np.linalg.svd(Q @ (K - origin).T)
    r = min(count, len(sigma))
    signs = np.sign(U[np.abs(U[:, :r]).argmax(axis=0), range(r)])
    root = np.sqrt(sigma[:r]) * signs
    share = float((sigma[:r] ** 2).sum() / max((sigma**2).sum(), 1e-300))

    def told(say: Language) -> list[str]:
        return [
            say.text(
                "written in {kept} new coordinates instead of {all}, chosen so that they hold as much of the scores "
                "as so few can: {share} of the sum of their squares.",
                kept=r,
                all=K.shape[1],
                share=percent(share, say),
            ),
            *([say.text(RELATIVE)] if np.any(origin) else []),
        ]

    return Chosen(U[:, :r] * root, Wt[:r].T * root, told)


@bases.register("own")
def own(Q: Any, K: Any, origin: Any, count: int) -> Chosen:
    """The model's own coordinates with the largest share of the scores.

    The share of coordinate c is the sum over i, j of |Q[i, c] · (K[j, c] − origin[c])|.
    """
    shares = np.abs(Q).sum(axis=0) * np.abs(K - origin).sum(axis=0)
    kept = sorted(np.argsort(-shares, kind="stable")[:count].tolist())
    share = float(shares[kept].sum() / max(shares.sum(), 1e-300))

    def told(say: Language) -> list[str]:
        return [
            say.text(
                "of their {all} coordinates the {kept} with the largest share of the scores are kept (numbers "
                "{which}): "
                "{share} of all products, whatever their sign.",
                all=K.shape[1],
                kept=count,
                which=", ".join(str(n + 1) for n in kept),
                share=percent(share, say),
            )
        ]

    return Chosen(Q[:, kept], K[:, kept], told, kept)


def largest(V: Any, outputs: Any, count: int) -> Chosen:
    """The coordinates of the values in which the outputs are largest: Σ over i of |o[i, c]|."""
    kept = sorted(np.argsort(-np.abs(outputs).sum(axis=0), kind="stable")[:count].tolist())

    def told(say: Language) -> list[str]:
        return [
            say.text(
                "of their {all} coordinates the {kept} in which the outputs are largest are kept (numbers {which}).",
                all=V.shape[1],
                kept=count,
                which=", ".join(str(n + 1) for n in kept),
            )
        ]

    return Chosen(V[:, kept], None, told, kept)
