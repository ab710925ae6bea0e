"""The notebook in docs/notebooks runs from its first cell to its last, and shows pictures and pages."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import nbclient
import nbformat
import pytest
from conftest import ROOT

NOTEBOOK = ROOT / "docs" / "notebooks" / "from-declarations-to-worth.ipynb"


@pytest.mark.filterwarnings("ignore")
def test_it_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # The command and the kernel are those of the environment of the tests.
    here = Path(sys.executable).parent
    monkeypatch.setenv("PATH", f"{here}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("JUPYTER_PATH", str(here.parent / "share" / "jupyter"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    where = {"metadata": {"path": str(NOTEBOOK.parent)}}
    nbclient.NotebookClient(notebook, timeout=300, kernel_name="python3", resources=where).execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    shown = [kind for output in outputs for kind in output.get("data", {})]
    assert shown.count("image/png") == 4
    pages = [output["data"]["text/html"] for output in outputs if "text/html" in output.get("data", {})]
    assert sum('class="qf"' in page for page in pages) == 3
    assert any("rules whose key fits and that did not fire" in page for page in pages)


def test_what_is_kept_was_run_to_its_end() -> None:
    """The pictures in the file are those of a whole run."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert sum("image/png" in output.get("data", {}) for cell in cells for output in cell.outputs) == 4
