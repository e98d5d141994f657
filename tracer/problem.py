"""What is asked: matrices, the wiring of the pass, decimal places."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeAlias

from tracer import numbers
from tracer.errors import ShapeError
from tracer.evaluate import rebuild
from tracer.expr import Expr, Letter, Named, Num, letters, sqrt, walk
from tracer.style import Style

TITLE = "Attention, step by step"  # of a page whose problem has none
MAX_SIZE = 512  # rows or columns of a matrix that is worked step by step


class Values(Protocol):
    """The numbers of a given matrix or vector."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Its sizes."""
        ...

    def entry(self, at: tuple[int, ...]) -> Expr:
        """The number at a place."""
        ...

    def count(self, number: Expr) -> int:
        """How many of them are this number."""
        ...


def size(values: Values) -> str:
    """The sizes of a matrix or vector as on paper: 2 × 3."""
    return " × ".join(map(str, values.shape))


@dataclass(frozen=True, slots=True)
class Written:
    """Numbers as somebody wrote them, row by row; a vector is one row."""

    rows: tuple[tuple[Expr, ...], ...]
    is_vector: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """Its sizes: (rows, columns), or (length,) for a vector."""
        return (len(self.rows[0]),) if self.is_vector else (len(self.rows), len(self.rows[0]))

    def entry(self, at: tuple[int, ...]) -> Expr:
        """The number at a place."""
        return self.rows[0][at[0]] if self.is_vector else self.rows[at[0]][at[1]]

    def count(self, number: Expr) -> int:
        """How many of them are this number."""
        return sum(row.count(number) for row in self.rows)


def written(rows: Sequence[Any]) -> Written:
    """Rows of numbers or texts, or one row for a vector, as given numbers: [[1, "√2/2"], [0, "1/3"]].

    Raises `ShapeError` for rows of different lengths, `numbers.Unreadable` for what is no number.
    """
    is_vector = not isinstance(rows[0], list | tuple)
    read = tuple(tuple(numbers.read(x) for x in row) for row in ([rows] if is_vector else rows))
    if len({len(row) for row in read}) != 1:
        raise ShapeError("every row of a matrix needs the same length")
    return Written(read, is_vector)


PerHead: TypeAlias = tuple[Values, ...]


@dataclass(frozen=True, slots=True)
class Setting:
    """One entry of a list in the wiring: which operation, and what it is told."""

    use: str
    told: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wiring:
    """How the pass is put together (CONTRACT section 1, [pass])."""

    projection: str = "X W"
    n_heads: int = 1
    n_kv_heads: int = 1
    encoding: tuple[Setting, ...] = ()
    similarity: Setting = Setting("dot")
    logits: tuple[Setting, ...] = (Setting("scale"),)
    normalisation: Setting = Setting("softmax")
    queries: tuple[int, ...] | None = None
    repeat: int = 1
    prefill: int | None = None  # how many tokens are read together before the others are decoded one by one

    def settings(self) -> tuple[Setting, ...]:
        """Every operation that the pass is told to use, in its order."""
        return (*self.encoding, self.similarity, *self.logits, self.normalisation)

    def each(self, change: Callable[[Setting], Setting]) -> Wiring:
        """The same wiring with each of these settings changed."""
        return replace(
            self,
            encoding=tuple(map(change, self.encoding)),
            similarity=change(self.similarity),
            logits=tuple(map(change, self.logits)),
            normalisation=change(self.normalisation),
        )


@dataclass(frozen=True, slots=True)
class Paper:
    """How results are written: decimals, the rule for working by hand, house symbols, house style."""

    places: int = 4
    by_hand: Mapping[str, int] = field(default_factory=dict)
    rounded_given: Mapping[str, int] = field(default_factory=dict)
    symbols: Mapping[str, str] = field(default_factory=dict)
    style: Style = Style()


