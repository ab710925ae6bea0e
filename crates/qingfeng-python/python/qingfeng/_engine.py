"""The engine with the names of its arguments. What it does is in the native module."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Literal, TypedDict

from qingfeng import _native
from qingfeng._errors import DigestError
from qingfeng._progress import Shown
from qingfeng._results import Check, Explanation, Progress, Report, Verification

#: The environment variable that names the store, for the command and here.
STORE = "QINGFENG_STORE"

Format = Literal["csv", "ndjson", "parquet", "arrow"]
Encoding = Literal["utf-8", "gb18030"]
CountryNumbers = Literal["iso", "gac"]
Pack = str | os.PathLike[str] | bytes | bytearray


def _refuse_part_of_partition(table: Any) -> None:
    """Spark cuts a partition into batches anywhere, so that a declaration may go on in the next one."""
    spark = sys.modules.get("pyspark.taskcontext")
    if spark is None or type(table).__name__ != "RecordBatch" or spark.TaskContext.get() is None:
        return
    raise ValueError(
        "a batch of a Spark partition may end within a declaration; give the iterator of all its batches, or use qingfeng.spark.score"
    )


class _Read(TypedDict):
    format: str | None
    encoding: str | None
    zone: str | None
    country_numbers: str | None


def _read(
    format: str | None, encoding: str | None, zone: str | None, country_numbers: str | None
) -> _Read:
    return {
        "format": format,
        "encoding": encoding,
        "zone": zone,
        "country_numbers": country_numbers,
    }


def _store(given: str | None) -> str | None:
    return given or os.environ.get(STORE, "").strip() or None


def _day(given: date | str | None) -> str | None:
    return given.isoformat() if isinstance(given, date) else given


class Engine(_native.Engine):
    """A pack, ready to assess declarations. It does not change; threads and forked processes may share it.

    `pack` is the path of a directory or of an archive, or the bytes of an archive. Another pack than that of `digest` is
    refused. Lookup tables that come from a store are read once, from `store` (or the environment variable QINGFENG_STORE, or
    what the pack names), at `snapshot` or at its end. `lookups` hands in the rows of tables by name.

    Raises PackError for a pack with mistakes, with all of them in `diagnostics`, and DigestError.
    """

    _opened: dict[str, Any]

    def __new__(
        cls,
        pack: Pack,
        *,
        digest: str | None = None,
        store: str | None = None,
        snapshot: int | None = None,
        lookups: Mapping[str, Any] | None = None,
        max_declaration_lines: int | None = None,
    ) -> Engine:
        store = _store(store)
        opened = super().__new__(
            cls,
            pack,
            digest=digest,
            store=store,
            snapshot=snapshot,
            lookups=None if lookups is None else dict(lookups),
            max_declaration_lines=max_declaration_lines,
        )
        # For other processes: where it is, and which it was.
        where: bytes | str
        if isinstance(pack, (bytes, bytearray)):
            where = bytes(pack)
        else:
            where = os.path.abspath(os.fspath(pack))
        opened._opened = {
            "pack": where,
            "store": store,
            "lookups": lookups,
            "max_declaration_lines": max_declaration_lines,
        }
        return opened

    def __reduce__(self) -> tuple[Any, ...]:
        return (_open_again, (type(self), self._opened, self.digest, self.snapshot))

    def score(
        self,
        table: Any,
        *,
        by: Literal["declaration", "item"] = "declaration",
        reasons: bool = False,
        threads: int | None = None,
        memory_limit: int | None = None,
        batch_lines: int | None = None,
        format: Format | None = None,
        encoding: Encoding | None = None,
        zone: str | None = None,
        country_numbers: CountryNumbers | None = None,
        name: str | None = None,
        progress: bool | Callable[[Progress], object] | None = None,
    ) -> _native.Scores:
        """Scores goods lines, one row a line; the lines of a declaration stand together.

        `table` is anything that gives Arrow's stream interface (a table of Polars, pandas, PyArrow, DuckDB, nanoarrow), an
        iterator of record batches, a path, or a list of paths (CSV, NDJSON, Parquet, Arrow). Columns are found by the pack's
        names and headers.

        Scoring goes on in the background while the results are read, once: by `polars.DataFrame`, `pyarrow.table`,
        `for batch in results`, `results.read_all()` or `results.write(path)`. Then `results.rejects` and `results.summary`
        have the rest. Memory does not grow with the table.

        Columns that do not fit raise ColumnError before anything is scored. A value that cannot be read is no exception: it is
        in `rejects` with its row, and the rules that need it are undecided.
        """
        _refuse_part_of_partition(table)
        shown = Shown.of(progress)
        return self._score(
            table,
            {
                "by": by,
                "reasons": reasons,
                "threads": threads,
                "memory_limit": memory_limit,
                "batch_lines": batch_lines,
                "name": name,
                "progress": shown,
                "read": _read(format, encoding, zone, country_numbers),
            },
        )

    def explain(
        self,
        declaration: Mapping[str, Any] | str | bytes,
        table: Any = None,
        *,
        all: bool = False,
        format: Format | None = None,
        encoding: Encoding | None = None,
        zone: str | None = None,
        country_numbers: CountryNumbers | None = None,
    ) -> Explanation:
        """Why a declaration got its channel.

        `declaration` is one as `assess` takes it; with a `table` it is the id of one of its declarations. `all` prints each line
        with all of its rules. Raises NotFoundError where the table does not have it.
        """
        if table is None:
            return Explanation(*_native.explain(self, declaration, all))
        read = _read(format, encoding, zone, country_numbers)
        return Explanation(*_native.explain_in(self, str(declaration), table, read, all))

    def why_not(
        self,
        rule: str,
        table: Any,
        *,
        limit: int = 10,
        threads: int | None = None,
        format: Format | None = None,
        encoding: Encoding | None = None,
        zone: str | None = None,
        country_numbers: CountryNumbers | None = None,
    ) -> Report:
        """Which parts of a rule keep it from firing on more lines, and the lines that came nearest."""
        read = _read(format, encoding, zone, country_numbers)
        return Report(*_native.why_not(self, rule, table, read, limit, threads))

    def verify(
        self,
        table: Any,
        *,
        lines: int | None = None,
        threads: int | None = None,
        format: Format | None = None,
        encoding: Encoding | None = None,
        zone: str | None = None,
        country_numbers: CountryNumbers | None = None,
    ) -> Verification:
        """Whether the compiled rules give the interpreter's answer on each line."""
        read = _read(format, encoding, zone, country_numbers)
        found = _native.verify(self, table, read, lines, threads)
        return Verification(_text=found.pop("text"), **found)

    def diff(self, other: Engine | Pack, table: Any = None, **options: Any) -> Report:
        """What would change with another pack: `qingfeng.diff(self, other, table)`."""
        return diff(self, other, table, **options)

    def _repr_html_(self) -> str:
        from qingfeng import _html

        return _html.engine(self)


