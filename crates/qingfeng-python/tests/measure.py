"""What Python costs, on an idle machine and with a wheel of the profile `release`:

    python measure.py assess PACK                             one declaration as a dict, with few and with many fields
    python measure.py table LINES.parquet PACK [QINGFENG]     a Polars table against the command on the same file
    python measure.py memory LINES.parquet PACK TIMES         the peak above what was there before, of the lines so many times

Processor time is given beside the time that passed: on a busy machine the latter says little.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import qingfeng

HEADER = {
    "declaration_id": "D1", "declared_on": "2016-05-04", "port": "CNP03", "destination": "KE", "mode": "0110",
    "exporter": "EXP000123",
}  # fmt: skip
FEW = {"hs": "8517120000", "goods": "led lamp mini bag 手机", "quantity": 120.0, "net_kg": 55.5, "value": 4321.5}
MANY = {
    "brand": "BRAND0007", "packages": 12, "unit": "035", "gross_kg": 60.5, "model": "X-100", "brand_kind": "0",
    "origin_country": "CN", "origin_district": "33079", "final_destination": "KE", "certificate": "no", "unit_price": 36.0,
    "currency": "USD",
}  # fmt: skip
#: Keys of a system that no field has.
OWN = {"row_guid": "5d1f0c", "checked_by": "LI"}


def assess(pack: str) -> None:
    """Of five lines each: with 11, with 23 and with 25 keys, of which two are the system's own."""
    engine = qingfeng.Engine(pack)
    for name, fields in [("few", FEW), ("many", FEW | MANY), ("many, and two unknown", FEW | MANY | OWN)]:
        items = [{"item_no": number, **fields} for number in range(1, 6)]
        declaration = {**HEADER, "items": items}
        keys = len(HEADER) - 1 + len(items[0])
        engine.assess(declaration)
        took = []
        for _ in range(15):
            start = time.process_time()
            for _ in range(500):
                engine.assess(declaration)
            took.append((time.process_time() - start) / 500 * 1e6)
        print(f"{name}: {keys} fields a line, {min(took):.1f} µs at best, {statistics.median(took):.1f} µs in the middle")


def timed(work: Callable[[], Any]) -> tuple[float, float]:
    """Seconds that passed, and of processors, of this process and of those that it waited for."""
    def used() -> float:
        each = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        return sum(usage.ru_utime + usage.ru_stime for usage in each)

    start, before = time.perf_counter(), used()
    work()
    return time.perf_counter() - start, used() - before


def table(lines: str, pack: str, command: str = "qingfeng") -> None:
    """Both into Parquet, in turn, five times."""
    frame = pl.read_parquet(lines)
    engine = qingfeng.Engine(pack)
    with tempfile.TemporaryDirectory() as directory:
        of_table, of_command = Path(directory) / "table.parquet", Path(directory) / "command.parquet"
        for _ in range(5):
            python = timed(lambda: engine.score(frame).write(of_table))
            binary = timed(lambda: subprocess.run([command, "--quiet", "score", lines, "--rules", pack, "-o", of_command], check=True))
            print(f"table {python[0]:.2f} s ({python[1]:.2f} s of processors), command {binary[0]:.2f} s ({binary[1]:.2f} s): "
                  f"{python[0] / binary[0]:.2f}, {python[1] / binary[1]:.2f}")  # fmt: skip
        assert of_table.read_bytes() == of_command.read_bytes()


def memory(lines: str, pack: str, times: str) -> None:
    """The same lines again and again, under other numbers, so that the table itself takes nothing."""
    engine = qingfeng.Engine(pack)

    def batches() -> Iterator[pa.RecordBatch]:
        for again in range(int(times)):
            for batch in pq.ParquetFile(lines).iter_batches(batch_size=8192, use_threads=False):
                numbers = pa.array([f"{again:04}{number}" for number in batch["declaration_id"].to_pylist()])
                yield batch.set_column(batch.schema.get_field_index("declaration_id"), "declaration_id", numbers)

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    results = engine.score(batches())
    rows = sum(batch.num_rows for batch in results)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(f"{results.summary['lines_read']:,} lines, {rows:,} rows: {most // 1024} MiB above {before // 1024} MiB")


if __name__ == "__main__":
    {"assess": assess, "table": table, "memory": memory}[sys.argv[1]](*sys.argv[2:])
