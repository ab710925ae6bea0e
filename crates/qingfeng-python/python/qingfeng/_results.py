"""What the engine finds, as values that can be compared, pickled and shown."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

from qingfeng import _html


@dataclass(frozen=True)
class Place:
    """A place in a file of a pack. Lines and columns count from 1; the end is the first character after it."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int
    #: What is said of it.
    text: str = ""

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Place:
        """A place as the command's JSON has it."""
        return cls(
            file=data["file"],
            line=data["start_line"],
            column=data["start_column"],
            end_line=data["end_line"],
            end_column=data["end_column"],
            text=data.get("text") or "",
        )

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True)
class Edit:
    """A replacement at a place."""

    place: Place
    replacement: str


@dataclass(frozen=True)
class Fix:
    """A change that mends a mistake."""

    title: str
    #: Whether `qingfeng check --fix` makes it by itself.
    safe: bool
    edits: tuple[Edit, ...]


@dataclass(frozen=True)
class Diagnostic:
    """A mistake of a pack, a warning or a note."""

    #: A stable code such as `QF0105`; `qingfeng explain-code` says more.
    code: str
    #: `error`, `warning` or `note`.
    severity: str
    title: str
    #: Where it is, first, and what belongs to it.
    places: tuple[Place, ...]
    #: What to do about it.
    remedy: str | None
    #: Why it matters.
    note: str | None
    #: The rule that it is about.
    rule: str | None
    #: Changes that mend it, the best first.
    fixes: tuple[Fix, ...]

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Diagnostic:
        """A diagnostic as the command's JSON has it."""
        fixes = (
            Fix(
                title=fix["title"],
                safe=fix["safe"],
                edits=tuple(Edit(Place.of(edit), edit["replacement"]) for edit in fix["edits"]),
            )
            for fix in data["fixes"]
        )
        return cls(
            code=data["code"],
            severity=data["severity"],
            title=data["title"],
            places=tuple(Place.of(label) for label in data["labels"]),
            remedy=data["help"],
            note=data["note"],
            rule=data["rule"],
            fixes=tuple(fixes),
        )

    def __str__(self) -> str:
        place = f"{self.places[0]}: " if self.places else ""
        remedy = f"; {self.remedy}" if self.remedy else ""
        return f"{place}{self.severity} {self.code}: {self.title}{remedy}"


@dataclass(frozen=True)
class Reject:
    """A line that could not be read."""

    #: What was read.
    input: str
    #: Where the line stands in it.
    position: Any
    declaration_id: str | None
    field: str | None
    value: str | None
    #: What is wrong, for programs.
    kind: str
    #: What is wrong, and what would be right.
    reason: str

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Reject:
        """A reject as JSON has it."""
        return cls(
            input=data["input"],
            position=data["position"],
            declaration_id=data["declaration_id"],
            field=data["field"],
            value=data["value"],
            kind=data["kind"],
            reason=data["reason"],
        )


class Report(Mapping[str, Any]):
    """What a tool found: a mapping with the keys of the command's JSON, and printed as the command prints it."""

    def __init__(self, text: str, shown: str, is_well: bool) -> None:
        self._json = text
        self._text = shown
        #: Whether nothing is wrong: the command would end with the exit code 0.
        self.is_well = is_well
        self._data: dict[str, Any] = json.loads(text)

    def __getitem__(self, key: str) -> Any:
        return self._data[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._data)

    def __len__(self) -> int:
        return len(self._data)

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"<qingfeng.{type(self).__name__}: {', '.join(self._data)}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self._json, self._text, self.is_well))

    def to_dict(self) -> dict[str, Any]:
        """All of it as dictionaries and lists."""
        data: dict[str, Any] = json.loads(self._json)
        return data

    def to_json(self) -> str:
        """The JSON that the command prints with `--format json`."""
        return self._json

    def _repr_html_(self) -> str:
        return _html.report(self._text)


class Explanation(Report):
    """Why a declaration got its channel."""

    @property
    def declaration_id(self) -> str:
        """The declaration's id."""
        return str(self._data["declaration_id"])

    @property
    def channel(self) -> str:
        """Its channel."""
        return str(self._data["channel"])

    @property
    def score(self) -> int:
        """Its score."""
        return int(self._data["score"])

    @property
    def items(self) -> list[dict[str, Any]]:  # type: ignore[override]
        """Each goods line with its values and the rules whose key fits it."""
        items: list[dict[str, Any]] = self._data["items"]
        return items

    def _repr_html_(self) -> str:
        return _html.explanation(self._data)


class Watch(Report):
    """Signs in the trade and in how sites treat it. `is_well` where there is none."""

    @property
    def signs(self) -> list[dict[str, Any]]:
        """The signs, each with its kind and a sentence in `words`."""
        signs: list[dict[str, Any]] = self._data["signs"]
        return signs


