"""What somebody wishes of a problem, and how the wishes are said: as the options of `tracer new`."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from math import isqrt
from typing import Any

from tracer.errors import ProblemError, UnknownName
from tracer.fields import short, whole
from tracer.registry import did_you_mean

MAX_SEED = 10**18
COMMAND = "tracer new"
MASKS = ("none", "causal")
NUMBERS = ("integers", "fractions")
STEPS = (
    "query", "key", "value", "scores", "scaled", "masked", "exponentials", "row_sums", "weights", "outputs",
    "projected",
)  # fmt: skip
MADE = ("query", "key", "value")  # from words and matrices
SIZES = {"tokens": (2, 8), "d_k": (2, 16), "d_model": (2, 16), "heads": (1, 4), "places": (2, 6)}


@dataclass(frozen=True, slots=True)
class Difficulty:
    """How hard a problem is, and what is usual at that level.

    Queries and keys are drawn from `numbers`, values from `values`, each as often as it stands there. `minutes` is the
    band for the work. `off` are the units in the last place by which a number worked by hand may differ. `divisor` is
    the largest number below the line of an exact weight.
    """

    tokens: int
    d_k: int
    numbers: tuple[int, ...]
    values: tuple[int, ...]
    minutes: tuple[int, int]
    off: int
    divisor: int


DIFFICULTIES = {
    "easy": Difficulty(2, 4, (0, 0, 1, 1, 2, -1), (0, 1, 1, 2, 3, -1), (1, 15), 1, 20),
    "medium": Difficulty(3, 2, (0, 1, 1, 2, 2, -1, -1, -2), (0, 1, 2, 2, 3, 4, -1, -2), (3, 30), 2, 40),
    "hard": Difficulty(4, 3, (0, 1, 1, 2, 2, -1, -1, -2), (0, 1, 2, 3, 4, 5, -1, -2, -3), (8, 90), 2, 80),
}


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a problem is to be like. Sizes that nobody wishes are what is usual at its difficulty.

    `tokens` queries and as many keys; `d_k` coordinates of a key, and of a value, in each of `heads` heads. With
    `d_model` the words X [tokens, d_model] and the matrices W are given, else Q, K and V. `numbers` are integers, or
    halves among them. `steps` are asked for. With `exact_weights` the logits are logarithms of integers, so that the
    weights are fractions.

    Raises `ProblemError` for a wish that no problem can meet.
    """

    difficulty: str = "medium"
    tokens: int = 0
    d_k: int = 0
    d_model: int = 0
    heads: int = 1
    mask: str = "none"
    numbers: str = "integers"
    steps: tuple[str, ...] = ("scores", "scaled", "weights", "outputs")
    exact_weights: bool = False
    places: int = 2

    def __post_init__(self) -> None:
        one_of(self.difficulty, "--difficulty", DIFFICULTIES)
        one_of(self.mask, "--mask", MASKS)
        one_of(self.numbers, "--numbers", NUMBERS)
        usual = {"tokens": self.level.tokens, "d_k": self.level.d_k, "d_model": 0, "heads": 1, "places": 2}
        for name, number in usual.items():
            told = getattr(self, name)
            object.__setattr__(self, name, size(name, told) if told else number)
        object.__setattr__(self, "steps", tuple(dict.fromkeys(self.steps)))
        if not self.steps:
            raise ProblemError(f"--steps names none; expected some of {', '.join(STEPS)}")
        for name in self.steps:
            one_of(name, "--steps", STEPS)
            if name in MADE and not self.d_model:
                raise ProblemError(f"--steps: Q, K and V are given, so that {name} is no work; write --d-model too")
        if "masked" in self.steps and self.mask == "none":
            raise ProblemError("--steps: masked is no step without a mask; write --mask causal too")

    @property
    def level(self) -> Difficulty:
        """What its difficulty means."""
        return DIFFICULTIES[self.difficulty]

    @property
    def root(self) -> int | None:
        """√d_k where it is an integer."""
        root = isqrt(self.d_k)
        return root if root * root == self.d_k else None


def option(name: str) -> str:
    """How a wish is called on the command line."""
    return "--" + name.replace("_", "-")


def one_of(value: str, where: str, known: Any) -> None:
    """Raises `UnknownName` for a value that is none of those that are known."""
    if value not in known:
        raise UnknownName(f"{where} “{short(value)}” is unknown; {did_you_mean(value, known)}")


def size(name: str, value: Any) -> int:
    """One of the `SIZES`. Raises `ProblemError` where it is too small or too large."""
    return whole(value, option(name), *SIZES[name.replace("-", "_")])


# As a command


def said(wishes: Wishes, seed: int, generator: int) -> str:
    """The command that makes the problem: every wish, also those that are usual."""
    words = [COMMAND, f"--generator {generator}", f"--seed {seed}"]
    for field in fields(wishes):
        value = getattr(wishes, field.name)
        if isinstance(value, bool):
            words += [option(field.name)] * value
        elif value:
            words.append(f"{option(field.name)} {','.join(value) if isinstance(value, tuple) else value}")
    return " ".join(words)


def heard(command: str) -> tuple[Wishes, int, int]:
    """The wishes, the seed and the generator that a command tells. Raises `ProblemError` where it is none of ours."""
    told: dict[str, Any] = {}
    try:
        words = shlex.split(command)[len(COMMAND.split()) :]
        while words:
            name = words.pop(0).removeprefix("--").replace("-", "_")
            told[name] = READERS[name](words)
        seed, generator = whole(told.pop("seed"), "--seed", 0, MAX_SEED), told.pop("generator")
    except (ValueError, KeyError, IndexError):
        raise ProblemError(
            f"“{short(command)}” is no command that makes a problem; expected the line that tracer new has written"
        ) from None
    return Wishes(**told), seed, generator


def _number(words: list[str]) -> int:
    return int(words.pop(0))


def _word(words: list[str]) -> str:
    return words.pop(0)


READERS: Mapping[str, Callable[[list[str]], Any]] = {
    **dict.fromkeys(("generator", "seed", "tokens", "d_k", "d_model", "heads", "places"), _number),
    **dict.fromkeys(("difficulty", "mask", "numbers"), _word),
    "steps": lambda words: steps(words.pop(0)),
    "exact_weights": lambda words: True,
}


def steps(text: str) -> tuple[str, ...]:
    """The names in a list with commas."""
    return tuple(name.strip() for name in text.split(",") if name.strip())
