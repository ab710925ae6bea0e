"""check, test, explain, why-not, diff and verify: the JSON and the words of the command."""

from __future__ import annotations

import datetime
import json
import pickle
import shutil
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
import qingfeng
from conftest import DECLARATIONS, PACK, ROOT, Command

DECLARATION = "530020160000004"


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    """A copy of the pack with one more rule."""
    pack = Path(shutil.copytree(PACK, tmp_path / "changed"))
    rule = 'rule("X-01", #{ title: "Many", score: 60, when: |d| d.quantity > 100 });\n'
    (pack / "x.rhai").write_text(rule, encoding="utf-8")
    return pack


def test_check_is_the_commands(command: Command) -> None:
    for pack in (PACK, ROOT / "rules" / "import-fraud"):
        found = qingfeng.check(pack, as_of="2016-12-31")
        assert found.is_valid and not found.errors
        expected = command("check", pack, "--format", "json", "--as-of", "2016-12-31").stdout
        assert found.to_dict() == json.loads(expected)
        assert str(found) == command("check", pack, "--notes", "--as-of", "2016-12-31").stdout.decode()
        assert list(found) == list(found.diagnostics) and len(found) == len(found.diagnostics)
        assert list(pickle.loads(pickle.dumps(found))) == list(found)
    assert qingfeng.check(PACK, as_of=datetime.date(2016, 12, 31)).pack_id == qingfeng.Engine(PACK).pack_id
    with pytest.raises(qingfeng.QingfengError, match="as_of: `someday`"):
        qingfeng.check(PACK, as_of="someday")


def test_check_of_an_invalid_pack_raises_nothing(changed: Path, command: Command) -> None:
    (changed / "x.rhai").write_text('rule("X-01", #{ title: "X", score: 5, when: |d| d.quantitty > 3 });\n')
    found = qingfeng.check(changed)
    assert not found.is_valid and found.pack_id is None
    assert found.to_dict() == json.loads(command("check", changed, "--format", "json", code=1).stdout)
    (error,) = found.errors
    assert str(error).startswith("x.rhai:1:") and error.code in str(error)
    assert not qingfeng.check("no/pack").is_valid and not qingfeng.check(b"no archive").is_valid


def test_check_of_an_archive_looks_at_its_tests(changed: Path) -> None:
    """As of the directory: a mistake in a test, and points that no test covers."""
    from test_engine import archive

    (changed / "tests" / "x.rhai").write_text('test("many", #{ given: #{ hs: "9403" }, fires: ["NO-99"] });\n')
    found = qingfeng.check(changed)
    packed = qingfeng.check(archive(changed))
    assert found.errors and packed.to_dict() == found.to_dict()
    (changed / "tests" / "x.rhai").unlink()
    assert qingfeng.check(archive(changed)).to_dict() == qingfeng.check(changed).to_dict()


def test_test_is_the_commands(command: Command) -> None:
    found = qingfeng.test(PACK, filter="motorcycle", coverage=True)
    expected = json.loads(command("test", PACK, "--filter", "motorcycle", "--coverage", "--format", "json").stdout)
    data = found.to_dict()
    assert data.pop("seconds") >= 0 and expected.pop("seconds") >= 0
    assert data == expected and found.is_well and found["passed"] > 0
    assert f"{found['passed']} tests passed" in str(found)


def test_a_failing_test_is_said(changed: Path) -> None:
    test = """test("many", #{ given: #{ hs: "9403", quantity: 500, destination: "DE", mode: "0110" }, fires: ["NO-99"] });\n"""
    (changed / "tests").mkdir(exist_ok=True)
    (changed / "tests" / "x.rhai").write_text(test)
    assert not qingfeng.test(changed).is_well
    with pytest.raises(qingfeng.PackError):
        qingfeng.test("no/pack")


def test_explain_is_the_commands(engine: qingfeng.Engine, command: Command) -> None:
    expected = command("explain", DECLARATION, DECLARATIONS, "--rules", PACK, "--format", "json").stdout
    found = engine.explain(DECLARATION, DECLARATIONS)
    assert found.to_json().encode() == expected
    assert str(found) == command("explain", DECLARATION, DECLARATIONS, "--rules", PACK).stdout.decode()
    everything = engine.explain(DECLARATION, DECLARATIONS, all=True)
    assert str(everything) == command("explain", DECLARATION, DECLARATIONS, "--rules", PACK, "--all").stdout.decode()
    table = pl.read_csv(DECLARATIONS, infer_schema=False)
    assert engine.explain(DECLARATION, table).to_json().encode() == expected
    assert (found.declaration_id, found.channel, found.score) == (DECLARATION, "yellow", 68)
    assert found.items[0]["rules"] and found["declaration_id"] == DECLARATION
    # The same declaration by itself.
    lines = table.filter(pl.col("declaration_id") == DECLARATION).to_dicts()
    alone = engine.explain({"declaration_id": DECLARATION, "items": lines})
    assert alone.to_dict() == found.to_dict()
    assert pickle.loads(pickle.dumps(found)).to_json() == found.to_json()


def test_what_is_not_there_is_said(engine: qingfeng.Engine) -> None:
    with pytest.raises(qingfeng.NotFoundError, match="no declaration 17"):
        engine.explain("17", DECLARATIONS)
    with pytest.raises(qingfeng.NotFoundError, match="there is no rule `MC-1`; did you mean `MC-01`"):
        engine.why_not("MC-1", DECLARATIONS)
    with pytest.raises(qingfeng.RejectedError):
        engine.explain({"hs": "1"})


def test_why_not_is_the_commands(engine: qingfeng.Engine, command: Command) -> None:
    found = engine.why_not("MC-01", DECLARATIONS, limit=5)
    expected = command("why-not", "MC-01", DECLARATIONS, "--rules", PACK, "--limit", 5, "--format", "json").stdout
    assert found.to_json().encode() == expected
    assert str(found) == command("why-not", "MC-01", DECLARATIONS, "--rules", PACK, "--limit", 5).stdout.decode()
    assert found["rule"] == "MC-01" and set(found) >= {"stages", "misses"}


def test_diff_is_the_commands(engine: qingfeng.Engine, command: Command, changed: Path, table: pa.Table) -> None:
    alone = qingfeng.diff(PACK, changed)
    assert alone.to_json().encode() == command("diff", PACK, changed, "--format", "json").stdout
    over = engine.diff(changed, DECLARATIONS)
    assert over.to_json().encode() == command("diff", PACK, changed, DECLARATIONS, "--format", "json").stdout
    assert str(over) == command("diff", PACK, changed, DECLARATIONS).stdout.decode()
    assert not over.is_well and qingfeng.diff(engine, engine).is_well
    of_table = engine.diff(changed, table, threads=1).to_dict()
    assert of_table["rules"] == over["rules"]


def test_verify_compares(engine: qingfeng.Engine, command: Command, generated: Path) -> None:
    found = engine.verify(DECLARATIONS)
    assert found.is_well and found.difference is None and (found.lines, found.declarations) == (60, 40)
    words = command("verify", DECLARATIONS, "--rules", PACK).stdout.decode()
    assert str(found).splitlines()[0] == words.splitlines()[0]
    assert engine.verify(pl.read_parquet(generated), lines=500, threads=1).lines < 600
