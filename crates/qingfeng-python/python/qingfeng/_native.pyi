"""The engine in Rust."""

import os
from collections.abc import Iterator, Mapping
from typing import Any, final

import pyarrow
from typing_extensions import Self

__all__ = [
    "Assessment",
    "Engine",
    "FiredRule",
    "ItemResult",
    "Range",
    "Scores",
    "Table",
    "UndecidedRule",
    "UnreadableValue",
    "__version__",
    "calibrate",
    "check",
    "commitments",
    "diff",
    "effect",
    "explain",
    "explain_in",
    "learn",
    "mine",
    "plan",
    "prove",
    "report",
    "run_command",
    "targets",
    "test",
    "verify",
    "watch",
    "why_not",
]

__version__: str

def run_command(arguments: list[str]) -> int: ...
def check(
    pack: object, store: str | None, snapshot: int | None, as_of: str | None
) -> tuple[str, str, bool]: ...
def test(
    directory: str | os.PathLike[str],
    filter: str | None,
    coverage: bool,
    mutate: bool,
    mutate_limit: int | None,
    data: str | os.PathLike[str] | None,
) -> tuple[str, str, bool]: ...
def explain(engine: Engine, declaration: object, all: bool) -> tuple[str, str, bool]: ...
def explain_in(
    engine: Engine, declaration_id: str, table: object, read: Mapping[str, Any], all: bool
) -> tuple[str, str, bool]: ...
def why_not(
    engine: Engine,
    rule: str,
    table: object,
    read: Mapping[str, Any],
    limit: int,
    threads: int | None,
) -> tuple[str, str, bool]: ...
def verify(
    engine: Engine,
    table: object,
    read: Mapping[str, Any],
    lines: int | None,
    threads: int | None,
) -> dict[str, Any]: ...
def diff(
    old: Engine,
    new: Engine,
    tables: tuple[object, object] | None,
    read: Mapping[str, Any],
    examples: int,
    threads: int | None,
) -> tuple[str, str, bool]: ...

def plan(
    pack: object,
    assessments: object,
    key: str | None,
    capacity_table: object,
    outcomes: object,
    as_of: str | None,
    first_day: str | None,
    last_day: str | None,
    threads: int | None,
) -> tuple[Table, Table, str]: ...
def commitments(
    pack: object, key: str, first_day: str, last_day: str, capacity_table: object
) -> list[tuple[str, str, str]]: ...
def effect(
    inspected: Mapping[str, Any], label: str | None, pack: object, level: float
) -> tuple[Table, str]: ...
def calibrate(inspected: Mapping[str, Any], label: str | None, pack: object) -> str: ...
def watch(
    inspected: Mapping[str, Any],
    pack: object,
    declared: tuple[object, object, Mapping[str, Any]] | None,
    asked: Mapping[str, Any],
) -> tuple[str, str, bool]: ...
def targets(
    aims: str, inspected: Mapping[str, Any], pack: object, ledgers: Mapping[str, Any]
) -> tuple[str, str, bool]: ...
def report(
    inspected: Mapping[str, Any],
    pack: object,
    declared: tuple[object, object, Mapping[str, Any]] | None,
    ledgers: Mapping[str, Any],
    asked: Mapping[str, Any],
) -> tuple[str, str]: ...
def mine(
    engine: Engine,
    declarations: object,
    judge: object,
    outcomes: object,
    read: Mapping[str, Any],
    asked: Mapping[str, Any],
) -> tuple[str, str, str]: ...
def learn(
    engine: Engine,
    declarations: object,
    judge: object,
    outcomes: object,
    read: Mapping[str, Any],
    asked: Mapping[str, Any],
) -> tuple[str, str, str]: ...
def prove(
    pack: object, plan: str, assessments: object, asked: Mapping[str, Any]
) -> tuple[str, str, bool]: ...

