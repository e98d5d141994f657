"""Runs a PyTorch module and writes down what reaches its attention: the calls, in their order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from tracer.errors import ModelError


@contextmanager
def quiet(torch: Any, module: Any) -> Iterator[None]:
    """Without dropout and gradients, and through torch's own attention function; afterwards as before."""
    training = [one for one in module.modules() if one.training]
    configs = {id(config): config for one in module.modules() if (config := getattr(one, "config", None)) is not None}
    own = {key: config._attn_implementation for key, config in configs.items() if hasattr(config, OWN_WAY)}
    module.train(False)
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)  # which calls no attention that anybody could watch
    for key in own:
        configs[key]._attn_implementation = "sdpa"
    try:
        with torch.no_grad():
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
        for one in training:
            one.training = True
        for key, way in own.items():
            configs[key]._attn_implementation = way


OWN_WAY = "_attn_implementation"  # where a config of transformers says which function computes attention


def recorded(torch: Any, module: Any, x: Sequence[Any], more: Mapping[str, Any]) -> tuple[list[dict[str, Any]], Any]:
    """Every call of torch's attention function while the module runs, and what the module returns."""
    from inspect import signature

    function = torch.nn.functional.scaled_dot_product_attention
    calls: list[dict[str, Any]] = []
    inside: list[Any] = []  # the nn.MultiheadAttention that is running: its own call counts, not what it calls

    class Watching(torch.overrides.TorchFunctionMode):  # type: ignore[misc]
        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            result = func(*args, **(kwargs or {}))
            if func is function and not inside:
                calls.append({**dict(zip(ARGUMENTS, args, strict=False)), **(kwargs or {}), "result": result})
            return result

    def enter(one: Any, args: Any, kwargs: Any) -> None:
        calls.append({"module": one, **dict(zip(OF_MULTIHEAD, args, strict=False)), **kwargs})
        inside.append(one)

    def leave(one: Any, args: Any, result: Any) -> None:
        inside.pop()

    hooks = []
    for one in module.modules():
        if isinstance(one, torch.nn.MultiheadAttention):
            hooks += [one.register_forward_pre_hook(enter, with_kwargs=True), one.register_forward_hook(leave)]

    asked = list(signature(module.forward).parameters)[len(x) :]
    filled = {name: fill(torch, module, x) for name, fill in FILLED_IN.items() if name in asked and name not in more}
    try:
        with Watching():
            return calls, module(*x, **{**filled, **more})
    except (TypeError, ValueError, RuntimeError, AttributeError, IndexError) as error:
        raise ModelError(
            f"{type(module).__name__} does not run ({str(error).splitlines()[0]}); "
            "give whatever else it is called with by name"
        ) from error
    finally:
        for hook in hooks:
            hook.remove()


ARGUMENTS = ("query", "key", "value", "attn_mask", "dropout_p", "is_causal")
OF_MULTIHEAD = ("query", "key", "value", "key_padding_mask", "need_weights", "attn_mask")


def _rotations(torch: Any, module: Any, x: Sequence[Any]) -> Any:
    """The cosines and sines of the usual rotary embedding, pair t of position p by the angle p · base^(−2t/d_k)."""
    config = getattr(module, "config", None)
    told = getattr(config, "rope_parameters", None) or {"rope_theta": getattr(config, "rope_theta", None)}
    base, kind = told.get("rope_theta"), told.get("rope_type", "default")
    if base is None or kind != "default" or not hasattr(module, "head_dim") or told.get("partial_rotary_factor"):
        return None
    t = torch.arange(0, module.head_dim, 2, dtype=x[0].dtype) / module.head_dim
    angles = torch.outer(torch.arange(x[0].shape[-2], dtype=x[0].dtype), base**-t)
    both = torch.cat((angles, angles), dim=-1)[None]
    return both.cos(), both.sin()


FILLED_IN = {  # what the attention modules of transformers ask for, where nobody gives it
    "attention_mask": lambda torch, module, x: None,
    "position_embeddings": _rotations,
}
