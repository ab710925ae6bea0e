"""Spark in one process against the command: rows, rejects and summary, whatever cuts the table."""

from __future__ import annotations

import datetime as dt
import shutil
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import qingfeng
from conftest import PACK, ROOT, lines_of
from qingfeng.spark import SparkScores, score

Commanded = Callable[..., dict[str, Any]]
BATCH = "spark.sql.execution.arrow.maxRecordsPerBatch"


def shuffled(spark: Any, lines: pa.Table, parts: int = 4) -> Any:
    """The lines as a data frame, in no order, in several partitions."""
    from pyspark.sql import functions as F

    return spark.createDataFrame(lines).orderBy(F.rand(7)).repartition(parts)


def counted(summary: dict[str, Any]) -> dict[tuple[str, ...], int]:
    """The counts of the command's summary, as the data frame has them."""
    found: dict[tuple[str, ...], int] = {}

    def within(path: tuple[str, ...], value: Any) -> None:
        if isinstance(value, dict):
            for name, part in value.items():
                within((*path, name), part)
        elif type(value) is int and path != ("threads",):
            found[path] = value

    within((), summary)
    return found


def summary_of(scores: SparkScores) -> dict[tuple[str, ...], int]:
    return {(row["measure"], *row["of"]): row["count"] for row in scores.summary.collect()}


@pytest.mark.parametrize("batch", [1, 7, 10_000])
def test_rows_are_the_command_s_however_batches_are_cut(
    spark: Any, lines: pa.Table, commanded: Commanded, batch: int
) -> None:
    spark.conf.set(BATCH, batch)
    try:
        scores = score(shuffled(spark, lines), PACK, reasons=True)
        expected = commanded(lines, "--reasons")
        # One declaration has 800 lines: many batches, and most of its partition.
        assert lines_of(scores.rows.toArrow()) == expected["rows"]
        assert summary_of(scores) == counted(expected["summary"])
        assert scores.pack_id == expected["summary"]["pack"]
        scores.release()
    finally:
        spark.conf.unset(BATCH)


def test_rows_are_goods_lines_too(spark: Any, lines: pa.Table, commanded: Commanded) -> None:
    scores = score(shuffled(spark, lines), PACK, by="item", keep=None)
    assert lines_of(scores.rows.toArrow()) == commanded(lines, "--by", "item")["rows"]


def test_parquet_of_spark_has_the_command_s_columns(
    spark: Any, lines: pa.Table, commanded: Commanded, tmp_path: Path
) -> None:
    score(shuffled(spark, lines), PACK, reasons=True, keep=None).rows.write.parquet(str(tmp_path / "out"))
    assert lines_of(pq.read_table(tmp_path / "out")) == commanded(lines, "--reasons")["rows"]


@pytest.mark.parametrize("partitions", [1, 5])
def test_a_partition_with_nearly_all_lines_changes_nothing(
    spark: Any, lines: pa.Table, commanded: Commanded, partitions: int
) -> None:
    # Whatever the number, the large declaration is in one partition; most of the others have few lines or none.
    few = lines.slice(0, 40)
    large = lines.filter(pa.compute.equal(lines["declaration_id"], "BIG"))
    skewed = pa.concat_tables([few, large]).sort_by([("declaration_id", "ascending"), ("item_no", "ascending")])
    scores = score(shuffled(spark, skewed), PACK, partitions=partitions, keep=None)
    assert lines_of(scores.rows.toArrow()) == commanded(skewed)["rows"]


def test_columns_are_found_by_the_pack_s_headers(spark: Any, lines: pa.Table, commanded: Commanded) -> None:
    headers = {"declaration_id": "海关编号", "item_no": "项号", "hs": "商品编号", "mode": "监管方式"}
    named = lines.rename_columns([headers.get(name, name) for name in lines.column_names])
    # `id` and `n` are no headers of the pack: they stand beside, and the engine does not get them.
    named = named.append_column("id", pa.array(range(len(named)))).append_column("a `b`.c", pa.array(["x"] * len(named)))
    scores = score(shuffled(spark, named), PACK, keep=None)
    assert lines_of(scores.rows.toArrow()) == commanded(lines)["rows"]
    assert scores.unused_columns == ("id", "a `b`.c")
    plan = scores.rows._jdf.queryExecution().optimizedPlan().toString()
    assert "海关编号" in plan and "a `b`.c" not in plan.split("MapInArrow")[1].split("RepartitionByExpression")[0]


