"""What is learned from inspections: the worth of rules, points, new rules, signs, aims, a report; and the proof of a draw."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any, Literal

from qingfeng import _html, _native
from qingfeng._engine import CountryNumbers, Encoding, Engine, Format, Pack, _day, _read
from qingfeng._planning import Plan, _key
from qingfeng._results import CampaignReport, Learned, Mined, Proof, Report, Watch


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


def _inspected(
    assessments: Any, plans: list[str], outcomes: Any, as_of: date | str | None
) -> dict[str, Any]:
    return {"assessments": assessments, "plans": plans, "outcomes": outcomes, "as_of": _day(as_of)}


def _engine(pack: Engine | Pack) -> Engine:
    return pack if isinstance(pack, Engine) else Engine(pack)


def effect(
    assessments: Any,
    outcomes: Any,
    *,
    plan: Any = None,
    pack: Engine | Pack | None = None,
    label: str | None = None,
    as_of: date | str | None = None,
    level: float = 0.95,
) -> Effect:
    """Estimates what each rule is worth, from assessments, the plans that selected inspections, and what they found.

    Without a `plan` everything was inspected, as in labelled history; then `label` may name the column of `outcomes` that has
    the result. Changes by people are read from the file beside a plan that is a path.
    """
    with _Plans(plan) as plans:
        inspected = _inspected(assessments, plans, outcomes, as_of)
        rules, data = _native.effect(inspected, label, pack, level)
    return Effect(rules, json.loads(data))


def calibrate(
    assessments: Any,
    outcomes: Any,
    *,
    pack: Engine | Pack,
    plan: Any = None,
    label: str | None = None,
    as_of: date | str | None = None,
) -> Calibration:
    """Proposes points for the rules of a pack that fit what was found. Nothing is written; people decide."""
    with _Plans(plan) as plans:
        found = _native.calibrate(_inspected(assessments, plans, outcomes, as_of), label, pack)
    data = json.loads(found)
    return Calibration(data["rules"], data)


def _history(
    outcomes: Any,
    *,
    label: str | None,
    as_of: date | str | None,
    until: date | str | None,
    cold: Sequence[str],
    levels: Sequence[str],
    **asked: Any,
) -> dict[str, Any]:
    if (outcomes is None) == (label is None):
        raise TypeError("the results are in `outcomes`, or in the column that `label` names; give one of them")
    lists = {"cold": list(cold), "levels": list(levels)}
    return {"label": label, "as_of": _day(as_of), "until": _day(until), **lists, **asked}


def mine(
    pack: Engine | Pack,
    declarations: Any,
    outcomes: Any = None,
    *,
    plan: Any = None,
    label: str | None = None,
    until: date | str | None = None,
    alone: bool = False,
    judge: Any = None,
    cold: Sequence[str] = (),
    conditions: int = 2,
    most: int = 30,
    least_lines: int = 20,
    parties: bool = False,
    active: bool = False,
    prefix: str = "MINED",
    as_of: date | str | None = None,
    threads: int | None = None,
    format: Format | None = None,
    encoding: Encoding | None = None,
    zone: str | None = None,
    country_numbers: CountryNumbers | None = None,
) -> Mined:
    """Proposes rules from declarations with their results, found on earlier days and confirmed on later ones.

    The results are in a table of `outcomes`, or in the column of the declarations that `label` names. What is shown of a rule is
    of days after `until` and of the declarations of `judge`, from which nothing was learned. If the declarations were selected
    for inspection, give the `plan`: each line counts by 1/probability. What the active rules of the pack say is not proposed
    again, unless rules are to be learned `alone`. Nothing is written into the pack: `mined.text` is the file of the rules.
    """
    asked = _history(
        outcomes,
        label=label,
        as_of=as_of,
        until=until,
        cold=cold,
        conditions=conditions,
        most=most,
        least_lines=least_lines,
        parties=parties,
        active=active,
        prefix=prefix,
        threads=threads,
        alone=alone,
        risk="",
        levels=(),
    )
    read = _read(format, encoding, zone, country_numbers)
    with _Plans(plan) as plans:
        asked["plans"] = plans
        return Mined(*_native.mine(_engine(pack), declarations, judge, outcomes, read, asked))


def learn(
    pack: Engine | Pack,
    declarations: Any,
    outcomes: Any = None,
    *,
    plan: Any = None,
    label: str | None = None,
    risk: str = "goods",
    levels: Sequence[str] = (),
    until: date | str | None = None,
    judge: Any = None,
    cold: Sequence[str] = (),
    conditions: int = 2,
    most: int = 30,
    least_lines: int = 20,
    parties: bool = False,
    active: bool = False,
    prefix: str = "MINED",
    as_of: date | str | None = None,
    threads: int | None = None,
    format: Format | None = None,
    encoding: Encoding | None = None,
    zone: str | None = None,
    country_numbers: CountryNumbers | None = None,
) -> Learned:
    """Proposes a risk of goods, and rules beside it, from declarations with their results.

    By which fields results are foretold best, each by those known before its day: `learned.risk` has the levels and, as `toml`,
    the text for `pack.toml`; `learned.text` is the file of the rules, that of the risk among them. `levels` are the fields that
    keys may be made of, all codes without it. The rest is as in `mine`. Nothing is written into the pack.
    """
    asked = _history(
        outcomes,
        label=label,
        as_of=as_of,
        until=until,
        cold=cold,
        conditions=conditions,
        most=most,
        least_lines=least_lines,
        parties=parties,
        active=active,
        prefix=prefix,
        threads=threads,
        alone=False,
        risk=risk,
        levels=levels,
    )
    read = _read(format, encoding, zone, country_numbers)
    with _Plans(plan) as plans:
        asked["plans"] = plans
        return Learned(*_native.learn(_engine(pack), declarations, judge, outcomes, read, asked))


def watch(
    assessments: Any,
    outcomes: Any,
    *,
    plan: Any,
    pack: Engine | Pack | None = None,
    declarations: Any = None,
    since: Mapping[str, date | str] | None = None,
    value_limits: Mapping[str, float] | None = None,
    false_discovery_rate: float = 0.05,
    least_ratio: float = 1.25,
    window: int = 91,
    late: int = 30,
    limit: int = 20,
    as_of: date | str | None = None,
    threads: int | None = None,
    format: Format | None = None,
    encoding: Encoding | None = None,
    zone: str | None = None,
    country_numbers: CountryNumbers | None = None,
) -> Watch:
    """Looks for signs: sites that inspect or find more or less than others, rules that do harm or become worse, inspections that stay open.

    With `declarations` and a `pack` also for trade that moved when a rule came into force, and for declarations that accumulate
    just under a limit of value. `since` gives rules their own first days. Each is a sign, not a proof.
    """
    if declarations is not None:
        if pack is None:
            raise TypeError("declarations are judged by the rules of a pack; give `pack`")
        pack = _engine(pack)
    elif since:
        raise TypeError("`since` is about the trade in declarations; give `declarations`")
    read = _read(format, encoding, zone, country_numbers)
    declared = None if declarations is None else (pack, declarations, read)
    asked = {
        "since": [(rule, _day(day)) for rule, day in (since or {}).items()],
        "value_limits": list((value_limits or {}).items()),
        "false_discovery_rate": false_discovery_rate,
        "least_ratio": least_ratio,
        "window": window,
        "late": late,
        "limit": limit,
        "threads": threads,
    }
    with _Plans(plan) as plans:
        inspected = _inspected(assessments, plans, outcomes, as_of)
        return Watch(*_native.watch(inspected, pack, declared, asked))


def targets(
    aims: str | os.PathLike[str],
    outcomes: Any,
    *,
    plan: Any,
    pack: Engine | Pack,
    notices: Any = None,
    tip_offs: Any = None,
    visited: Any = None,
    as_of: date | str | None = None,
) -> Report:
    """Compares results with the targets of a year, which are in the TOML file `aims`. Without `as_of`, as of today."""
    ledgers = {"notices": notices, "tip_offs": tip_offs, "visited": visited}
    with _Plans(plan) as plans:
        inspected = _inspected(None, plans, outcomes, as_of)
        return Report(*_native.targets(os.fspath(aims), inspected, pack, ledgers))


def report(
    assessments: Any,
    outcomes: Any,
    *,
    plan: Any,
    pack: Engine | Pack,
    as_of: date | str | None = None,
    first_day: date | str | None = None,
    surveys: Mapping[str, str] | None = None,
    title: str | None = None,
    language: Literal["en", "zh"] = "en",
    aims: str | os.PathLike[str] | None = None,
    notices: Any = None,
    tip_offs: Any = None,
    visited: Any = None,
    declarations: Any = None,
    format: Format | None = None,
    encoding: Encoding | None = None,
    zone: str | None = None,
    country_numbers: CountryNumbers | None = None,
) -> CampaignReport:
    """The report of a campaign, as of a day or of today: figures, and one HTML page that needs nothing else.

    `surveys` has names with conditions, such as `{"Toys to Africa": "region:africa,group:toys"}`.
    """
    if language not in ("en", "zh"):
        raise ValueError(f"language: `{language}` is neither `en` nor `zh`")
    if aims is None and not (notices is None and tip_offs is None and visited is None):
        raise TypeError("notices, tip-offs and visits are held against the targets of a year; give `aims`")
    if declarations is not None:
        pack = _engine(pack)
    read = _read(format, encoding, zone, country_numbers)
    declared = None if declarations is None else (pack, declarations, read)
    last = _day(as_of) or datetime.now(timezone.utc).date().isoformat()
    asked = {
        "aims": None if aims is None else os.fspath(aims),
        "as_of": last,
        "first_day": _day(first_day),
        "surveys": [f"{name}={conditions}" for name, conditions in (surveys or {}).items()],
        "title": title,
        "is_chinese": language == "zh",
    }
    ledgers = {"notices": notices, "tip_offs": tip_offs, "visited": visited}
    with _Plans(plan) as plans:
        inspected = _inspected(assessments, plans, outcomes, last)
        return CampaignReport(*_native.report(inspected, pack, declared, ledgers, asked))


def prove(
    pack: Engine | Pack,
    plan: Any,
    assessments: Any,
    *,
    day: date | str,
    key: str | None = None,
    day_key: str | None = None,
    commitment: str | None = None,
    office: str | None = None,
    capacity: Any = None,
    outcomes: Any = None,
    as_of: date | str | None = None,
) -> Proof:
    """Makes the plan of a day again and compares it with the plan, as an auditor does.

    `day_key` is the key of that day alone, `key` the secret of all days, else the environment variable QINGFENG_DRAW_KEY.
    `proof.is_proved` is true only if nothing differs, all could be checked, and the `commitment` is given that was published
    before the day.
    """
    asked = {
        "day": _day(day),
        "key": None if day_key is not None else _key(key),
        "day_key": day_key,
        "commitment": commitment,
        "office": office,
        "capacity": capacity,
        "outcomes": outcomes,
        "as_of": _day(as_of),
    }
    with _Plans(plan) as plans:
        if len(plans) != 1:
            raise TypeError("the proof is of one plan")
        return Proof(*_native.prove(pack, plans[0], assessments, asked))