@dataclass(frozen=True, slots=True)
class Problem:
    """A pass to be worked: what is given, how it is wired, how it is written."""

    given: Mapping[str, Values | PerHead]  # lists of rows are read as in a problem file
    title: str = TITLE
    source: str = ""
    tokens: tuple[str, ...] = ()
    key_tokens: tuple[str, ...] = ()
    wiring: Wiring = Wiring()
    paper: Paper = Paper()
    note: Mapping[str, str] = field(default_factory=dict)  # what a reader should know about the numbers, by headings

    def __post_init__(self) -> None:
        given = {name: written(values) if isinstance(values, list) else values for name, values in self.given.items()}
        object.__setattr__(self, "given", given)

    def matrix(self, name: str) -> Values:
        """A given matrix or vector that is not a list per head."""
        values = self.given[name]
        if isinstance(values, tuple):
            raise ShapeError(f"[given] {name} is a list of matrices, one per head; here it must be one matrix")
        return values

    def of(self, name: str) -> PerHead:
        """A given matrix alone or one for each head; nothing where it is not given."""
        values = self.given.get(name, ())
        return values if isinstance(values, tuple) else (values,)

    @property
    def past(self) -> int:
        """How many tokens a cache brings along that are not worked here."""
        return next((values.shape[0] for name in ("past_K", "past_V") for values in self.of(name)), 0)

    def letters(self) -> list[str]:
        """The letters among the given numbers, in order of appearance."""
        found: dict[str, None] = {}
        for _, values in self.tables():
            if isinstance(values, Written):
                for row in values.rows:
                    for number in row:
                        found.update(dict.fromkeys(letters(number)))
        return list(found)

    @property
    def speaks_decimals(self) -> bool:
        """Whether any number is written with a decimal point, so that 9.08 is clearer than 227/25."""
        return any(
            isinstance(node, Num) and node.places
            for _, values in self.tables()
            for row in getattr(values, "rows", ())
            for number in row
            for node in walk(number)
        )

    def tables(self) -> list[tuple[str, Values]]:
        """Every given matrix with its name, those of several heads one by one."""
        found: list[tuple[str, Values]] = []
        for name, values in self.given.items():
            found += [(name, v) for v in values] if isinstance(values, tuple) else [(name, values)]
        return found

    def let(self, letter: str, number: Expr) -> Problem:
        """The same problem with a number put in for a letter."""

        def put(expr: Expr) -> Expr:
            return number if expr == Letter(letter) else rebuild(expr, put)

        def all_of(values: Values) -> Values:
            if not isinstance(values, Written):
                return values
            return Written(tuple(tuple(put(x) for x in row) for row in values.rows), values.is_vector)

        given = {k: tuple(map(all_of, v)) if isinstance(v, tuple) else all_of(v) for k, v in self.given.items()}

        def put_told(told: Any) -> Any:
            if isinstance(told, tuple):
                return tuple(map(put_told, told))
            return told if isinstance(told, str | int) else put(told)

        def of(step: Setting) -> Setting:
            told = {key: put_told(one) for key, one in step.told.items()}
            if step.use == "scale" and "by" not in told and letter == "d_k":
                told["by"] = sqrt(Named("d_k", number))
            return Setting(step.use, told)

        return replace(self, given=given, wiring=self.wiring.each(of))


# Labels, once the sizes are known


def sizes(problem: Problem) -> tuple[int, int]:
    """How many queries and how many keys there are."""
    given = {name: values[0] if isinstance(values, tuple) else values for name, values in problem.given.items()}
    for name in ("A", "S"):
        if name in given:
            return given[name].shape[0], given[name].shape[1]
    rows = given["ids"].shape[0] if "ids" in given else given["X"].shape[0] if "X" in given else 0
    n = given["Q"].shape[0] if "Q" in given else rows
    m = next((given[name].shape[0] for name in ("K", "V", "Y") if name in given), rows)
    return n, (m or n) + problem.past


def labelled(problem: Problem) -> Problem:
    """The same problem with a label for every query and key. Raises `ShapeError` where their number is off."""
    n, m = sizes(problem)
    say = problem.paper.style.language
    tokens = _labels_for(problem.tokens, n, "tokens") or tuple(say.text("token {n}", n=k + 1) for k in range(n))
    same = n == m and not problem.key_tokens and "Y" not in problem.given
    if same:
        return replace(problem, tokens=tokens, key_tokens=tokens)
    keys = _labels_for(problem.key_tokens, m, "key_tokens") or (
        (*(say.text("past {n}", n=k + 1) for k in range(problem.past)), *tokens)
        if m == n + problem.past and "Y" not in problem.given
        else tuple(say.text("key {n}", n=k + 1) for k in range(m))
    )
    return replace(problem, tokens=tokens, key_tokens=keys)


def _labels_for(labels: tuple[str, ...], count: int, key: str) -> tuple[str, ...]:
    if labels and len(labels) != count:
        words = _counted(len(labels), "word", "words")
        rows = _counted(count, "query", "queries") if key == "tokens" else _counted(count, "key", "keys")
        raise ShapeError(
            f"{key} names {words}, but the matrices have {rows}; tokens names each query, "
            "key_tokens each key where they are not the same words"
        )
    return labels


def _counted(n: int, one: str, many: str) -> str:
    return f"{n} {one if n == 1 else many}"
