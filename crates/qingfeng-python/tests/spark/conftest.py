"""What the tests on Spark share. They have a step of their own, `.ci/spark`, since Spark needs Java."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

# `.ci/python` has no Spark, and says nothing of these tests.
collect_ignore_glob = [] if os.environ.get("QINGFENG_SPARK") else ["test_*.py"]

ROOT = Path(__file__).resolve().parents[4]
PACK = ROOT / "rules" / "clean-wind"

#: Small, so that the tests are quick on two cores.
SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.sql.shuffle.partitions": "3",
    "spark.default.parallelism": "2",
    "spark.sql.session.timeZone": "UTC",
    "spark.driver.memory": "1g",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.log.level": "OFF",
}

Start = Callable[..., Any]


@pytest.fixture(scope="session", autouse=True)
def workers_have_the_wheel() -> None:
    """Workers run the Python of the tests, as those of a cluster run one with the wheel."""
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"


def start(master: str, **settings: str) -> Any:
    """A session of Spark by itself."""
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master(master).appName("qingfeng")
    for name, value in {**SETTINGS, **settings}.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    """Spark in one process, with two threads."""
    session = start("local[2]")
    yield session
    session.stop()


def lines_of(table: pa.Table) -> bytes:
    """The rows as lines of JSON, sorted: two tables are the same if these bytes are."""
    rows = (json.dumps(row, ensure_ascii=False, default=str) for row in table.to_pylist())
    return "\n".join(sorted(rows)).encode()


@pytest.fixture(scope="session")
def lines(generated: Path) -> pa.Table:
    """Goods lines: 1,200 of which 800 are one declaration, and in no order that would help."""
    table = pq.read_table(generated).slice(0, 1_200)
    ids = table["declaration_id"].to_pylist()
    items = table["item_no"].to_pylist()
    first = {name: of for name, of in zip(table.column_names, table.columns, strict=True)}
    # The fields of a declaration's header are the same on all of its lines.
    header = [name for name in table.column_names if name not in ITEM_FIELDS]
    ids[200:1_000] = ["BIG"] * 800
    items[200:1_000] = range(1, 801)
    columns = dict(first, declaration_id=pa.array(ids), item_no=pa.array(items))
    for name in header:
        if name != "declaration_id":
            values = first[name].to_pylist()
            values[200:1_000] = [values[200]] * 800
            columns[name] = pa.array(values, first[name].type)
    return pa.table(columns).sort_by([("declaration_id", "ascending"), ("item_no", "ascending")])


ITEM_FIELDS = {
    *("item_no", "hs", "goods", "brand", "brand_kind", "model", "quantity", "unit", "net_kg", "gross_kg", "value"),
    *("packages", "certificate", "origin_country", "final_destination", "origin_district"),
}


@pytest.fixture(scope="session")
def commanded(command: Any, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., dict[str, Any]]:
    """What the command makes of a table, or of a file: rows, rejects and summary."""

    def of(lines: pa.Table | Path, *options: str, pack: Path = PACK) -> dict[str, Any]:
        directory = tmp_path_factory.mktemp("command")
        path = lines if isinstance(lines, Path) else directory / "lines.parquet"
        if isinstance(lines, pa.Table):
            pq.write_table(lines, path)
        out, rejects, summary = (directory / name for name in ("out.parquet", "rejects.parquet", "summary.json"))
        given = ("--rejects", rejects, "--summary", summary, "-o", out)
        command("score", path, "--rules", pack, *given, *options)
        return {
            "rows": lines_of(pq.read_table(out)),
            "rejects": pq.read_table(rejects).to_pylist(),
            "summary": json.loads(summary.read_text()),
        }

    return of
