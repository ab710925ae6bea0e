"""The types that the package says it has are those that it has."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import qingfeng

PROGRAM = '''
import qingfeng

engine = qingfeng.Engine("rules")
found = engine.assess({"declaration_id": "1"})
channel: str = found.channel
points: list[int] = [fired.points for fired in found.fired]
scores = engine.score("a.csv", by="item", reasons=True)
lines: int = scores.summary["lines_read"]
titles: list[str] = [diagnostic.title for diagnostic in qingfeng.check("rules")]
try:
    scores.write("b.csv")
except qingfeng.QingfengError as error:
    remedies: list[str | None] = [diagnostic.remedy for diagnostic in error.diagnostics]
'''


def test_stubs_are_those_of_the_module(tmp_path: Path) -> None:
    # Which words an argument takes: stubtest sees a union in the one and a form of typing in the other.
    words = tmp_path / "words"
    # And what needs PySpark is not read here.
    names = ["qingfeng.spark", *(f"qingfeng._engine.{name}" for name in ("CountryNumbers", "Encoding", "Format"))]
    words.write_text("".join(f"{name}\n" for name in names))
    # PyArrow has no types, PySpark is not in this environment.
    config = tmp_path / "mypy.ini"
    config.write_text("[mypy]\nignore_missing_imports = true\n")
    done = subprocess.run(
        [
            sys.executable, "-m", "mypy.stubtest", "qingfeng", "--ignore-disjoint-bases",
            "--allowlist", str(words), "--mypy-config-file", str(config),
        ],
        cwd=tmp_path, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()


def mypy(directory: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(directory / "cache"), *arguments],
        cwd=directory, capture_output=True, check=False,
    )  # fmt: skip


def test_programs_are_checked(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    done = mypy(tmp_path, "program.py")
    assert done.returncode == 0, done.stdout.decode()
    (tmp_path / "wrong.py").write_text(PROGRAM.replace('by="item"', 'by="office"').replace("channel: str", "channel: int"))
    done = mypy(tmp_path, "wrong.py")
    assert done.returncode == 1 and done.stdout.count(b"error:") >= 2


def test_the_package_is_typed(tmp_path: Path) -> None:
    package = Path(qingfeng.__file__).parent
    assert (package / "py.typed").exists()
    # PySpark is not in this environment.
    done = mypy(tmp_path, "--ignore-missing-imports", "--package", "qingfeng")
    assert done.returncode == 0, done.stdout.decode()
