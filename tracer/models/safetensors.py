"""A layer of a checkpoint in .safetensors: its weights by the names of common architectures, on given inputs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tracer.errors import ModelError
from tracer.models import missing, readers
from tracer.models.naming import attention_of
from tracer.models.npz import arrays
from tracer.models.tensors import from_tensors
from tracer.problem import Problem

CONFIG = {"n_heads": ("num_attention_heads", "n_head", "num_heads"), "n_kv_heads": ("num_key_value_heads",)}
CAUSAL = ("gpt2", "gpt_neo", "opt", "gpt_bigcode")  # models that write from left to right, and add no rotations
ROTARY = ("rope_theta", "rope_parameters", "rotary_dim", "rotary_pct")


@readers.register(".safetensors")
def from_safetensors(path: str | Path, layer: int = 0, inputs: str | Path | None = None) -> Problem:
    """A layer of a checkpoint; what goes into it, X [seq_len, d_model], and tokens are in the .npz `inputs`.

    How many heads there are is told by the config.json beside it, as Hugging Face's checkpoints have one, or by
    n_heads in `inputs`. A model whose queries are rotated by their position is better run: `from_torch`.
    Raises `ModelError`.
    """
    found = _Tensors(path)
    told = _config(Path(path).with_name("config.json"))
    given = {} if inputs is None else arrays(inputs)
    if told.pop("is_rotary", False) and not {"Q", "q"} & (given.keys() | found.names):
        raise ModelError(
            f"{path}: its config.json tells rotary positions, which weights alone do not; run the model with from_torch"
        )
    prefix = attention_of(found.names, layer)
    of_layer = {name: found[name] for name in found.names if name.startswith(prefix)}
    return from_tensors({**of_layer, **told, **given}, layer, Path(path).name)


class _Tensors(Mapping[str, Any]):
    """The tensors of a file by their names, each read when it is asked for."""

    def __init__(self, path: str | Path) -> None:
        try:
            from safetensors import SafetensorError, safe_open
        except ImportError:
            raise missing("safetensors") from None
        try:
            opened: Any = safe_open(str(path), framework="numpy")
        except (OSError, SafetensorError) as error:
            raise ModelError(f"{path} cannot be read as .safetensors ({error})") from None
        self.file, self.names = opened, set(opened.keys())

    def __getitem__(self, name: str) -> Any:
        return np.asarray(self.file.get_tensor(name), dtype=np.float64)

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)


def _config(path: Path) -> dict[str, Any]:
    """What the model's own description says about its attention."""
    try:
        data = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read ({error})") from None
    if not isinstance(data, dict):
        return {}
    told: dict[str, Any] = {
        key: next((data[name] for name in names if isinstance(data.get(name), int)), None)
        for key, names in CONFIG.items()
    }
    told["is_causal"] = data.get("model_type") in CAUSAL
    told["is_rotary"] = any(data.get(name) for name in ROTARY)
    return {key: value for key, value in told.items() if value}
