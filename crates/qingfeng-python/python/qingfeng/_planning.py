"""What comes after scores: who is inspected, what rules are worth, which points fit."""

from __future__ import annotations

import json
import os
import secrets
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from qingfeng import _html, _native
from qingfeng._engine import Pack, _day

#: The environment variable with the key of the draw, for the command and here.
DRAW_KEY = "QINGFENG_DRAW_KEY"


@dataclass(frozen=True)
class Plan:
    """The inspections of each office, day by day."""

    #: A row an inspection, with the probability with which it was to be.
    inspections: _native.Table
    #: A row for each declaration that is not inspected, with the reason.
    left_out: _native.Table
    #: The summary of the command.
    summary: dict[str, Any]

    def write(self, path: str | os.PathLike[str]) -> None:
        """Writes the inspections to a file, as the command does."""
        self.inspections.write(path)


@dataclass(frozen=True)
class Effect:
    """What each rule is worth."""

    #: A row a rule, as the command writes it.
    rules: _native.Table
    #: All of it, as the command's JSON has it.
    data: dict[str, Any]

    def _repr_html_(self) -> str:
        return _html.effect(self.data)


@dataclass(frozen=True)
class Calibration:
    """Points that fit what was found."""

    #: A dictionary a rule: its points today and those proposed, and why.
    rules: list[dict[str, Any]]
    #: All of it, as the command's JSON has it.
    data: dict[str, Any]


def new_key() -> str:
    """A new random key of the draw. Whoever has it can foresee every draw; without it none can be proved: keep it."""
    return secrets.token_hex(32)


def _key(given: str | None) -> str | None:
    return given or os.environ.get(DRAW_KEY) or None


def plan(
    pack: Pack,
    assessments: Any,
    *,
    key: str | None = None,
    capacity: Any = None,
    outcomes: Any = None,
    as_of: date | str | None = None,
    first_day: date | str | None = None,
    last_day: date | str | None = None,
    threads: int | None = None,
) -> Plan:
    """Plans inspections by the pack's `[selection]`.

    `assessments` are results by declaration: a table, or paths. `key` is the secret of the draw, else the environment variable
    QINGFENG_DRAW_KEY. The plan learns from `outcomes` of earlier days. The same inputs give the same plan.
    """
    inspections, left_out, summary = _native.plan(
        pack, assessments, _key(key), capacity, outcomes, _day(as_of), _day(first_day), _day(last_day), threads
    )  # fmt: skip
    return Plan(inspections, left_out, json.loads(summary))


def commitments(
    pack: Pack,
    first_day: date | str,
    last_day: date | str | None = None,
    *,
    key: str | None = None,
    capacity: Any = None,
) -> list[dict[str, str]]:
    """What is published before each day so that its draw can be proved: day, commitment, and its terms besides the key."""
    secret = _key(key)
    if secret is None:
        raise ValueError(f"there is no key of the draw: give `key`, or set {DRAW_KEY}")
    first = _day(first_day) or ""
    rows = _native.commitments(pack, secret, first, _day(last_day) or first, capacity)
    return [{"day": day, "commitment": commitment, "terms": terms} for day, commitment, terms in rows]


class _Plans:
    """Plans as files, which is how they are read: one that is a table is written to a temporary file."""

    def __init__(self, given: Any) -> None:
        if given is None:
            each: Sequence[Any] = ()
        else:
            each = given if isinstance(given, (list, tuple)) else (given,)
        self._given = each

    def __enter__(self) -> list[str]:
        self._directory = tempfile.TemporaryDirectory(prefix="qingfeng-")
        paths = []
        for number, plan in enumerate(self._given):
            if isinstance(plan, (str, os.PathLike)):
                paths.append(os.fspath(plan))
                continue
            path = Path(self._directory.name) / f"plan-{number}.parquet"
            table = plan.inspections if isinstance(plan, Plan) else _native.Table.of(plan)
            table.write(path)
            paths.append(str(path))
        return paths

    def __exit__(self, *_: object) -> None:
        self._directory.cleanup()


def effect(
    assessments: Any,
    outcomes: Any,
    *,
    plan: Any = None,
    pack: Pack | None = None,
    label: str | None = None,
    as_of: date | str | None = None,
    level: float = 0.95,
) -> Effect:
    """Estimates what each rule is worth, from assessments, the plans that selected inspections, and what they found.

    Without a `plan` everything was inspected, as in labelled history; then `label` may name the column of `outcomes` that has
    the result. Changes by people are read from the file beside a plan that is a path.
    """
    with _Plans(plan) as plans:
        rules, data = _native.effect(assessments, plans, outcomes, label, _day(as_of), pack, level)
    return Effect(rules, json.loads(data))


def calibrate(
    assessments: Any,
    outcomes: Any,
    *,
    pack: Pack,
    plan: Any = None,
    label: str | None = None,
    as_of: date | str | None = None,
) -> Calibration:
    """Proposes points for the rules of a pack that fit what was found. Nothing is written; people decide."""
    with _Plans(plan) as plans:
        found = _native.calibrate(assessments, plans, outcomes, label, _day(as_of), pack)
    data = json.loads(found)
    return Calibration(data["rules"], data)