class Proof(Report):
    """What became of the proof of a day's draw."""

    @property
    def verdict(self) -> str:
        """`proved`, `consistent` where not all could be checked, or `refused`."""
        return str(self._data["verdict"])

    @property
    def is_proved(self) -> bool:
        """Whether nothing differs, all could be checked, and the commitment is the one that was published."""
        return bool(self._data["proved"])

    @property
    def differences(self) -> list[str]:
        """What differs, of the day and of each site."""
        each: list[str] = list(self._data["differences"])
        for office in self._data["offices"]:
            each += [f"{office['office']}: {difference}" for difference in office["differences"]]
        return each


class Mined(Report):
    """Rules that history proposes."""

    def __init__(self, text: str, shown: str, rules: str) -> None:
        super().__init__(text, shown, True)
        #: The file of the rules, in Rhai.
        self.text = rules

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self._json, self._text, self.text))

    @property
    def rules(self) -> list[dict[str, Any]]:
        """The rules, each with its conditions, points, and what it found on days that it was not learned from."""
        rules: list[dict[str, Any]] = self._data["rules"]
        return rules

    def write(self, path: str | os.PathLike[str]) -> None:
        """Writes the file of the rules, to be read by people and put beside those of the pack."""
        Path(path).write_text(self.text, encoding="utf-8")


class Learned(Mined):
    """A risk, and rules beside it, that history proposes."""

    @property
    def risk(self) -> dict[str, Any] | None:
        """The risk: its levels, and as `toml` its text for `pack.toml`. None where no field foretells results."""
        risk: dict[str, Any] | None = self._data["risk"]
        return risk


class CampaignReport(Report):
    """The report of a campaign: its figures as a mapping, and its page."""

    def __init__(self, text: str, html: str) -> None:
        super().__init__(text, "", True)
        #: The page, for a browser or for paper. It needs nothing else.
        self.html = html

    def __str__(self) -> str:
        return repr(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self._json, self.html))

    def write(self, path: str | os.PathLike[str]) -> None:
        """Writes the page, or to a name that ends in `.json` its figures."""
        text = self._json if Path(path).suffix == ".json" else self.html
        Path(path).write_text(text, encoding="utf-8")

    def _repr_html_(self) -> str:
        return _html.framed(self.html)


class Check(Sequence[Diagnostic]):
    """All that is to be said of a pack: a list of diagnostics."""

    def __init__(self, text: str, shown: str, is_well: bool) -> None:
        self._json = text
        self._text = shown
        data = json.loads(text)
        #: Whether the pack has no error.
        self.is_valid = is_well
        #: Name, version and digest of a valid pack.
        self.pack_id: str | None = data["pack"]
        #: The digest of a valid pack.
        self.digest: str | None = data["digest"]
        #: All of them, in the order of the pack.
        self.diagnostics = tuple(Diagnostic.of(item) for item in data["diagnostics"])
        #: Those that a comment in the pack allows.
        self.suppressed = tuple(Diagnostic.of(item) for item in data["suppressed"])

    @property
    def errors(self) -> list[Diagnostic]:
        """The errors."""
        return [item for item in self.diagnostics if item.severity == "error"]

    @property
    def warnings(self) -> list[Diagnostic]:
        """The warnings."""
        return [item for item in self.diagnostics if item.severity == "warning"]

    @overload
    def __getitem__(self, at: int) -> Diagnostic: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Diagnostic]: ...
    def __getitem__(self, at: int | slice) -> Diagnostic | Sequence[Diagnostic]:
        return self.diagnostics[at]

    def __len__(self) -> int:
        return len(self.diagnostics)

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        verdict = "valid" if self.is_valid else "invalid"
        return f"<qingfeng.Check: {verdict}, {len(self)} diagnostics>"

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self._json, self._text, self.is_valid))

    def to_dict(self) -> dict[str, Any]:
        """All of it as the command's JSON has it."""
        data: dict[str, Any] = json.loads(self._json)
        return data

    def _repr_html_(self) -> str:
        return _html.check(self)


@dataclass(frozen=True)
class Verification:
    """What was compared, compiled and interpreted."""

    lines: int
    rejected: int
    declarations: int
    fired: int
    faults: int
    seconds: float
    #: The first difference in words; `None` if all answers are equal.
    difference: str | None
    _text: str

    @property
    def is_well(self) -> bool:
        """Whether all answers are equal."""
        return self.difference is None

    def __str__(self) -> str:
        return self._text


@dataclass(frozen=True)
class Progress:
    """How far a run is."""

    #: Lines that were scored.
    lines: int
    #: Bytes read of files.
    bytes_read: int
    #: The bytes of all inputs, where that is known.
    bytes_total: int | None
    #: Whether it has ended.
    done: bool
