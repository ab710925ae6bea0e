"""Scoring on a Spark cluster.

    from qingfeng.spark import score

    scores = score(spark.read.parquet("hdfs:///declarations/2016"), "rules/clean-wind", reasons=True)
    scores.rows.write.parquet("hdfs:///scores/2016")
    scores.summary.show()

The rows are those of the command, to the byte. docs/spark.md has what an administrator must know.
"""

from __future__ import annotations

import gzip
import io
import itertools
import os
import socket
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

# Neither is needed by the rest of the package, nor there whenever its types are checked.
import pyarrow as pa  # type: ignore[import-untyped, unused-ignore]
from pyspark import StorageLevel, TaskContext  # type: ignore[import-not-found, unused-ignore]
from pyspark.sql import Column, DataFrame  # type: ignore[import-not-found, unused-ignore]
from pyspark.sql import functions as F
from pyspark.sql import types as T

from qingfeng._engine import CountryNumbers, Engine, Pack
from qingfeng._errors import DigestError, PackError, QingfengError
from qingfeng._native import __version__

__all__ = ["SparkScores", "score"]

By = Literal["declaration", "item"]

#: Beside the columns of the rows, what else a task finds: null in rows.
_REJECT, _COUNT = "_reject", "_count"
_REJECTS = "struct<input: string, position: string, declaration_id: string, field: string, value: string, reason: string>"
_COUNTS = "struct<measure: string, of: array<string>, count: bigint>"

#: What of a summary is no count that tasks add up.
_NOT_COUNTED = {"inputs", "load_seconds", "seconds", "threads"}


@dataclass(frozen=True)
class SparkScores:
    """What became of the goods lines of a data frame. Nothing has run yet.

    `rows`, `rejects`, `faults` and `summary` are parts of one data frame, `tagged`. Unless `score` was told otherwise it is
    kept by Spark, in memory and on disk, as soon as the first of them is computed, so that the others cost nothing; `release`
    drops it. What executors lose is scored once more, with the same answer.
    """

    #: All that tasks find, in one data frame: to be written at once, say, and read back as `SparkScores(spark.read.parquet(...))`.
    tagged: DataFrame
    #: Name, version and digest of the pack, and the snapshot of a store where tables come from one.
    pack_id: str = ""
    #: The columns of the data frame that no field of the pack reads. They are not sent to the engine.
    unused_columns: tuple[str, ...] = ()
    #: The counts of no lines, so that the summary has all measures.
    _zeros: tuple[tuple[str, tuple[str, ...], int], ...] = field(default=(), repr=False)

    @property
    def rows(self) -> DataFrame:
        """The answers, one row a declaration or a goods line: the columns of `qingfeng score`."""
        rows = self.tagged.where(F.col(_REJECT).isNull() & F.col(_COUNT).isNull())
        return rows.drop(_REJECT, _COUNT)

    @property
    def rejects(self) -> DataFrame:
        """The values and lines that could not be read: the columns of `qingfeng score --rejects`.

        The input is a partition and the position a row in it; declaration, field and value say more.
        """
        return self.tagged.where(F.col(_REJECT).isNotNull()).select(f"{_REJECT}.*")

    @property
    def faults(self) -> DataFrame:
        """The rules that could not be evaluated: `declaration_id` and `fault`, one row a fault."""
        return self.rows.select("declaration_id", F.explode("faults").alias("fault"))

    @property
    def summary(self) -> DataFrame:
        """The counts of the whole, those of `qingfeng score --summary`: `measure`, `of` what, `count`."""
        counts = self.tagged.where(F.col(_COUNT).isNotNull()).select(f"{_COUNT}.*")
        if self._zeros:
            session = self.tagged.sparkSession
            zeros = [(measure, list(of), count) for measure, of, count in self._zeros]
            counts = counts.unionByName(session.createDataFrame(zeros, counts.schema))
        return counts.groupBy("measure", "of").agg(F.sum("count").alias("count")).orderBy("measure", "of")

    def release(self) -> None:
        """Drops what Spark keeps."""
        self.tagged.unpersist()


