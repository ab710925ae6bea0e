"""Columns of the types that other programs make, and columns that cannot be read."""

from __future__ import annotations

import datetime
import decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import qingfeng

HEADER: dict[str, Any] = {"declaration_id": ["1", "2"], "destination": ["KE", "KE"], "mode": ["0110", "0110"]}
HS = ["8711209000", "0404101000"]


def scores(engine: qingfeng.Engine, columns: dict[str, Any], **options: Any) -> list[tuple[str, int, list[str]]]:
    """What becomes of a table with these columns besides the usual ones; all of it must be readable."""
    result = engine.score(pa.table({**HEADER, "hs": HS, "quantity": [40, 40], **columns}), **options)
    rows = result.read_all().to_pylist()
    assert len(result.rejects) == 0, result.rejects.to_pylist()
    return [(row["channel"], row["score"], row["rules"]) for row in rows]


@pytest.fixture(scope="module")
def plain(engine: qingfeng.Engine) -> list[tuple[str, int, list[str]]]:
    return scores(engine, {"value": [8000.5, 12.0], "declared_on": ["2016-09-06", "2016-09-07"]})


DAYS = [datetime.date(2016, 9, 6), datetime.date(2016, 9, 7)]
NOON = [datetime.datetime(2016, 9, 6, 12), datetime.datetime(2016, 9, 7, 12)]
AMOUNTS = [decimal.Decimal("8000.50"), decimal.Decimal("12.00")]

SAME: dict[str, dict[str, Any]] = {
    "codes as whole numbers": {"hs": pa.array([8711209000, 404101000], pa.int64())},
    "codes as unsigned numbers": {"hs": pa.array([8711209000, 404101000], pa.uint64())},
    "codes as pandas' floats": {"hs": pa.array([8711209000.0, 404101000.0])},
    "codes as dictionaries": {"hs": pa.array(HS).dictionary_encode()},
    "codes as dictionaries of large texts": {"hs": pa.array(HS, pa.large_string()).dictionary_encode()},
    "codes as bytes": {"hs": pa.array([code.encode() for code in HS], pa.binary())},
    "numbers as texts": {"value": ["8000.5", "12"]},
    "numbers as decimals": {"value": pa.array(AMOUNTS, pa.decimal128(12, 2))},
    "numbers as large decimals": {"value": pa.array(AMOUNTS, pa.decimal256(40, 2))},
    "numbers as small floats": {"value": pa.array([8000.5, 12.0], pa.float32()), "quantity": pa.array([40, 40], pa.int8())},
    "whole numbers as floats": {"quantity": pa.array([40.0, 40.0])},
    "days as dates": {"declared_on": pa.array(DAYS, pa.date32())},
    "days as long dates": {"declared_on": pa.array(DAYS, pa.date64())},
    "days as moments": {"declared_on": pa.array(NOON, pa.timestamp("us"))},
    "days as moments of nanoseconds": {"declared_on": pa.array(NOON, pa.timestamp("ns"))},
    "days as categories": {"declared_on": pa.array(["2016-09-06", "2016-09-07"]).dictionary_encode()},
    "views": {"hs": pa.array(HS, pa.string_view())},
    "columns that nobody reads": {
        "tags": pa.array([[1], []], pa.list_(pa.int8())),
        "nested": pa.array([{"a": 1}, None], pa.struct([("a", pa.int8())])),
        "span": pa.array([1, 2], pa.duration("s")),
    },
}


@pytest.mark.parametrize("columns", SAME.values(), ids=SAME.keys())
def test_each_type_says_the_same(
    engine: qingfeng.Engine, plain: list[tuple[str, int, list[str]]], columns: dict[str, Any]
) -> None:
    usual: dict[str, Any] = {"value": [8000.5, 12.0], "declared_on": ["2016-09-06", "2016-09-07"]}
    assert scores(engine, {**usual, **columns}) == plain


@pytest.mark.parametrize("zone", ["UTC", "+00:00", "+14:00", "Europe/Berlin"])
def test_moments_are_days_of_a_zone(
    engine: qingfeng.Engine, plain: list[tuple[str, int, list[str]]], zone: str
) -> None:
    """Noon in UTC, wherever it was written down."""
    moments = pa.array(NOON, pa.timestamp("ms", zone))
    usual: dict[str, Any] = {"value": [8000.5, 12.0], "declared_on": moments}
    assert scores(engine, usual, zone="+00:00") == plain


def test_a_zone_by_name_needs_a_zone(engine: qingfeng.Engine) -> None:
    """Which day it is there depends on clocks that change; the caller says which zone days are of."""
    moments = pa.array(NOON, pa.timestamp("us", "Europe/Berlin"))
    with pytest.raises(qingfeng.ColumnError, match="declared_on.*zone") as raised:
        scores(engine, {"declared_on": moments})
    assert raised.value.kind == "type" and raised.value.fields == ("declared_on",)
    assert scores(engine, {"declared_on": moments}, zone="+08:00")


WRONG: dict[str, Any] = {
    "a list": pa.array([[1], [2]]),
    "a structure": pa.array([{"a": 1}, {"a": 2}]),
    "a list of structures": pa.array([[{"hs": "1"}], []]),
    "a duration": pa.array([1, 2], pa.duration("s")),
    "a time of day": pa.array([1, 2], pa.time32("s")),
    "a map": pa.array([[("a", 1)], []], pa.map_(pa.string(), pa.int8())),
}


