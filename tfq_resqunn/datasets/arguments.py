"""The rules of `load`'s arguments; knows no NumPy, so that commands can apply them at once."""

from collections.abc import Sequence
from typing import Any

from tfq_resqunn._utils.arguments import MAX_SIZE, Rule, check_seed, is_integer


def _are_labels(values: Any) -> bool:
    is_array = hasattr(values, "__array__") and hasattr(values, "__len__")  # NumPy's, say
    is_listed = isinstance(values, Sequence) and not isinstance(values, str | bytes)
    return (is_listed or is_array) and all(map(is_integer, values))


def _repeated_or_too_few(labels: Sequence[int]) -> str | None:
    is_choice = len(set(labels)) == len(labels) >= 2
    return None if is_choice else "at least two different labels, each once"


def _as_pair(size: Any) -> Any:
    return (size, size) if is_integer(size) else size


def _is_size(size: Any) -> bool:
    pair = _as_pair(size)
    return isinstance(pair, tuple | list) and len(pair) == 2 and all(map(is_integer, pair))


def _out_of_range(size: int | Sequence[int]) -> str | None:
    if min(_as_pair(size)) < 1:
        return "at least 1 pixel in each direction"
    is_large = max(_as_pair(size)) > MAX_SIZE
    return f"at most {MAX_SIZE} pixels in each direction" if is_large else None


_check_number = Rule("an integer", is_integer, remedy="Leave it out to take all.").or_none()
# Of the images that are taken. Whether the data has so many is not known yet.
SELECTION = {
    "classes": Rule(
        "a list of integer labels",
        _are_labels,
        _repeated_or_too_few,
        remedy="Give the labels as they stand in the data, such as classes=[3, 8].",
    ).or_none(),
    "n_train": _check_number,
    "n_test": _check_number,
    "seed": check_seed,
}
check_image_size = Rule(
    "an integer, a pair of integers",
    _is_size,
    _out_of_range,
    lambda size: tuple(map(int, _as_pair(size))),
    "Give pixels, such as image_size=14 or (14, 10).",
).or_none()
