"""Feature maps: queries and keys without negative entries, so that their dot products can be shared out as they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tracer.expr import ZERO, Add, Expr, Largest, Neg, Tensor, exp
from tracer.operations import indices
from tracer.operations.encodings import encodings
from tracer.options import one_of
from tracer.registry import Registry
from tracer.trace import Recorder

feature_maps: Registry[Callable[[Expr], Expr]] = Registry("feature map")


@feature_maps.register("elu")
def elu(x: Expr) -> Expr:
    """Elu and 1 more: x + 1 above 0, e to x below. Source: Katharopoulos et al. 2020, eq. (7)."""
    return Add((Largest((x, ZERO)), exp(Neg(Largest((Neg(x), ZERO))))))


@feature_maps.register("relu")
def relu(x: Expr) -> Expr:
    """The entry where it is positive, 0 elsewhere. Source: Kasai et al. 2021, there after a learned projection."""
    return Largest((x, ZERO))


@feature_maps.register("exp")
def exponential(x: Expr) -> Expr:
    """E to the entry. Source: Choromanski et al. 2021, there after random projections."""
    return exp(x)


USUAL_MAP = "elu"
TITLES = {"query": "Queries without negative entries", "key": "Keys without negative entries"}


@encodings.operation("feature-map", map=one_of(tuple(feature_maps)))
def feature_map(rec: Recorder, Q: Tensor, told: Mapping[str, Any]) -> Tensor:
    """Put each entry of the queries, or of the keys, through the function that `map` names, elu + 1 if it names none.

    Q′[i, c] = φ(Q[i, c])        shape (n, d_k)

    Source: Katharopoulos et al. 2020, section 3.2.
    """
    name = told["name"]
    return rec.step(
        f"mapped_{name}",
        Q.axes,
        feature_maps[told.get("map", USUAL_MAP)](Q[indices(Q)]),
        TITLES[name],
        "Without negative entries no dot product is negative: it can be a weight without any exponential.",
        symbol=f"{Q.symbol}′",
    )
