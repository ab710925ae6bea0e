"""What notebooks show: escaped, and of the same data."""

from __future__ import annotations

import html
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pyarrow as pa
import qingfeng
from conftest import DECLARATIONS, PACK

#: What somebody may have written into a declaration.
HOSTILE = "<script>alert('x')</script>&\"><img src=x onerror=alert(1)>"

VOID = {"img", "br", "hr", "meta", "input", "link"}


class Balanced(HTMLParser):
    """Elements that are opened and closed in turn, and none that does something."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in ("script", "img", "iframe", "link"), tag
        assert all(not name.startswith("on") for name, _ in attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def page(value: object) -> str:
    """The page of a value, which must be sound."""
    shown: str = value._repr_html_()  # type: ignore[attr-defined]
    parser = Balanced()
    parser.feed(shown)
    assert parser.open == []
    return shown


def test_an_assessment(engine: qingfeng.Engine) -> None:
    found = engine.assess(
        {
            "declaration_id": HOSTILE,
            "destination": "KE",
            "mode": "0110",
            "items": [{"hs": "8711209000", "brand": HOSTILE, "quantity": HOSTILE}, {"hs": "9403"}],
        }
    )
    shown = page(found)
    assert html.escape(HOSTILE) in shown and f">{found.channel}</span>" in shown
    for fired in found.fired:
        assert f">{fired.id}</span>" in shown


def test_an_explanation(engine: qingfeng.Engine) -> None:
    found = engine.explain("530020160000004", DECLARATIONS)
    shown = page(found)
    for item in found.items:
        for rule in item["rules"]:
            assert html.escape(rule["title"]) in shown
    hostile = {"declaration_id": HOSTILE, "destination": "KE", "mode": "0110", "hs": "8711209000", "brand": HOSTILE}
    assert HOSTILE not in page(engine.explain(hostile))


def test_a_check(tmp_path: Path) -> None:
    pack = Path(shutil.copytree(PACK, tmp_path / "pack"))
    (pack / "x.rhai").write_text(f"rule(`{HOSTILE}`, #{{ title: `{HOSTILE}`, scoer: 1 }});\n", encoding="utf-8")
    found = qingfeng.check(pack)
    shown = page(found)
    assert "invalid" in shown and HOSTILE not in shown
    for item in found.errors:
        assert item.code in shown
    assert "valid" in page(qingfeng.check(PACK, as_of="2016-12-31"))


def test_the_rest(engine: qingfeng.Engine) -> None:
    assert engine.digest in page(engine)
    assert "MC-01" in page(engine.why_not("MC-01", DECLARATIONS))
    from qingfeng import _html

    class Page:
        def _repr_html_(self) -> str:
            return _html.progress(qingfeng.Progress(5, 50, 100, False), "5 lines")

    assert re.search(r"width:50\.0%", page(Page()))


def test_the_worth_of_rules() -> None:
    def numbers(low: float | None) -> dict[str, float | None]:
        return {"rate": low, "low": low, "high": low}

    rule = {
        "rule": HOSTILE, "title": None, "inspected": 196, "found": 20, "seen": numbers(0.1), "estimate": numbers(None),
        "state": "young",
    }  # fmt: skip
    shown = page(qingfeng.Effect(qingfeng.Table.of(pa.table({"a": [1]})), {"rules": [rule]}))
    assert "10.0 %" in shown and HOSTILE not in shown


def test_words_of_progress() -> None:
    from qingfeng import _progress

    assert _progress.text(qingfeng.Progress(1234, 50, 100, False), 0.1) == " 50 %  1 234 lines"
    assert _progress.text(qingfeng.Progress(1000, 50, 100, True), 2.0) == "1 000 lines, 500 a second"
