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
from qingfeng._planning import (
    Calibration,
    Effect,
    Plan,
    calibrate,
    commitments,
    effect,
    new_key,
    plan,
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
    "Calibration",
    "Check",
    "ColumnError",
    "Diagnostic",
    "DigestError",
    "Edit",
    "Effect",
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
    "Plan",
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
    "calibrate",
    "check",
    "commitments",
    "diff",
    "effect",
    "new_key",
    "plan",
    "test",
]
