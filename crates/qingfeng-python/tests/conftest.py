"""What the tests share. They run against the installed wheel: an import from the tree would be another package."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import qingfeng

ROOT = Path(__file__).resolve().parents[3]
PACK = ROOT / "rules" / "clean-wind"
DECLARATIONS = ROOT / "docs" / "examples" / "declarations.csv"

#: The key of the draws.
KEY = "8f1d2c3b4a5968778695a4b3c2d1e0ff0123456789abcdeffedcba9876543210"

#: The command that the wheel installed.
COMMAND = Path(sys.executable).parent / "qingfeng"

assert not Path(qingfeng.__file__).is_relative_to(ROOT / "crates"), "the tests need the wheel"

Command = Callable[..., subprocess.CompletedProcess[bytes]]


def run(*arguments: object, code: int = 0, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Runs the command, which must end with this code."""
    environment = {**os.environ, "NO_COLOR": "1"}
    done = subprocess.run(
        [COMMAND, *map(str, arguments)], input=stdin, capture_output=True, env=environment, check=False
    )
    assert done.returncode == code, done.stderr.decode()
    return done


@pytest.fixture(scope="session")
def command() -> Command:
    """The command of the wheel."""
    return run


@pytest.fixture(scope="session")
def engine() -> qingfeng.Engine:
    """The engine of the pack clean-wind."""
    return qingfeng.Engine(PACK)


def rows() -> list[dict[str, Any]]:
    """The goods lines of the example, as texts; an empty cell is a missing value."""
    with DECLARATIONS.open(encoding="utf-8", newline="") as file:
        return [{name: cell or None for name, cell in row.items()} for row in csv.DictReader(file)]


@pytest.fixture(scope="session")
def table() -> pa.Table:
    """The goods lines of the example as a table of texts."""
    return pa.Table.from_pylist(rows())


@pytest.fixture(scope="session")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Synthetic declarations: 20,000 lines, in Parquet."""
    path = tmp_path_factory.mktemp("generated") / "declarations.parquet"
    run("generate", "--lines", 20_000, "-o", path)
    return path


@pytest.fixture(scope="session")
def season(tmp_path_factory: pytest.TempPathFactory, command: Command) -> dict[str, Path]:
    """A fortnight of synthetic trade, what inspections would find, scores, and a plan, all made by the command."""
    where = tmp_path_factory.mktemp("season")
    files = {name: where / f"{name}.parquet" for name in ("declarations", "outcomes", "scores", "plan", "left", "worth")}
    files["key"] = where / "draw.key"
    files["key"].write_text(KEY + "\n")
    files["key"].chmod(0o600)
    days = ["--from", "2016-09-01", "--until", "2016-09-14"]
    command("generate", "--lines", 6000, *days, "--outcomes", files["outcomes"], "-o", files["declarations"])
    command("score", files["declarations"], "--rules", PACK, "-o", files["scores"])
    command(
        "plan", files["scores"], "--rules", PACK, "--key-file", files["key"], "-o", files["plan"],
        "--left-out", files["left"], "--summary", where / "summary.json",
    )  # fmt: skip
    files["summary"] = where / "summary.json"
    command(
        "effect", files["scores"], "--plan", files["plan"], "--outcomes", files["outcomes"], "--rules", PACK,
        "-o", files["worth"],
    )  # fmt: skip
    return files


def python(code: str, **variables: str) -> subprocess.CompletedProcess[bytes]:
    """Runs a program in a process of its own."""
    environment = {**os.environ, **variables}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, env=environment, check=False)
