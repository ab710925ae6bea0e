"""What docs/python.md shows is what comes out."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT


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
