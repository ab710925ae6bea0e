"""Memory does not grow with the table."""

from __future__ import annotations

from pathlib import Path

from conftest import PACK, python

#: The most that is used above what was used before, in MiB: batches that wait, what threads keep, the pool of memory.
MOST = 300

PROGRAM = """
import sys, resource, itertools
import pyarrow.parquet as pq, qingfeng
pack, path, times = sys.argv[1:]
engine = qingfeng.Engine(pack)
def batches():
    # The same lines again and again, under other numbers.
    for again in range(int(times)):
        for batch in pq.ParquetFile(path).iter_batches(batch_size=8192, use_threads=False):
            numbers = [f"{again:04}{number}" for number in batch["declaration_id"].to_pylist()]
            yield batch.set_column(batch.schema.get_field_index("declaration_id"), "declaration_id", pa.array(numbers))
import pyarrow as pa
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
before = peak()
scores = engine.score(batches(), reasons=True)
rows = sum(batch.num_rows for batch in scores)
print(scores.summary["lines_read"], rows, peak() - before)
"""


def run(generated: Path, times: int) -> tuple[int, int, int]:
    code = f"import sys; sys.argv = ['', {str(PACK)!r}, {str(generated)!r}, '{times}']\n{PROGRAM}"
    done = python(code)
    assert done.returncode == 0, done.stderr.decode()
    lines, rows, most = map(int, done.stdout.split())
    return lines, rows, most


def test_memory_does_not_grow(generated: Path) -> None:
    """Ten times the lines need no more, but for what the allocator keeps."""
    few = run(generated, 2)
    many = run(generated, 20)
    assert many[0] == 10 * few[0] == 400_000 and many[1] == 10 * few[1]
    assert few[2] < MOST and many[2] < MOST and many[2] < few[2] + 80
