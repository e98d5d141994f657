"""The architecture as a test: a module imports only from floors above its own; each library has one home."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "tracer"
FLOORS = [  # a name is a file, or a whole folder
    ["__init__", "errors", "expr", "files", "garbage", "templates", "stored", "toml"],
    ["press", "registry", "numbers", "show", "arithmetic", "layout", "drawing", "tex_words"],
    ["language"],
    ["names"],
    ["notation", "evaluate", "fields"],
    ["style", "references", "rewriting"],
    ["arithmetic.floating", "rounding"],  # it reads given numbers with the certified arithmetic
    ["problem", "real"],
    ["style_file", "options"],
    ["tables"],
    ["submission", "normal_form"],
    ["handed_in"],
    ["grids"],
    ["answers"],
    ["views"],
    ["trace"],
    ["operations", "document", "workbook", "readings"],
    [
        "taken",
        "encoded",
        "wired",
        "fitting",
        "results",
        "hidden",
        "wiring_file",
        "cached",
        "origins",
        "outline",
        "rewriting",
        "finished",
    ],
    ["shapes", "problem_file", "backward", "decoding"],
    ["supply", "other_ways"],
    ["composition", "mistakes", "frameworks"],
    ["marking", "handout", "checks"],
    ["arrays", "parts", "spoken", "judging", "generate"],
    ["library", "worksheet", "pictures", "boxes", "models"],
    ["sheet_told"],
    ["pages"],
    ["page", "aligned"],
    ["formats", "quizzes"],
    ["verifying", "classes"],
    ["collecting"],
    ["cli"],
    ["__main__"],
]
SIBLINGS = {  # inside one folder: what the others may build on
    "classes": {
        "spec",
        "roster",
        "students",
        "making",
        "engines",
        "manifest",
        "folder",
        "binding",
        "overview",
    },  # one thing, in the order in which its files build on each other
    "collecting": {"rules", "matching", "scoring", "results", "changes", "class_page"},  # so does this
    "cli": {"solve", "check", "verify", "schema", "asking", "progress"},  # the package puts the commands together
    "judging": {
        "writing",
        "places",
        "own",
        "ways",
        "lineage",
        "patience",
        "attempts",
        "explaining",
        "judge",
        "asked",
        "numbers",
        "sentences",
        "unsaid",
        "foreseen",
    },  # one thing, in the order in which its files build on each other
    "quizzes": {"gaps", "question"},  # what every format asks and accepts
    "verifying": {"finding", "faces", "content", "printed", "comparing", "certifying"},  # one thing, in this order
    "generate": {
        "stream",
        "wishes",
        "words",
        "work",
        "plan",
        "draft",
        "requirements",
        "search",
        "generators",
        "problem_text",
        "certificate",
    },  # one thing, in the order in which its files build on each other
    "operations": {
        "scaling",
        "norms",
        "encodings",
        "positions",
        "projection",
        "similarity",
        "alignment",
        "normalisation",
        "sharing",
        "rotary",
        "qk_norm",
    },  # the racks that others add to; lengths, waves, conventions of projecting, where a query stands among the keys,
    # which coordinates are turned together, and whose gain is whose
    "parts": {"words", "products", "working", "narrowed", "judgement", "verdicts", "voices", "redone"},
    "models": {
        "head",
        "watching",
        "layer",
        "rounded",
        "coordinates",
        "naming",
        "tensors",
        "npz",
        "transformer_lens",
    },  # what readers share
    "mistakes": {"softmaxes"},
    "frameworks": {"rewrites", "shared"},
    "pictures": {"lettering", "composing", "field", "ink"},
    "notation": {"plain"},
    "layout": {"font", "box"},
    "arithmetic": {
        "ball",
        "terms",
        "writing",
        "closed",
        "closed_form",
        "infinite",
        "angles",
        "cas",
    },  # `exact` puts these together
}
MODELS = (
    "coordinates",
    "head",
    "layer",
    "npz",
    "onnx",
    "rounded",
    "safetensors",
    "taking",
    "tensors",
    "torch",
    "transformer_lens",
)
UPWARDS = {
    ("trace", "formats"),
    ("press", "formats"),
}  # a trace shows itself in a notebook; a press names what it takes
HOMES = {
    "sympy": {"arithmetic.cas"},
    "flint": {"arithmetic.ball"},
    "numpy": {"arithmetic.floating", "arrays", *(f"models.{name}" for name in MODELS)},
    "torch": {"models.torch"},
    "safetensors": {"models.safetensors"},
    "onnx": {"models.onnx"},
    "jinja2": {"page"},
    "markupsafe": {"page"},
    "weasyprint": {"formats.pdf.painting", "formats.pdf.weasy"},
    "pydyf": {"formats.pdf.attaching", "formats.pdf.form", "formats.pdf.tags", "formats.pdf.weasy"},
    "xlsxwriter": {"formats.xlsx"},
    "distributed": {"classes.engines.dask"},
    "openpyxl": {"answers.xlsx"},
    "pikepdf": {"answers.pdf", "classes.binding", "verifying.content", "verifying.printed"},
    "fontTools": {"verifying.faces"},
}
FORBIDDEN = {"eval", "exec", "compile", "__import__", "sympify", "parse_expr", "simplify"}

TREES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__"): ast.parse(path.read_text())
    for path in sorted(PACKAGE.rglob("*.py"))
}


def floor(module: str) -> int:
    """How far down a module stands; its own name counts before its folder's."""
    for name in (module, module.split(".", maxsplit=1)[0]):
        for n, names in enumerate(FLOORS):
            if name in names:
                return n
    raise AssertionError(f"{module} stands on no floor: give it one in FLOORS")


