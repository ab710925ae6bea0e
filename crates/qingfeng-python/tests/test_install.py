"""What a newcomer does: install the wheel, and use it."""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
from pathlib import Path

import qingfeng
from conftest import DECLARATIONS, PACK, Command

EMPTY = Path(os.environ["QINGFENG_EMPTY_ENVIRONMENT"])


def test_the_package_needs_nothing_else(tmp_path: Path) -> None:
    """In an environment with the wheel alone: assess, score a file, write the results."""
    program = f"""
import json, qingfeng
engine = qingfeng.Engine({str(PACK)!r})
line = {{"hs": "8711209000", "quantity": 40, "value": 8000.0}}
print(engine.assess({{"declaration_id": "1", "destination": "KE", "mode": "0110", "items": [line]}}).channel)
scores = engine.score({str(DECLARATIONS)!r})
scores.write({str(tmp_path / "scores.csv")!r})
print(scores.summary["lines_read"], len(scores.rejects))
try:
    next(engine.score({str(DECLARATIONS)!r}))
except ImportError as error:
    print(error)
"""
    done = subprocess.run([EMPTY / "bin" / "python", "-c", program], capture_output=True, check=True)
    channel, counts, refusal = done.stdout.decode().splitlines()
    assert (channel, counts) == ("red", "60 0")
    assert refusal.startswith("pyarrow is not installed")
    assert (tmp_path / "scores.csv").read_bytes().count(b"\n") > 10


def test_two_commands_bring_a_result(tmp_path: Path) -> None:
    """`pip install` brings the command too."""
    qingfeng_command = EMPTY / "bin" / "qingfeng"
    version = subprocess.run([qingfeng_command, "--version"], capture_output=True, check=True).stdout
    assert version.decode().split() == ["qingfeng", importlib.metadata.version("qingfeng")]
    output = tmp_path / "assessments.parquet"
    subprocess.run([qingfeng_command, "score", DECLARATIONS, "--rules", PACK, "-o", output], check=True)
    assert output.stat().st_size > 1000


def test_the_command_keeps_its_exit_codes(command: Command) -> None:
    """Of wrong arguments, of files that are not there, of packs that are not."""
    assert b"--help" in command("score", code=2).stderr
    assert b"cannot be opened" in command("score", "no.csv", "--rules", PACK, code=3).stderr
    command("score", DECLARATIONS, "--rules", "no-pack", code=4)
    assert command("score", DECLARATIONS, "--rules", PACK).stdout.startswith(b'{"declaration_id":')


def test_versions_are_one() -> None:
    """The package, the module and the wheel."""
    assert qingfeng.__version__ == importlib.metadata.version("qingfeng")