class Engine:
    """An opened pack. Threads share it."""

    def __new__(
        cls,
        pack: object,
        *,
        digest: str | None = None,
        store: str | None = None,
        snapshot: int | None = None,
        lookups: dict[str, Any] | None = None,
        max_declaration_lines: int | None = None,
    ) -> Self: ...
    @property
    def pack_id(self) -> str:
        """The pack by name, version and digest, and the snapshot of a store where tables come from one."""

    @property
    def digest(self) -> str:
        """The digest of the pack, its lookup tables included."""

    @property
    def name(self) -> str:
        """The name of the pack."""

    @property
    def version(self) -> str:
        """The version of the pack."""

    @property
    def snapshot(self) -> str | None:
        """The snapshot of the store of its lookup tables, if one of them comes from a store."""

    @property
    def channels(self) -> list[str]:
        """The channels, from mild to severe."""

    @property
    def rules(self) -> list[tuple[str, str, str]]:
        """The rules: id, title and status, in the order of the pack."""

    @property
    def rule_count(self) -> int:
        """How many rules are evaluated: those in force, and shadow rules."""

    def assess(self, declaration: Mapping[str, Any] | str | bytes | bytearray) -> Assessment:
        """Assesses one declaration: a dict of its fields with its goods lines under `items`, or a JSON message.

        Raises RejectedError for a declaration that cannot be assessed. A value that cannot be read is no exception: it is
        in `unreadable`, and `range` says what is possible.
        """

    def _score(self, table: object, options: Mapping[str, Any]) -> Scores: ...
    def trim(self) -> None:
        """Drops what is kept idle for the next calls."""

@final
class Scores:
    """The results of a table or of files, while they come. They can be read once."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object: ...
    def __arrow_c_schema__(self) -> object: ...
    def __iter__(self) -> Iterator[pyarrow.RecordBatch]: ...
    def __next__(self) -> pyarrow.RecordBatch: ...
    def read_all(self) -> pyarrow.Table:
        """The rest of the results. An exception that ends them carries the rows that came before it, as `rows`."""

    def write(self, path: str | os.PathLike[str]) -> None:
        """Writes the rest of the results to a file, as the command writes them.

        Its extension names the format: `.csv` or `.ndjson`, also with `.gz` or `.zst`, `.parquet` or `.arrow`.
        """

    @property
    def rejects(self) -> Table:
        """The lines that could not be read, so far: the same columns as the command's.

        Above 16 MiB, some 50,000 of them, they are in a temporary file.
        """

    @property
    def summary(self) -> dict[str, Any]:
        """The counts of the whole, once all was read."""

    @property
    def failure(self) -> BaseException | None:
        """What ended the results before their end, if something did."""

    @property
    def column_names(self) -> list[str]:
        """The names of the columns."""

    def close(self) -> None:
        """Stops, and drops what was not read."""

    def __enter__(self) -> Self: ...
    def __exit__(self, *_args: object) -> None: ...

@final
class Table:
    """A table in memory, or where it is large in a temporary file.

    Anything that reads Arrow's C interface takes it, as often as it likes.
    """

    def __arrow_c_stream__(self, requested_schema: object = None) -> object: ...
    def __arrow_c_schema__(self) -> object: ...
    @property
    def column_names(self) -> list[str]:
        """The names of its columns."""

    def __len__(self) -> int: ...
    @staticmethod
    def of(value: object) -> Table:
        """A table of another library, its batches taken into memory."""

    def write(self, path: str | os.PathLike[str]) -> None:
        """Writes it to a file as the command writes tables. Its extension names the format."""

    def to_pyarrow(self) -> pyarrow.Table:
        """The table as one of PyArrow."""

    def to_pylist(self) -> list[dict[str, Any]]:
        """The rows as dictionaries."""

@final
class Assessment:
    """What became of a declaration."""

    @staticmethod
    def from_json(text: str, rules: list[str] | None = None) -> Assessment:
        """Reads back what `to_json` wrote."""

    @property
    def declaration_id(self) -> str:
        """The declaration's id."""

    @property
    def score(self) -> int:
        """The score of its worst line."""

    @property
    def channel(self) -> str:
        """The channel of its worst line."""

    @property
    def decisive_item(self) -> int | None:
        """The number of its worst line."""

    @property
    def decisive_index(self) -> int | None:
        """The position of that line in `items`, from 0."""

    @property
    def pack(self) -> str:
        """The pack that decided: name, version and digest."""

    @property
    def rules(self) -> list[str]:
        """The ids of the active rules that fired on any of its lines, in the order of the pack."""

    @property
    def items(self) -> list[ItemResult]:
        """Each goods line, in order."""

    @property
    def decisive(self) -> ItemResult | None:
        """The goods line that decided."""

    @property
    def fired(self) -> list[FiredRule]:
        """The rules that fired, line by line, shadow rules included."""

    @property
    def unreadable(self) -> list[UnreadableValue]:
        """What of it could not be read, line by line."""

    @property
    def undecided(self) -> list[UndecidedRule]:
        """The active rules of which it is not known whether they fire, line by line."""

    @property
    def range(self) -> Range | None:
        """What is certain and what is possible, where something could not be read."""

    @property
    def notes(self) -> dict[str, Any]:
        """What of the declaration was read and not understood."""

    def to_json(self) -> str:
        """All of it as JSON."""

    def to_dict(self) -> dict[str, Any]:
        """All of it as dictionaries and lists."""

    def __eq__(self, other: object, /) -> bool: ...
    def _repr_html_(self) -> str: ...

