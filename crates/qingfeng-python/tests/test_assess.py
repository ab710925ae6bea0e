"""One declaration: a dict, a JSON message."""

from __future__ import annotations

import datetime
import decimal
import itertools
import json
import math
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import qingfeng
from conftest import DECLARATIONS, PACK, Command, rows

DECLARATION: dict[str, Any] = {
    "declaration_id": "530120160001",
    "destination": "KE",
    "mode": "0110",
    "items": [{"hs": "8711209000", "quantity": 40, "value": 8000.0}, {"hs": "9403", "quantity": 1}],
}


def declarations() -> list[dict[str, Any]]:
    """The declarations of the example as dictionaries."""
    grouped = itertools.groupby(rows(), key=lambda row: row["declaration_id"])
    return [{"declaration_id": key, "items": list(lines)} for key, lines in grouped]


def test_each_answer_is_the_commands(engine: qingfeng.Engine, command: Command) -> None:
    """Each declaration by itself, against the command on all of them."""
    whole = command("score", DECLARATIONS, "--rules", PACK).stdout.splitlines()
    lines = command("score", DECLARATIONS, "--rules", PACK, "--by", "item", "--reasons").stdout.splitlines()
    items = iter(json.loads(line) for line in lines)
    for expected, declaration in zip(map(json.loads, whole), declarations(), strict=True):
        found = engine.assess(declaration)
        assert (found.declaration_id, found.score, found.channel, found.rules, found.decisive_item, found.pack) == tuple(
            expected[key] for key in ("declaration_id", "score", "channel", "rules", "decisive_item", "pack")
        )
        for item in found.items:
            row = next(items)
            assert (item.item_no, item.score, item.channel) == (row["item_no"], row["score"], row["channel"])
            assert [f"{fired.id}: {fired.reason}" for fired in item.fired] == row["reasons"]
            assert [fired.id for fired in item.fired if fired.shadow] == row["shadow_rules"]
    assert next(items, None) is None


def test_a_dict_is_its_json(engine: qingfeng.Engine) -> None:
    text = json.dumps(DECLARATION)
    answers = [engine.assess(given) for given in (DECLARATION, text, text.encode(), bytearray(text.encode()))]
    assert answers[0].channel == "red" and all(answer == answers[0] for answer in answers)


def test_all_of_it_is_data(engine: qingfeng.Engine) -> None:
    found = engine.assess(DECLARATION)
    data = found.to_dict()
    assert data == json.loads(found.to_json())
    assert data["items"][0]["fired"][0]["rule"] == found.items[0].fired[0].id
    assert found.decisive is not None and found.decisive.item_no == found.decisive_item == 1
    assert found.decisive_index == 0 and found.range is None and not found.unreadable and not found.undecided
    assert found.items[0].points >= found.items[0].score and found.items[0].faults == []
    assert [fired.item_no for fired in found.fired] == sorted(fired.item_no or 0 for fired in found.fired)
    again = pickle.loads(pickle.dumps(found))
    assert again == found and again.rules == found.rules != []
    assert "red" in repr(found) and "530120160001" in repr(found)


def test_what_cannot_be_read_is_no_exception(engine: qingfeng.Engine) -> None:
    """It lowers no risk, and is said with field and value."""
    found = engine.assess({**DECLARATION, "items": [{"hs": "8711209000", "quantity": "many", "value": math.inf}]})
    fields = {value.field: value for value in found.unreadable}
    assert fields["quantity"].value == "many" and fields["quantity"].kind == "value"
    assert fields["value"].item_no == 1 and "finite" in fields["value"].reason
    assert found.range is not None and found.range.channel_most == found.channel
    assert found.range.score_least <= found.range.score_most == found.score
    assert found.undecided and all(rule.points_least <= rule.points_most for rule in found.undecided)


def test_what_is_not_known_is_noted(engine: qingfeng.Engine) -> None:
    found = engine.assess({**DECLARATION, "vlaue": 3})
    assert found.notes["unknown_fields"] == ["vlaue"]


