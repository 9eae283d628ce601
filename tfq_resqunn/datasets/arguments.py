"""The rules of `load`'s arguments; knows no NumPy, so that the commands can ask at once."""

from collections.abc import Sequence
from typing import Any

from tfq_resqunn._utils.arguments import MAX_SIZE, Rule, check_seed, is_integer


def check_arguments(classes, n_train, n_test, seed) -> None:
    """Checks which images are asked for; how many there are is not known yet.

    Raises:
        TypeError: If an argument has a wrong type.
        ValueError: If `seed` is too small or too large, or `classes` are not different labels.
    """
    for argument, value in (("n_train", n_train), ("n_test", n_test)):
        _INTEGER.or_none()(value, argument, "load")
    check_seed(seed, "seed", "load")
    _CLASSES.or_none()(classes, "classes", "load")


def parse_image_size(image_size) -> tuple[int, int] | None:
    """Gives `(rows, cols)`, or `None` where the size is to stay.

    Raises:
        TypeError: If `image_size` is neither an integer nor a pair of integers nor `None`.
        ValueError: If it is too small or too large.
    """
    return _IMAGE_SIZE.or_none()(image_size, "image_size", "load")


def _are_labels(values) -> bool:
    is_array = hasattr(values, "__array__") and hasattr(values, "__len__")  # NumPy's, say
    is_listed = isinstance(values, Sequence) and not isinstance(values, str | bytes)
    return (is_listed or is_array) and all(map(is_integer, values))


def _repeated_or_too_few(labels) -> str | None:
    are_distinct = len(set(labels)) == len(labels) >= 2
    return None if are_distinct else "at least two different labels, each once"


def _pair(size) -> Any:
    return (size, size) if is_integer(size) else size


def _is_size(size) -> bool:
    pair = _pair(size)
    return isinstance(pair, tuple | list) and len(pair) == 2 and all(map(is_integer, pair))


def _out_of_range(size) -> str | None:
    if min(_pair(size)) < 1:
        return "at least 1 pixel in each direction"
    return f"at most {MAX_SIZE} pixels in each direction" if max(_pair(size)) > MAX_SIZE else None


_INTEGER = Rule("an integer", is_integer, remedy="Leave it out to take all.")
_CLASSES = Rule(
    "a list of integer labels",
    _are_labels,
    _repeated_or_too_few,
    remedy="Give the labels as they stand in the data, such as classes=[3, 8].",
)
_IMAGE_SIZE = Rule(
    "an integer, a pair of integers",
    _is_size,
    _out_of_range,
    lambda size: tuple(map(int, _pair(size))),
    "Give pixels, such as image_size=14 or (14, 10).",
)
