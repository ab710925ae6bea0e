"""Qingfeng: which declarations a port should inspect, and why.

    import polars as pl, qingfeng

    engine = qingfeng.Engine("rules/clean-wind")
    scores = pl.DataFrame(engine.score(pl.read_parquet("declarations.parquet")))

The answers are those of the command `qingfeng`, to the byte. docs/python.md shows the rest.
"""

from __future__ import annotations

from qingfeng._engine import Engine, check, diff, test
from qingfeng._errors import (
    ColumnError,
    DigestError,
    InputError,
    NotFoundError,
    OutputError,
    PackError,
    QingfengError,
    RejectedError,
)
from qingfeng._native import (
    Assessment,
    FiredRule,
    ItemResult,
    Range,
    Scores,
    Table,
    UndecidedRule,
    UnreadableValue,
    __version__,
)
from qingfeng._results import (
    Check,
    Diagnostic,
    Edit,
    Explanation,
    Fix,
    Place,
    Progress,
    Reject,
    Report,
    Verification,
)

__all__ = [
    "Assessment",
    "Check",
    "ColumnError",
    "Diagnostic",
    "DigestError",
    "Edit",
    "Engine",
    "Explanation",
    "FiredRule",
    "Fix",
    "InputError",
    "ItemResult",
    "NotFoundError",
    "OutputError",
    "PackError",
    "Place",
    "Progress",
    "QingfengError",
    "Range",
    "Reject",
    "RejectedError",
    "Report",
    "Scores",
    "Table",
    "UndecidedRule",
    "UnreadableValue",
    "Verification",
    "__version__",
    "check",
    "diff",
    "test",
]
