"""What is learned from inspections, and the proof of a draw: the command's answers."""

from __future__ import annotations

import json
import pickle
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
import qingfeng
from conftest import KEY, PACK, Command


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



def printed(command: Command, *arguments: object, code: int = 0) -> Any:
    """What a command prints as JSON."""
    return json.loads(command(*arguments, "--format", "json", code=code).stdout)


def told(command: Command, *arguments: object, code: int = 0) -> str:
    """What a command prints for people."""
    return command(*arguments, code=code).stdout.decode()


def test_signs_are_the_commands(season: dict[str, Path], command: Command) -> None:
    """With and without declarations; from files and from tables."""
    files = [season["scores"], "--plan", season["plan"], "--outcomes", season["outcomes"], "--rules", PACK]
    by_pack = ["watch", *files]
    found = qingfeng.watch(season["scores"], season["outcomes"], plan=season["plan"], pack=PACK)
    assert found.to_dict() == printed(command, *by_pack) and str(found) == told(command, *by_pack)
    assert found.is_well == (not found.signs)

    moved = [*by_pack, "--declarations", season["declarations"], "--rule", "FO-AF", "--since", "2016-09-08",
             "--value-limit", "0110=20000", "--least-ratio", "1.1"]  # fmt: skip
    engine = qingfeng.Engine(PACK)
    tables = {name: pl.read_parquet(season[name]) for name in ("scores", "outcomes", "declarations", "plan")}
    found = qingfeng.watch(
        tables["scores"], tables["outcomes"], plan=tables["plan"], pack=engine, declarations=tables["declarations"],
        since={"FO-AF": "2016-09-08"}, value_limits={"0110": 20000}, least_ratio=1.1,
    )  # fmt: skip
    expected = printed(command, *moved)
    # Where a limit was given stands beside it.
    assert json.loads(found.to_json().replace('"value_limits"', '"--value-limit"')) == expected
    assert found["read"]["lines"] == 6000
    assert pickle.loads(pickle.dumps(found)).signs == found.signs

    for options, words in [
        ({"false_discovery_rate": 1.5}, "false_discovery_rate: no share"),
        ({"least_ratio": 0.5}, "least_ratio: no ratio"),
        ({"declarations": tables["declarations"], "since": {"FO-AX": "2016-09-08"}}, "no rule `FO-AX`"),
    ]:
        with pytest.raises(qingfeng.QingfengError, match=words):
            qingfeng.watch(season["scores"], season["outcomes"], plan=season["plan"], pack=PACK, **options)
    with pytest.raises(TypeError, match="give `pack`"):
        qingfeng.watch(season["scores"], season["outcomes"], plan=season["plan"], declarations=season["declarations"])
    with pytest.raises(qingfeng.ColumnError):
        qingfeng.watch(
            season["scores"], season["outcomes"], plan=season["plan"], pack=PACK, declarations=pa.table({"a": [1]})
        )


AIMS = """year = 2016
[all]
cases = 20
fines = 100000
"""


@pytest.fixture
def ledgers(tmp_path: Path) -> dict[str, Path]:
    """Aims, notices and tip-offs."""
    files = {name: tmp_path / name for name in ("aims.toml", "notices.csv", "tip-offs.csv")}
    files["aims.toml"].write_text(AIMS)
    files["notices.csv"].write_text("notice_id,received_on,country,brand,status\nN1,2016-09-02,KE,DELI,open\n")
    files["tip-offs.csv"].write_text("tip_id,received_on,kind,declaration_id\nT1,2016-09-02,call,\nT2,never,call,\n")
    return files


def test_aims_are_the_commands(season: dict[str, Path], command: Command, ledgers: dict[str, Path]) -> None:
    """Rows that do not count are a warning, in the command's words."""
    arguments = [
        "targets", ledgers["aims.toml"], "--rules", PACK, "--plan", season["plan"], "--outcomes", season["outcomes"],
        "--notices", ledgers["notices.csv"], "--tip-offs", ledgers["tip-offs.csv"], "--as-of", "2016-09-30",
    ]  # fmt: skip
    with pytest.warns(qingfeng.UnreadRowsWarning, match="tip-offs: 1 row cannot be read") as warned:
        found = qingfeng.targets(
            ledgers["aims.toml"], season["outcomes"], plan=season["plan"], pack=PACK,
            notices=pl.read_csv(ledgers["notices.csv"]), tip_offs=ledgers["tip-offs.csv"], as_of="2016-09-30",
        )  # fmt: skip
    assert found.to_dict() == printed(command, *arguments) and str(found) == told(command, *arguments)
    assert str(warned[0].message) in command(*arguments).stderr.decode()
    assert warned[0].filename == __file__
    with pytest.raises(qingfeng.InputError, match="no.toml"):
        qingfeng.targets("no.toml", season["outcomes"], plan=season["plan"], pack=PACK)


