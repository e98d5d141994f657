"""The KV cache: keys and values that were worked before are kept, and new rows are put below them."""

from __future__ import annotations

from dataclasses import replace

from tracer.expr import Axis, Index, Join, Tensor
from tracer.operations import indices
from tracer.trace import Recorder

CACHES = {
    "key_cache": (
        "Key cache",
        "The keys of earlier words do not change any more: they are kept, and the new ones are put below.",
    ),
    "value_cache": ("Value cache", "Earlier values do not change either: they are kept, and the new ones follow."),
}
ROWS = {
    "input": ("The new words", "Only the rows of these words are worked now."),
    "query": ("Queries", "Only the queries of the new words are needed."),
    "key": ("Keys", "Only the keys of the new words are new; the others are in the cache."),
    "value": ("Values", "Only the values of the new words are new; the others are in the cache."),
}
OF_A_RULE = ("Rows of these words", "What is given for all words, for the new words and for the keys up to here.")
TOGETHER = {
    "outputs": "Outputs of all tokens",
    "joined": "Joined heads of all tokens",
    "projected": "Projected outputs of all tokens",
}


def below(rec: Recorder, name: str, past: Tensor, new: Tensor) -> Tensor:
    """The rows of the cache, and the new rows below them.

    K_C[j, c] = past[j, c] for j ≤ past_len, K[j − past_len, c] behind        shape (past_len + n, d_k)

    Sources: Shazeer 2019, section 2.4 (incremental inference); the ONNX operator Attention, inputs past_key and
    past_value.
    """
    j, c = indices(new)
    title, because = CACHES[name]
    rows = Axis(j.name or "", past.shape[0] + new.shape[0], "key", past.axes[0].first)
    return rec.step(
        name, (rows, new.axes[1]), Join(rows.index, (past[j, c], new[j, c])), title, because, kind="arrange"
    )


def rows(rec: Recorder, name: str, M: Tensor, words: range, keys: int) -> Tensor:
    """The rows of some words, cut out of what is given for all of them.

    x[i, a] = M[i + start, a]        shape (n, columns); of a matrix with a column for each key only the first `keys`
    """
    row, column = M.axes
    first = Index(row.index)
    title, because = ROWS.get(name, OF_A_RULE)
    return rec.step(
        name,
        (
            Axis(row.index, len(words), row.counts, row.first + words.start),
            replace(column, size=keys) if column.counts == "key" else column,
        ),
        M[first + words.start, Index(column.index)],
        title,
        because,
        symbol=M.symbol,
        kind="arrange",
    )


def together(rec: Recorder, name: str, parts: list[Tensor]) -> Tensor:
    """The rows of all tokens below each other.

    O[i, c] = the row of token i        shape (seq_len, columns)
    """
    i, c = indices(parts[0])
    words = Axis(i.name or "", sum(part.shape[0] for part in parts), "query")
    return rec.step(
        name,
        (words, parts[0].axes[1]),
        Join(words.index, tuple(part[i, c] for part in parts)),
        TOGETHER[name],
        "Each token has given a row; below each other they are what the whole pass gives at once.",
        kind="arrange",
    )
