"""Threads, forked and spawned processes."""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import os
import threading
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import qingfeng
from conftest import DECLARATIONS, KEY, PACK

DECLARATION = {"declaration_id": "1", "destination": "KE", "mode": "0110", "hs": "8711209000", "quantity": 40}


def work(engine: qingfeng.Engine, path: str) -> tuple[str, int, int]:
    """What another process does with an engine that it was given."""
    scores = engine.score(path, threads=2)
    return engine.assess(DECLARATION).channel, scores.read_all().num_rows, scores.summary["lines_read"]


EXPECTED = ("red", 40, 60)


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_engines_go_to_other_processes(engine: qingfeng.Engine, method: str) -> None:
    assert work(engine, str(DECLARATIONS)) == EXPECTED
    context = multiprocessing.get_context(method)
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as pool:
        done = [pool.submit(work, engine, str(DECLARATIONS)) for _ in range(4)]
        assert [future.result(timeout=60) for future in done] == [EXPECTED] * 4


def study(season: dict[str, Path]) -> tuple[int, int, int]:
    """What another process plans and learns."""
    planned = qingfeng.plan(PACK, season["scores"], key=KEY)
    worth = qingfeng.effect(season["scores"], season["outcomes"], plan=season["plan"], pack=PACK)
    points = qingfeng.calibrate(season["scores"], season["outcomes"], plan=season["plan"], pack=PACK)
    return len(planned.inspections), len(worth.rules), len(points.rules)


def test_plans_and_studies_go_to_a_forked_process(season: dict[str, Path]) -> None:
    """The child has none of the threads that worked in its parent."""
    expected = study(season)
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork")) as pool:
        assert pool.submit(study, season).result(timeout=60) == expected


def test_a_fork_while_threads_score(engine: qingfeng.Engine, generated: Path) -> None:
    """The child has none of the threads, and makes its own. It says so where it is given the parent's results."""
    running = engine.score(generated, batch_lines=100)
    next(running)
    for _ in range(20):
        child = os.fork()
        if child == 0:
            try:
                refused = False
                try:
                    next(running)
                except qingfeng.QingfengError as error:
                    refused = "another process" in str(error)
                os._exit(0 if refused and work(engine, str(DECLARATIONS)) == EXPECTED else 1)
            finally:
                os._exit(2)
        deadline = time.monotonic() + 30
        while True:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                break
            if time.monotonic() > deadline:
                os.kill(child, 9)
                os.waitpid(child, 0)
                pytest.fail("a forked process does not end")
            time.sleep(0.005)
        assert os.waitstatus_to_exitcode(status) == 0
    rest = running.read_all()
    assert rest.num_rows > 0 and running.summary["lines_read"] == 20_000


def test_threads_share_an_engine(engine: qingfeng.Engine, table: pa.Table) -> None:
    expected = engine.score(table, reasons=True).read_all()
    assessed = engine.assess(DECLARATION)

    def both(_: int) -> bool:
        return engine.score(table, reasons=True).read_all().equals(expected) and engine.assess(DECLARATION) == assessed

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert all(pool.map(both, range(64)))


def test_python_goes_on_while_the_engine_works(engine: qingfeng.Engine, generated: Path) -> None:
    """The lock of the interpreter is free: another thread counts meanwhile."""
    counted = 0
    stop = threading.Event()

    def count() -> None:
        nonlocal counted
        while not stop.is_set():
            counted += 1
            time.sleep(0.001)

    counter = threading.Thread(target=count)
    counter.start()
    started = time.monotonic()
    for _ in range(3):
        engine.score(generated).read_all()
    seconds = time.monotonic() - started
    stop.set()
    counter.join()
    assert counted > 100 * seconds


def test_one_result_is_read_by_several_threads(engine: qingfeng.Engine, generated: Path) -> None:
    """Each row comes once."""
    scores = engine.score(generated, batch_lines=100)
    rows: list[int] = []

    def read(_: int) -> int:
        return sum(batch.num_rows for batch in scores)

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        rows = list(pool.map(read, range(4)))
    assert sum(rows) == scores.summary["declarations"]


def refused(engine: Any) -> None:
    """Never called: the engine cannot be opened in the other process."""


def test_another_pack_is_refused_there(tmp_path: Path) -> None:
    import shutil

    pack = Path(shutil.copytree(PACK, tmp_path / "pack"))
    opened = qingfeng.Engine(pack)
    with (pack / "pack.toml").open("a") as file:
        file.write("\n# another\n")
    (pack / "x.rhai").write_text('rule("X-01", #{ title: "X", score: 5, when: |d| d.quantity > 3 });\n')
    import pickle

    with pytest.raises(qingfeng.DigestError):
        pickle.loads(pickle.dumps(opened))
