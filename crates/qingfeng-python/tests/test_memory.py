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


#: A third of the lines have a quantity that cannot be read.
UNREADABLE = """
import sys, resource
import pyarrow as pa, qingfeng
pack, times = sys.argv[1:]
engine = qingfeng.Engine(pack)
def batches():
    for again in range(int(times)):
        lines = [{"declaration_id": f"{again:04}{line:05}", "item_no": "1", "destination": "KE", "mode": "0110", "hs": "8711209000",
                  "quantity": "many" if line % 3 == 0 else "4"} for line in range(9000)]
        yield pa.RecordBatch.from_pylist(lines)
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
before = peak()
scores = engine.score(batches())
rows = sum(batch.num_rows for batch in scores)
rejects, most = scores.rejects, peak() - before
# As often as one likes, and a table of before does not see what comes.
assert len(rejects) == sum(batch.num_rows for batch in pa.RecordBatchReader.from_stream(rejects)) == rows // 3
assert all(batch["value"][0].as_py() == "many" for batch in pa.RecordBatchReader.from_stream(rejects))
rejects.write("rejects.parquet")
import pyarrow.parquet as pq
assert pq.read_metadata("rejects.parquet").num_rows == len(rejects)
print(rows, len(rejects), most)
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


def test_memory_does_not_grow_with_rejects(tmp_path: Path) -> None:
    """They are in a temporary file, which goes with the last who has them."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()

    def most(times: int) -> tuple[int, int]:
        code = f"import os, sys; os.chdir({str(tmp_path)!r}); sys.argv = ['', {str(PACK)!r}, '{times}']\n{UNREADABLE}"
        done = python(code, TMPDIR=str(temporary))
        assert done.returncode == 0, done.stderr.decode()
        lines, rejects, most = map(int, done.stdout.split())
        assert lines == 9000 * times and rejects == 3000 * times
        return rejects, most

    few, many = most(10), most(100)
    assert many[0] == 300_000 and many[1] < few[1] + 80
    assert not list(temporary.iterdir())
