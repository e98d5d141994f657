"""What comes out when each written step is rounded, half-up, before the next one uses it.

Inside a step nothing is rounded: a product is not written down, a sum of products is. So the rule is
a property of the arithmetic alone, and no operation knows of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from tracer.arithmetic import Arithmetic


class ByHand:
    """Another arithmetic, with its values rounded at each step's end.

    `round_` and `infinite` are how the inner arithmetic rounds with certainty, and tells an infinite value.
    `places` names the decimals of a step by its id without head or pass (`weights`); `otherwise` is
    for the steps it does not name.
    """

    def __init__(
        self,
        inner: Arithmetic,
        round_: Callable[[Any, int], Fraction],
        infinite: Callable[[Any], int],
        places: Mapping[str, int],
        otherwise: int,
    ) -> None:
        self.inner, self.round, self.infinite = inner, round_, infinite
        self.places, self.otherwise = places, otherwise

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def written(self, step: str, kind: str, value: Any) -> Any:
        """The value rounded half-up; what is only arranged is copied, unless the rule names its step."""
        name = step.rpartition(".")[2]
        if kind != "calculate" and name not in self.places:
            return value
        if self.infinite(value):
            return value
        return self.inner.number(self.round(value, self.places.get(name, self.otherwise)))