@final
class ItemResult:
    """What became of a goods line."""

    @property
    def item_no(self) -> int | None:
        """The number of the line."""

    @property
    def score(self) -> int:
        """The points put together, within the pack's floor and cap."""

    @property
    def points(self) -> int:
        """The points put together, before floor and cap."""

    @property
    def shadow_points(self) -> int:
        """The points that shadow rules would have given."""

    @property
    def channel(self) -> str:
        """The channel."""

    @property
    def fired(self) -> list[FiredRule]:
        """The rules that fired, in the order of the pack."""

    @property
    def faults(self) -> list[tuple[str, str]]:
        """The rules that could not be evaluated: pairs of rule and fault."""

    @property
    def unreadable(self) -> list[UnreadableValue]:
        """What of the line could not be read."""

    @property
    def undecided(self) -> list[UndecidedRule]:
        """The active rules of which it is not known whether they fire."""

    @property
    def range(self) -> Range | None:
        """What is certain and what is possible."""

@final
class FiredRule:
    """A rule that fired on a goods line."""

    @property
    def item_no(self) -> int | None:
        """The number of the line."""

    @property
    def id(self) -> str:
        """The rule's id."""

    @property
    def points(self) -> int:
        """The points it gave."""

    @property
    def shadow(self) -> bool:
        """Whether it is a shadow rule, which counts nothing."""

    @property
    def reason(self) -> str | None:
        """Its evidence on this line."""

@final
class UnreadableValue:
    """A value that could not be read."""

    @property
    def item_no(self) -> int | None: ...
    @property
    def field(self) -> str | None: ...
    @property
    def value(self) -> str | None: ...
    @property
    def kind(self) -> str: ...
    @property
    def reason(self) -> str: ...

@final
class UndecidedRule:
    """A rule of which it is not known whether it fires."""

    @property
    def item_no(self) -> int | None: ...
    @property
    def rule(self) -> str: ...
    @property
    def fires(self) -> bool: ...
    @property
    def points_least(self) -> int: ...
    @property
    def points_most(self) -> int: ...

@final
class Range:
    """The ends of what is possible."""

    @property
    def score_least(self) -> int:
        """The least score."""

    @property
    def score_most(self) -> int:
        """The highest score."""

    @property
    def channel_least(self) -> str:
        """The mildest channel."""

    @property
    def channel_most(self) -> str:
        """The most severe channel."""
