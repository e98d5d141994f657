"""Random small problems, each the dictionary that a problem file is: what the laws are about."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

SOFTMAXES = ("softmax", "softmax-shifted")
NORMALISATIONS = (*SOFTMAXES, "sum")
SOURCES = ("X", "Y", "ids", "QKV", "S", "A")
MASKS = ("none", "causal", "top-left", "given")

integers = st.integers(-3, 3)
fractions = st.sampled_from(["1/2", "-1/3", "2/3", "-5/4", "1/7"])
decimals = st.sampled_from(["0.5", "-1.25", "0.1", "2.0", "-0.05", "3e-1"])
roots = st.sampled_from(["√2", "√2/2", "-√3", "sqrt(5)", "-√2/2"])
entries = st.one_of(integers, integers, fractions, decimals, roots)


def matrices(rows: int, columns: int, numbers: st.SearchStrategy[Any] = entries) -> st.SearchStrategy[list[list[Any]]]:
    """A matrix as rows of numbers as people write them."""
    row = st.lists(numbers, min_size=columns, max_size=columns)
    return st.lists(row, min_size=rows, max_size=rows)


@st.composite
def problems(
    draw: Any,
    sources: tuple[str, ...] = SOURCES,
    normalisations: tuple[str, ...] = NORMALISATIONS,
    masks: tuple[str, ...] = MASKS,
    similarities: tuple[str, ...] = ("dot", "cosine"),
    numbers: st.SearchStrategy[Any] = entries,
    most_heads: int = 2,
    most: int = 3,
) -> dict[str, Any]:
    """A problem of any kind that the wiring allows, with up to three words of up to three coordinates."""

    def one_of(*choices: Any) -> Any:
        return draw(st.sampled_from(choices))

    def matrix(rows: int, columns: int) -> list[list[Any]]:
        return draw(matrices(rows, columns, numbers))

    source = one_of(*sources)
    n = draw(st.integers(1, most))
    m = n if source in ("X", "ids") else draw(st.integers(1, most))
    heads = draw(st.integers(1, most_heads))
    kv_heads = one_of(*[k for k in range(1, heads + 1) if heads % k == 0])
    d_k, d_v = draw(st.integers(1, 2)), draw(st.integers(1, 2))
    given: dict[str, Any] = {}
    wiring: dict[str, Any] = {
        "projection": one_of("X W", "X W^T", "W x"),
        "similarity": one_of(*similarities),
        "normalisation": one_of(*normalisations),
    }

    def weight(rows: int, columns: int) -> list[list[Any]]:
        return matrix(rows, columns) if wiring["projection"] == "X W" else matrix(columns, rows)

    def projected(name: str, d_in: int, d_out: int, count: int) -> None:
        per_head = heads > 1 and one_of(True, False)
        given[f"W_{name}"] = [weight(d_in, d_out) for _ in range(count)] if per_head else weight(d_in, d_out * count)
        if one_of(True, False, False):
            b = [matrix(1, d_out)[0] for _ in range(count)] if per_head else matrix(1, d_out * count)[0]
            given[f"b_{name}"] = b

    def direct(name: str, rows: int, columns: int, count: int) -> None:
        per_head = heads > 1 and one_of(True, False)
        given[name] = [matrix(rows, columns) for _ in range(count)] if per_head else matrix(rows, columns * count)

    if source in ("X", "Y", "ids"):
        bare = one_of(True, False, False)  # the words themselves are queries, keys and values
        if bare:
            kv_heads, d_v = heads, d_k
        d_model = heads * d_k if bare else draw(st.integers(1, 3))
        if source == "ids":
            given["embedding"] = matrix(3, d_model)
            given["ids"] = draw(st.lists(st.integers(1, 3), min_size=n, max_size=n))
        else:
            given["X"] = matrix(n, d_model)
        if source == "Y":
            given["Y"] = matrix(m, d_model)
        if not bare:
            projected("Q", d_model, d_k, heads)
            projected("K", d_model, d_k, kv_heads)
            projected("V", d_model, d_v, kv_heads)
    elif source == "QKV":
        direct("Q", n, d_k, heads)
        direct("K", m, d_k, kv_heads)
        if one_of(True, True, False):
            direct("V", m, d_v, kv_heads)
    else:
        given[source] = [matrix(n, m) for _ in range(heads)] if heads > 1 else matrix(n, m)
        if one_of(True, True, False):
            direct("V", m, d_v, kv_heads)
    has_values = "V" in given or source in ("X", "Y", "ids")
    joined = heads * d_v
    if has_values and one_of(True, False):
        d_out = d_model if source in ("X", "ids") else draw(st.integers(1, 2))
        given["W_O"] = weight(joined, d_out)
        if one_of(True, False):
            given["b_O"] = matrix(1, d_out)[0]
        joined = d_out
    if heads > 1:
        wiring["n_heads"] = heads
        wiring["n_kv_heads"] = kv_heads
    if source in ("X", "ids") and joined == d_model and n * heads <= 2 and one_of(True, False, False):
        wiring["repeat"] = 2
    if source != "A":
        wiring["logits"] = _logits(one_of, given, n, m, one_of(*masks), source)
    return {"given": given, "pass": wiring}


def _logits(one_of: Any, given: dict[str, Any], n: int, m: int, mask: str, source: str) -> list[dict[str, Any]]:
    """Scaling, masking, both in either order, or neither; a softcap before all masking."""
    scales = [[], [{"use": "scale", "by": "2"}], [{"use": "scale", "by": "√3"}]]
    steps = one_of(*scales) if source == "S" else one_of(*scales, [{"use": "scale"}])
    if one_of(True, False, False):
        softcap = {"use": "softcap", "cap": one_of(1, "5/2", "√2", 30)}
        steps = one_of([*steps, softcap], [softcap, *steps])
    if mask == "none":
        return steps
    masking: dict[str, Any] = {"use": "mask"}
    if mask == "given":
        given["mask"] = [[one_of(0, 1, True, False) for _ in range(m)] for _ in range(n)]
    else:
        masking["rule"] = "causal"
        if mask == "top-left":
            masking["align"] = "top-left"
    caps = any(step["use"] == "softcap" for step in steps)
    return [masking, *steps] if not caps and one_of(True, False, False) else [*steps, masking]


@st.composite
def variants(draw: Any, **wanted: Any) -> dict[str, Any]:
    """A problem of any kind with what the racks have beside the classic pass, some of it token by token."""

    def one_of(*choices: Any) -> Any:
        return draw(st.sampled_from(choices))

    problem: dict[str, Any] = draw(problems(similarities=("dot", "cosine", "negative-squared-distance"), **wanted))
    given, wiring = problem["given"], problem["pass"]
    known = "S" in given or "A" in given
    wiring["normalisation"] = one_of(
        wiring["normalisation"], "softmax-off-by-one", "softmax-base-2", "sparsemax", "sigmoid",
        {"use": "sigmoid", "bias": "-1/2"}, {"use": "softmax-temperature", "temperature": 2},
        {"use": "softmax-online", "block": 2},
    )  # fmt: skip
    if not known:
        norm = one_of("l2-norm", {"use": "rms-norm", "epsilon": "1/2"}, {"use": "feature-map", "map": "relu"})
        wiring["encoding"] = one_of([], [norm])
    if "A" in given:
        return problem
    steps = one_of([], [{"use": "temperature", "by": "1/2"}], [{"use": "alibi"}])
    window = {"use": "mask", "rule": "window", "left": 1, "right": one_of(0, 1)}
    masks = [step for step in wiring["logits"] if step["use"] == "mask"]
    others = [step for step in wiring["logits"] if step["use"] != "mask"]
    wiring["logits"] = [
        *others,
        *steps,
        *masks,
        *one_of([], [window], [{"use": "mask", "rule": "padding", "length": 1}]),
    ]
    words = [len(given[name]) for name in ("X", "ids", "Q") if name in given][:1]
    is_own = "Y" not in given and not known and ("Q" not in given or len(_first(given, "K")) == len(_first(given, "Q")))
    has_values = "V" in given or "Q" not in given
    if words and is_own and has_values and "top-left" not in str(wiring["logits"]):
        n = len(_first(given, "Q")) if "Q" in given else words[0]
        if n > 1 and one_of(True, False, False):
            wiring["prefill"] = one_of(*range(n))
    return problem


def _first(given: dict[str, Any], name: str) -> list[Any]:
    """A given matrix, or that of the first head."""
    rows: list[Any] = given[name]
    return rows[0] if isinstance(rows[0][0], list) else rows