def test_numbers_of_lines_as_texts_are_numbers(spark: Any, lines: pa.Table, commanded: Commanded) -> None:
    texts = lines.set_column(
        lines.column_names.index("item_no"), "item_no", pa.compute.cast(lines["item_no"], pa.string())
    )
    scores = score(shuffled(spark, texts), PACK, keep=None)
    assert lines_of(scores.rows.toArrow()) == commanded(lines)["rows"]


def test_an_id_in_several_writings_is_one_declaration(spark: Any, lines: pa.Table, commanded: Commanded) -> None:
    table = lines.filter(pa.compute.equal(lines["declaration_id"], "BIG")).slice(0, 6)
    writings = ["5302", " 5302\n", "５３０２", "'5302", "5302\u200b", '="5302"']
    table = table.set_column(0, "declaration_id", pa.array(writings))
    others = lines.slice(0, 20)
    scores = score(shuffled(spark, pa.concat_tables([table, others])), PACK, by="item", keep=None)
    # Which line comes first is not known of writings: the lines are the same, by their numbers.
    expected = commanded(pa.concat_tables([table, others]), "--by", "item")
    assert lines_of(scores.rows.toArrow()) == expected["rows"]
    assert scores.rows.where("declaration_id = '5302'").count() == 6


def test_ids_that_cannot_be_told_apart_fail_and_are_not_cut(spark: Any, lines: pa.Table) -> None:
    table = lines.slice(0, 3).set_column(0, "declaration_id", pa.array([" 53-02", "53 02", "53-02"]))
    from pyspark.errors import PythonException

    with pytest.raises(PythonException, match="do not stand together: their ids are written in several ways"):
        score(spark.createDataFrame(table), PACK, partitions=1, keep=None).rows.collect()


def test_rejects_and_summary_tell_what_could_not_be_read(
    spark: Any, lines: pa.Table, commanded: Commanded
) -> None:
    cells = [str(value) if value is not None else None for value in lines["quantity"].to_pylist()]
    for row in (3, 500, 501, 1_100):
        cells[row] = "many"
    bad = lines.set_column(lines.column_names.index("quantity"), "quantity", pa.array(cells))
    scores = score(shuffled(spark, bad), PACK, reasons=True)
    expected = commanded(bad, "--reasons")
    assert lines_of(scores.rows.toArrow()) == expected["rows"]
    told = ("declaration_id", "field", "value", "reason")
    found = sorted(tuple(row[name] for name in told) for row in scores.rejects.collect())
    assert found == sorted(tuple(row[name] for name in told) for row in expected["rejects"])
    assert len(found) == 4
    assert summary_of(scores) == counted(expected["summary"])
    scores.release()


def test_what_is_kept_is_scored_once(spark: Any, lines: pa.Table) -> None:
    runs = spark.sparkContext.accumulator(0)

    def seen(batches: Any) -> Any:
        for batch in batches:
            runs.add(batch.num_rows)
            yield batch

    frame = spark.createDataFrame(lines)
    scores = score(frame.mapInArrow(seen, frame.schema), PACK)
    assert scores.rows.count() == scores.summary.where("measure = 'declarations'").first()["count"]
    assert scores.rejects.count() == scores.faults.count() == 0
    assert runs.value == len(lines)
    scores.release()


def test_all_of_it_is_written_at_once_and_read_back(
    spark: Any, lines: pa.Table, commanded: Commanded, tmp_path: Path
) -> None:
    score(shuffled(spark, lines), PACK, keep=None).tagged.write.parquet(str(tmp_path / "all"))
    again = SparkScores(spark.read.parquet(str(tmp_path / "all")))
    expected = commanded(lines)
    assert lines_of(again.rows.toArrow()) == expected["rows"]
    assert summary_of(again).items() <= counted(expected["summary"]).items()


def test_faults_are_rows(spark: Any, tmp_path: Path) -> None:
    pack = tmp_path / "pack"
    shutil.copytree(PACK, pack)
    rule = 'rule("DIV-01", #{ title: "Divides", score: 5, when: |d| 1 / (d.item_no - 1) > 0 });\n'
    (pack / "divides.rhai").write_text(rule, encoding="utf-8")
    table = pq.read_table(example(tmp_path))
    scores = score(spark.createDataFrame(table), pack, keep=None)
    faults = [tuple(row) for row in scores.faults.collect()]
    assert faults and all("DIV-01" in fault for _, fault in faults)


def example(directory: Path) -> Path:
    """The example of the documents, as Parquet with texts."""
    from pyarrow import csv

    path = ROOT / "docs" / "examples" / "declarations.csv"
    with path.open(encoding="utf-8") as file:
        names = file.readline().strip().split(",")
    kinds = csv.ConvertOptions(column_types={name: pa.string() for name in names}, strings_can_be_null=True)
    pq.write_table(csv.read_csv(path, convert_options=kinds), directory / "example.parquet")
    return directory / "example.parquet"


