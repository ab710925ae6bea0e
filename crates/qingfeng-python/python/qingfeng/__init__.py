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
    UnreadRowsWarning,
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
from qingfeng._planning import Plan, commitments, new_key, plan
from qingfeng._results import (
    CampaignReport,
    Check,
    Diagnostic,
    Edit,
    Explanation,
    Fix,
    Learned,
    Mined,
    Place,
    Progress,
    Proof,
    Reject,
    Report,
    Verification,
    Watch,
)
from qingfeng._studies import (
    Calibration,
    Effect,
    calibrate,
    effect,
    learn,
    mine,
    prove,
    report,
    targets,
    watch,
)

__all__ = [
    "Assessment",
    "Calibration",
    "CampaignReport",
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
    "Learned",
    "Mined",
    "NotFoundError",
    "OutputError",
    "PackError",
    "Place",
    "Plan",
    "Progress",
    "Proof",
    "QingfengError",
    "Range",
    "Reject",
    "RejectedError",
    "Report",
    "Scores",
    "Table",
    "UndecidedRule",
    "UnreadRowsWarning",
    "UnreadableValue",
    "Verification",
    "Watch",
    "__version__",
    "calibrate",
    "check",
    "commitments",
    "diff",
    "effect",
    "learn",
    "mine",
    "new_key",
    "plan",
    "prove",
    "report",
    "targets",
    "test",
    "watch",
]
