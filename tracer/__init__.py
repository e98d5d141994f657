"""Every step of an attention pass, exactly and numerically, as a worked solution.

The map, from a problem file to a page (CONTRIBUTING.md draws it whole):

    problem.py      what is asked (problem_file.py reads it)
    composition.py  a pass composed from operations/
    trace.py        what was recorded, and a view on every number
    evaluate.py     a formula's value in any arithmetic/
    pages/          what is said, as a document.py
    formats/        the document as a file

    >>> import tracer
    >>> trace = tracer.attention([[1, 0]], [[1, 0], [0, 1]], [[1, 2], [3, 4]])
    >>> trace["weights"][0, 0].decimal(4)
    '0.6698'
"""

from __future__ import annotations

from typing import Any

__version__ = "0.1.0"

HOMES = {
    "Problem": "tracer.problem",
    "Trace": "tracer.trace",
    "load": "tracer.problem_file",
    "solve": "tracer.composition",
    "attention": "tracer.library",
    "batches": "tracer.library",
    "save": "tracer.formats",
    "new": "tracer.generate",
    "from_torch": "tracer.models.torch",
    "from_npz": "tracer.models.npz",
    "from_safetensors": "tracer.models.safetensors",
    "from_onnx": "tracer.models.onnx",
    "from_cache": "tracer.models.transformer_lens",
    "take": "tracer.models.taking",
    "Wishes": "tracer.generate",
    "Submission": "tracer.submission",
    "read_submission": "tracer.answers",
    "check": "tracer.judging",
    "Marks": "tracer.marking",
    "verify": "tracer.verifying",
    "TracerError": "tracer.errors",
    "ProblemError": "tracer.errors",
    "ShapeError": "tracer.errors",
    "UnknownName": "tracer.errors",
    "SubmissionError": "tracer.errors",
    "RenderError": "tracer.errors",
    "ModelError": "tracer.errors",
    "HandoutError": "tracer.errors",
    "Undefined": "tracer.arithmetic",
}
__all__ = ["__version__", *HOMES]  # noqa: PLE0604  names by their homes


def __getattr__(name: str) -> Any:
    """Public names are imported when they are used, so that `tracer --version` answers at once."""
    if name not in HOMES:
        raise AttributeError(f"module 'tracer' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
