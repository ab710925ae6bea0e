"""Plans, commitments, the worth of rules and points: the command's tables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
import qingfeng
from conftest import PACK, Command

KEY = "8f1d2c3b4a5968778695a4b3c2d1e0ff0123456789abcdeffedcba9876543210"


@pytest.fixture(scope="module")
def season(tmp_path_factory: pytest.TempPathFactory, command: Command) -> dict[str, Path]:
    """A fortnight of synthetic trade, what inspections would find, scores, and a plan, made by the command."""
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


def test_the_worth_of_rules_is_the_commands(season: dict[str, Path]) -> None:
    expected = pl.read_parquet(season["worth"])
    made = qingfeng.plan(PACK, season["scores"], key=KEY)
    plans: list[Any] = [season["plan"], made, [made.inspections], pl.DataFrame(made.inspections)]
    for plan in plans:
        found = qingfeng.effect(season["scores"], season["outcomes"], plan=plan, pack=PACK)
        assert pl.DataFrame(found.rules).equals(expected)
    assert len(found.data["rules"]) == len(found.rules)
    with pytest.raises(qingfeng.QingfengError, match="level"):
        qingfeng.effect(season["scores"], season["outcomes"], plan=made, level=1.5)


def test_points_are_the_commands(season: dict[str, Path], command: Command) -> None:
    expected = json.loads(
        command(
            "calibrate", season["scores"], "--plan", season["plan"], "--outcomes", season["outcomes"], "--rules", PACK,
            "--format", "json",
        ).stdout
    )  # fmt: skip
    found = qingfeng.calibrate(season["scores"], season["outcomes"], plan=season["plan"], pack=PACK)
    assert found.rules == expected["rules"] and found.data["totals"] == expected["totals"]


def test_what_is_no_assessment_is_said() -> None:
    with pytest.raises(qingfeng.QingfengError):
        qingfeng.plan(PACK, pa.table({"a": [1]}), key=KEY)
    with pytest.raises(qingfeng.QingfengError):
        qingfeng.plan(PACK, "no.parquet", key=KEY)
    with pytest.raises(qingfeng.PackError):
        qingfeng.plan("no/pack", "no.parquet", key=KEY)