def score(
    df: DataFrame,
    pack: Engine | Pack,
    *,
    reasons: bool = False,
    by: By = "declaration",
    partitions: int | None = None,
    keep: StorageLevel | None = StorageLevel.MEMORY_AND_DISK,
    installed: str | None = None,
    store: str | None = None,
    snapshot: int | None = None,
    max_declaration_lines: int | None = None,
    memory_limit: int | None = None,
    zone: str | None = None,
    country_numbers: CountryNumbers | None = None,
) -> SparkScores:
    """Scores the goods lines of a data frame on the cluster; one row of it is a line.

    Columns are found by the pack's names and headers. The lines of a declaration are brought together, in the order of their
    numbers, and of those without one, or with the same, in the order of all their columns: so the answer does not depend on
    partitions, batches, retries or speculation. It is that of the command for a file in this order.

    `pack` is shipped with the tasks. With `installed`, a path on all workers, it is opened there instead. A worker with another
    pack or another version of this package fails its task. Tables of a store are read by each worker, and `snapshot` must say
    which, so that all of them see the same.

    `partitions` is the number of tasks, Spark's own otherwise. Without `keep` each action scores again.

    Raises PackError for a pack with mistakes and ColumnError for columns that do not fit, before anything runs.
    """
    if df.isStreaming:
        raise QingfengError(
            "a streaming data frame has no end, and a declaration may go on as long as it comes; score each batch in foreachBatch"
        )
    if by not in ("declaration", "item"):
        raise QingfengError(f"by: `{by}` is neither `declaration` nor `item`")
    if isinstance(pack, Engine):
        opened = pack._opened
        if opened["lookups"] is not None:
            raise QingfengError(
                "this engine was given the rows of lookup tables, which workers do not have; write them into the files of the pack"
            )
        store, snapshot = store or opened["store"], snapshot if snapshot is not None else _number(pack.snapshot)
        max_declaration_lines = max_declaration_lines or opened["max_declaration_lines"]
        expected, given = pack.digest, opened["pack"]
    else:
        expected, given = None, pack
    content = bytes(given) if isinstance(given, (bytes, bytearray)) else _packed(Path(given))
    engine = Engine(
        content,
        digest=expected,
        store=store,
        snapshot=snapshot,
        max_declaration_lines=max_declaration_lines,
    )
    if engine.snapshot is not None and snapshot is None:
        raise QingfengError(
            "the pack has tables of a store, which workers open one after the other while it may change; say which snapshot all "
            f"of them read: snapshot={_number(engine.snapshot)} is its end now"
        )
    options: dict[str, Any] = {
        "by": by,
        "reasons": reasons,
        "memory_limit": memory_limit,
        "zone": zone,
        "country_numbers": country_numbers,
    }
    names = df.columns
    schema = _arrow_schema(df)
    # What no column is for, and columns that cannot be read, are said here.
    scored = engine.score(iter([pa.RecordBatch.from_pylist([], schema)]), **options)
    columns = [pa.field(column.name, _plain(column.type)) for column in scored.read_all().schema]
    zeros = tuple(_counts(scored.summary))
    found = _Columns.of(engine, schema, zone, country_numbers)

    used = df.select(*[_column(name) for name in names if name not in found.unused])
    keyed, order = _keyed(used, found)
    placed = keyed.repartition(partitions, _KEY) if partitions else keyed.repartition(_KEY)
    together = placed.sortWithinPartitions(*order).select(*map(_column, used.columns))
    task = _Task(
        content=None if installed else content,
        installed=installed,
        digest=engine.digest,
        version=__version__,
        schema=pa.schema([*columns, pa.field(_REJECT, _REJECT_TYPE), pa.field(_COUNT, _COUNT_TYPE)]),
        opening={"store": store, "snapshot": snapshot, "max_declaration_lines": max_declaration_lines},
        snapshot=engine.snapshot,
        options=options,
    )
    ddl = T.StructType([T.StructField(column.name, _spark_type(column.type)) for column in columns])
    ddl = ddl.add(_REJECT, T.DataType.fromDDL(_REJECTS)).add(_COUNT, T.DataType.fromDDL(_COUNTS))
    tagged = together.mapInArrow(task, ddl)
    if keep is not None:
        tagged = tagged.persist(keep)
    return SparkScores(tagged, engine.pack_id, found.unused, zeros)


def _number(snapshot: str | None) -> int | None:
    """The number of a snapshot such as `1234#9f3a06c4d2e1`."""
    return None if snapshot is None else int(snapshot.split("#")[0])