def test_types_of_spark_are_read_as_texts_are(spark: Any, commanded: Commanded, tmp_path: Path) -> None:
    from pyspark.sql import functions as F
    from pyspark.sql import types as T

    path = example(tmp_path)
    expected = commanded(path, "--reasons")["rows"]
    # An empty cell is a missing value, null in Spark.
    texts = spark.read.parquet(str(path))
    texts = texts.select(*[F.when(F.col(name) != "", F.col(name)).alias(name) for name in texts.columns])
    types: dict[str, list[T.DataType]] = {
        "declaration_id": [T.DecimalType(20, 0), T.LongType(), T.BinaryType()],
        "item_no": [T.ByteType(), T.ShortType(), T.IntegerType(), T.DecimalType(5, 0)],
        "declared_on": [T.DateType(), T.TimestampType(), T.TimestampNTZType()],
        "value": [T.DecimalType(18, 4), T.DoubleType(), T.FloatType()],
        "quantity": [T.FloatType(), T.DecimalType(12, 2), T.LongType()],
        "net_kg": [T.DecimalType(38, 10), T.DoubleType()],
        "packages": [T.ShortType(), T.LongType()],
        "hs": [T.LongType(), T.DecimalType(10, 0)],
    }
    for turn in range(max(map(len, types.values()))):
        cast = texts
        for name, kinds in types.items():
            cast = cast.withColumn(name, F.col(name).try_cast(kinds[turn % len(kinds)]))
        # Spark's timestamps are moments, of which a day is asked.
        rows = score(cast, PACK, reasons=True, zone="UTC", keep=None).rows
        assert lines_of(rows.toArrow()) == expected, cast.schema.simpleString()


def test_moments_are_days_in_the_zone_of_the_session_or_the_one_that_is_named(
    spark: Any, commanded: Commanded, tmp_path: Path
) -> None:
    from pyspark.sql import functions as F

    path = example(tmp_path)
    texts = spark.read.parquet(str(path))
    texts = texts.select(*[F.when(F.col(name) != "", F.col(name)).alias(name) for name in texts.columns])
    expected = commanded(path)["rows"]
    try:
        # Midnight in Shanghai is the day before in UTC.
        spark.conf.set("spark.sql.session.timeZone", "Asia/Shanghai")
        moments = texts.withColumn("declared_on", F.col("declared_on").cast("timestamp")).localCheckpoint()
        assert lines_of(score(moments, PACK, keep=None).rows.toArrow()) == expected
        # Clocks that change are no zone of days: before anything runs.
        spark.conf.set("spark.sql.session.timeZone", "America/New_York")
        with pytest.raises(qingfeng.ColumnError, match=r"declared_on.*clocks of America/New_York"):
            score(moments, PACK)
        assert lines_of(score(moments, PACK, zone="+08:00", keep=None).rows.toArrow()) == expected
        # A moment in UTC says nothing of whose day it is: not one is guessed.
        spark.conf.set("spark.sql.session.timeZone", "UTC")
        assert score(moments, PACK, keep=None).rejects.where("field = 'declared_on'").count() == 60
    finally:
        spark.conf.set("spark.sql.session.timeZone", "UTC")


def test_what_does_not_fit_is_said_before_anything_runs(spark: Any, lines: pa.Table, tmp_path: Path) -> None:
    from pyspark.sql import functions as F

    frame = spark.createDataFrame(lines)
    with pytest.raises(qingfeng.ColumnError, match="no column for `declaration_id`"):
        score(frame.drop("declaration_id"), PACK)
    with pytest.raises(qingfeng.ColumnError, match="both stand for `declaration_id`"):
        score(frame.withColumnRenamed("declaration_id", "entryId").withColumn("entryId ", F.lit("D1")), PACK)
    with pytest.raises(qingfeng.ColumnError, match="hs"):
        score(frame.withColumn("hs", F.array("hs")), PACK)
    with pytest.raises(qingfeng.PackError, match="there is no such pack"):
        score(frame, tmp_path / "none")
    with pytest.raises(qingfeng.PackError):
        score(frame, b"no archive")
    with pytest.raises(qingfeng.QingfengError, match="neither `declaration` nor `item`"):
        score(frame, PACK, by="lines")  # type: ignore[arg-type]
    with pytest.raises(qingfeng.QingfengError, match="foreachBatch"):
        score(spark.readStream.format("rate").load(), PACK)