def imported(tree: ast.Module) -> set[str]:
    """The absolute names that a module imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def own(tree: ast.Module) -> set[str]:
    """The modules of tracer that a module imports."""
    names = {name.removeprefix("tracer.") for name in imported(tree) if name.split(".")[0] == "tracer"}
    return {n if n in TREES else n.rpartition(".")[0] or "__init__" for n in names}


def test_imports_go_down() -> None:
    """No module imports from its own floor or a lower one; in a folder, siblings are independent."""
    for module, tree in TREES.items():
        for other in own(tree) - {module}:
            folder, _, file = other.partition(".")
            if module.split(".")[:2] == other.split(".")[:2]:
                continue  # one thing in a folder of its own: formats.pdf
            if folder == module.split(".")[0]:
                assert "." not in module or "." not in other or file in SIBLINGS.get(folder, ()), (module, other)
            elif (module, folder) not in UPWARDS:
                assert floor(other) < floor(module), f"{module} imports {other}, which stands below it"


def test_each_library_has_one_home() -> None:
    """Every third-party library is imported in its home only, and inside a function or at the home's own top."""
    for module, tree in TREES.items():
        for library in {name.split(".")[0] for name in imported(tree)} - sys.stdlib_module_names - {"tracer"}:
            assert module in HOMES[library], f"{module} imports {library}"


def test_the_version_is_told_without_any_library() -> None:
    """`tracer --version` loads none of the libraries."""
    command = [sys.executable, "-X", "importtime", "-m", "tracer", "--version"]
    log = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    loaded = {line.split("|")[-1].strip().split(".")[0] for line in log.splitlines()}
    assert "argparse" in loaded
    assert not loaded & set(HOMES)


def test_nothing_is_evaluated_as_code() -> None:
    """No call of eval, exec, sympify, parse_expr or simplify stands anywhere in the package."""
    for module, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
                is_pattern = isinstance(node.func, ast.Attribute) and ast.unparse(node.func) == "re.compile"
                assert called not in FORBIDDEN or is_pattern, f"{module}, line {node.lineno}: {called}"
