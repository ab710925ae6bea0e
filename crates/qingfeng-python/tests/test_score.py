"""Tables and files: the results are the command's, to the byte, whatever library the table is of."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import nanoarrow as na
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest
import qingfeng
from conftest import DECLARATIONS, PACK, Command

FORMATS = ["csv", "csv.gz", "ndjson", "ndjson.zst", "parquet"]


def polars(table: pa.Table) -> Any:
    return pl.DataFrame(table)


def pandas(table: pa.Table) -> Any:
    return table.to_pandas()


def pandas_nullable(table: pa.Table) -> Any:
    return table.to_pandas().convert_dtypes()


def pandas_categories(table: pa.Table) -> Any:
    return table.to_pandas().astype("category")


def relation(lines: pa.Table) -> Any:
    return duckdb.sql("select * from lines")


def arrow_stream(table: pa.Table) -> Any:
    return na.ArrayStream(table)


def record_batch(table: pa.Table) -> Any:
    return table.combine_chunks().to_batches()[0]


def reader(table: pa.Table) -> Any:
    return table.to_reader(max_chunksize=7)


def iterator(table: pa.Table) -> Iterator[pa.RecordBatch]:
    yield from table.to_batches(max_chunksize=1)


def of_views(table: pa.Table) -> Any:
    return table.cast(pa.schema([(name, pa.string_view()) for name in table.column_names]))


def of_large_texts(table: pa.Table) -> Any:
    return table.cast(pa.schema([(name, pa.large_string()) for name in table.column_names]))


def of_dictionaries(table: pa.Table) -> Any:
    return pa.table({name: table[name].dictionary_encode() for name in table.column_names})


Make = Callable[[pa.Table], Any]

MAKERS: list[Make] = [
    polars, pandas, pandas_nullable, pandas_categories, relation, arrow_stream, record_batch, reader, iterator,
    of_views, of_large_texts, of_dictionaries,
]  # fmt: skip


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
@pytest.mark.parametrize(("by", "reasons"), [("declaration", False), ("item", True)])
def test_each_library_gets_the_commands_answer(
    engine: qingfeng.Engine, table: pa.Table, command: Command, tmp_path: Path, make: Make, by: Any, reasons: bool
) -> None:
    flags = ["--by", by, *(["--reasons"] if reasons else [])]
    expected = command("score", DECLARATIONS, "--rules", PACK, *flags).stdout
    scores = engine.score(make(table), by=by, reasons=reasons)
    scores.write(tmp_path / "found.ndjson")
    assert (tmp_path / "found.ndjson").read_bytes() == expected
    assert scores.summary["lines_read"] == table.num_rows


@pytest.mark.parametrize("extension", FORMATS)
def test_files_are_the_commands(
    engine: qingfeng.Engine, command: Command, tmp_path: Path, generated: Path, extension: str
) -> None:
    """Of a table of Polars and of the file itself, in each format, and with any threads and batches."""
    expected, found = tmp_path / f"expected.{extension}", tmp_path / f"found.{extension}"
    command("score", generated, "--rules", PACK, "--reasons", "-o", expected, "--summary", tmp_path / "summary.json")
    given: list[tuple[Any, dict[str, Any]]] = [
        ([str(generated)], {"threads": 1}),
        (pl.read_parquet(generated), {}),
        (pa.parquet.ParquetFile(generated).iter_batches(batch_size=999), {"threads": 3}),
    ]
    for table, options in given:
        scores = engine.score(table, reasons=True, **options)
        scores.write(found)
        assert found.read_bytes() == expected.read_bytes()
        summary = json.loads((tmp_path / "summary.json").read_bytes())
        counted = scores.summary
        for key in ("lines_read", "declarations", "channels", "rules", "points_total", "unknown_codes"):
            assert counted[key] == summary[key]



def test_a_table_without_batches_has_no_declarations(engine: qingfeng.Engine, table: pa.Table) -> None:
    """It has columns; so it is read, and one whose columns do not fit is refused."""
    none = pa.Table.from_batches([], schema=table.schema)
    assert not none.to_batches()
    scores = engine.score(none)
    rows = pl.DataFrame(scores)
    assert rows.height == 0 and rows.columns == scores.column_names
    assert scores.summary["lines_read"] == 0 and scores.summary["declarations"] == 0 and len(scores.rejects) == 0
    assert engine.score(pa.RecordBatchReader.from_batches(table.schema, [])).read_all().num_rows == 0
    with pytest.raises(qingfeng.ColumnError):
        engine.score(pa.Table.from_batches([], schema=pa.schema([("a", pa.string())])))


def test_batches_and_memory_change_no_row(engine: qingfeng.Engine, generated: Path) -> None:
    frame = pl.read_parquet(generated)
    expected = pl.DataFrame(engine.score(frame, reasons=True))
    for options in ({"batch_lines": 100}, {"memory_limit": 1 << 24}, {"batch_lines": 1, "threads": 1}):
        assert pl.DataFrame(engine.score(frame, reasons=True, **options)).equals(expected)  # type: ignore[arg-type]


def test_results_go_to_each_library(engine: qingfeng.Engine, table: pa.Table) -> None:
    expected = engine.score(table).read_all()
    assert pa.table(engine.score(table)).equals(expected)
    assert pa.RecordBatchReader.from_stream(engine.score(table)).read_all().equals(expected)
    assert pl.DataFrame(engine.score(table)).equals(pl.DataFrame(expected))
    # Of pandas 3 and later, which Python 3.10 does not have.
    if hasattr(pd.DataFrame, "from_arrow"):
        assert pd.DataFrame.from_arrow(engine.score(table)).equals(expected.to_pandas())
    scores = engine.score(table)
    assert duckdb.sql("select count(*), sum(score) from scores").fetchall() == [
        (expected.num_rows, sum(expected["score"].to_pylist()))
    ]
    assert na.Array(engine.score(table)).to_pylist()[0]["channel"] == expected["channel"][0].as_py()
    assert pa.Table.from_batches(list(engine.score(table))).equals(expected)
    assert expected.column_names == engine.score(table).column_names


def test_results_can_be_read_once(engine: qingfeng.Engine, table: pa.Table) -> None:
    """An empty second table would be taken for an answer."""
    scores = engine.score(table)
    pl.DataFrame(scores)
    for again in (pl.DataFrame, pa.table, qingfeng.Scores.read_all, list):
        with pytest.raises(qingfeng.QingfengError, match="read already"):
            again(scores)
    begun = engine.score(table, batch_lines=1, threads=1)
    first = next(begun)
    assert first.num_rows + begun.read_all().num_rows == 40
    both = engine.score(table)
    one, other = pa.RecordBatchReader.from_stream(both), pa.RecordBatchReader.from_stream(both)
    assert one.read_all().num_rows == 40
    with pytest.raises(pa.ArrowException, match="read already"):
        other.read_all()


def test_the_summary_comes_at_the_end(engine: qingfeng.Engine, table: pa.Table) -> None:
    scores = engine.score(table)
    with pytest.raises(qingfeng.QingfengError, match="once all results were read"):
        _ = scores.summary
    pa.table(scores)
    assert scores.summary["lines_read"] == 60 and scores.failure is None
    with engine.score(table) as left:
        next(left)
    with pytest.raises(qingfeng.QingfengError, match="not read to their end"):
        _ = left.summary


def test_results_come_while_there_is_more(engine: qingfeng.Engine, table: pa.Table) -> None:
    """The first rows are there before the table has ended, and no more of it is read than is needed."""
    given = []

    def endless() -> Iterator[pa.RecordBatch]:
        while True:
            given.append(1)
            yield from table.to_batches()

    with engine.score(endless(), threads=1, batch_lines=60) as scores:
        for _ in range(20):
            assert next(scores).num_rows > 0
        assert len(given) < 200


def test_rejects_are_the_commands(engine: qingfeng.Engine, command: Command, tmp_path: Path) -> None:
    text = DECLARATIONS.read_text(encoding="utf-8").splitlines()
    header, *lines = csv.reader(text)
    for line in lines[:3]:
        line[header.index("quantity")] = "many"
    bad = tmp_path / "bad.csv"
    with bad.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *lines])
    command("score", bad, "--rules", PACK, "--rejects", tmp_path / "rejects.ndjson", "-o", tmp_path / "x.csv")
    expected = [json.loads(line) for line in (tmp_path / "rejects.ndjson").read_text("utf-8").splitlines()]
    scores = engine.score(bad)
    pa.table(scores)
    assert scores.rejects.to_pylist() == expected and len(scores.rejects) == 3
    assert pl.DataFrame(scores.rejects).height == pl.DataFrame(scores.rejects).height == 3
    assert scores.rejects.column_names[:2] == ["input", "position"]
    # Of a table the place is its row.
    scores = engine.score(pl.read_csv(bad, infer_schema=False), name="my table")
    pa.table(scores)
    found = scores.rejects.to_pylist()
    assert [(reject["input"], reject["position"]) for reject in found] == [("my table", f"row {n}") for n in (1, 2, 3)]
    assert scores.summary["lines_unreadable"] == 3


def test_what_is_no_table_is_said_with_a_remedy(engine: qingfeng.Engine, table: pa.Table) -> None:
    wrong: list[tuple[Any, str]] = [
        (pl.DataFrame(table).lazy(), r"call \.collect\(\)"),
        ({"hs": ["1"]}, "polars.DataFrame"),
        ([{"hs": "1"}], "from_pylist"),
        ([], "a list is one of paths"),
        (b"hs\n1\n", "write it to a file"),
        (17, "Polars, pandas, PyArrow or DuckDB"),
        (None, "Polars, pandas, PyArrow or DuckDB"),
    ]
    for value, remedy in wrong:
        with pytest.raises(TypeError, match=remedy):
            engine.score(value)


def test_files_of_any_kind(engine: qingfeng.Engine, tmp_path: Path, table: pa.Table) -> None:
    expected = engine.score(table).read_all()
    packed = tmp_path / "a.csv.gz"
    packed.write_bytes(gzip.compress(DECLARATIONS.read_bytes()))
    odd = tmp_path / "declarations.txt"
    odd.write_bytes(DECLARATIONS.read_bytes())
    assert engine.score(packed).read_all().equals(expected)
    assert engine.score(odd, format="csv", encoding="utf-8").read_all().equals(expected)
    gbk = tmp_path / "gbk.csv"
    gbk.write_bytes(DECLARATIONS.read_text("utf-8").encode("gb18030"))
    assert engine.score(gbk, encoding="gb18030").read_all().equals(expected)


def test_wrong_arguments_are_said(engine: qingfeng.Engine, table: pa.Table) -> None:
    wrong: list[tuple[str, Any, str]] = [
        ("by", "office", "`office` is neither"),
        ("format", "xls", "`xls` is none of csv, ndjson"),
        ("encoding", "latin-1", "none of utf-8"),
        ("zone", "Nowhere/Never", "zone"),
        ("country_numbers", "un", "none of iso, gac"),
    ]
    for name, value, message in wrong:
        with pytest.raises(qingfeng.QingfengError, match=message):
            engine.score(table, **{name: value})


def test_progress_is_told(engine: qingfeng.Engine, generated: Path, capfd: pytest.CaptureFixture[str]) -> None:
    seen: list[qingfeng.Progress] = []
    engine.score(generated, progress=seen.append).read_all()
    assert seen[-1].done and seen[-1].lines == 20_000 and seen[-1].bytes_total == generated.stat().st_size
    assert [progress.lines for progress in seen] == sorted(progress.lines for progress in seen)
    # No terminal, nothing shown.
    engine.score(generated, progress=True).read_all()
    assert capfd.readouterr() == ("", "")

    def broken(progress: qingfeng.Progress) -> None:
        raise RuntimeError("no more paper")

    with pytest.raises(RuntimeError, match="no more paper"):
        engine.score(generated, progress=broken).read_all()