def test_a_declaration_without_id_is_refused(engine: qingfeng.Engine) -> None:
    with pytest.raises(qingfeng.RejectedError) as raised:
        engine.assess({"destination": "KE", "mode": "0110", "hs": "8711209000"})
    (reject,) = raised.value.rejects
    assert reject.field == "declaration_id" and reject.kind == "missing" and reject.reason in str(raised.value)
    assert pickle.loads(pickle.dumps(raised.value)).rejects == raised.value.rejects


@pytest.mark.parametrize("message", ["", "{", "[]", "null", '{"declaration_id": 1, "declaration_id": 2}', b"\xff"])
def test_broken_messages_are_refused(engine: qingfeng.Engine, message: str | bytes) -> None:
    with pytest.raises(qingfeng.RejectedError):
        engine.assess(message)


@pytest.mark.parametrize("given", [None, 17, ["declaration"], {"a"}])
def test_what_is_no_declaration_is_a_type_error(engine: qingfeng.Engine, given: Any) -> None:
    with pytest.raises(TypeError, match="is no declaration"):
        engine.assess(given)


def test_values_of_other_libraries(engine: qingfeng.Engine) -> None:
    """Each stands for what the text stands for."""
    plain = {**DECLARATION, "declared_on": "2016-09-06"}
    expected = engine.assess(plain).to_dict()
    days: list[Any] = [
        datetime.date(2016, 9, 6),
        datetime.datetime(2016, 9, 6, 8, 30),
        pd.Timestamp(2016, 9, 6),
    ]
    for day in days:
        assert engine.assess({**plain, "declared_on": day}).to_dict()["score"] == expected["score"]
    line: dict[str, Any] = {
        "hs": np.int64(8711209000),
        "quantity": decimal.Decimal("40"),
        "value": np.float32(8000.0),
        "brand": pd.NA,
        "gross_kg": pd.NaT,
    }
    changed = engine.assess({**plain, "items": [line, DECLARATION["items"][1]]})
    assert changed.score == expected["score"] and not changed.unreadable
    assert [fired.id for fired in changed.fired] == [fired.id for fired in engine.assess(plain).fired]
    with pytest.raises(TypeError, match="which no field holds"):
        engine.assess({**plain, "value": object()})


def test_odd_shapes_are_those_of_json(engine: qingfeng.Engine) -> None:
    """A list where a value should stand, goods lines that are none: as the message says it."""
    odd: list[dict[str, Any]] = [
        {**DECLARATION, "exporter": ["A", "B"]},
        {**DECLARATION, "exporter": {"name": "A"}},
        {**DECLARATION, "items": []},
        {**DECLARATION, "items": [1, 2]},
        {**DECLARATION, "items": "none"},
        {**DECLARATION, "declaration_id": 2**70},
    ]
    for declaration in odd:
        answers = []
        for given in (declaration, json.dumps(declaration)):
            try:
                answers.append(engine.assess(given).to_json())  # type: ignore[arg-type]
            except qingfeng.RejectedError as error:
                answers.append(str(error))
        assert answers[0] == answers[1]


def test_keys_are_texts(engine: qingfeng.Engine) -> None:
    with pytest.raises(TypeError, match="is no text"):
        engine.assess({**DECLARATION, 17: "x"})  # type: ignore[dict-item]


def test_many_lines(engine: qingfeng.Engine) -> None:
    items = [{"hs": "9403", "quantity": number} for number in range(1, 2001)]
    found = engine.assess({**DECLARATION, "items": items})
    assert len(found.items) == 2000
    few = qingfeng.Engine(PACK, max_declaration_lines=1000)
    (left_out,) = few.assess({**DECLARATION, "items": items}).unreadable
    assert left_out.field is None and left_out.kind == "too_many_lines"


def test_nan_is_a_missing_value_and_noted(engine: qingfeng.Engine) -> None:
    """As pandas means it."""
    line = {"hs": "8711209000", "quantity": 40, "value": math.nan}
    found = engine.assess({**DECLARATION, "items": [line]})
    assert not found.unreadable and found.notes["changed"]["value"]["null"]["cells"] == 1
    del line["value"]
    assert [rule.id for rule in found.fired] == [rule.id for rule in engine.assess({**DECLARATION, "items": [line]}).fired]


def test_a_path_is_no_message(engine: qingfeng.Engine) -> None:
    with pytest.raises(TypeError):
        engine.assess(Path("declaration.json"))  # type: ignore[arg-type]