def test_a_table_without_lines_has_a_summary(spark: Any, lines: pa.Table, commanded: Commanded) -> None:
    scores = score(spark.createDataFrame(lines).limit(0), PACK, keep=None)
    assert scores.rows.count() == 0
    assert summary_of(scores) == counted(commanded(lines.slice(0, 0))["summary"])


def test_packs_are_taken_from_an_engine_a_directory_and_bytes(spark: Any, lines: pa.Table) -> None:
    frame = spark.createDataFrame(lines.slice(0, 50))
    engine = qingfeng.Engine(PACK)
    ids = {score(frame, pack, keep=None).pack_id for pack in (engine, PACK, str(PACK))}
    assert ids == {engine.pack_id}
    changed = qingfeng.Engine(PACK, lookups={"blacklist": blacklist()})
    with pytest.raises(qingfeng.QingfengError, match="workers do not have"):
        score(frame, changed)


def blacklist() -> pa.Table:
    from pyarrow import csv

    return csv.read_csv(PACK / "lookups" / "blacklist.csv")


def test_tables_of_a_store_need_a_snapshot(spark: Any, lines: pa.Table, command: Any, tmp_path: Path) -> None:
    pack, store = tmp_path / "pack", f"sqlite:{tmp_path / 'store.sqlite'}"
    shutil.copytree(PACK, pack)
    manifest = (pack / "pack.toml").read_text(encoding="utf-8")
    before, after = manifest.split("[lookups.blacklist]", 1)
    after = after.replace('file  = "lookups/blacklist.csv"\n', 'store = "blacklist"\n', 1)
    (pack / "pack.toml").write_text(before + "[lookups.blacklist]" + after, encoding="utf-8")
    given = ("--rules", pack, "--store", store)
    author = ("--author", "Li Wei", "--source", "list", "--backfill")
    command("lookup", "import", "blacklist", PACK / "lookups" / "blacklist.csv", *given, *author)
    frame = spark.createDataFrame(lines)
    with pytest.raises(qingfeng.QingfengError, match=r"snapshot=\d+ is its end now"):
        score(frame, pack, store=store)
    snapshot = int(qingfeng.Engine(pack, store=store).snapshot.split("#")[0])  # type: ignore[union-attr]
    scores = score(frame, pack, store=store, snapshot=snapshot, keep=None)
    assert "+lookups@" in scores.pack_id
    assert {row["pack"] for row in scores.rows.select("pack").distinct().collect()} == {scores.pack_id}


def test_one_batch_alone_cuts_declarations(spark: Any, lines: pa.Table) -> None:
    """What docs/spark.md warns of: the naive way has more declarations than there are."""
    archive = PACK

    def naive(batches: Any) -> Any:
        import qingfeng

        engine = qingfeng.Engine(str(archive))
        for batch in batches:
            rows = engine.score(iter([batch]), threads=1).read_all().select(["declaration_id"])
            yield from rows.to_batches()

    spark.conf.set(BATCH, 100)
    try:
        frame = spark.createDataFrame(lines).repartition(1).sortWithinPartitions("declaration_id", "item_no")
        cut = frame.mapInArrow(naive, "declaration_id string")
        assert cut.count() > cut.distinct().count()
    finally:
        spark.conf.unset(BATCH)


def test_a_batch_given_as_a_table_is_refused(spark: Any, lines: pa.Table) -> None:
    """A batch of a partition may end within a declaration, and nobody can see it."""
    archive = PACK

    def naive(batches: Any) -> Any:
        import qingfeng

        engine = qingfeng.Engine(str(archive))
        for batch in batches:
            yield from engine.score(batch, threads=1).read_all().select(["declaration_id"]).to_batches()

    frame = spark.createDataFrame(lines).mapInArrow(naive, "declaration_id string")
    with pytest.raises(Exception, match="may end within a declaration"):
        frame.count()


def test_dask_in_ten_lines(lines: pa.Table, commanded: Commanded, tmp_path: Path) -> None:
    """The recipe of docs/spark.md, as it stands there."""
    text = (ROOT / "docs" / "spark.md").read_text(encoding="utf-8")
    recipe = text.split("```python\n# Dask")[1].split("```")[0]
    given, scored = tmp_path / "declarations", tmp_path / "scores"
    given.mkdir()
    # Every fourth line in each file, so that declarations are in all of them.
    for file in range(4):
        pq.write_table(lines.take(list(range(file, len(lines), 4))), given / f"{file}.parquet")
    program = f"# Dask{recipe}".replace("rules/clean-wind", str(PACK))
    program = program.replace("declarations/", f"{given}/").replace("scores/", f"{scored}/")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert len(list(scored.iterdir())) > 1
    assert lines_of(pq.read_table(scored)) == commanded(lines)["rows"]
