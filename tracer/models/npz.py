"""A layer from NumPy's .npz: arrays by the names of [given], or q, k, v; or a TransformerLens cache saved so."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from tracer.errors import ModelError
from tracer.models import readers
from tracer.models.tensors import from_tensors
from tracer.models.transformer_lens import from_cache, is_cache
from tracer.problem import Problem


@readers.register(".npz")
def from_npz(path: str | Path, layer: int = 0, inputs: str | Path | None = None) -> Problem:
    """The layer whose arrays are in a file; those of `inputs` count before its own. Raises `ModelError`."""
    tensors = {**arrays(path), **({} if inputs is None else arrays(inputs))}
    words = tensors.get("tokens")
    if is_cache(tensors):
        return from_cache(tensors, layer, tokens=() if words is None else words.tolist(), source=Path(path).name)
    return from_tensors(tensors, layer, Path(path).name)


def arrays(path: str | Path) -> Mapping[str, Any]:
    """The arrays of an .npz by their names; nothing in it is run as code."""
    try:
        loaded = np.load(path, allow_pickle=False)
        found = dict(loaded) if isinstance(loaded, np.lib.npyio.NpzFile) else {}
    except (OSError, ValueError, BadZipFile, EOFError) as error:
        raise ModelError(f"{path} cannot be read as .npz ({error}); save named arrays with numpy.savez") from None
    if not found:
        raise ModelError(f"{path} has no arrays with names; save them with numpy.savez")
    return found
