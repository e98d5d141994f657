"""tracer schema: print the JSON Schema of a file format."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

SCHEMAS = Path(__file__).parent.parent / "schemas"


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """What the command understands."""
    schema = commands.add_parser("schema", help="print the JSON Schema of a file format")
    names = sorted(path.name.removesuffix(".schema.json") for path in SCHEMAS.glob("*.schema.json"))
    schema.add_argument("name", choices=names, help="which format")
    schema.add_argument("--debug", action="store_true", help=argparse.SUPPRESS)
    schema.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print it."""
    sys.stdout.write((SCHEMAS / f"{options.name}.schema.json").read_text("utf-8"))
    return 0
