"""The battery: dicts, messages, files and tables give the crate's answers, to the byte."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import qingfeng

#: Where `.ci/python` has it written.
BATTERY = Path(os.environ["QINGFENG_BATTERY"])
CASES: list[dict[str, Any]] = json.loads((BATTERY / "battery.json").read_text())
BY_PACK = pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])


def lines(case: dict[str, Any], name: str) -> list[str]:
    """The lines of a file of a case; texts in them may have separators of lines of other kinds."""
    return (BATTERY / case["directory"] / name).read_text(encoding="utf-8").removesuffix("\n").split("\n")


@BY_PACK
def test_python_gives_the_answers_of_the_battery(case: dict[str, Any], tmp_path: Path) -> None:
    if case["refused"]:
        mistakes = json.loads(lines(case, "mistakes.json")[0])
        assert qingfeng.check(case["pack"]).to_dict()["diagnostics"] == mistakes
        with pytest.raises(qingfeng.PackError) as refused:
            qingfeng.Engine(case["pack"])
        assert list(refused.value.diagnostics) == [qingfeng.Diagnostic.of(mistake) for mistake in mistakes]
        return
    engine = qingfeng.Engine(case["pack"])
    messages = lines(case, "declarations.ndjson")
    for message, assessment in zip(messages, lines(case, "assessments.ndjson"), strict=True):
        assert engine.assess(message).to_json() == assessment
        assert engine.assess(json.loads(message)).to_json() == assessment
    for message, explanation in zip(messages, lines(case, "explanations.ndjson"), strict=False):
        of_dict = engine.explain(json.loads(message)).to_dict()
        assert of_dict.pop("rejects", []) == [] and of_dict == json.loads(explanation)
    directory = BATTERY / case["directory"]
    table = pq.read_table(directory / "lines.parquet")
    for by in ("declaration", "item"):
        expected = (directory / f"by-{by}.ndjson").read_bytes()
        # As a file of messages, as one table, and cut into batches that end within declarations.
        for given in (directory / "declarations.ndjson", table, iter(table.to_batches(max_chunksize=2))):
            engine.score(given, by=by, reasons=True).write(tmp_path / "rows.ndjson")
            assert (tmp_path / "rows.ndjson").read_bytes() == expected