@pytest.mark.parametrize("column", WRONG.values(), ids=WRONG.keys())
def test_a_column_of_a_wrong_kind_is_an_exception(engine: qingfeng.Engine, column: Any) -> None:
    """It names the column, what it is, and a remedy, before anything is read."""
    read = []

    def batches() -> Any:
        read.append(1)
        yield from ()

    schema = pa.schema([("declaration_id", "string"), ("destination", "string"), ("mode", "string"), ("hs", column.type)])
    with pytest.raises(qingfeng.ColumnError) as raised:
        engine.score(pa.RecordBatchReader.from_batches(schema, batches()))
    message = str(raised.value)
    assert "`hs`" in message and "write" in message and read == []
    assert raised.value.kind == "type"


def test_goods_lines_in_lists_are_refused_with_a_remedy(engine: qingfeng.Engine) -> None:
    nested = pl.DataFrame({**HEADER, "items": [[{"hs": HS[0]}], [{"hs": HS[1]}]]})
    with pytest.raises(qingfeng.ColumnError, match="one row for each goods line"):
        engine.score(nested)
    flat = nested.explode("items").unnest("items")
    assert engine.score(flat).read_all().num_rows == 2


def test_missing_and_repeated_columns(engine: qingfeng.Engine) -> None:
    with pytest.raises(qingfeng.ColumnError, match="no column for") as raised:
        engine.score(pa.table({"declaration_id": ["1"], "destination": ["KE"]}))
    assert raised.value.kind == "missing" and "hs" in raised.value.fields
    twice = pa.Table.from_arrays([*map(pa.array, HEADER.values()), pa.array(HS), pa.array(HS)], [*HEADER, "hs", "hs"])
    with pytest.raises(qingfeng.ColumnError) as raised:
        engine.score(twice)
    assert raised.value.kind == "repeated"


def test_pandas_of_every_day(engine: qingfeng.Engine, plain: list[tuple[str, int, list[str]]]) -> None:
    """Whole numbers with gaps are floats there, NaN and NaT are missing, texts are categories, days are moments."""
    frame = pd.DataFrame(
        {
            **HEADER,
            "hs": [8711209000.0, 404101000.0],
            "quantity": pd.array([40, 40], dtype="Int64"),
            "value": [8000.5, 12.0],
            "declared_on": pd.to_datetime(["2016-09-06", "2016-09-07"]),
            "net_kg": [np.nan, np.nan],
            "brand": pd.Categorical([None, None]),
            "gross_kg": pd.array([None, None], dtype="Float64"),
        }
    )
    result = engine.score(frame)
    rows = result.read_all().to_pylist()
    assert [(row["channel"], row["score"], row["rules"]) for row in rows] == plain
    assert len(result.rejects) == 0


HOSTILE: list[Any] = [
    "", " ", "\0", "NaN", "1e999", "-" * 70_000, "=1+1", "\u202e\ud7ff", "🚢" * 1000, "9" * 400, "<b>", "0x10", "１２",
    "1,000", "1.000,5", "--5", "1e-400", "true", "2016-02-30",
]  # fmt: skip


@pytest.mark.parametrize("field", ["quantity", "value", "hs", "declared_on", "destination", "declaration_id", "mode"])
def test_values_that_cannot_be_read_are_counted_with_their_row(engine: qingfeng.Engine, field: str) -> None:
    """Whatever stands in a cell: no exception, a row for each declaration, and what is unreadable is said with its row."""
    count = len(HOSTILE)
    columns: dict[str, Any] = {
        "declaration_id": [str(number) for number in range(count)],
        "destination": ["KE"] * count,
        "mode": ["0110"] * count,
        "hs": ["8711209000"] * count,
        "declared_on": ["2016-09-06"] * count,
        "quantity": ["40"] * count,
        "value": ["1"] * count,
    }
    columns[field] = HOSTILE
    for made in (pa.table(columns), pl.DataFrame(columns), pa.table({n: pa.array(c).dictionary_encode() for n, c in columns.items()})):
        result = engine.score(made)
        answered = result.read_all().num_rows
        summary, rejects = result.summary, result.rejects.to_pylist()
        assert summary["lines_read"] == count and answered == summary["declarations"] > 0
        assert sum(values["lines"] for values in summary["unreadable"].values()) + summary["lines_rejected"] == len(rejects)
        assert all(reject["position"].startswith("row ") for reject in rejects)
    if field in ("quantity", "value", "declared_on"):
        assert len(rejects) > 5


def test_numbers_at_their_ends(engine: qingfeng.Engine) -> None:
    ends = [np.inf, -np.inf, np.nan, 1e308, -1e308, 5e-324, -0.0, 2.0**63]
    count = len(ends)
    made = {
        "declaration_id": [str(number) for number in range(count)],
        "destination": ["KE"] * count, "mode": ["0110"] * count, "hs": ends, "quantity": ends, "value": ends,
    }  # fmt: skip
    result = engine.score(pl.DataFrame(made))
    assert result.read_all().num_rows == count
    assert {reject["field"] for reject in result.rejects.to_pylist()} >= {"hs", "quantity", "value"}


def test_an_empty_table_has_an_empty_answer(engine: qingfeng.Engine) -> None:
    empty = pl.DataFrame({**HEADER, "hs": HS}).clear()
    result = engine.score(empty)
    assert pl.DataFrame(result).height == 0 and result.summary["lines_read"] == 0
