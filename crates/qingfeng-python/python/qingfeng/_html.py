"""Pages for notebooks. Whatever comes from declarations, packs or files is escaped; nothing is loaded from elsewhere."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qingfeng._native import Assessment, Engine
    from qingfeng._results import Check, Progress

#: Rows of a table in a notebook; the object has them all.
_ROWS = 200

# Colours that stand on the light and on the dark pages of notebooks; a channel is named as well as coloured.
_STYLE = """<style>
.qf{font:14px/1.45 system-ui,sans-serif;max-width:70em;margin:.3em 0}
.qf table{border-collapse:collapse;margin:.4em 0}
.qf table tr,.qf table th,.qf table td{vertical-align:top;background:none!important}
.qf th,.qf td{text-align:left!important;padding:.2em .9em .2em 0!important;border:0;border-bottom:1px solid rgba(128,128,128,.3)}
.qf td code{background:none;padding:0}.qf .id{white-space:nowrap}
.qf th{font-weight:600;opacity:.75}
.qf td.n,.qf th.n{text-align:right!important;font-variant-numeric:tabular-nums}
.qf .ch{display:inline-block;padding:.05em .6em;border-radius:.7em;color:#fff;background:#5b6470;font-weight:600}
.qf .ch-green{background:#1b7f3b}.qf .ch-blue{background:#2166ac}.qf .ch-yellow,.qf .ch-orange{background:#8a6100}.qf .ch-red{background:#b3261e}
.qf .dim{opacity:.7}.qf code,.qf pre{font:12.5px/1.4 ui-monospace,monospace}
.qf pre{white-space:pre-wrap;margin:.3em 0}
.qf .error{color:#b3261e;font-weight:600}.qf .warning{color:#8a6100;font-weight:600}
.qf summary{cursor:pointer}
.qf .bar{height:.5em;background:rgba(128,128,128,.3);border-radius:.25em;max-width:30em}
.qf .bar div{height:100%;background:#2166ac;border-radius:.25em}
@media (prefers-color-scheme:dark){.qf .error{color:#ff8a80}.qf .warning{color:#ffd180}}
</style>"""


def _text(value: Any) -> str:
    return "" if value is None else html.escape(str(value))


def _id(value: Any) -> str:
    """A name that is not broken into two lines."""
    return f'<span class="id">{_text(value)}</span>'


def _page(body: str) -> str:
    return f'{_STYLE}<div class="qf">{body}</div>'


def _channel(name: Any) -> str:
    known = str(name).lower()
    kind = f" ch-{known}" if known in ("green", "blue", "yellow", "orange", "red") else ""
    return f'<span class="ch{kind}">{_text(name)}</span>'


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]], numbers: Iterable[int] = ()) -> str:
    """A table of cells that are HTML already. `numbers` are the columns of numbers."""
    right = set(numbers)

    def cells(tag: str, row: Iterable[str]) -> str:
        return "".join(
            f'<{tag}{" class=n" if at in right else ""}>{cell}</{tag}>' for at, cell in enumerate(row)
        )

    shown = list(rows)
    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in shown[:_ROWS])
    more = f'<p class="dim">and {len(shown) - _ROWS} more</p>' if len(shown) > _ROWS else ""
    return f"<table><tr>{cells('th', heads)}</tr>{body}</table>{more}"


def _range(found: Any) -> str:
    if found is None:
        return ""
    return (
        f'<p>Not everything could be read: from {_channel(found["channel_least"])} {found["score_least"]} '
        f'to {_channel(found["channel_most"])} {found["score_most"]}.</p>'
    )


def _unreadable(items: Iterable[Mapping[str, Any]]) -> str:
    rows = [
        (_text(item.get("item_no")), _text(bad["field"] or "the line"), _text(bad["value"]), _text(bad["reason"]))
        for item in items
        for bad in item.get("unreadable", ())
    ]
    return _table(("Item", "Field", "Value", "What is wrong"), rows) if rows else ""


def assessment(found: Assessment) -> str:
    """An assessment."""
    data = found.to_dict()
    rows = [
        (
            _text(item["item_no"]),
            _channel(item["channel"]),
            str(item["score"]),
            _id(fired["rule"]) + (' <span class="dim">shadow</span>' if fired["shadow"] else ""),
            f"{fired['points']:+d}",
            _text(fired["reason"]),
        )
        for item in data["items"]
        for fired in item["fired"]
    ]
    silent = [item for item in data["items"] if not item["fired"]]
    heads = ("Item", "Channel", "Score", "Rule", "Points", "Reason")
    body = (
        f"<p>{_channel(data['channel'])} &nbsp; score <b>{data['score']}</b> &nbsp; declaration "
        f"<b>{_text(data['declaration_id'])}</b></p>"
    )
    body += _range(data.get("range")) + _unreadable(data["items"])
    body += _table(heads, rows, (2, 4)) if rows else ""
    if silent:
        numbers = ", ".join(_text(item["item_no"]) for item in silent[:20])
        body += f'<p class="dim">No rule fired on {"item" if len(silent) == 1 else "items"} {numbers}.</p>'
    return _page(body + f'<p class="dim">{_text(data["pack"])}</p>')


def _condition(part: Mapping[str, Any] | None) -> str:
    """A condition part by part."""
    if part is None:
        return ""
    outcome = str(part.get("outcome"))
    mark = {"held": "✓", "failed": "✗"}.get(outcome, "–")
    told = "" if mark != "–" else f' <span class="dim">{_text(outcome)}</span>'
    values = part.get("values") or ()
    saw = ", ".join(f"{_text(value['source'])} = {_text(value['value'])}" for value in values)
    line = f'{mark} <code>{_text(part["text"])}</code>{told} <span class="dim">{saw}</span>'
    inner = "".join(_condition(child) for child in part.get("parts") or ())
    return f'<div style="margin-left:1.2em">{line}{inner}</div>'


def explanation(data: Mapping[str, Any]) -> str:
    """An explanation: the decision, then each line with its rules."""
    title = f" {_text(data['channel_title'])}" if data.get("channel_title") else ""
    body = (
        f"<p>{_channel(data['channel'])}{title} &nbsp; score <b>{data['score']}</b> &nbsp; declaration "
        f"<b>{_text(data['declaration_id'])}</b></p>"
    )
    body += _range(data.get("range")) + _unreadable(data["items"])
    for item in data["items"]:
        decides = " – it decides" if item["decisive"] else ""
        body += (
            f"<p><b>Item {_text(item['item_no'])}</b>{decides}: {_channel(item['channel'])} score {item['score']}, "
            f"by points {_channel(item['channel_of_score'])}"
        )
        for name, limit in (("at most", item["ceiling"]), ("at least", item["floor"])):
            if limit:
                by = f" by {_text(limit['rule'])}" if limit["rule"] else " by a fault"
                body += f", {name} {_channel(limit['channel'])}{by}"
        body += "</p>"
        fired = [rule for rule in item["rules"] if rule["fired"]]
        rows = [
            (
                _id(rule["id"]),
                _text(rule["title"]),
                "" if rule["points"] is None else f"{rule['points']:+d}",
                _text(rule["reason"]),
            )
            for rule in fired
        ]
        body += _table(("Rule", "Title", "Points", "Reason"), rows, (2,)) if rows else "<p>No rule fired.</p>"
        others = [rule for rule in item["rules"] if not rule["fired"]]
        if others:
            inner = "".join(
                f"<div><b>{_text(rule['id'])}</b> {_text(rule['title'])}"
                f"{_fault(rule)}{_condition(rule['condition'])}</div>"
                for rule in others[:_ROWS]
            )
            body += f"<details><summary>{len(others)} rules whose key fits and that did not fire</summary>{inner}</details>"
        values = ", ".join(f"{_text(value['source'])} = {_text(value['value'])}" for value in item["fields"])
        body += f'<details><summary>Values</summary><p class="dim">{values}</p></details>'
    if data.get("missing"):
        missing = [
            (_text(field["field"]), _channel(field["channel_least"]), _channel(field["channel_most"]))
            for field in data["missing"]
        ]
        body += "<p><b>Missing values that could change the channel</b></p>"
        body += _table(("Field", "From", "To"), missing)
    return _page(body + f'<p class="dim">{_text(data["pack"])}</p>')


def _fault(rule: Mapping[str, Any]) -> str:
    return f' <span class="error">{_text(rule["fault"])}</span>' if rule["fault"] else ""


def check(found: Check) -> str:
    """The mistakes of a pack."""
    verdict = "valid" if found.is_valid else '<span class="error">invalid</span>'
    counts = f"{len(found.errors)} errors, {len(found.warnings)} warnings"
    rows: list[tuple[str, str, str, str, str]] = []
    notes: list[tuple[str, str, str, str, str]] = []
    for item in found.diagnostics:
        place = f'<code class="id">{_text(item.places[0])}</code>' if item.places else ""
        said = "".join(
            f'<div class="dim">{_text(place.text)}</div>' for place in item.places[:3] if place.text
        )
        told = _text(item.title) + said
        kind = f'<span class="{_text(item.severity)}">{_text(item.severity)}</span>'
        row = (kind, _id(item.code), place, told, _text(item.remedy))
        (notes if item.severity == "note" else rows).append(row)
    heads = ("", "Code", "Place", "What is wrong", "Remedy")
    body = f"<p>The pack is {verdict}: {counts}.</p>" + (_table(heads, rows) if rows else "")
    if notes:
        body += f"<details><summary>{len(notes)} notes, which change no answer</summary>{_table(heads, notes)}</details>"
    return _page(body + f'<p class="dim">{_text(found.pack_id)}</p>')


def engine(opened: Engine) -> str:
    """A pack."""
    channels = " ".join(_channel(name) for name in opened.channels)
    return _page(f"<p><b>{_text(opened.pack_id)}</b></p><p>{opened.rule_count} rules, channels {channels}</p>")


def report(text: str) -> str:
    """What a tool prints."""
    return _page(f"<pre>{html.escape(text)}</pre>")


def framed(page: str) -> str:
    """A page of its own within another one; its links and scripts reach nothing outside it."""
    frame = 'sandbox="allow-scripts" style="width:100%;height:44em;border:1px solid rgba(128,128,128,.4)"'
    return f'<iframe {frame} srcdoc="{html.escape(page)}"></iframe>'


def progress(found: Progress, text: str) -> str:
    """How far a run is."""
    share = 1.0 if found.done else 0.0
    if found.bytes_total:
        share = 1.0 if found.done else min(1.0, found.bytes_read / found.bytes_total)
    bar = f'<div class="bar"><div style="width:{100 * share:.1f}%"></div></div>'
    return _page(f"{bar if found.bytes_total or found.done else ''}<p>{html.escape(text)}</p>")


def effect(data: Mapping[str, Any]) -> str:
    """What rules are worth: the estimate with its interval, best first."""

    def percent(value: Any) -> str:
        return "" if value is None else f"{100 * value:.1f} %"

    rows = []
    for rule in data["rules"]:
        estimate = rule["estimate"]
        ends = "" if estimate["low"] is None else f"{percent(estimate['low'])} to {percent(estimate['high'])}"
        rows.append(
            (
                _id(rule["rule"]),
                _text(rule["title"]),
                str(rule["inspected"]),
                str(rule["found"]),
                percent(rule["seen"]["rate"]),
                percent(estimate["rate"]),
                ends,
                _text(rule["state"]),
            )
        )
    heads = ("Rule", "Title", "Inspected", "Found", "Seen", "Had all been inspected", "Interval", "State")
    return _page(_table(heads, rows, (2, 3, 4, 5)))