def _packed(path: Path) -> bytes:
    """The archive of a pack; one of a directory is the same for the same files."""
    if path.is_file():
        return path.read_bytes()
    if not path.is_dir():
        raise PackError(f"{path}: there is no such pack")
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", mtime=0) as packed, tarfile.open(fileobj=packed, mode="w") as archive:
        for file in sorted(path.rglob("*")):
            name = file.relative_to(path)
            # What the engine does not read: hidden files, and tests.
            if name.parts[0] == "tests" or any(part.startswith(".") for part in name.parts) or not file.is_file():
                continue
            content = file.read_bytes()
            entry = tarfile.TarInfo(name.as_posix())
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def _arrow_schema(df: DataFrame) -> pa.Schema:
    """The columns as workers get them."""
    zone = df.sparkSession.conf.get("spark.sql.session.timeZone")

    def with_zone(column: Any) -> Any:
        of_moment = pa.types.is_timestamp(column.type) and column.type.tz is not None
        return column.with_type(pa.timestamp(column.type.unit, zone)) if of_moment else column

    return pa.schema([with_zone(column) for column in df.limit(0).toArrow().schema])


@dataclass(frozen=True)
class _Columns:
    """Which columns the engine takes for what, as it says itself."""

    declaration: str
    item: str | None
    unused: tuple[str, ...]

    @classmethod
    def of(
        cls, engine: Engine, schema: pa.Schema, zone: str | None, country_numbers: CountryNumbers | None
    ) -> _Columns:
        # One line, with a number of its own in each column. Numbers of one byte come first, so that they have room; a line
        # without a number is counted, and would be 1.
        columns = sorted(schema, key=lambda column: column.type not in (pa.int8(), pa.bool_()))
        marked = {column.name: _marked(column.type, number) for number, column in enumerate(columns, 2)}
        line = pa.table([marked[name] for name in schema.names], schema=schema)
        scored = engine.score(line, by="item", threads=1, zone=zone, country_numbers=country_numbers)
        row = scored.read_all().to_pylist()[0]
        numbers = {str(number): column.name for number, column in enumerate(columns, 2)}
        declaration = numbers.get(row["declaration_id"])
        if declaration is None:
            raise QingfengError(
                "the ids of declarations must be texts or numbers: the column for them is neither; cast it to string"
            )
        unused = set(scored.summary["inputs"][0]["unused_columns"])
        return cls(declaration, numbers.get(str(row.get("item_no"))), tuple(n for n in schema.names if n in unused))


def _marked(kind: Any, number: int) -> Any:
    """A column of one row that holds a number, if it can."""
    if kind in (pa.string(), pa.large_string()):
        return pa.array([str(number)], kind)
    if kind in (pa.binary(), pa.large_binary()):
        return pa.array([str(number).encode()], kind)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        try:
            return pa.array([number]).cast(kind)
        except pa.ArrowInvalid:
            return pa.nulls(1, kind)
    return pa.nulls(1, kind)


def _column(name: str) -> Column:
    """A column by its name, whatever stands in that."""
    return F.col("`" + name.replace("`", "``") + "`")


#: In an id, what the engine may leave out or read as something else: blanks, quotes, a fraction of zeros, invisible letters.
_BESIDE_ID = r"\..*\z|[\s\p{Z}\p{C}\p{P}\p{S}\p{M}\u115f\u1160\u3164\uffa0]"
_WIDE = "".join(chr(letter) for letter in range(0xFF01, 0xFF5F))
_NARROW = "".join(chr(letter) for letter in range(0x21, 0x7F))


#: Columns that stand beside those of a data frame while its lines are brought together.
_KEY, _ITEM = "_qingfeng_key", "_qingfeng_item"


def _keyed(df: DataFrame, found: _Columns) -> tuple[DataFrame, list[Column]]:
    """The lines with a key that those of a declaration share, and the order that brings them together.

    What is sorted by is computed before, since Spark would compute it for each comparison. The key is a number, which
    compares without a look at the row; ids that differ may share one, and then stand one after the other.
    """
    declaration, kind = _column(found.declaration), df.schema[found.declaration].dataType
    text = declaration.cast("string")
    if isinstance(kind, (T.StringType, T.BinaryType)):
        # Two writings of one id have the same key.
        written = F.regexp_replace(F.translate(text, _WIDE, _NARROW), _BESIDE_ID, "")
        text = F.when(text.rlike(r"\A[0-9A-Za-z]+\z"), text).otherwise(written)
    keyed = df.withColumn(_KEY, F.xxhash64(text))
    first = [name for name in (found.item,) if name is not None]
    if found.item is not None and isinstance(df.schema[found.item].dataType, T.StringType):
        keyed = keyed.withColumn(_ITEM, _column(found.item).try_cast("double"))
        first = [_ITEM]
    rest = [name for name in df.columns if name not in (found.declaration, *first)]
    return keyed, [F.col(_KEY), declaration, *map(_column, first + rest)]


