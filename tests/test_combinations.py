"""Variants of several racks at once: every view of such a pass agrees with the others."""

from __future__ import annotations

import ast
import json
import warnings
from typing import Any

import numpy as np
from hypothesis import given, settings
from strategies import integers, variants
from test_schemas import PROBLEM, TRACE

from tracer.composition import solve
from tracer.formats import render
from tracer.normal_form import normal_form
from tracer.pages.solution import solution
from tracer.problem_file import from_dict

SMALL: dict[str, Any] = {"numbers": integers, "most_heads": 2, "most": 2}


@settings(max_examples=20, deadline=None)
@given(variants(**SMALL))
def test_floats_are_the_certified_digits(data: dict[str, Any]) -> None:
    """Every number of every step, in double precision and enclosed."""
    trace = solve(from_dict(data))
    for step in trace:
        found = np.reshape(trace.floats(step.id), (len(step.cells), -1))
        for row, numbers in zip(step.cells, found, strict=True):
            for cell, number in zip(row, numbers, strict=True):
                if not (cell.undefined or cell.infinite):
                    np.testing.assert_allclose(number, float(cell.decimal(15) or "nan"), rtol=1e-6, atol=1e-5)


@settings(max_examples=20, deadline=None)
@given(variants(**SMALL))
def test_the_normal_form_is_the_same_problem(data: dict[str, Any]) -> None:
    """Written out and read again it gives the same steps; problem and trace are what their schemas say."""
    PROBLEM.validate(data)
    trace = solve(from_dict(data))
    again = json.loads(json.dumps(normal_form(trace.problem)))
    PROBLEM.validate(again)
    once, twice = (render(one, lambda: solution(trace), ".json") for one in (trace, solve(from_dict(again))))
    assert once == twice
    TRACE.validate(json.loads(once))


@settings(max_examples=12, deadline=None)
@given(variants(**SMALL))
def test_a_notebook_gives_what_is_stored_with_it(data: dict[str, Any]) -> None:
    """Each cell of code, run from the top."""
    trace = solve(from_dict(data))
    names: dict[str, Any] = {}
    for cell in json.loads(render(trace, lambda: solution(trace), ".ipynb"))["cells"]:
        if cell["cell_type"] == "code":
            *lines, last = ast.parse("".join(cell["source"])).body
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)
                exec(compile(ast.Module(lines if cell["outputs"] else [*lines, last], []), "cell", "exec"), names)
                if cell["outputs"]:
                    stored = "".join(cell["outputs"][0]["data"]["text/plain"])
                    assert repr(eval(ast.unparse(last), names)) == stored
