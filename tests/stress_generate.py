"""How often each wish is met, how long a processor takes, and whether every certificate is right:

python tests/stress_generate.py 1000                 so many seeds of each wish
python tests/stress_generate.py 1000 "causal mask"   of one
"""

from __future__ import annotations

import sys
from collections import Counter
from time import process_time
from typing import Any

from recheck import doubts

import tracer

EVERY = ("scores", "scaled", "exponentials", "row_sums", "weights", "outputs")
WISHES: dict[str, dict[str, Any]] = {
    "usual": {},
    "causal mask": {"mask": "causal"},
    "easy": {"difficulty": "easy"},
    "hard": {"difficulty": "hard"},
    "every step, causal": {"mask": "causal", "steps": (*EVERY, "masked")},
    "3 places": {"places": 3},
    "d_k = 4": {"d_k": 4},
    "5 tokens": {"tokens": 5},
    "2 heads": {"heads": 2},
    "fractions": {"numbers": "fractions"},
    "words and matrices": {"d_model": 3, "steps": ("query", "key", "value", *EVERY)},
    "words, causal": {"d_model": 3, "mask": "causal", "steps": ("query", "key", "value", *EVERY)},
    "words, fractions, W_O": {"d_model": 2, "numbers": "fractions", "steps": ("value", "outputs", "projected")},
    "2 heads of words": {"d_model": 4, "heads": 2},
    "2 heads of words, causal": {"d_model": 4, "heads": 2, "mask": "causal", "steps": ("query", *EVERY)},
    "2 heads of words, W_O": {"d_model": 4, "heads": 2, "steps": ("outputs", "projected")},
    "exact weights": {"exact_weights": True},
    "exact weights, easy, causal": {"exact_weights": True, "difficulty": "easy", "mask": "causal"},
    "exact weights of words": {"exact_weights": True, "d_model": 2},
}


def stress(name: str, seeds: range) -> tuple[list[str], list[float], Counter[str], list[str]]:
    """The numbers of each problem made, the seconds for each, what those that were not say, and what is doubted."""
    met, seconds, failed, doubted = [], [], Counter[str](), []
    for seed in seeds:
        start = process_time()
        try:
            made = tracer.new(seed, tracer.Wishes(**WISHES[name]))
        except tracer.ProblemError as error:
            failed[str(error).partition("hardest was ")[2].partition(",")[0]] += 1
        else:
            met.append(made.text.partition("[given]")[2])
            doubted += [f"seed {seed}: {doubt}" for doubt in doubts(made.text)]
        seconds.append(process_time() - start)
    return met, sorted(seconds), failed, doubted


def main() -> None:
    """Print a line for each wish."""
    count, only = int(sys.argv[1]) if len(sys.argv) > 1 else 100, sys.argv[2:]
    print(f"{'wish':30}{'met':>12}{'different':>11}{'median s':>10}{'95 %':>8}{'most':>8}  doubts, what failed")
    for name in only or WISHES:
        met, seconds, failed, doubted = stress(name, range(count))
        times = f"{seconds[count // 2]:10.2f}{seconds[count * 95 // 100]:8.2f}{seconds[-1]:8.2f}"
        found = f"{len(met):6}/{count:<5}{len(set(met)):11}"
        print(f"{name:30}{found}{times}  {len(doubted)} {dict(failed) or ''}", flush=True)
        for doubt in doubted[:5]:
            print("   ", doubt)


if __name__ == "__main__":
    main()
