"""What can go wrong, drawn as a tree.

    TracerError                something a person can put right; the command ends with exit code 2
    ├── ProblemError           the problem file says something that cannot be worked
    │   ├── ShapeError         two sizes disagree
    │   └── UnknownName        a name that stands for nothing, with the nearest one that does
    ├── SubmissionError        an answer file that cannot be read
    ├── ClassError             a roster, a folder or an engine that a class cannot be made with
    ├── ModelError             a model, or a head of it, that cannot be taken
    ├── RenderError            a document that cannot be written
    └── HandoutError           a printed page that cannot be read back, or has no problem inside

A message says where, what was found, what was expected, and what to do. Our own bugs are ordinary
tracebacks. A value that does not exist (a division by a zero sum) is a value, `evaluate.Undefined`,
and no error at all.
"""

from __future__ import annotations


class TracerError(Exception):
    """Something a person can put right; its text is one line."""


class ProblemError(TracerError):
    """The problem file says something that cannot be worked."""


class ShapeError(ProblemError):
    """Two sizes that must agree do not."""


class UnknownName(ProblemError):
    """A name that stands for nothing here."""


class SubmissionError(TracerError):
    """An answer file that cannot be read."""


class ClassError(TracerError):
    """A roster, a folder or an engine that a class cannot be made with."""


class ModelError(TracerError):
    """A model, or a head of it, that cannot be taken."""


class RenderError(TracerError):
    """A document that cannot be written."""


class HandoutError(TracerError):
    """A printed page that cannot be read back, or has no problem inside."""
