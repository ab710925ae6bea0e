"""Inputs that break off, and runs that are stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
import qingfeng
from conftest import PACK


def breaking(table: pa.Table, error: Exception) -> Iterator[pa.RecordBatch]:
    """The goods lines, each in a batch of its own, and then a failure."""
    yield from table.to_batches(max_chunksize=1)
    raise error


def test_a_failure_loses_no_answer(engine: qingfeng.Engine, table: pa.Table) -> None:
    """Whoever reads batch by batch has them; whoever reads at once finds them with the exception."""
    whole = engine.score(table).read_all()
    scores = engine.score(breaking(table, OSError("the line is dead")), batch_lines=1)
    rows = 0
    with pytest.raises(qingfeng.InputError, match="the line is dead"):
        for batch in scores:
            rows += batch.num_rows
    assert rows == whole.num_rows - 1, "of the last declaration it is not known whether it was whole"
    scores = engine.score(breaking(table, OSError("the line is dead")), batch_lines=1)
    with pytest.raises(qingfeng.InputError) as raised:
        scores.read_all()
    assert raised.value.rows is not None
    assert raised.value.rows.to_pylist() == whole.slice(0, whole.num_rows - 1).to_pylist()
    assert isinstance(scores.failure, qingfeng.InputError)
    with pytest.raises(qingfeng.InputError, match="the line is dead"):
        next(scores)


def test_a_library_gets_the_words(engine: qingfeng.Engine, table: pa.Table) -> None:
    scores = engine.score(breaking(table, ValueError("17 is no batch")))
    with pytest.raises(pa.ArrowException, match="17 is no batch"):
        pa.table(scores)
    assert isinstance(scores.failure, qingfeng.InputError)
    scores = engine.score(breaking(table, ValueError("17 is no batch")))
    with pytest.raises(Exception, match="17 is no batch"):
        pl.DataFrame(scores)


def test_what_is_no_batch_is_said(engine: qingfeng.Engine, table: pa.Table) -> None:
    with pytest.raises(TypeError):
        engine.score(iter([17]))
    with pytest.raises(qingfeng.InputError):
        engine.score(iter([*table.to_batches(), 17])).read_all()
    # An iterator without batches has no columns either.
    with pytest.raises(qingfeng.InputError, match="has no batches"):
        engine.score(iter([])).read_all()


def test_files_that_cannot_be_read_are_said_at_once(engine: qingfeng.Engine, tmp_path: Path) -> None:
    with pytest.raises(qingfeng.InputError, match="cannot be opened"):
        engine.score("no.csv")
    (tmp_path / "a.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(qingfeng.InputError):
        engine.score(tmp_path / "a.parquet")
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    with pytest.raises(qingfeng.ColumnError):
        engine.score(tmp_path / "a.csv")


def test_what_cannot_be_written_is_said(engine: qingfeng.Engine, table: pa.Table, tmp_path: Path) -> None:
    with pytest.raises(qingfeng.OutputError, match="names no format"):
        engine.score(table).write(tmp_path / "scores.docx")
    with pytest.raises(qingfeng.OutputError, match="cannot be written"):
        engine.score(table).write(tmp_path / "no" / "scores.csv")


ENDLESS = """
import itertools, sys, time
import pyarrow as pa, qingfeng
engine = qingfeng.Engine(sys.argv[1])
count = 20_000
table = pa.table({
    "declaration_id": [str(n) for n in range(count)], "destination": ["KE"] * count, "mode": ["0110"] * count,
    "hs": ["8711209000"] * count, "quantity": [40] * count,
})
def batches():
    while True:
        yield from table.to_batches()
def waiting():
    yield from table.to_batches()
    while True:
        time.sleep(60)
scores = engine.score({input}, batch_lines=1000)
print("running", flush=True)
try:
    {read}
except BaseException as error:
    print(type(error).__name__, "KeyboardInterrupt" in str(error), type(scores.failure).__name__, flush=True)
"""


@pytest.mark.parametrize("source", ["batches()", "waiting()"])
@pytest.mark.parametrize(
    ("read", "raised"),
    [
        ("for batch in scores: pass", "KeyboardInterrupt"),
        ("scores.read_all()", "KeyboardInterrupt"),
        ("pa.table(scores)", None),
        ("import polars; polars.DataFrame(scores)", None),
    ],
)
def test_ctrl_c_ends_a_run_within_a_second(source: str, read: str, raised: str | None) -> None:
    """Also while a slow input gives nothing, and while a library reads, which raises an error of its own."""
    code = ENDLESS.replace("{input}", source).replace("{read}", read)
    arguments = [sys.executable, "-c", code, PACK]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        assert process.stdout.readline() == b"running\n"
        time.sleep(1.0)
        started = time.monotonic()
        os.kill(process.pid, signal.SIGINT)
        line = process.stdout.readline().decode().split()
        seconds = time.monotonic() - started
        process.kill()
        assert line, process.stderr.read().decode()
    assert seconds < 1.0
    # What a library raises has the words; where Python itself was interrupted there is nothing to say.
    assert line[0] == raised if raised else line[1:] == ["True", "KeyboardInterrupt"], line


def test_the_command_of_the_wheel_ends_on_a_signal(tmp_path: Path) -> None:
    code = (
        "import sys; sys.argv = ['qingfeng', 'score', '-', '--rules', sys.argv[1], '-o', sys.argv[2]]\n"
        "from qingfeng.__main__ import main; main()"
    )
    arguments = [sys.executable, "-c", code, PACK, tmp_path / "out.csv"]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        time.sleep(2.0)
        started = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=5) == -signal.SIGINT and time.monotonic() - started < 1.0
        assert process.stderr is not None and b"stopped" in process.stderr.read()
    assert list(tmp_path.iterdir()) == []
