"""A trace as JSON: every formula, every number in every view (schema tracer/trace/1); and marks (tracer/marks/1).

Also what changes under other rules (tracer/under/1).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tracer.expr import Expr
from tracer.formats import marked, ruled, traces
from tracer.marking import Mark, Marks
from tracer.normal_form import normal_form
from tracer.notation.latex import latex
from tracer.notation.plain import plain
from tracer.parts.compared import Compared
from tracer.show import show
from tracer.trace import Trace
from tracer.views import CellView, StepView

SCHEMA, MARKS, UNDER = "tracer/trace/1", "tracer/marks/1", "tracer/under/1"


@traces.register(".json")
def dump(trace: Trace) -> bytes:
    """The whole trace, UTF-8, as schemas/trace.schema.json describes it."""
    data = {"schema": SCHEMA, "problem": normal_form(trace.problem), "steps": [step(view) for view in trace]}
    return (json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n").encode()


@marked.register(".json")
def marks(of: Marks) -> bytes:
    """All marks, UTF-8, as schemas/marks.schema.json describes them."""
    first = of.first_wrong
    data = {
        "schema": MARKS,
        "by": of.submission.by,
        "first_wrong": first and first.cell,
        "accepted": of.accepted,
        "blanks": of.blanks,
        "credit": str(of.credit),
        "marks": [mark(one) for one in of.marks],
    }
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n"
    return text.encode("utf-8", "backslashreplace")  # half a surrogate pair becomes the escape that JSON has for it


@ruled.register(".json")
def under(of: Mapping[str, Compared]) -> bytes:
    """What changes under each framework's rules, UTF-8, as schemas/under.schema.json describes it."""
    data = {"schema": UNDER, "under": [_compared(name, one) for name, one in of.items()]}
    return (json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n").encode()


def _compared(name: str, of: Compared) -> dict[str, Any]:
    return {
        "name": name,
        "framework": of.framework.name,
        "version": of.framework.version,
        "differs": [{"about": e.rule.about, "says": e.rule.says, "changes": e.changes} for e in of.effects],
        "alike": [rule.about for rule in of.alike],
        "results": of.results,
        "changes": [
            {"cell": change.here.id, "here": _number(change.here), "there": _number(change.there)}
            for change in of.changes
        ],
    }


def _number(cell: CellView) -> dict[str, Any] | None:
    """A value exactly and rounded; None where there is none."""
    if cell.undefined:
        return None
    exact = cell.exact
    return {"exact": exact and show(exact, plain), "decimal": cell.decimal(cell.tables.paper.places)}


def mark(of: Mark) -> dict[str, Any]:
    """What became of one cell; `mistake` is the first of the `mistakes` that explain it equally well."""
    return {
        "cell": of.cell,
        "written": of.entry.raw,
        "verdict": of.verdict.value,
        "mistake": of.mistakes[0] if of.mistakes else None,
        "mistakes": list(of.mistakes),
        "expected": of.expected,
        "expected_from_yours": of.from_yours,
        "credit": str(of.credit),
        "sentence": of.sentence,
    }


def step(view: StepView) -> dict[str, Any]:
    """One step with all of its cells."""
    return {
        "id": view.id,
        "head": view.head,
        "symbol": view.symbol,
        "title": view.title,
        "kind": view.kind,
        "because": view.because,
        "unit": view.unit,
        "shape": list(view.shape),
        "rows": list(view.rows),
        "columns": list(view.columns),
        "formula": {"plain": show(view.formula, plain), "latex": show(view.formula, latex)} if view.formula else None,
        "cells": [[cell(one) for one in row] for row in view.cells],
    }


def cell(view: CellView) -> dict[str, Any]:
    """One number in every view; null where a view has none, and then the reason under `undefined`."""
    data: dict[str, Any] = {
        "substitution": show(view.substitution, plain),
        "exact": _plain(view.exact),
        "decimal": view.decimal(view.tables.paper.places),
        "float": view.float,
        "by_hand": view.by_hand,
        "inputs": [one.id for one in view.inputs],
    }
    if undefined := view.undefined:
        data["undefined"] = undefined.reason
    return data


def _plain(expr: Expr | None) -> str | None:
    return None if expr is None else show(expr, plain)
