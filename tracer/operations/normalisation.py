"""From logits to weights: rows that say how a word's attention is shared out; `normalisations` is their rack.

What is true of the weights that an entry makes stands in its `traits`, which checks and pages go by:

| trait | says |
|---|---|
| rows add up to 1 | each row does, unless it is masked altogether |
| rows may be shifted | the same number added to a whole row of logits changes no weight |
| rows may add up to 0 | what a row is divided by may be 0: then it has no weights |
| rows leave something over | a row and the step `rest` add up to 1 |
| weights stand alone | each weight lies between 0 and 1, whatever the others of its row are |
| weights hang on differences | a weight is 1 over the sum of e to the differences of the logits |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tracer.expr import Div, Max, Tensor, exp, minus, total
from tracer.operations import attending, indices
from tracer.operations.sharing import exponentials, row_sums, shares, weights
from tracer.options import Rack
from tracer.trace import Recorder

normalisations: Rack[Callable[[Recorder, Tensor, Mapping[str, Any]], Tensor]] = Rack("normalisation")


@normalisations.operation("softmax", traits=("rows add up to 1", "rows may be shifted", "weights hang on differences"))
def softmax(rec: Recorder, Z: Tensor, told: Mapping[str, Any]) -> Tensor:
    """Turn each row of logits into weights: positive, adding up to 1.

    A[i, j] = exp(Z[i, j]) / sum over j of exp(Z[i, j])        shape (n, m)

    A masked key weighs 0, in a fully masked row too. Source: Vaswani et al. 2017, eq. (1).
    """
    return shares(rec, Z, exponentials(rec, Z, exp(Z[indices(Z)])))


@normalisations.operation(
    "softmax-shifted", traits=("rows add up to 1", "rows may be shifted", "weights hang on differences")
)
def softmax_shifted(rec: Recorder, Z: Tensor, told: Mapping[str, Any]) -> Tensor:
    """The softmax with each row's maximum subtracted first: the same weights, and no exponential above 1.

    m[i] = max over j of Z[i, j];   A[i, j] = exp(Z[i, j] − m[i]) / sum over j of exp(Z[i, j] − m[i])

    Source: Blanchard, Higham and Higham 2021, algorithm 3.2.
    """
    i, j = indices(Z)
    m = rec.step(
        "maxima",
        Z.axes[:1],
        Max(Z.axes[1].index, Z.axes[1].size, Z[i, j]),
        "Row maxima",
        "Subtracting the same number from a whole row changes no weight, and keeps the exponentials small.",
    )
    return shares(rec, Z, exponentials(rec, Z, attending(Z, exp(minus(Z[i, j], m[i])))))


@normalisations.operation("sum", traits=("rows add up to 1", "rows may add up to 0"))
def by_sum(rec: Recorder, Z: Tensor, told: Mapping[str, Any]) -> Tensor:
    """Divide each logit by the sum of its row.

    A[i, j] = Z[i, j] / sum over j of Z[i, j]        shape (n, m)

    Undefined where a row adds up to 0; negative where a logit is. A masked key takes no part.
    """
    i, j = indices(Z)
    D = row_sums(rec, Z, total(Z.axes[1], attending(Z, Z[i, j])))
    because = "Dividing by its sum makes each row add up to 1, unless that sum is 0: then there are no weights."
    return weights(rec, Z, Div(Z[i, j], D[i]), because)
