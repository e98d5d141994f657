"""Real models: what reaches one attention layer, as a problem; and one head of it, made small enough for paper.

A reader (`torch.py`, `npz.py`, `safetensors.py`, `onnx.py`, `transformer_lens.py`) makes a `Problem` of a layer: all
its heads, every number the float that the model uses. `tracer.solve` works it at its full size. `take` (`taking.py`)
makes a small problem of it: one head, some tokens, a few coordinates, rounded numbers, and a note that says what was
left out and how far the weights are from the real ones.

Layers and heads count from 0 here, as they do in models.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from tracer.errors import ModelError
from tracer.problem import Problem
from tracer.registry import Registry

RACK = ("npz", "safetensors", "onnx")
Reader = Callable[..., Problem]

readers: Registry[Reader] = Registry("kind of model file")  # by suffix: (path, layer, inputs) -> Problem


def from_file(path: str, layer: int = 0, inputs: str | None = None) -> Problem:
    """A layer of a model in a file, with the inputs that another file has. Raises `ModelError`."""
    for name in RACK:
        import_module(f"tracer.models.{name}")
    suffix = next((one for one in readers if str(path).lower().endswith(one)), "")
    if not suffix:
        raise ModelError(f"{path}: a model is read from {', '.join(readers)}; from_torch takes a module itself")
    return readers[suffix](path, layer, inputs)


def missing(extra: str) -> ModelError:
    """What to say where a library is not there that not everybody has."""
    return ModelError(f"{extra} is not installed; get it with  pip install attention-tracer[{extra}]")
