"""What an operation can be told: each option with how it is read, and what is expected.

    @logit_steps.operation("softcap", cap=POSITIVE)

A reader takes what a file says or what it gave back before, and raises `ValueError` with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from tracer import numbers
from tracer.errors import ProblemError
from tracer.expr import ZERO, Expr, letters
from tracer.fields import short
from tracer.real import not_real, sign_of
from tracer.registry import Registry, did_you_mean

F = TypeVar("F")


@dataclass(frozen=True, slots=True)
class Option:
    """One thing that an operation can be told."""

    read: Callable[[Any], Any]
    expected: str
    is_required: bool = False


@dataclass(frozen=True, slots=True)
class Operation(Generic[F]):
    """An entry of a rack: what it records, what it can be told, and the matrices under [given] that it needs.

    `takes` are those that it uses where they are given, `traits` what is true of the step that it makes, in the words
    of its rack.
    """

    run: F
    options: Mapping[str, Option]
    needs: tuple[str, ...]
    takes: tuple[str, ...] = ()
    traits: tuple[str, ...] = ()


class Rack(Registry[Operation[F]]):
    """The operations that fit one slot, in teaching order."""

    def operation(
        self,
        name: str,
        *,
        needs: tuple[str, ...] = (),
        takes: tuple[str, ...] = (),
        traits: tuple[str, ...] = (),
        **options: Option,
    ) -> Callable[[F], F]:
        """Decorator: put a function into the rack under `name`."""

        def keep(run: F) -> F:
            self.register(name)(Operation(run, options, needs, takes, traits))
            return run

        return keep


def told(raw: Mapping[str, Any], options: Mapping[str, Option], where: str) -> dict[str, Any]:
    """What an operation is told, read. Raises `ProblemError` for what it cannot be told, and for what is missing."""
    for key in raw:
        if key not in options:
            raise ProblemError(f"{where} has the key “{short(key)}”; " + _known(key, options))
    for key, option in options.items():
        if option.is_required and key not in raw:
            raise ProblemError(f"{where} has no {key}; expected {option.expected}")
    return {key: _read(value, options[key], f"{where}, {key}") for key, value in raw.items()}


def _known(key: str, options: Mapping[str, Option]) -> str:
    return did_you_mean(key, options) if options else "nothing can be told here"


def _read(raw: Any, option: Option, where: str) -> Any:
    try:
        return option.read(raw)
    except ValueError as reason:
        said = f": “{short(raw)}”" if isinstance(raw, str | int | float | list | dict) else ""
        raise ProblemError(f"{where}{said} {reason}; expected {option.expected}") from None


def required(option: Option) -> Option:
    """The same option, which must be told."""
    return replace(option, is_required=True)


# Readers


def number(raw: Any) -> Expr:
    """A real number, exact as written, or a letter."""
    if raw is None or isinstance(raw, bool | list | dict | float):
        raise ValueError("is no number")
    found: Expr = numbers.read(raw) if isinstance(raw, int | str) else raw  # which is read already
    if not letters(found) and (why := not_real(found)):
        raise ValueError(f"is no use: {why}")
    return found


def _not_zero(raw: Any) -> Expr:
    found = number(raw)
    if found == ZERO:
        raise ValueError("is 0, and nothing can be divided by zero")
    return found


def _positive(raw: Any) -> Expr:
    found = number(raw)
    if not letters(found) and sign_of(found) != 1:
        raise ValueError("is not positive")
    return found


def _not_negative(raw: Any) -> Expr:
    found = number(raw)
    if not letters(found) and sign_of(found) not in (0, 1):
        raise ValueError("is negative")
    return found


def _numbers(raw: Any) -> tuple[Expr, ...]:
    if not isinstance(raw, list | tuple) or not raw:
        raise ValueError("is no list of numbers")
    return tuple(number(one) for one in raw)


NUMBER = Option(number, 'a number such as 2, -0.5, "1/3" or "√2/2"')
NOT_ZERO = Option(_not_zero, 'a number such as "sqrt(3)", but not 0')
POSITIVE = Option(_positive, "a positive number such as 30")
NOT_NEGATIVE = Option(_not_negative, 'a number that is not negative, such as 0 or "1e-6"')
NUMBERS = Option(_numbers, 'a list of numbers such as [1, "1/2"]')


def whole_number(low: int, high: int) -> Option:
    """A whole number between two bounds."""

    def read(raw: Any) -> int:
        if not isinstance(raw, int) or isinstance(raw, bool) or not low <= raw <= high:
            raise ValueError("does not fit")
        return raw

    return Option(read, f"a whole number from {low} to {high}")


def one_of(names: Collection[str]) -> Option:
    """One of some names."""

    def read(raw: Any) -> str:
        if raw not in names:
            raise ValueError(f"is not known; {did_you_mean(str(raw), names)}")
        return str(raw)

    return Option(read, " or ".join(f'"{name}"' for name in names))