@pytest.mark.filterwarnings("ignore::qingfeng.UnreadRowsWarning")
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_report_is_the_commands(
    season: dict[str, Path], command: Command, ledgers: dict[str, Path], tmp_path: Path, language: str
) -> None:
    """Its figures and its page, to the byte, from tables as from files."""
    page, figures = tmp_path / "report.html", tmp_path / "report.json"
    command(
        "report", season["scores"], "--rules", PACK, "--plan", season["plan"], "--outcomes", season["outcomes"],
        "--aims", ledgers["aims.toml"], "--notices", ledgers["notices.csv"], "--tip-offs", ledgers["tip-offs.csv"],
        "--declarations", season["declarations"], "--as-of", "2016-12-31", "--from", "2016-09-02",
        "--survey", "Africa=region:africa", "--title", "Autumn", "--lang", language, "-o", page, "--json", figures,
    )  # fmt: skip
    found = qingfeng.report(
        pl.read_parquet(season["scores"]), pl.read_parquet(season["outcomes"]), plan=season["plan"], pack=PACK,
        aims=ledgers["aims.toml"], notices=ledgers["notices.csv"], tip_offs=pl.read_csv(ledgers["tip-offs.csv"]),
        declarations=season["declarations"], as_of="2016-12-31", first_day="2016-09-02",
        surveys={"Africa": "region:africa"}, title="Autumn", language=language,
    )  # fmt: skip
    assert found.html == page.read_text() and found.to_json() == figures.read_text()
    for expected in (page, figures):
        found.write(tmp_path / f"again{expected.suffix}")
        assert (tmp_path / f"again{expected.suffix}").read_bytes() == expected.read_bytes()
    assert found["title"] == "Autumn" and pickle.loads(pickle.dumps(found)).html == found.html
    assert found._repr_html_().startswith("<iframe") and "<script>" not in found._repr_html_()


def test_a_survey_of_what_is_not_there_is_said(season: dict[str, Path]) -> None:
    for surveys in ({"Nowhere": "region:nowhere"}, {"Odd": "colour"}):
        with pytest.raises(qingfeng.QingfengError, match="survey"):
            qingfeng.report(season["scores"], season["outcomes"], plan=season["plan"], pack=PACK, surveys=surveys)


def test_mined_rules_are_the_commands(season: dict[str, Path], command: Command, tmp_path: Path) -> None:
    """From outcomes, and from a column of labels; the rules load beside those of the pack."""
    written = tmp_path / "mined.rhai"
    arguments = ["mine", season["declarations"], "--rules", PACK, "--until", "2016-09-10", "--least-lines", "10"]
    by_outcomes = [*arguments, "--outcomes", season["outcomes"]]
    told_by_command = command(*by_outcomes, "-o", written).stdout.decode()
    found = qingfeng.mine(
        PACK, pl.read_parquet(season["declarations"]), season["outcomes"], until="2016-09-10", least_lines=10
    )
    assert found.text == written.read_text() and str(found) == told_by_command
    assert found.to_dict() == printed(command, *by_outcomes)
    assert found.rules and found.rules[0]["id"] == "MINED-01"
    assert pickle.loads(pickle.dumps(found)).text == found.text

    pack = tmp_path / "pack"
    shutil.copytree(PACK, pack)
    found.write(pack / "mined.rhai")
    assert qingfeng.check(pack).is_valid
    with pytest.raises(qingfeng.QingfengError, match="prefix: the pack has a rule"):
        shutil.move(pack / "mined.rhai", pack / "other.rhai")
        qingfeng.mine(pack, season["declarations"], season["outcomes"], until="2016-09-10", least_lines=10)

    bad = pl.read_parquet(season["outcomes"]).group_by("declaration_id").agg((pl.col("result") != "clear").any().alias("bad"))
    labelled = pl.read_parquet(season["declarations"]).join(bad, on="declaration_id", how="left").with_columns(
        pl.col("bad").fill_null(value=False).cast(pl.Int8)
    )  # fmt: skip
    labelled.write_parquet(tmp_path / "labelled.parquet")
    cold = ["--label", "bad", "--until", "2016-09-10", "--cold", "hs,destination", "--active", "--prefix", "NEW"]
    expected = printed(command, "mine", tmp_path / "labelled.parquet", "--rules", PACK, *cold)
    found = qingfeng.mine(
        qingfeng.Engine(PACK), labelled, label="bad", until="2016-09-10", cold=["hs", "destination"], active=True, prefix="NEW"
    )
    assert found.to_dict() == expected and found["as_it_is"] is not None

    with pytest.raises(TypeError, match="give one of them"):
        qingfeng.mine(PACK, labelled)
    with pytest.raises(qingfeng.QingfengError, match="label"):
        qingfeng.mine(PACK, labelled, label="hs")


