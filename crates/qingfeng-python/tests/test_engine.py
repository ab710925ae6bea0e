"""Opening packs, and their mistakes as exceptions."""

from __future__ import annotations

import io
import pickle
import shutil
import tarfile
from pathlib import Path

import pyarrow as pa
import pytest
import qingfeng
from conftest import PACK


def archive(directory: Path, mode: str = "w:gz") -> bytes:
    """A pack as a tar archive."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=mode) as tar:  # type: ignore[call-overload]
        tar.add(directory, arcname="pack")
    return made.getvalue()


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A copy of the pack, to be changed."""
    return Path(shutil.copytree(PACK, tmp_path / "pack"))


def test_a_pack_is_the_same_from_everywhere(engine: qingfeng.Engine, tmp_path: Path) -> None:
    packed = archive(PACK)
    file = tmp_path / "pack.tar.gz"
    file.write_bytes(packed)
    engines = [qingfeng.Engine(given) for given in (str(PACK), packed, bytearray(packed), file)]
    assert {other.digest for other in engines} == {engine.digest}
    assert engine.pack_id == f"{engine.name}@{engine.version}#{engine.digest}"
    assert engine.rule_count > 100 and engine.channels == ["green", "blue", "yellow", "red"]


def test_mistakes_are_data(pack: Path) -> None:
    rule = 'rule("X-01", #{ title: "X", score: 5, when: |d| d.quantitty > 3 });\n'
    (pack / "rules").mkdir(exist_ok=True)
    (pack / "x.rhai").write_text(rule, encoding="utf-8")
    with pytest.raises(qingfeng.PackError) as raised:
        qingfeng.Engine(pack)
    found = raised.value.diagnostics
    (wrong,) = [item for item in found if item.severity == "error"]
    assert wrong.code.startswith("QF") and "quantitty" in wrong.title
    place = wrong.places[0]
    assert (place.file, place.line) == ("x.rhai", 1)
    assert rule[place.column - 1 : place.end_column - 1].endswith("quantitty")
    assert wrong.remedy and "quantity" in wrong.remedy
    assert "x.rhai" in str(raised.value) and isinstance(raised.value, qingfeng.QingfengError)
    again = pickle.loads(pickle.dumps(raised.value))
    assert again.diagnostics == found and str(again) == str(raised.value)


def test_another_digest_is_refused(engine: qingfeng.Engine) -> None:
    assert qingfeng.Engine(PACK, digest=engine.digest).digest == engine.digest
    with pytest.raises(qingfeng.DigestError) as raised:
        qingfeng.Engine(PACK, digest="00")
    assert (raised.value.expected, raised.value.found) == ("00", engine.digest)


@pytest.mark.parametrize("given", ["no/such/pack", b"no archive", b""])
def test_what_is_no_pack_is_said(given: str | bytes) -> None:
    with pytest.raises(qingfeng.PackError) as raised:
        qingfeng.Engine(given)
    assert raised.value.diagnostics


def test_what_can_be_no_pack_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="is no pack"):
        qingfeng.Engine(17)  # type: ignore[arg-type]


def test_pickled_by_path_and_digest(engine: qingfeng.Engine, pack: Path) -> None:
    opened = qingfeng.Engine(pack)
    written = pickle.dumps(opened)
    assert len(written) < 1000, "a pickle has no pack in it"
    assert pickle.loads(written).pack_id == opened.pack_id
    rule = 'rule("X-01", #{ title: "X", score: 5, when: |d| d.quantity > 3 });\n'
    (pack / "x.rhai").write_text(rule, encoding="utf-8")
    with pytest.raises(qingfeng.DigestError, match="not the one that was expected"):
        pickle.loads(written)


def test_pickled_from_bytes() -> None:
    opened = qingfeng.Engine(archive(PACK))
    assert pickle.loads(pickle.dumps(opened)).digest == opened.digest


def test_lookups_handed_in(tmp_path: Path) -> None:
    (tmp_path / "pack.toml").write_text(
        """
[pack]
name = "demo"
version = "1"
[schema]
extends = "export"
[[channels]]
name = "green"
from = 0
[[channels]]
name = "red"
from = 50
[lookups.blacklist]
file = "lookups/blacklist.csv"
key = ["exporter"]
[lookups.blacklist.columns]
grade = "text"
""",
        encoding="utf-8",
    )
    (tmp_path / "listed.rhai").write_text(
        'rule("LISTED", #{ title: "Listed", score: 60, when: |d| d.listed("blacklist") });', encoding="utf-8"
    )
    rows = pa.table({"exporter": ["E1"], "grade": ["A"]})
    opened = qingfeng.Engine(tmp_path, lookups={"blacklist": rows})
    declaration = {"declaration_id": "D1", "destination": "KE", "mode": "0110", "hs": "8711209000", "exporter": "E1"}
    assert opened.assess(declaration).channel == "red"
    assert pickle.loads(pickle.dumps(opened)).assess(declaration).rules == ["LISTED"]
    with pytest.raises(qingfeng.PackError):
        qingfeng.Engine(tmp_path, lookups={"nothing": rows})
