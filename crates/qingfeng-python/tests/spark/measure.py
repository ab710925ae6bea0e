"""Spark with two threads against the command with two: `python measure.py LINES.parquet PACK [QINGFENG]`.

The same file is scored by both, one after the other, and written as Parquet. Start-up is told apart: a session of Spark that has
run a job already, and the command's pack opened. Processor time is given beside the time that passed, since on a busy machine
the latter says little.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def processor_seconds() -> float:
    """What all processes below this one have used so far, those included that have ended."""
    parents, used = {}, {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                fields = Path(f"/proc/{entry}/stat").read_text().rsplit(")", 1)[1].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            parents[int(entry)] = int(fields[1])
            used[int(entry)] = sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")

    def is_mine(process: int) -> bool:
        while process > 1:
            if process == os.getpid():
                return True
            process = parents.get(process, 0)
        return False

    return sum(seconds for process, seconds in used.items() if is_mine(process))


def main() -> None:
    lines, pack, *given = sys.argv[1:]
    qingfeng = given[0] if given else str(Path(sys.executable).parent / "qingfeng")
    os.environ["PYSPARK_PYTHON"] = sys.executable
    from pyspark.sql import SparkSession
    from qingfeng.spark import score

    with tempfile.TemporaryDirectory() as directory:
        began = time.monotonic()
        spark = (
            SparkSession.builder.master("local[2]")
            .config("spark.ui.enabled", "false")
            .config("spark.log.level", "ERROR")
            .config("spark.driver.memory", "4g")
            .config("spark.sql.shuffle.partitions", "8")
            .config("spark.local.dir", directory)
            .getOrCreate()
        )
        frame = spark.read.parquet(lines)
        score(frame.limit(1_000), pack, keep=None).rows.count()
        print(f"start-up of Spark, and a first small job: {time.monotonic() - began:.1f} s")
        for keep in (False, True):
            began, before = time.monotonic(), processor_seconds()
            scores = score(frame, pack, **({} if keep else {"keep": None}))
            scores.rows.write.parquet(f"{directory}/spark-{keep}")
            took, used = time.monotonic() - began, processor_seconds() - before
            kept = ", and kept" if keep else ""
            print(f"Spark, local[2], rows written{kept}: {took:.1f} s, {used:.1f} s of processors", flush=True)
            if not keep:
                took_of_spark, used_of_spark = took, used
            scores.release()
        spark.stop()
        summary = Path(directory) / "summary.json"
        before = processor_seconds()
        command = [qingfeng, "score", lines, "--rules", pack, "--threads", "2", "-q"]
        subprocess.run([*command, "--summary", summary, "-o", f"{directory}/command.parquet"], check=True)
        used = processor_seconds() - before
        told = json.loads(summary.read_text())
        print(f"command, 2 threads: {told['seconds']:.1f} s, {used:.1f} s of processors, {told['lines_read']:,} lines")
        print(f"ratio: {took_of_spark / told['seconds']:.2f} in time, {used_of_spark / used:.2f} in processor time")


main()
