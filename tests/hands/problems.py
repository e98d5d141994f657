"""Random problems of every kind, each the dictionary that a problem file is; decimals and fractions are strings."""

from __future__ import annotations

from random import Random
from typing import Any

Problem = dict[str, Any]
Wish = dict[str, Any]  # what a mistake needs to be possible: {"heads": True}, {"mask": "causal"}, …

MOST_TOKENS, MOST_COORDINATES = 5, 4


def draw(rng: Random, wish: Wish | None = None) -> Problem:
    """A problem from a seed."""
    return _Draw(rng, wish or {}).problem()


class _Draw:
    def __init__(self, rng: Random, wish: Wish) -> None:
        self.rng, self.wish = rng, wish
        self.given: dict[str, Any] = {}
        self.wiring: dict[str, Any] = {}
        self.numbers = self.pick("integers", "integers", "small", "decimals", "fractions", "mixed")

    def pick(self, *choices: Any) -> Any:
        return self.rng.choice(choices)

    def asked(self, key: str, *choices: Any) -> Any:
        """What is wished for, else one of the choices."""
        return self.wish[key] if key in self.wish else self.pick(*choices)

    def number(self) -> Any:
        rng = self.rng
        match self.numbers if self.numbers != "mixed" else self.pick("integers", "decimals", "fractions"):
            case "integers":
                return rng.randint(-3, 4)
            case "small":
                return rng.randint(0, 2)
            case "decimals":
                places = rng.choice((1, 1, 2))
                return f"{rng.randint(-25 * 10 ** (places - 1), 25 * 10 ** (places - 1)) / 10**places:.{places}f}"
            case _:
                top, bottom = rng.randint(-5, 5), rng.choice((2, 3, 4, 5, 7))
                return f"{top}/{bottom}" if top % bottom else top // bottom

    def vector(self, size: int) -> list[Any]:
        return [self.number() for _ in range(size)]

    def matrix(self, rows: int, columns: int) -> list[list[Any]]:
        return [self.vector(columns) for _ in range(rows)]

    def weight(self, d_in: int, d_out: int) -> list[list[Any]]:
        rows = (d_in, d_out) if self.wiring["projection"] == "X W" else (d_out, d_in)
        return self.matrix(*rows)

    def problem(self) -> Problem:
        rng, pick, given, wiring = self.rng, self.pick, self.given, self.wiring
        source = self.asked("source", *["X"] * 8, *["Y"] * 3, *["ids"] * 2, *["QKV"] * 5, *["S"] * 2, "A")
        heads = pick(2, 2, 3) if self.wish.get("heads") else 1 if "heads" in self.wish else pick(1, 1, 1, 2, 2, 3)
        kv_heads = pick(*[k for k in range(1, heads + 1) if heads % k == 0], heads)
        wiring["projection"] = pick("X W", "X W", "X W", "X W^T", "W x")
        wiring["similarity"] = self.asked("similarity", "dot", "dot", "dot", "dot", "cosine")
        wiring["normalisation"] = self.asked("normalisation", *["softmax"] * 5, *["softmax-shifted"] * 3, "sum")
        n = rng.randint(1, MOST_TOKENS)
        m = n if source in ("X", "ids") else rng.randint(1, MOST_TOKENS)
        d_model = rng.randint(1, MOST_COORDINATES)
        most = MOST_COORDINATES if heads == 1 else 2
        d_k, d_v = rng.randint(1, most), rng.randint(1, most)
        if self.wish.get("square"):
            n = m = d_model = d_k = d_v = rng.randint(2, 3)
        elif "square" not in self.wish and rng.random() < 0.1:
            n = m = d_k = d_v = rng.randint(2, most)
        bare = source in ("X", "Y", "ids") and rng.random() < self.wish.get("bare", 0.2)
        if bare:
            kv_heads, d_v = heads, d_k
            d_model = heads * d_k
        if source == "ids":
            given["embedding"] = self.matrix(words := rng.randint(2, 4), d_model)
            given["ids"] = [rng.randint(1, words) for _ in range(n)]
        elif source in ("X", "Y"):
            given["X"] = self.matrix(n, d_model)
            if source == "Y":
                given["Y"] = self.matrix(m, d_model)
        if source in ("X", "Y", "ids") and not bare:
            self.projected("Q", d_model, d_k, heads)
            self.projected("K", d_model, d_k, kv_heads)
            self.projected("V", d_model, d_v, kv_heads)
        elif source == "QKV":
            self.direct("Q", n, d_k, heads)
            self.direct("K", m, d_k, kv_heads)
            self.direct("V", m, d_v, kv_heads)
        elif source in ("S", "A"):
            self.direct_scores(source, n, m, heads)
            self.direct("V", m, d_v, kv_heads)
        joined = heads * d_v
        if self.asked("W_O", True, False, False):
            d_out = joined if self.wish.get("square") or pick(True, False) else rng.randint(1, MOST_COORDINATES)
            if source in ("X", "ids") and pick(True, False):
                d_out = d_model
            given["W_O"] = self.weight(joined, d_out)
            if pick(True, False, False):
                given["b_O"] = self.vector(d_out)
            joined = d_out
        if heads > 1:
            wiring["n_heads"], wiring["n_kv_heads"] = heads, kv_heads
        if source in ("X", "ids") and joined == d_model and n * heads <= 4 and rng.random() < 0.5:
            wiring["repeat"] = 2
        if source != "A":
            wiring["logits"] = self.logits(source, n, m)
        return {"given": given, "pass": wiring}

    def projected(self, name: str, d_in: int, d_out: int, count: int) -> None:
        own = count > 1 and self.pick(True, False) and not self.wish.get("columns")
        self.given[f"W_{name}"] = (
            [self.weight(d_in, d_out) for _ in range(count)] if own else self.weight(d_in, d_out * count)
        )
        if self.rng.random() < 0.2:
            self.given[f"b_{name}"] = [self.vector(d_out) for _ in range(count)] if own else self.vector(d_out * count)

    def direct(self, name: str, rows: int, columns: int, count: int) -> None:
        own = count > 1 and self.pick(True, False) and not self.wish.get("columns")
        self.given[name] = (
            [self.matrix(rows, columns) for _ in range(count)] if own else self.matrix(rows, columns * count)
        )

    def direct_scores(self, name: str, n: int, m: int, heads: int) -> None:
        tables = [self.matrix(n, m) for _ in range(heads)]
        if name == "A":
            tables = [[[f"0.{self.rng.randint(1, 9)}" for _ in range(m)] for _ in range(n)] for _ in range(heads)]
        elif self.rng.random() < 0.3:
            tables[0][self.rng.randrange(n)][self.rng.randrange(m)] = "-inf"
        self.given[name] = tables if heads > 1 else tables[0]

    def logits(self, source: str, n: int, m: int) -> list[dict[str, Any]]:
        by = [{"use": "scale", "by": self.pick("2", "sqrt(3)", "√2", "1/2", "5")}]
        scale = self.asked("scale", *["default"] * 5, "by", "none")
        steps = by if scale == "by" or (source == "S" and scale == "default") else [{"use": "scale"}]
        if scale == "none":
            steps = []
        mask = self.asked("mask", "none", "none", "none", "causal", "causal", "top-left", "given")
        if mask == "none" or (source == "S" and "-inf" in str(self.given["S"])):
            return steps
        masking: dict[str, Any] = {"use": "mask", "rule": "causal"}
        if mask == "given":
            masking = self.pick({"use": "mask"}, {"use": "mask", "rule": "given"})
            yes, no = self.pick((1, 0), (True, False))
            table = [[yes if self.rng.random() < 0.65 else no for _ in range(m)] for _ in range(n)]
            if self.rng.random() < 0.8:  # mostly, every query sees something
                for row in table:
                    row[self.rng.randrange(m)] = yes
            self.given["mask"] = table
        elif mask == "top-left":
            masking["align"] = "top-left"
        return [masking, *steps] if self.rng.random() < 0.15 else [*steps, masking]
