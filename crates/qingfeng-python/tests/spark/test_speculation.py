"""Speculative copies of tasks. Spark makes them on another host only, so this cluster has two, both on this machine."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from conftest import PACK, lines_of, start
from qingfeng.spark import SparkScores, score

Commanded = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A cluster of a master and two workers, started as an administrator does, on 127.0.0.1 and 127.0.0.2."""
    import pyspark

    home = Path(pyspark.__file__).parent
    directory = tmp_path_factory.mktemp("cluster")
    log = directory / "master.log"
    environment = {**os.environ, "SPARK_HOME": str(home)}
    environment.pop("SPARK_LOCAL_IP", None)
    processes = []

    def run(name: str, log: Path, *arguments: str) -> None:
        with log.open("wb") as out:
            command = [home / "bin" / "spark-class", f"org.apache.spark.deploy.{name}", *arguments]
            processes.append(subprocess.Popen(command, env=environment, stdout=out, stderr=subprocess.STDOUT))

    try:
        run("master.Master", log, "--host", "127.0.0.1", "--port", "0", "--webui-port", "0")
        master = waited(lambda: found(log, "Starting Spark master at "))
        for host in ("127.0.0.1", "127.0.0.2"):
            work = str(directory / host)
            run(
                "worker.Worker",
                directory / f"{host}.log",
                *("--host", host, "--webui-port", "0", "--cores", "1", "--memory", "1g", "--work-dir", work, master),
            )
        for host in ("127.0.0.1", "127.0.0.2"):
            waited(lambda host=host: found(directory / f"{host}.log", "Successfully registered with master "))
        session = start(
            master,
            **{
                "spark.executor.memory": "900m",
                "spark.speculation": "true",
                "spark.speculation.interval": "100ms",
                "spark.speculation.multiplier": "1.1",
                "spark.speculation.quantile": "0.5",
                "spark.speculation.minTaskRuntime": "500ms",
                "spark.locality.wait": "0",
                "spark.sql.adaptive.enabled": "false",
            },
        )
        yield session
        session.stop()
    finally:
        for process in reversed(processes):
            process.terminate()
            process.wait()


def found(log: Path, text: str) -> str | None:
    """What stands behind a text in a log."""
    lines = log.read_text(errors="replace").splitlines()
    return next((line.split(text)[1].strip() for line in lines if text in line), None)


def waited(look: Callable[[], str | None]) -> str:
    """What is seen within a minute."""
    for _ in range(600):
        seen = look()
        if seen is not None:
            return seen
        time.sleep(0.1)
    raise AssertionError("the cluster does not start")


def test_speculative_copies_change_nothing(
    hosts: Any, lines: pa.Table, commanded: Commanded, tmp_path: Path
) -> None:
    path = str(tmp_path)

    def slow(batches: Any) -> Any:
        import os
        import time

        from pyspark import TaskContext

        context = TaskContext.get()
        assert context is not None
        os.close(os.open(f"{path}/{context.partitionId()}-{context.attemptNumber()}", os.O_CREAT))
        for number, batch in enumerate(batches):
            yield batch
            # The first try of this partition hangs in its midst, until its copy has overtaken it.
            if context.partitionId() == 0 and context.attemptNumber() == 0 and number == 0:
                time.sleep(120)

    # Spark asks the executors for the time that tasks take; both must be there.
    waited(lambda: "both" if len(hosts.sparkContext._jsc.sc().statusTracker().getExecutorInfos()) == 3 else None)
    scores = score(hosts.createDataFrame(lines), PACK, reasons=True, partitions=4, keep=None)
    slowed = SparkScores(scores.tagged.mapInArrow(slow, scores.tagged.schema))
    began = time.monotonic()
    assert lines_of(slowed.rows.toArrow()) == commanded(lines, "--reasons")["rows"]
    assert (tmp_path / "0-1").exists(), "no copy was made"
    assert time.monotonic() - began < 120, "the copy was not waited for"
