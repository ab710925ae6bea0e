"""Two executors of their own: what dies is done again, with the same answer, and another pack is no pack."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import qingfeng
from conftest import PACK, lines_of, start
from qingfeng.spark import score

Commanded = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A local cluster: a master, and two executors of 1 GiB with one core each, in processes of their own."""
    session = start(
        "local-cluster[2,1,1024]",
        **{
            "spark.executor.memory": "900m",
            # Some lines a batch, so that a task is in the middle of its partition when it dies.
            "spark.sql.execution.arrow.maxRecordsPerBatch": "50",
            "spark.sql.adaptive.enabled": "false",
        },
    )
    yield session
    session.stop()


def killing(mark: Path, victim: str) -> Callable[[Any], Any]:
    """Goes on behind the scoring of a task; in the first one, in its midst, it kills a process as `kill -9` does."""
    path = str(mark)

    def go_on(batches: Any) -> Any:
        import os
        import signal

        def parent(process: int) -> int:
            with open(f"/proc/{process}/stat") as stat:
                return int(stat.read().rsplit(")", 1)[1].split()[1])

        for number, batch in enumerate(batches):
            yield batch
            if number:
                continue
            try:
                os.close(os.open(path, os.O_CREAT | os.O_EXCL))
            except FileExistsError:
                continue
            daemon = os.getppid()
            if victim == "executor":
                killed = [parent(daemon)]
            else:
                processes = [int(name) for name in os.listdir("/proc") if name.isdigit()]
                killed = [process for process in processes if process != os.getpid() and parent(process) == daemon]
            with open(path, "w") as told:
                told.write(" ".join(map(str, killed)))
            for process in killed:
                os.kill(process, signal.SIGKILL)

    return go_on


@pytest.mark.parametrize("victim", ["worker", "executor"])
def test_what_is_killed_is_scored_again(
    cluster: Any, lines: pa.Table, commanded: Commanded, tmp_path: Path, victim: str
) -> None:
    mark = tmp_path / "killed"
    scores = score(cluster.createDataFrame(lines), PACK, reasons=True, partitions=4, keep=None)
    went_on = scores.tagged.mapInArrow(killing(mark, victim), scores.tagged.schema)
    again = qingfeng.spark.SparkScores(went_on)
    expected = commanded(lines, "--reasons")
    assert lines_of(again.rows.toArrow()) == expected["rows"]
    assert mark.read_text().split(), "nothing was killed"


def test_counts_are_not_doubled_by_what_is_killed(
    cluster: Any, lines: pa.Table, commanded: Commanded, tmp_path: Path
) -> None:
    scores = score(cluster.createDataFrame(lines), PACK, partitions=4, keep=None)
    went_on = scores.tagged.mapInArrow(killing(tmp_path / "killed", "worker"), scores.tagged.schema)
    summary = qingfeng.spark.SparkScores(went_on).summary
    counts = {row["measure"]: row["count"] for row in summary.where("cardinality(of) = 0").collect()}
    expected = commanded(lines)["summary"]
    assert {name: expected[name] for name in ("lines_read", "declarations", "points_total")}.items() <= counts.items()


def test_two_executors_score(cluster: Any, lines: pa.Table) -> None:
    executors = cluster.sparkContext._jsc.sc().statusTracker().getExecutorInfos()
    assert len(executors) == 3, "the driver and two"


def test_another_pack_on_a_worker_fails_its_task(cluster: Any, lines: pa.Table, commanded: Commanded, tmp_path: Path) -> None:
    from pyspark.errors import PythonException

    installed = tmp_path / "pack"
    shutil.copytree(PACK, installed)
    scores = score(cluster.createDataFrame(lines), PACK, installed=str(installed), keep=None)
    assert lines_of(scores.rows.toArrow()) == commanded(lines)["rows"]

    # Workers keep the engine that they have, whose digest is the right one; new ones find another pack.
    manifest = installed / "pack.toml"
    manifest.write_text(manifest.read_text(encoding="utf-8").replace('"2016.4"', '"2016.5"'), encoding="utf-8")
    other = score(
        cluster.createDataFrame(lines), PACK, installed=str(installed), max_declaration_lines=9_999, keep=None
    )
    with pytest.raises(PythonException, match=r"another pack than the driver's") as raised:
        other.rows.collect()
    assert qingfeng.Engine(PACK).digest[:12] in str(raised.value)

    nowhere = score(cluster.createDataFrame(lines), PACK, installed="/nowhere/pack", keep=None)
    with pytest.raises(PythonException, match="/nowhere/pack"):
        nowhere.rows.collect()


def test_another_version_on_a_worker_fails_its_task(
    cluster: Any, lines: pa.Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pyspark.errors import PythonException

    monkeypatch.setattr("qingfeng.spark.__version__", "99.0.0")
    scores = score(cluster.createDataFrame(lines), PACK, keep=None)
    with pytest.raises(PythonException, match=r"this worker has qingfeng .*, and the driver 99\.0\.0"):
        scores.rows.collect()
