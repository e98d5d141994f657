"""A pass called like a function: attention on arrays, lists or texts, for one sequence or for several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tracer.arrays import depth, number, per_head, spread, values
from tracer.composition import solve
from tracer.errors import ProblemError, ShapeError
from tracer.problem import Paper, PerHead, Problem, Values, Wiring
from tracer.trace import Trace
from tracer.wiring_file import setting

SIDES = "left", "right"
BATCHES = 4  # axes of a mask or a bias that is another one for each sequence


def attention(
    Q: Any,
    K: Any,
    V: Any,
    *,
    mask: Any = None,
    window: Sequence[int | None] = (),
    bias: Any = None,
    scale: Any = None,
    softcap: Any = None,
    encoding: Sequence[Any] = (),
    similarity: Any = "dot",
    normalisation: Any = "softmax",
    given: Mapping[str, Any] | None = None,
    places: int = 4,
) -> Trace:
    """Trace softmax(c·tanh(Q Kᵀ / scale / c) + bias) V, masked keys weighing 0.

    Q [seq_len, d_k], K [key_len, d_k], V [key_len, d_v]: NumPy arrays, lists of numbers, or lists of texts such as
    "√2/2". With several heads Q [n_heads, seq_len, d_k], K and V with n_kv_heads, a divisor of n_heads:
    neighbouring heads share them. `batches` takes one axis more.

    mask            "causal"; a table as in a problem file, {"rule": "padding", "length": 3}; a matrix in which 1 or
                    True means “may attend”; a tuple of these, of which all must allow it
    window          (left, right): how many keys before and after its own a query sees, None for all of them
    bias            what is added to the scores; where it is −∞, a key is masked
    scale           what scores are *divided* by, √d_k without it and 1 for no scaling. The factor called scale in
                    PyTorch and ONNX is 1/scale
    softcap         the cap c, no cap without it
    encoding, similarity, normalisation
                    names or tables, as in a problem file
    given           further matrices by their names in a problem file: W_O, b_O, …

    "causal" and `window` put the last query at the last key; {"rule": "causal", "align": "top-left"} the first at the
    first. Arrays for `mask` and `bias` are broadcast to [n_heads, seq_len, key_len] as in NumPy. The order is
    scale → softcap → bias → mask → normalisation.

    Raises `ShapeError` where sizes disagree, `ProblemError` for what has no meaning here.

    Source: Vaswani et al. 2017, eq. (1); the ONNX operator Attention.
    """
    heads = {name: per_head(one, name) for name, one in (("Q", Q), ("K", K), ("V", V))}
    n_heads, n_kv_heads = _shared(heads)
    n, m = heads["Q"][0].shape[0], heads["K"][0].shape[0]
    matrices: dict[str, Values | PerHead] = {name: parts if n_heads > 1 else parts[0] for name, parts in heads.items()}
    matrices |= {name: values(one, name) for name, one in (given or {}).items()}
    masks = [*(mask if isinstance(mask, tuple) else () if mask is None else (mask,)), *_window(window)]
    for name, one in (("mask", _matrix(masks)), ("bias", bias)):
        if one is not None:
            matrices[name] = spread(one, name, (n_heads, n, m))
    logits = [
        {"use": "scale"} if scale is None else {"use": "scale", "by": scale},
        *([] if softcap is None else [{"use": "softcap", "cap": softcap}]),
        *([] if bias is None else [{"use": "bias"}]),
        *({"use": "mask"} if not _is_rule(one) else _rule(one) for one in masks),
    ]
    wiring = Wiring(
        n_heads=n_heads,
        n_kv_heads=n_kv_heads,
        encoding=tuple(setting(_told(one), "encoding", "encoding") for one in encoding),
        similarity=setting(_told(similarity), "similarity", "similarity"),
        logits=tuple(setting(_told(one), "logits", f"logits {k}") for k, one in enumerate(logits, 1)),
        normalisation=setting(_told(normalisation), "normalisation", "normalisation"),
    )
    words = tuple(f"token {i}" for i in range(1, max(n, m) + 1))
    return solve(Problem(matrices, tokens=words[:n], key_tokens=words[:m], wiring=wiring, paper=Paper(places=places)))


def _shared(heads: Mapping[str, PerHead]) -> tuple[int, int]:
    """How many heads there are, and how many of keys and values."""
    n_heads, n_keys, n_values = (len(heads[name]) for name in "QKV")
    if n_keys != n_values or not n_keys or not n_heads or n_heads % n_keys:
        raise ShapeError(
            f"Q has {n_heads} heads, K {n_keys} and V {n_values}; "
            "give K and V as many heads as each other, and Q as many or a multiple"
        )
    return n_heads, n_keys


def _is_rule(mask: Any) -> bool:
    return isinstance(mask, str | Mapping)


def _rule(mask: Any) -> dict[str, Any]:
    return {"use": "mask", **(mask if isinstance(mask, Mapping) else {"rule": mask})}


def _window(sides: Sequence[int | None]) -> list[dict[str, Any]]:
    """A window as a mask; none where nothing is said of it."""
    if not sides:
        return []
    if len(sides) != len(SIDES):
        raise ProblemError(f"window has {len(sides)} numbers; expected two, (left, right), None where it has no end")
    told = {side: n for side, n in zip(SIDES, sides, strict=True) if n is not None}
    return [{"rule": "window", **told}] if told else []


def _matrix(masks: Sequence[Any]) -> Any:
    """The one mask that is a matrix, if there is any."""
    found = [one for one in masks if not _is_rule(one)]
    if len(found) > 1:
        raise ProblemError(f"mask has {len(found)} matrices; give the one that says where all of them are 1")
    return found[0] if found else None


def _told(raw: Any) -> Any:
    """What an operation is told, its numbers read."""
    if isinstance(raw, Mapping):
        return {key: _told(one) for key, one in raw.items()}
    if isinstance(raw, list | tuple):
        return [_told(one) for one in raw]
    return raw if raw is None or isinstance(raw, str | int) else number(raw, "a number")


def batches(
    Q: Any, K: Any, V: Any, *, lengths: Sequence[int] = (), mask: Any = None, bias: Any = None, **told: Any
) -> list[Trace]:
    """Trace a batch: one trace for each of its sequences.

    Q, K, V [batch, seq_len, d] or [batch, n_heads, seq_len, d]; everything else as in `attention`. A mask or a bias
    with four axes, [batch, n_heads, seq_len, key_len], is another one for each sequence. `lengths` says how many keys
    of each sequence are words; what comes behind them is padding.

    Raises `ShapeError` where the sizes of the batch disagree.
    """
    sizes = {"Q": len(Q), "K": len(K), "V": len(V)} | ({"lengths": len(lengths)} if len(lengths) else {})
    if len(set(sizes.values())) > 1:
        found = ", ".join(f"{n} in {name}" for name, n in sizes.items())
        raise ShapeError(f"the batch has different sizes: {found}; give as many of each")
    return [
        attention(Q[b], K[b], V[b], mask=_masks(mask, lengths, b), bias=_own(bias, b), **told) for b in range(len(Q))
    ]


def _masks(mask: Any, lengths: Sequence[int], b: int) -> tuple[Any, ...]:
    masks = mask if isinstance(mask, tuple) else () if mask is None else (mask,)
    padding = [{"rule": "padding", "length": int(lengths[b])}] if len(lengths) else []
    return (*(_own(one, b) for one in masks), *padding)


def _own(matrix: Any, b: int) -> Any:
    """What belongs to one sequence of a batch."""
    if depth(matrix) != BATCHES:
        return matrix
    return matrix[b if len(matrix) > 1 else 0]
