"""A problem for paper of one head of a layer: some tokens, a few coordinates, rounded numbers, and what that costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import ceil
from typing import Any

import numpy as np

from tracer.arrays import Array
from tracer.composition import solve
from tracer.errors import ModelError
from tracer.expr import num, sqrt
from tracer.language import Language
from tracer.models.coordinates import Chosen, bases, largest
from tracer.models.head import Head, among, of_trace
from tracer.models.rounded import at_most, percent, rounded, step_of
from tracer.operations.normalisation import normalisations
from tracer.parts.words import listed_words
from tracer.problem import TITLE, Problem, Values, labelled
from tracer.problem_file import row_number
from tracer.trace import Trace

NARROW = "\u00a0"  # a file has ordinary spaces only
PLACES = 3  # decimals of what is worked with rounded numbers


def take(
    layer: Problem,
    head: int = 0,
    *,
    tokens: Sequence[str | int] = (),
    key_tokens: Sequence[str | int] = (),
    dimensions: int | None = None,
    basis: str = "turned",
    round_to: str | None = None,
    title: str = "",
) -> Problem:
    """One head of a layer, small enough to be worked by hand; its note says what was left out, and the error.

    `head` counts from 0. `tokens` are those to keep, by their labels or their numbers from 1 (`key_tokens` where the
    keys are not the same words). Of the coordinates `dimensions` are kept: with the basis "turned" the head's keys
    and queries are first written in coordinates that hold as much of the scores as any so few can; with "own" they
    are the model's. Every number is rounded to a multiple of `round_to`: "0.1", "1/4".

    Scores are divided by the √d_k of the real head, however few coordinates are kept. The error is the largest
    difference from the weights that the real head has among the tokens kept. Raises `ModelError`, `UnknownName`.
    """
    named = labelled(layer)
    trace = solve(layer)
    found = of_trace(trace, head)
    rows = _places(tokens, named.tokens, "tokens")
    columns = rows if named.key_tokens == named.tokens else _places(key_tokens, named.key_tokens, "key_tokens")
    real = among(named, found, rows, columns)
    reference = solve(real)
    how = _Cut(named.paper.style.language, named, found, rows, columns)
    small = how.coordinates(real, reference, dimensions, basis)
    if round_to is not None:
        step = step_of(round_to)
        given = {name: _rounded(one, name, step) for name, one in small.given.items()}
        small = replace(small, given=given, paper=replace(small.paper, places=PLACES))
    how.numbers(round_to)
    how.error(reference, solve(small))
    return replace(
        small,
        title=title or how.title(),
        source=how.source(head),
        note={term: " ".join(sentences).replace(NARROW, " ") for term, sentences in how.said.items()},
    )


def _rounded(values: Any, name: str, step: Any) -> Values:
    return values if name == "mask" else rounded(values.array, step)


def _places(wanted: Sequence[str | int], labels: tuple[str, ...], what: str) -> list[int]:
    return sorted({row_number(one, labels, what) for one in wanted}) if wanted else list(range(len(labels)))


class _Cut:
    """What is left out of a head, said sentence by sentence."""

    def __init__(self, say: Language, layer: Problem, head: Head, rows: list[int], columns: list[int]) -> None:
        self.say, self.layer, self.head, self.rows, self.columns = say, layer, head, rows, columns
        self.said: dict[str, list[str]] = {}
        self.outputs: Chosen | None = None
        self._tokens()

    def say_about(self, term: str, *sentences: str) -> None:
        """Put sentences behind a heading of the note."""
        self.said.setdefault(term, []).extend(sentences)

    def _tokens(self) -> None:
        labels, say = self.layer.key_tokens, self.say
        dropped = [n for n in range(len(labels)) if n not in self.columns]
        if dropped:
            lost = self.head.weights[np.ix_(self.rows, dropped)].sum(axis=1)
            self.say_about(
                say.text("Tokens"),
                say.text(
                    "of {all} tokens {kept} are kept. Without {words}, which had at most {most} of a row’s weight, the "
                    "others share all of it.",
                    all=len(labels),
                    kept=len(self.columns),
                    words=listed_words([say.text("“{word}”", word=labels[n]) for n in dropped], say),
                    most=percent(ceil(100 * lost.max()) / 100, say),
                ),
            )

    def coordinates(self, real: Problem, trace: Trace, dimensions: int | None, basis: str) -> Problem:
        """The problem with a few of the coordinates."""
        say, width = self.say, self.head.keys.shape[1]
        if dimensions is None:
            return real
        if dimensions < 1:
            raise ModelError(f"dimensions is {dimensions}; keep at least 1")
        given: dict[str, Any] = dict(real.given)
        if dimensions < width:
            Q, K = (given[name].array for name in "QK")
            chosen = bases[basis](Q, K, K.mean(axis=0) if _shifts(real) else np.zeros(width), dimensions)
            given |= {"Q": Array(chosen.left), "K": Array(chosen.right)}
            self.say_about(say.text("Queries and keys"), *chosen.told(say))
            if any(one.use == "scale" for one in real.wiring.logits):
                by = next(one.told["by"] for one in real.wiring.logits if one.use == "scale")
                if by == sqrt(num(width)):
                    self.say_about(
                        say.text("Scale"),
                        say.text("scores are divided by √{d_k} all the same, as in the real head.", d_k=width),
                    )
        if "V" in given and dimensions < given["V"].shape[1]:
            self.outputs = largest(given["V"].array, trace.floats("outputs"), dimensions)
            given["V"] = Array(self.outputs.left)
            self.say_about(say.text("Values"), *self.outputs.told(say))
        return replace(real, given=given)

    def numbers(self, round_to: str | None) -> None:
        """How the numbers were rounded."""
        say = self.say
        self.say_about(
            say.text("Numbers"),
            say.text("each is the shortest decimal that names its floating-point number.")
            if round_to is None
            else say.text("all are rounded to multiples of {step}.", step=_point(round_to, say)),
        )

    def error(self, reference: Trace, small: Trace) -> None:
        """How far the weights and outputs of the small head are from the real one's."""
        say = self.say
        weights = at_most(_furthest(reference.floats("weights"), small.floats("weights")))
        if self.head.values is None:
            self.say_about(say.text("Error"), say.text("the weights differ from the real head’s by at most {weights}.",
                                                       weights=_point(weights, say)))  # fmt: skip
            return
        outputs = reference.floats("outputs")
        if self.outputs:
            outputs = outputs[:, self.outputs.kept]
        self.say_about(
            say.text("Error"),
            say.text(
                "the weights differ from the real head’s by at most {weights}, the outputs by at most {outputs}.",
                weights=_point(weights, say),
                outputs=_point(at_most(_furthest(outputs, small.floats("outputs"))), say),
            ),
        )

    def title(self) -> str:
        """What the head reads."""
        tokens = self.layer.tokens
        shown = tokens if len(tokens) <= MOST_WORDS else [tokens[n] for n in self.rows]
        words = " ".join(word.translate(PLAIN) for word in shown if not (word[:1] in "[<" and word[-1:] in "]>"))
        words = words.replace(" -", "")
        own = self.layer.title
        return self.say.text("A real head reads “{words}”", words=words) if own == TITLE else own

    def source(self, head: int) -> str:
        """Where the head stands."""
        source = self.layer.source
        if self.layer.wiring.n_heads == 1 or not source:
            return source
        return self.say.text("{source}, head {head} (layers and heads count from 0)", source=source, head=head)


MOST_WORDS = 16  # of a sentence in a title; of a longer one the tokens kept
PLAIN = str.maketrans(dict.fromkeys("₀₁₂₃₄₅₆₇₈₉"))


def _furthest(one: Any, other: Any) -> float:
    """The largest difference; what has no value in both is no difference."""
    apart = np.abs(one - other)[~(np.isnan(one) & np.isnan(other))]
    return float(apart.max(initial=0))


def _point(number: str, say: Language) -> str:
    return number.replace(".", say.decimal)


def _shifts(problem: Problem) -> bool:
    """Whether the same number added to a whole row of scores changes no weight."""
    wiring = problem.wiring
    is_capped = any(one.use == "softcap" for one in wiring.logits)
    return not is_capped and "rows may be shifted" in normalisations[wiring.normalisation.use].traits
