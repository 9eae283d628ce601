"""YAML, whoever wrote it, as plain values of moderate size."""

from typing import Any

MAX_TEXT = 1_000_000  # characters
MAX_VALUES = 100_000  # with everything written out that is referred to


def read_yaml(text: str) -> Any:
    """Reads YAML, or JSON, which is YAML as well; a `ValueError` says why it cannot.

    A few lines can stand for billions of values, where one refers to the other.
    """
    if len(text) > MAX_TEXT:
        raise ValueError(f"it may have {MAX_TEXT:,} characters. Received {len(text):,}.")
    import yaml  # few commands need it

    try:
        values = yaml.safe_load(text)
        n_values = _count(values, {}, [])
    except (yaml.YAMLError, RecursionError, ValueError, OverflowError) as error:
        raise ValueError(f"it cannot be read: {str(error)[:500]}") from error
    if n_values > MAX_VALUES:
        raise ValueError(f"it may stand for {MAX_VALUES:,} values, and stands for more.")
    return values


def _count(value: object, counted: dict[int, int], above: list[int]) -> int:
    if not isinstance(value, (dict, list)):
        return 1
    if id(value) in above:
        raise ValueError("a list must not hold itself")
    if id(value) not in counted:
        items = value.values() if isinstance(value, dict) else value
        above = [*above, id(value)]
        counted[id(value)] = 1 + sum(_count(item, counted, above) for item in items)
    return counted[id(value)]
