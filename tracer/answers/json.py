"""A submission in JSON: the same keys as in TOML, digits kept."""

from __future__ import annotations

import json
from typing import Any

from tracer.answers import decoded, readers
from tracer.errors import SubmissionError
from tracer.fields import short
from tracer.handed_in import from_dict
from tracer.submission import Submission


@readers.register(".json")
def load(raw: bytes) -> Submission:
    """The submission. Raises `SubmissionError` where the text is no JSON."""
    text = decoded(raw)
    try:
        data = json.loads(text, parse_int=str, parse_float=str, parse_constant=str, object_pairs_hook=_table)
        return from_dict(data)
    except RecursionError:
        raise SubmissionError("has brackets inside brackets without end; a matrix is a list of rows") from None
    except ValueError as error:
        raise SubmissionError(f'cannot be read: {error}; expected {{"written": {{"scores": [["9", "6"]]}}}}') from None


def _table(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table: dict[str, Any] = {}
    for key, value in pairs:
        if key in table:
            raise SubmissionError(f"has the key “{short(key)}” twice; leave one of them out")
        table[key] = value
    return table
