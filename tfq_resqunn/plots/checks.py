"""Rules for what figures are made of: images, tables, courses of a training."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from tfq_resqunn._utils.arguments import Rule


def _has_axes(value: Any, n: int) -> bool:
    # Arrays and tensors have a shape, as have images that stay on disk.
    try:
        return len(np.shape(value) if isinstance(value, (list, tuple)) else value.shape) == n
    except (AttributeError, TypeError, ValueError):  # no shape, or lists of unlike lengths
        return False


IMAGES = "images, an array [n, rows, columns, channels]"
check_images = Rule(IMAGES, lambda value: _has_axes(value, 4) and hasattr(value, "shape"))
check_maps = Rule(
    IMAGES,
    lambda value: _has_axes(value, 4),
    lambda value: None if np.size(value) else "at least one image",
    convert=np.asarray,
    remedy="Give images as `inputs`, and layer(images) as `outputs`.",
)
check_labels = Rule(
    "the numbers of classes, an array [n]", lambda value: _has_axes(value, 1), convert=np.asarray
)
check_names = Rule(
    "a sequence of names, such as ['cat', 'dog']",
    lambda value: isinstance(value, (Sequence, np.ndarray)) and not isinstance(value, str),
    lambda value: None if len(value) else "a sequence of at least one name",
)
check_history = Rule(
    "what model.fit returned, or its `history`, a dict",
    lambda value: isinstance(getattr(value, "history", value), (Mapping, pd.DataFrame)),
    convert=lambda value: getattr(value, "history", value),
)


def table_with(*columns: str) -> Rule:
    """Makes the rule for tables that have certain columns."""

    def broken(table: pd.DataFrame) -> str | None:
        missing = [name for name in columns if not (isinstance(name, Hashable) and name in table)]
        return f"a table with the columns {', '.join(map(str, missing))}" if missing else None

    return Rule("a pandas.DataFrame", lambda value: isinstance(value, pd.DataFrame), broken)


def tables_with(*columns: str) -> Rule:
    """Makes the rule for several such tables, by their titles."""
    one = table_with(*columns)

    def broken(tables: Mapping[str, pd.DataFrame]) -> str | None:
        wrong = [rule for table in tables.values() if (rule := one.broken(table))]
        return f"a dict from titles to tables, each {wrong[0]}" if wrong else None

    return Rule(
        "a dict from titles to pandas.DataFrames",
        lambda value: isinstance(value, Mapping) and all(map(one.is_kind, value.values())),
        broken,
    )