def _spark_type(kind: Any) -> T.DataType:
    """The type that Spark has for a column of the results."""
    if pa.types.is_list(kind):
        return T.ArrayType(_spark_type(kind.value_type))
    types = {
        pa.string(): T.StringType(),
        pa.int64(): T.LongType(),
        pa.float64(): T.DoubleType(),
        pa.bool_(): T.BooleanType(),
        pa.date32(): T.DateType(),
    }
    return types[kind]


def _plain(kind: Any) -> Any:
    """A type of Arrow as Spark takes it: without dictionaries."""
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _counts(summary: dict[str, Any]) -> Iterator[tuple[str, tuple[str, ...], int]]:
    """The counts of a summary, one by one."""

    def within(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], int]]:
        if isinstance(value, dict):
            for name, part in value.items():
                yield from within(part, (*path, name))
        elif isinstance(value, int) and not isinstance(value, bool):
            yield path, value

    for measure, value in summary.items():
        if measure not in _NOT_COUNTED:
            for path, count in within(value, ()):
                yield measure, path, count


#: The engines of this process, by what they were opened from. Two, for jobs that compare packs.
_engines: dict[tuple[Any, ...], Engine] = {}
_ENGINES_MAX = 2


@dataclass(frozen=True)
class _Task:
    """What a task does with its partition."""

    content: bytes | None
    installed: str | None
    digest: str
    version: str
    #: What it gives: the columns of the rows, and the two beside them.
    schema: pa.Schema
    opening: dict[str, Any]
    snapshot: str | None
    options: dict[str, Any]

    def engine(self) -> Engine:
        """The engine of this process, which must be that of the driver."""
        if __version__ != self.version:
            raise QingfengError(
                f"{socket.gethostname()}: this worker has qingfeng {__version__}, and the driver {self.version}; give both the "
                "same wheel"
            )
        key = (self.digest, self.installed, self.snapshot, self.opening["max_declaration_lines"])
        if key in _engines:
            return _engines[key]
        try:
            engine = Engine(self.content or self.installed or "", digest=self.digest, **self.opening)
        except DigestError as error:
            at = self.installed or "the archive that came with the task"
            raise DigestError(
                f"{socket.gethostname()}: {at}: another pack than the driver's: {error}",
                expected=error.expected,
                found=error.found,
            ) from None
        if engine.snapshot != self.snapshot:
            raise DigestError(
                f"{socket.gethostname()}: another store than the driver's: its snapshot is {engine.snapshot}, not {self.snapshot}",
                expected=self.snapshot or "",
                found=engine.snapshot or "",
            )
        while len(_engines) >= _ENGINES_MAX:
            del _engines[next(iter(_engines))]
        _engines[key] = engine
        return engine

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Scores all batches of a partition as one stream."""
        context = TaskContext.get()
        name = "partition 0" if context is None else f"partition {context.partitionId()}"
        engine = self.engine()
        first = next(batches, None)
        if first is None:
            return
        with engine.score(itertools.chain([first], batches), threads=1, name=name, **self.options) as scores:
            for rows in scores:
                types = self.schema.types[: rows.num_columns]
                plain = [column.cast(kind) for column, kind in zip(rows.columns, types, strict=True)]
                beside = [pa.nulls(rows.num_rows, _REJECT_TYPE), pa.nulls(rows.num_rows, _COUNT_TYPE)]
                yield pa.record_batch([*plain, *beside], schema=self.schema)

            summary = scores.summary
            if summary["scattered_declarations"]:
                raise QingfengError(
                    f"{name}: the lines of {summary['scattered_declarations']} declarations do not stand together: their ids are "
                    "written in several ways, and other ids lie between them; write each id in one way"
                )
            # Not as a table, which would hold all of them.
            for batch in pa.RecordBatchReader.from_stream(scores.rejects):
                rejects = pa.StructArray.from_arrays(batch.columns, fields=list(_REJECT_TYPE))
                yield _only(self.schema, _REJECT, rejects)
            counts = [{"measure": m, "of": list(of), "count": n} for m, of, n in _counts(summary) if n]
            yield _only(self.schema, _COUNT, pa.array(counts, _COUNT_TYPE))


_REJECT_TYPE = pa.struct(
    [(name, pa.string()) for name in ("input", "position", "declaration_id", "field", "value", "reason")]
)
_COUNT_TYPE = pa.struct([("measure", pa.string()), ("of", pa.list_(pa.string())), ("count", pa.int64())])


def _only(schema: pa.Schema, name: str, values: Any) -> pa.RecordBatch:
    """A batch with one column, and nothing in the others."""
    columns = [values if c.name == name else pa.nulls(len(values), c.type) for c in schema]
    return pa.record_batch(columns, schema=schema)
