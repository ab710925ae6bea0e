"""The battery on Spark: the rows are the crate's, to the byte after sorting. The declarations of a pack are one data frame."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import qingfeng
from qingfeng.spark import score

#: Where `.ci/spark` has it written.
BATTERY = Path(os.environ["QINGFENG_BATTERY"])
CASES: list[dict[str, Any]] = json.loads((BATTERY / "battery.json").read_text())


def ordered(path: Path) -> list[str]:
    """The lines of a file, sorted."""
    return sorted(path.read_text(encoding="utf-8").split("\n"))


def test_spark_gives_the_answers_of_the_battery(spark: Any, tmp_path: Path) -> None:
    """By line, in which all of a declaration stands too. Packs that are refused are so by the driver, as in Python."""

    def rows(case: dict[str, Any]) -> list[str]:
        declarations = spark.createDataFrame(pq.read_table(BATTERY / case["directory"] / "lines.parquet"))
        found = score(declarations, case["pack"], by="item", reasons=True, partitions=2, keep=None).rows
        path = tmp_path / f"{case['directory']}.ndjson"
        qingfeng.Table.of(found.toArrow()).write(path)
        return ordered(path)

    assessed = [case for case in CASES if not case["refused"]]
    # Two at a time: for a few lines most of the time is the driver's.
    with ThreadPoolExecutor(2) as threads:
        found = list(threads.map(rows, assessed))
    expected = [ordered(BATTERY / case["directory"] / "by-item.ndjson") for case in assessed]
    differing = [case["name"] for case, a, b in zip(assessed, found, expected, strict=True) if a != b]
    assert not differing and len(assessed) >= 150
