"""What docs/python.md shows is what comes out."""

from __future__ import annotations

import contextlib
import io
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from conftest import COMMAND, ROOT


@pytest.fixture(autouse=True)
def the_command_is_on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{COMMAND.parent}{os.pathsep}{os.environ['PATH']}")


def test_the_door_in_the_readme_opens(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Two commands and three lines. The first command is what the tests stand on: the package, installed."""
    monkeypatch.chdir(ROOT)
    page = Path("README.md").read_text(encoding="utf-8")
    _, section = page.split("## From Python\n")
    (commands,) = re.findall(r"```sh\n(pip.*?)```", section, re.DOTALL)
    install, score = commands.splitlines()
    assert install == "pip install ./crates/qingfeng-python"
    subprocess.run(score.replace("assessments.csv", str(tmp_path / "assessments.csv")), shell=True, check=True)
    assert (tmp_path / "assessments.csv").read_text().count("\n") == 41
    code = re.findall(r"```python\n(.*?)```", section, re.DOTALL)[0]
    assert code.count("\n") == 3
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(code, "README.md", "exec"), {})
    assert "shape: (40," in printed.getvalue()


def test_each_example_prints_what_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """The blocks are run one after the other, as a reader does."""
    monkeypatch.chdir(ROOT)
    page = Path("docs/python.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```(?:\n\n```text\n(.*?)```)?", page, re.DOTALL)
    assert len(blocks) >= 6
    names: dict[str, Any] = {}
    for code, expected in blocks:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(code, "docs/python.md", "exec"), names)
        assert printed.getvalue() == expected


def test_each_link_leads_somewhere() -> None:
    page = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page):
        assert (ROOT / "docs" / target).exists(), target
