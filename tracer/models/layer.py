"""One attention layer in floats, as a problem: which logit steps a model's scale, mask and bias are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tracer.arrays import Array, exactly
from tracer.composition import solve
from tracer.errors import ModelError
from tracer.expr import Div, Expr, num, sqrt
from tracer.problem import PerHead, Problem, Setting, Values, Wiring

FAR_BELOW = -1e4  # what models add to the score of a key that must not be seen: −∞, −1e9, the least float
NEAR = {"float16": 2e-2, "bfloat16": 5e-2}  # how far a model's own results may be from ours, relative to the largest
USUALLY_NEAR = 1e-3


def layer(
    given: Mapping[str, Any],
    *,
    heads: tuple[int, int] = (1, 1),
    scale: float | None = None,
    softcap: float = 0,
    mask: Any = None,
    is_causal: bool = False,
    tokens: Sequence[str] = (),
    key_tokens: Sequence[str] = (),
    source: str = "",
) -> Problem:
    """The problem of a layer: softmax(scale · Q Kᵀ + mask) V in each head.

    `given` has NumPy arrays by the names of [given], a list of matrices where there is one for each head; `heads` how
    many query heads and key heads there are. `scale` is what scores are multiplied by, 1/√d_k without it; `mask`
    [n, m], or [n_heads, n, m], is true where a query may attend, or is added to the scores.
    """
    numbers: dict[str, Values | PerHead] = {
        name: tuple(Array(floats(one)) for one in values) if isinstance(values, list) else Array(floats(values))
        for name, values in given.items()
        if values is not None
    }
    for name, values in numbers.items():
        for one in values if isinstance(values, tuple) else (values,):
            if not np.isfinite(one.array).all():  # type: ignore[attr-defined]
                raise ModelError(f"{name} holds nan or an infinite number; expected what a model computes with")
    logits = [*_scale(scale), *([Setting("softcap", {"cap": exactly(float(softcap))})] if softcap else [])]
    allowed, bias = _mask(mask)
    if bias is not None:
        numbers["bias"] = _each(bias)
        logits.append(Setting("bias"))
    if is_causal or (allowed is not None and _is_causal(allowed)):
        logits.append(Setting("mask", {"rule": "causal"}))
    elif allowed is not None and not allowed.all():
        numbers["mask"] = _each(allowed.astype(int))
        logits.append(Setting("mask"))
    wiring = Wiring(n_heads=heads[0], n_kv_heads=heads[1], logits=tuple(logits))
    return Problem(numbers, tokens=readable(tokens), key_tokens=readable(key_tokens), wiring=wiring, source=source)


def floats(values: Any) -> Any:
    """A tensor of any library as a NumPy array of doubles."""
    if hasattr(values, "detach"):
        values = values.detach().cpu().double().numpy()
    return np.asarray(values, dtype=np.float64)


def _scale(scale: float | None) -> list[Setting]:
    if scale is None:
        return [Setting("scale")]
    return [] if scale == 1 else [Setting("scale", {"by": divisor(scale)})]


def divisor(scale: float) -> Expr:
    """What scores are divided by where a model multiplies them by a float: √64 rather than 1/0.125."""
    square = 1 / scale**2 if scale > 0 else 0.0
    if square and abs(square - round(square)) < 1e-6 * square:
        return sqrt(num(round(square)))
    return Div(num(1), exactly(float(scale)))


def _mask(mask: Any) -> tuple[Any, Any]:
    """Which keys may be seen, and what is added to their scores; None where all, and nothing."""
    if mask is None:
        return None, None
    mask = np.asarray(mask)
    if mask.ndim == 3 and (mask == mask[:1]).all():
        mask = mask[0]
    if mask.dtype == bool:
        return mask, None
    added = floats(mask)
    allowed = added > FAR_BELOW
    bias = np.where(allowed, added, 0)
    return allowed, bias if bias.any() else None


def _each(array: Any) -> Values | PerHead:
    """One matrix for all heads, or one for each."""
    return Array(array) if array.ndim == 2 else tuple(map(Array, array))


def _is_causal(allowed: Any) -> bool:
    n, m = allowed.shape[-2:]
    return allowed.ndim == 2 and n > 1 and bool((allowed == np.tri(n, m, m - n, dtype=bool)).all())


def agrees(problem: Problem, real: Any, step: str, dtype: str = "") -> bool:
    """Whether the pass comes to what the model itself says, as far as its floats can tell; nan says nothing."""
    ours, real = solve(problem).floats(step), floats(real)
    if ours.shape != real.shape:
        return False
    says = ~np.isnan(real)
    near = NEAR.get(dtype, USUALLY_NEAR) * max(1.0, float(np.abs(real[says]).max(initial=0)))
    return bool(np.abs(ours - real)[says].max(initial=0) <= near)


def one_batch(array: Any, axes: int, name: str) -> Any:
    """An array without the axis of its batch, which must have one entry. Raises `ModelError`."""
    found = np.asarray(array) if not hasattr(array, "detach") else array
    while len(found.shape) > axes and found.shape[0] == 1:
        found = found[0]
    if len(found.shape) != axes:
        raise ModelError(
            f"{name} has the shape {tuple(array.shape)}; expected {axes} axes, or a batch of one: "
            "several sequences are several problems, so give one at a time"
        )
    return found


def readable(tokens: Sequence[str]) -> tuple[str, ...]:
    """Tokens as words: Ġcat and ▁cat are cat, a piece that goes on with a word is -ing, a second the is the₂."""
    starts = next((sign for sign in "Ġ▁" if any(token.startswith(sign) for token in tokens)), "")
    words = [_word(token, bool(n and starts and not token.startswith(starts))) for n, token in enumerate(tokens)]
    counts = {word: words.count(word) for word in words}
    return tuple(
        word if counts[word] == 1 else word + str(words[: n + 1].count(word)).translate(SUBSCRIPTS)
        for n, word in enumerate(words)
    )


SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def _word(token: str, goes_on: bool) -> str:
    token = str(token)
    if token.startswith("##"):
        return "-" + token[2:]
    bare = token.strip().lstrip("Ġ▁").replace("Ċ", "⏎") or "␣"
    return "-" + bare if goes_on and bare[0].isalnum() else bare
