"""How fast tracer is, as ratios measured in one run: python tests/benchmarks/run.py [rounds]

Each pair is run in turn, A B A B …, in processes of their own, and the median of the ratios is printed, so that
the figures hold on a busy machine. Nothing fails here: times are for reading.
"""

from __future__ import annotations

import json
import random
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
APPLE = str(ROOT / "examples/apple-and-orange/problem.toml")
MARKING = ROOT / "examples/marking"
SLIP = (str(MARKING / "problem.toml"), str(MARKING / "answers/anna.toml"))

NUMPY_PASS = """
import time, numpy as np
rng = np.random.default_rng(1)
Q, K, V = (rng.standard_normal((1024, 64)) for _ in range(3))
def plain():
    q, k = np.linalg.norm(Q, axis=1), np.linalg.norm(K, axis=1)
    S = Q @ K.T
    C = S / (q[:, None] * k)
    Z = S / np.sqrt(64.0)
    E = np.exp(Z)
    D = E.sum(axis=1)
    A = E / D[:, None]
    return q, k, C, S, Z, E, D, A, A @ V
import tracer
STEPS = "query_norms key_norms cosines scores scaled exponentials row_sums weights outputs".split()
def traced():
    trace = tracer.attention(Q, K, V)
    return [trace.floats(step) for step in STEPS]
assert all(np.allclose(a, b) for a, b in zip(plain(), traced()))
def clock(f):
    start = time.perf_counter(); f(); return time.perf_counter() - start
ratios = sorted(clock(traced) / clock(plain) for _ in range(9))
print(ratios[4])
"""
EXACT_PASS = """
import time, random
from tracer.composition import solve
from tracer.problem_file import from_dict
import tracer.arithmetic.exact
draw = random.Random(1)
m = lambda r, c: [[draw.randint(-3, 3) for _ in range(c)] for _ in range(r)]
given = {"X": m(6, 8), **{f"W_{x}": m(8, 8) for x in "QKVO"}}
start = time.perf_counter()
trace = solve(from_dict({"given": given, "pass": {"n_heads": 4}}))
for step in trace:
    for row in step.cells:
        for cell in row:
            trace.tables.exact[cell.key]
print(time.perf_counter() - start)
"""
WARM = """
import dataclasses, itertools, json, random, shutil, subprocess, sys, tempfile, time
from pathlib import Path
import tracer
from tracer.formats import render
from tracer.pages.solution import solution
problem = tracer.load(sys.argv[1])
number = itertools.count()
def ours():  # with a title of its own each time: another page, which is laid out anew
    trace = tracer.solve(dataclasses.replace(problem, title=f"{problem.title} {next(number)}"))
    return render(trace, lambda: solution(trace), ".pdf")
def clock(f):
    start = time.perf_counter(); f(); return time.perf_counter() - start
trace = tracer.solve(problem)
with tempfile.TemporaryDirectory() as folder:
    Path(folder, "a.tex").write_bytes(render(trace, lambda: solution(trace), ".tex"))
    tex = lambda: subprocess.run(["pdflatex", "-interaction=batchmode", "a.tex"], cwd=folder, check=True, capture_output=True)
    ours(); tex()
    print(sorted(clock(ours) / clock(tex) for _ in range(7))[3])
"""
A_CLASS = """
# a third is right by hand, a third has a slip, a third the same mistake in a whole step
import random, time
from tests.hands import cases, mistakes
from tests.hands.person import STEPS, Habits, Slip
from tests.hands.quantity import Decimal
draw = random.Random(1)
problem = {"given": {"X": [[draw.randint(-1, 2) for _ in range(3)] for _ in range(4)]},
           "pass": {"projection": "X W", "similarity": "dot", "normalisation": "softmax", "logits": [{"use": "scale"}]},
           "paper": {"places": 2, "by_hand": {step: 2 for step in STEPS if step != "contributions"}}}
BESIDE = "query key value query_norms key_norms cosines angles".split()
LEFT_OUT = frozenset((*BESIDE, *(f"row{n}.contributions" for n in range(1, 5))))
def habits(n):
    return Habits(dict.fromkeys(STEPS, 2), goes_on=draw.choice(("written", "memory", "mixed")), left_out=LEFT_OUT, seed=n)
def student(n):
    if n % 3 == 0:
        return cases.worked(problem, habits(n))
    if n % 3 == 1:
        cell = draw.choice(("scores", "scaled", "exponentials", "weights")), draw.randrange(4), draw.randrange(4)
        return cases.worked(problem, habits(n), slip=Slip(cell, Decimal(draw.choice((1, 2, 3, -1))) / 2))
    code = draw.choice(("not_scaled", "divided_by_d_k", "base_2", "sum_of_scores", "softmax_whole_matrix"))
    return cases.worked(problem, habits(n), mistakes.Mistake(code, mistakes.WAYS[code][0], 0))
written = [student(n).submission() for n in range(200)]
import tracer
from tracer.problem_file import from_dict
submissions = [tracer.read_submission(one) for one in written]
start = time.perf_counter()
trace = tracer.solve(from_dict(problem))
for submission in submissions:
    tracer.check(trace, submission)
seconds = time.perf_counter() - start
print(1000 * seconds / len(submissions), f"({seconds:.2f} s)")
"""
W2 = """
# a class of 30, a sheet and a key each, 60 PDFs; pdflatex, two at a time, sets our own .tex of the same pages
import shutil, subprocess, sys, tempfile, time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
def a_class(folder, formats):
    Path(folder, "spec.toml").write_text(f'formats = "{formats}"')
    Path(folder, "roster.csv").write_text("".join(f"Student {n}\\n" for n in range(1, 31)))
    shutil.rmtree(Path(folder, formats), ignore_errors=True)
    start = time.perf_counter()
    subprocess.run([sys.executable, "-m", "tracer", "class", f"{folder}/spec.toml", f"{folder}/roster.csv", "--quiet",
                    "-o", f"{folder}/{formats}"], check=True)
    return time.perf_counter() - start
def tex(folder):
    pages = [*Path(folder, "tex").glob("sheets/*.tex"), *Path(folder, "tex").glob("keys/*.tex")]
    start = time.perf_counter()
    with ThreadPoolExecutor(2) as two:
        assert len(list(two.map(set_in_type, pages))) == 60
    return time.perf_counter() - start
def set_in_type(page):
    subprocess.run(["pdflatex", "-interaction=batchmode", page.name], cwd=page.parent, check=True, capture_output=True)
with tempfile.TemporaryDirectory() as folder:
    a_class(folder, "tex")
    pairs = sorted((a_class(folder, "pdf"), tex(folder)) for _ in range(3))
    ratios = sorted(ours / theirs for ours, theirs in pairs)
    print(ratios[1], f"({pairs[1][0] / 30:.3f} s a student)")
"""
ONE_WORD = "import weasyprint; weasyprint.HTML(string='<p>word').write_pdf('/dev/null')"


