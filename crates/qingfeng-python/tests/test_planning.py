"""Plans and commitments: the command's tables."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
import qingfeng
from conftest import KEY, PACK, Command

def test_a_plan_is_the_commands(season: dict[str, Path], tmp_path: Path) -> None:
    """From a table of Polars as from the file."""
    for assessments in (season["scores"], pl.read_parquet(season["scores"])):
        made = qingfeng.plan(PACK, assessments, key=KEY)
        assert pl.DataFrame(made.inspections).equals(pl.read_parquet(season["plan"]))
        assert pl.DataFrame(made.left_out).equals(pl.read_parquet(season["left"]))
        assert made.summary == json.loads(season["summary"].read_text())
        assert len(made.inspections) > 10
    made.write(tmp_path / "plan.csv")
    assert (tmp_path / "plan.csv").read_text().count("\n") == len(made.inspections) + 1


def test_a_draw_needs_its_key(season: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QINGFENG_DRAW_KEY", raising=False)
    with pytest.raises(qingfeng.QingfengError, match="no key to draw them by"):
        qingfeng.plan(PACK, season["scores"])
    with pytest.raises(qingfeng.QingfengError, match="key"):
        qingfeng.plan(PACK, season["scores"], key="secret")
    monkeypatch.setenv("QINGFENG_DRAW_KEY", KEY)
    assert len(qingfeng.plan(PACK, season["scores"]).inspections) > 10
    keys = {qingfeng.new_key() for _ in range(10)}
    assert len(keys) == 10 and all(len(key) == 64 for key in keys)


def test_commitments_are_the_commands(command: Command, season: dict[str, Path]) -> None:
    found = qingfeng.commitments(PACK, "2016-09-01", "2016-09-03", key=KEY)
    expected = command(
        "draw", "commit", "--rules", PACK, "--key-file", season["key"], "--from", "2016-09-01", "--until", "2016-09-03",
        "--format", "json",
    ).stdout  # fmt: skip
    assert found == json.loads(expected)
    pa.Table.from_pylist(found)


def test_what_is_no_assessment_is_said() -> None:
    with pytest.raises(qingfeng.QingfengError):
        qingfeng.plan(PACK, pa.table({"a": [1]}), key=KEY)
    with pytest.raises(qingfeng.QingfengError):
        qingfeng.plan(PACK, "no.parquet", key=KEY)
    with pytest.raises(qingfeng.PackError):
        qingfeng.plan("no/pack", "no.parquet", key=KEY)