def _open_again(
    kind: type[Engine], opened: dict[str, Any], digest: str, snapshot: str | None
) -> Engine:
    """An engine of another process. Its pack must be the same, and so must the snapshot of its store."""
    number = None if snapshot is None else int(snapshot.split("#")[0])
    again = kind(digest=digest, snapshot=number, **opened)
    if again.snapshot != snapshot:
        raise DigestError(
            f"the store is not the one that was expected: its snapshot is {again.snapshot}, not {snapshot}",
            expected=snapshot or "",
            found=again.snapshot or "",
        )
    return again


def check(
    pack: Pack,
    *,
    store: str | None = None,
    snapshot: int | None = None,
    as_of: date | str | None = None,
) -> Check:
    """All that is to be said of a pack: errors, warnings and notes. Nothing is scored, and an invalid pack raises nothing."""
    return Check(*_native.check(pack, _store(store), snapshot, _day(as_of)))


def test(
    pack: str | os.PathLike[str],
    *,
    filter: str | None = None,
    coverage: bool = False,
    mutate: bool = False,
    mutate_limit: int | None = None,
    data: str | os.PathLike[str] | None = None,
) -> Report:
    """Runs the tests of the pack in a directory. `report.is_well` says whether all is well."""
    return Report(*_native.test(pack, filter, coverage, mutate, mutate_limit, data))


def diff(
    old: Engine | Pack,
    new: Engine | Pack,
    table: Any = None,
    *,
    examples: int = 3,
    threads: int | None = None,
    format: Format | None = None,
    encoding: Encoding | None = None,
    zone: str | None = None,
    country_numbers: CountryNumbers | None = None,
) -> Report:
    """What would change with another pack; with a table, which declarations change their channel and why."""
    of_old = old if isinstance(old, Engine) else Engine(old)
    of_new = new if isinstance(new, Engine) else Engine(new)
    read = _read(format, encoding, zone, country_numbers)
    tables = None if table is None else (table, table)
    return Report(*_native.diff(of_old, of_new, tables, read, examples, threads))


# Its name is that of the command; pytest is not to take it for a test.
test.__test__ = False  # type: ignore[attr-defined]