def python(code: str) -> list[str]:
    """A command that runs some Python."""
    return [sys.executable, "-c", code]


def tracer(*arguments: str) -> list[str]:
    """A command of ours."""
    return [sys.executable, "-m", "tracer", *arguments]


PAIRS = {
    "tracer --version / bare Python": (tracer("--version"), python("pass")),
    "first marks: tracer check / import sympy": (tracer("check", *SLIP), python("import sympy")),
    "HTML of W1 / import sympy": (tracer("solve", APPLE, "-o", "{}.html"), python("import sympy")),
    "PDF of W1 / one-word PDF by WeasyPrint": (tracer("solve", APPLE, "-o", "{}.pdf"), python(ONE_WORD)),
    "PDF of W1, one row worked / one-word PDF": (
        tracer("solve", APPLE, "--detail", "steps", "-o", "{}.pdf"),
        python(ONE_WORD),
    ),
    "PDF of W3 / one-word PDF by WeasyPrint": (tracer("solve", "{}.w3.json", "-o", "{}.pdf"), python(ONE_WORD)),
}


def w3() -> str:
    """A problem of 12 tokens with d_k = 16 and two decimals."""
    draw = random.Random(1)
    given = {x: [[f"{draw.uniform(-2, 2):.2f}" for _ in range(16)] for _ in range(12)] for x in "QKV"}
    return json.dumps({"given": given})


def seconds(command: list[str], scratch: str) -> float:
    """How long a process takes from start to end."""
    command = [part.replace("{}", scratch) for part in command]
    start = time.perf_counter()
    done = subprocess.run(command, check=False, capture_output=True, cwd=ROOT)
    assert done.returncode in (0, 1), done.stderr  # 1: checked, and not all is accepted
    return time.perf_counter() - start


def main() -> None:
    """Print a line for each figure."""
    import tempfile

    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory() as folder:
        scratch = str(Path(folder) / "out")
        Path(f"{scratch}.w3.json").write_text(w3())
        for name, (ours, other) in PAIRS.items():
            pairs = [(seconds(ours, scratch), seconds(other, scratch)) for _ in range(rounds + 1)][1:]
            ratio = statistics.median(a / b for a, b in pairs)
            print(f"{name:<45} {ratio:6.2f}   ({statistics.median(a for a, _ in pairs):.2f} s)")
    for name, code in (
        ("1,024 positions, d_k 64 / plain NumPy", NUMPY_PASS),
        ("exact pass, 6 × 8, 4 heads, seconds", EXACT_PASS),
        ("200 submissions of a 4 × 3 problem, ms each", A_CLASS),
        ("PDF of W1 in a warm process / pdflatex", WARM),
        ("W2: a class of 30, 60 PDFs / pdflatex × 2", W2),
    ):
        if code in (WARM, W2) and not shutil.which("pdflatex"):
            continue
        run = subprocess.run([*python(code), APPLE], check=True, capture_output=True, text=True, cwd=ROOT)
        figure, _, more = run.stdout.strip().partition(" ")
        print(f"{name:<45} {float(figure):6.2f}   {more}".rstrip())


if __name__ == "__main__":
    main()
