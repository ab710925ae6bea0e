"""What comes after scores: who is inspected, and what is published of the draw."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from datetime import date
from typing import Any

from qingfeng import _native
from qingfeng._engine import Engine, Pack, _day

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


def new_key() -> str:
    """A new random key of the draw. Whoever has it can foresee every draw; without it none can be proved: keep it."""
    return secrets.token_hex(32)


def _key(given: str | None) -> str | None:
    return given or os.environ.get(DRAW_KEY) or None


def plan(
    pack: Engine | Pack,
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
    pack: Engine | Pack,
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
