"""What requests say, checked by kind."""

from __future__ import annotations

import sys
from typing import Any, TypeGuard


def is_number(value: object) -> TypeGuard[float]:
    """Whether a value is a number that a float can hold: JSON may say NaN, Infinity, or a one with 400 zeros."""
    most = sys.float_info.max
    return isinstance(value, int | float) and not isinstance(value, bool) and -most <= value <= most


def number_in(value: Any) -> Any:
    """The number that a text says, since a field for numbers sends "1.50" as it was typed; anything else as it is."""
    try:
        return float(value.replace(",", ".")) if isinstance(value, str) else value
    except ValueError:
        return value
