"""The marks of a class as JSON, to be compared with when it is marked again, and as CSV for a list of marks."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from tracer import __version__
from tracer.classes.overview import table
from tracer.collecting.rules import Rules
from tracer.collecting.scoring import Cell, Score
from tracer.errors import ClassError
from tracer.marking import ACCEPTED, WRONG, Verdict

SCHEMA = "tracer/class-marks/1"
WHO = ("name", "id", "code", "points", "of", "percent")
COUNTS = {  # columns of numbers: how many of each kind
    "right": ACCEPTED,
    "rounding": (Verdict.ROUNDING_SLIP,),
    "wrong": WRONG,
    "unreadable": (Verdict.UNREADABLE,),
    "blank": (Verdict.MISSING,),
}


@dataclass(frozen=True, slots=True)
class Results:
    """The marks of a class, with the rules they were made by."""

    rules: Rules
    scores: tuple[Score, ...]
    strays: tuple[tuple[str, str], ...] = ()
    tracer: str = __version__

    @property
    def by_identity(self) -> dict[str, Score]:
        """Every score, by whose it is."""
        return {score.identity: score for score in self.scores}


def as_json(results: Results) -> bytes:
    """All of it; fractions as texts."""
    data = {
        "schema": SCHEMA,
        "tracer": results.tracer,
        "rules": {
            "credit": {verdict: str(credit) for verdict, credit in results.rules.credit.items()},
            "points": {step: str(worth) for step, worth in results.rules.points.items()},
        },
        "students": [_told(score) for score in results.scores],
        "strays": [{"file": file, "reason": reason} for file, reason in results.strays],
    }
    return (json.dumps(data, ensure_ascii=False, indent=1) + "\n").encode()


def _told(score: Score) -> dict[str, Any]:
    return {
        "identity": score.identity,
        "name": score.name,
        "id": score.id,
        "code": score.code,
        "file": score.file,
        "others": list(score.others),
        "problem": score.problem,
        "points": str(score.points),
        "of": str(score.of),
        "first_wrong": score.first_wrong or None,
        "cells": {
            name: {
                "verdict": cell.verdict,
                "written": cell.written,
                "worth": str(cell.worth),
                "earned": str(cell.earned),
                "mistakes": list(cell.mistakes),
            }
            for name, cell in score.cells.items()
        },
    }


def parsed(raw: bytes) -> Results:
    """The marks that JSON says. Raises `ClassError` where it is none of ours."""
    try:
        data = json.loads(raw)
        if data["schema"] != SCHEMA:
            raise ClassError(f"has the schema “{data['schema']}”; expected {SCHEMA}")
        rules = Rules(
            {Verdict(verdict): Fraction(credit) for verdict, credit in data["rules"]["credit"].items()},
            {step: Fraction(worth) for step, worth in data["rules"]["points"].items()},
        )
        strays = tuple((one["file"], one["reason"]) for one in data["strays"])
        return Results(rules, tuple(map(_score, data["students"])), strays, data["tracer"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, ZeroDivisionError):
        raise ClassError("holds no marks of a class; expected the file that tracer mark has written") from None


def _score(told: Mapping[str, Any]) -> Score:
    cells = {
        name: Cell(
            one["verdict"], one["written"], Fraction(one["worth"]), Fraction(one["earned"]), tuple(one["mistakes"])
        )
        for name, one in told["cells"].items()
    }
    who = {key: told[key] for key in ("identity", "name", "id", "code", "file", "problem")}
    return Score(**who, cells=cells, first_wrong=told["first_wrong"] or "", others=tuple(told["others"]))


def as_csv(scores: Sequence[Score]) -> bytes:
    """A line for each student, in the order of the roster, with the points of each step; Excel knows it is UTF-8."""
    steps = list(dict.fromkeys(step for score in scores for step in score.by_step()))
    head = (
        "name",
        "id",
        "code",
        "points",
        "of",
        "percent",
        *COUNTS,
        "first wrong",
        "mistakes",
        *steps,
        "file",
        "problem",
    )
    rows: list[Sequence[str]] = [head]
    for score in scores:
        by_step = score.by_step()
        counts = [str(score.count(*verdicts)) for verdicts in COUNTS.values()]
        mistakes = ", ".join(sorted({" or ".join(names) for _, names in score.mistakes()}))
        earned = [decimal(by_step[step][0]) if step in by_step else "" for step in steps]
        percent = decimal(100 * score.points / score.of, 1) if score.of else ""
        told = (score.name, score.id, score.code, decimal(score.points), decimal(score.of), percent)
        rows.append((*told, *counts, score.first_wrong, mistakes, *earned, score.file, score.problem))
    return table(rows)


def decimal(value: Fraction, places: int = 2) -> str:
    """Points as one reads them: 27, 27.5; what never ends, to two places."""
    scaled = value * 10**places
    rounded = int(scaled + Fraction(1, 2))
    text = f"{rounded // 10**places}.{rounded % 10**places:0{places}d}"
    return text.rstrip("0").rstrip(".")
