"""A submission in TOML: step ids and matrices of what was written, digits kept."""

from __future__ import annotations

from tracer.answers import decoded, readers
from tracer.errors import SubmissionError
from tracer.handed_in import from_dict
from tracer.submission import Submission
from tracer.toml import loads


@readers.register(".toml")
def toml(raw: bytes) -> Submission:
    """The submission. Raises `SubmissionError` where the text is no TOML."""
    text = decoded(raw)
    try:
        return from_dict(loads(text))
    except RecursionError:
        raise SubmissionError("has brackets inside brackets without end; a matrix is a list of rows") from None
    except ValueError as error:
        raise SubmissionError(f'cannot be read: {error}; expected TOML such as  scores = [["9", "6"]]') from None
