"""What JSON has no form for, and a declaration may hold."""

from __future__ import annotations

import datetime
import decimal
from typing import Any


def of_value(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return str(value)
    if type(value).__module__ == "numpy" and hasattr(value, "item"):
        return value.item()
    if type(value).__name__ in ("NAType", "NaTType"):
        return None
    raise TypeError(f"{value!r} is of type {type(value).__name__}, which no field holds")