def test_a_learned_risk_is_the_commands(command: Command, tmp_path: Path) -> None:
    goods, ports = ["8711209000", "8507600000", "6109100000", "9102110000"], ["5301", "2248", "8012"]
    rows = [(goods[at * 7 % 4], ports[at * 5 % 3], at) for at in range(1200)]
    declarations = pl.DataFrame({
        "declaration_id": [f"D{at}" for *_, at in rows],
        "declared_on": [f"2016-{6 + at // 400:02}-{1 + at // 16 % 25:02}" for *_, at in rows],
        "destination": ["KE"] * len(rows),
        "mode": ["0110"] * len(rows),
        "port": [port for _, port, _ in rows],
        "hs": [hs for hs, *_ in rows],
        "bad": [int(hs[:2] == "87" and port == "5301" and at % 5 != 0) for hs, port, at in rows],
    })  # fmt: skip
    declarations.write_parquet(tmp_path / "declarations.parquet")
    arguments = ["learn", tmp_path / "declarations.parquet", "--rules", PACK, "--label", "bad", "--until", "2016-07-20"]
    written = tmp_path / "learned"
    expected = printed(command, *arguments)
    command(*arguments, "-o", written)
    found = qingfeng.learn(PACK, declarations, label="bad", until="2016-07-20")
    assert found.to_dict() == expected
    assert found.text == (written / "mined.rhai").read_text()
    assert found.risk is not None and found.risk["toml"] in (written / "pack.toml").read_text()
    with pytest.raises(qingfeng.QingfengError, match="risk"):
        qingfeng.learn(PACK, declarations, label="bad", risk="Of Goods")


def test_a_proof_is_the_commands(season: dict[str, Path], command: Command, tmp_path: Path) -> None:
    """Of a day that is proved, of one without what was published, and of a plan that was changed."""
    day = "2016-09-06"
    published = {row["day"]: row["commitment"] for row in qingfeng.commitments(PACK, day, key=KEY)}[day]
    day_key = tmp_path / "day.key"
    command("draw", "day-key", "--key-file", season["key"], "--day", day, "-o", day_key)
    arguments = ["draw", "prove", season["plan"], season["scores"], "--rules", PACK, "--day", day]

    proved = [*arguments, "--day-key", day_key, "--commitment", published]
    found = qingfeng.prove(
        PACK, season["plan"], pl.read_parquet(season["scores"]), day=day, day_key=day_key.read_text(), commitment=published
    )
    assert found.to_dict() == printed(command, *proved) and str(found) == told(command, *proved)
    assert found.is_proved and found.is_well and found.verdict == "proved" and not found.differences

    unpublished = [*arguments, "--key-file", season["key"], "--office", "yiwu"]
    made = qingfeng.plan(PACK, season["scores"], key=KEY)
    found = qingfeng.prove(PACK, made, season["scores"], day=day, key=KEY, office="yiwu")
    assert found.to_dict() == printed(command, *unpublished, code=1) and not found.is_proved
    assert found.verdict == "consistent"

    rows = pl.DataFrame(made.inspections)
    found = qingfeng.prove(PACK, rows.slice(1), season["scores"], day=rows["day"][0], key=KEY)
    assert found.verdict == "refused" and found.differences
    with pytest.raises(qingfeng.QingfengError, match="office: no site"):
        qingfeng.prove(PACK, made, season["scores"], day=day, key=KEY, office="nowhere")
    with pytest.raises(qingfeng.QingfengError, match="commitment: it must be 64 hex digits"):
        qingfeng.prove(PACK, made, season["scores"], day=day, key=KEY, commitment="00")
