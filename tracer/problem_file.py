"""Reads a problem file, TOML or JSON. Nothing in it is run as code, and no float enters from it.

What a person can get wrong in a file is found here and said in one line: where, what, expected, what to do.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tracer import numbers, toml
from tracer.errors import ProblemError, ShapeError, UnknownName
from tracer.expr import INFINITY, MINUS_INFINITY, Expr, Num, letters
from tracer.fields import kind, known_keys, section, short, string, whole
from tracer.files import at_most
from tracer.names import SYMBOLS
from tracer.problem import MAX_SIZE, TITLE, Paper, PerHead, Problem, Values, Written, labelled
from tracer.real import MAX_MAGNITUDE, not_real
from tracer.registry import did_you_mean
from tracer.style import Style
from tracer.style_file import IN_PROBLEMS, styled
from tracer.wiring_file import MAX_HEADS, wiring_of

MAX_BYTES = 1_000_000
MAX_NUMBERS = 200_000
MAX_PLACES = 30
MAX_NOTES, MAX_NOTE = 20, 1000

TOP = ("title", "tokens", "key_tokens", "source", "note", "given", "pass", "paper")
MATRICES = ("X", "Y", "embedding", "W_Q", "W_K", "W_V", "W_O", "Q", "K", "V", "S", "A", "mask", "bias",
    "W_1", "W_2", "W_S", "dO", "past_K", "past_V")  # fmt: skip
VECTORS = ("ids", "v", "relative", "b_Q", "b_K", "b_V", "b_O", "g_Q", "g_K", "sinks")
PER_HEAD = ("W_Q", "W_K", "W_V", "b_Q", "b_K", "b_V", "Q", "K", "V", "S", "A", "W_1", "W_2", "W_S", "v", "relative",
    "mask", "bias", "past_K", "past_V")  # fmt: skip
MAY_BE_INFINITE = ("S", "bias")
PAPER = ("places", "by_hand", "rounded_given", "symbols", *IN_PROBLEMS)
A_NUMBER = 'a number such as 2, -0.5, "1/3" or "√2/2", or a letter'


def load(path: str | Path) -> Problem:
    """The problem in a TOML or JSON file; `-` is standard input.

    Raises `ProblemError` with the file's name in front.
    """
    name = "standard input" if str(path) == "-" else str(path)
    try:
        return from_text(text_of(path), as_json=name.endswith(".json"))
    except ProblemError as error:
        raise type(error)(f"{name}: {error}") from None


def text_of(path: str | Path) -> str:
    """The text of a problem file; `-` is standard input. Raises `ProblemError`."""
    try:
        raw = at_most(MAX_BYTES, path)
    except OSError as error:
        raise ProblemError(
            f"cannot be read ({error.strerror or error}); expected a problem file in TOML or JSON"
        ) from None
    if len(raw) > MAX_BYTES:
        raise ProblemError(f"is larger than {MAX_BYTES // 1_000_000} MB; a problem file may hold at most that much")
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise ProblemError(f"is not UTF-8 text (byte {error.start + 1}); save it as UTF-8") from None


def from_text(text: str, as_json: bool = False) -> Problem:
    """The problem that a TOML text (or JSON, where it opens with a brace) describes."""
    try:
        if as_json or text.lstrip().startswith("{"):
            data = json.loads(text, parse_float=str, parse_constant=str)
        else:
            data = toml.loads(text)
    except RecursionError:
        raise ProblemError("has brackets inside brackets without end; a matrix is a list of rows") from None
    except ValueError as error:
        raise ProblemError(f"cannot be read: {error}; expected TOML such as  Q = [[1, 0], [0, 1]]") from None
    return from_dict(data)


def from_dict(data: Any) -> Problem:
    """The problem that a dictionary with the keys of the problem file describes."""
    if not isinstance(data, dict):
        raise ProblemError("is a list or a single value; expected the keys " + ", ".join(TOP))
    known_keys(data, TOP, "the file")
    given = _given(section(data, "given"))
    wiring = wiring_of(section(data, "pass"), given)
    problem = Problem(
        given,
        _title(data.get("title", "")),
        string(data.get("source", ""), "source"),
        _labels(data, "tokens"),
        _labels(data, "key_tokens"),
        wiring,
        _paper(section(data, "paper"), given),
        _note(section(data, "note")),
    )
    _numbers_exist(problem)
    return _with_queries(problem, section(data, "pass").get("queries", "all"))


def _title(value: Any) -> str:
    return string(value, "title").strip() or TITLE


def _labels(data: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = data.get(key, [])
    if not isinstance(value, list):
        raise ProblemError(f'{key} is {kind(value)}; expected a list of words such as ["orange", "apple"]')
    return tuple(string(str(v) if isinstance(v, int) else v, f"{key} {n}") for n, v in enumerate(value, 1))


def _note(table: Mapping[str, Any]) -> dict[str, str]:
    if len(table) > MAX_NOTES:
        raise ProblemError(f"[note] has {len(table)} entries; at most {MAX_NOTES} are printed")
    return {string(key, "[note], a heading,"): string(text, f"[note] {short(key)}", MAX_NOTE)
            for key, text in table.items()}  # fmt: skip


# The section given


def _given(table: Mapping[str, Any]) -> dict[str, Values | PerHead]:
    known_keys(table, MATRICES + VECTORS, "[given]")
    if not table:
        raise ProblemError("[given] is missing or empty; give at least one matrix, such as  X = [[0, 3], [2, 2]]")
    given: dict[str, Values | PerHead] = {}
    for name, raw in table.items():
        given[name] = _matrices(raw, name)
    count = sum(_count(values) for values in given.values())
    if count > MAX_NUMBERS:
        raise ProblemError(f"[given] holds {count} numbers; at most {MAX_NUMBERS} can be worked step by step")
    return given


def _count(values: Values | PerHead) -> int:
    tables = values if isinstance(values, tuple) else (values,)
    return sum(len(t.rows) * len(t.rows[0]) for t in tables if isinstance(t, Written))


def _matrices(raw: Any, name: str) -> Values | PerHead:
    if not isinstance(raw, list) or not raw:
        raise ProblemError(
            f"[given] {name} is {kind(raw) if raw != [] else 'an empty list'}; "
            "expected a matrix such as [[1, 0], [0, 1]]"
        )
    depth, inner = 0, raw
    while isinstance(inner, list) and inner and depth < 4:
        depth, inner = depth + 1, inner[0]
    flat = 1 if name in VECTORS else 2
    if depth == flat:
        return _matrix(raw, name, name in VECTORS)
    if depth == flat + 1 and name in PER_HEAD:
        if len(raw) > MAX_HEADS:
            raise ProblemError(f"[given] {name} has {len(raw)} heads; at most {MAX_HEADS}")
        return tuple(_matrix(one, f"{name}, head {n},", name in VECTORS) for n, one in enumerate(raw, 1))
    wanted = "a list of numbers" if flat == 1 else "a list of rows such as [[1, 0], [0, 1]]"
    raise ProblemError(
        f"[given] {name} is {'a list of numbers' if depth == 1 else f'nested {depth} deep'}; expected {wanted}"
    )


def _matrix(raw: Any, name: str, is_vector: bool) -> Written:
    rows = [raw] if is_vector else raw
    if not isinstance(rows, list):
        raise ProblemError(f"[given] {name} is {kind(rows)}; expected a list of rows")
    if len(rows) > MAX_SIZE:
        raise ProblemError(f"[given] {name} has {len(rows)} rows; at most {MAX_SIZE} can be worked step by step")
    read: list[tuple[Expr, ...]] = []
    for i, row in enumerate(rows, 1):
        where = name if is_vector else f"{name} row {i}"
        if not isinstance(row, list) or not row:
            raise ProblemError(f"[given] {where} is {kind(row) if row != [] else 'empty'}; expected a list of numbers")
        if len(row) > MAX_SIZE:
            raise ProblemError(f"[given] {where} has {len(row)} numbers; at most {MAX_SIZE} can be worked step by step")
        if read and len(row) != len(read[0]):
            raise ShapeError(
                f"[given] {where} has {len(row)} numbers, but row 1 has {len(read[0])}; give every row the same length"
            )
        read.append(tuple(_number(x, f"{where}, column {c}", name) for c, x in enumerate(row, 1)))
    return Written(tuple(read), is_vector)


def _number(raw: Any, where: str, name: str) -> Expr:
    if isinstance(raw, bool):
        if name == "mask":
            return numbers.read(int(raw))
        raise ProblemError(f"[given] {where} is {str(raw).lower()}; expected {A_NUMBER}")
    if not isinstance(raw, int | str):
        raise ProblemError(f"[given] {where} is {kind(raw)}; expected {A_NUMBER}")
    try:
        return numbers.read(raw)
    except numbers.Unreadable as reason:
        raise ProblemError(f"[given] {where}: “{short(raw)}” {reason}; expected {A_NUMBER}") from None


def _numbers_exist(problem: Problem) -> None:
    """Every given number without letters is a real number of bearable size."""
    for name, values in problem.tables():
        for i, row in enumerate(values.rows if isinstance(values, Written) else (), 1):
            for c, number in enumerate(row, 1):
                if number in (INFINITY, MINUS_INFINITY) and name in MAY_BE_INFINITE and number == MINUS_INFINITY:
                    continue
                if (isinstance(number, Num) and abs(number.value) < 10**MAX_MAGNITUDE) or letters(number):
                    continue
                if reason := not_real(number):
                    place = f"row {i}, column {c}" if not getattr(values, "is_vector", False) else f"number {c}"
                    raise ProblemError(f"[given] {name} {place}: {reason}; expected {A_NUMBER}")


# The section paper


def _paper(table: Mapping[str, Any], given: Mapping[str, Any]) -> Paper:
    known_keys(table, PAPER, "[paper]")
    by_hand, rounded, symbols = (section(table, key) for key in ("by_hand", "rounded_given", "symbols"))
    known_keys(by_hand, tuple(SYMBOLS), "[paper] by_hand")
    known_keys(rounded, tuple(given), "[paper] rounded_given")
    known_keys(symbols, tuple(SYMBOLS), "[paper] symbols")
    return Paper(
        whole(table.get("places", 4), "[paper] places", 0, MAX_PLACES),
        {key: whole(n, f"[paper] by_hand.{key}", 0, MAX_PLACES) for key, n in by_hand.items()},
        {key: whole(n, f"[paper] rounded_given.{key}", 0, MAX_PLACES) for key, n in rounded.items()},
        {key: string(s, f"[paper] symbols.{key}")[:20] for key, s in symbols.items()},
        styled(Style(), {key: table[key] for key in IN_PROBLEMS if key in table}, "[paper]"),
    )


# Labels, once the sizes are known


def _with_queries(problem: Problem, queries: Any) -> Problem:
    """The problem with its rows asked for. Words nobody named stay so until the page's language is settled."""
    named = labelled(problem)
    return replace(problem, wiring=replace(problem.wiring, queries=_rows(queries, named.tokens)))


def _rows(queries: Any, tokens: tuple[str, ...]) -> tuple[int, ...] | None:
    if queries == "all":
        return None
    if not isinstance(queries, list) or not queries:
        raise ProblemError(f'[pass] queries is {kind(queries)}; expected "all" or a list of labels or row numbers')
    return tuple(dict.fromkeys(row_number(query, tokens, "[pass] queries") for query in queries))


def row_number(query: Any, tokens: tuple[str, ...], where: str) -> int:
    """The 0-based row that a label or a 1-based number names."""
    if isinstance(query, int) and not isinstance(query, bool):
        return whole(query, where, 1, len(tokens)) - 1
    if tokens.count(query) > 1:
        raise ProblemError(f"{where}: “{short(query)}” labels {tokens.count(query)} rows; use the row's number instead")
    if query not in tokens:
        raise UnknownName(f"{where}: no row is called “{short(query)}”; {did_you_mean(str(query), tokens)}")
    return tokens.index(query)
