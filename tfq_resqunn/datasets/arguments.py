"""The rules of `load`'s arguments; knows no NumPy, so that commands can apply them at once."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from tfq_resqunn._utils.arguments import (
    MAX_SIZE,
    Rule,
    check_flag,
    check_seed,
    choice,
    is_integer,
    number,
)

Label = int | str


def as_label(label: Any) -> Label:
    """Gives a label as it is meant: "3" is 3, as in a command or in the name of a folder.

    >>> as_label("3"), as_label("03"), as_label("cat")
    (3, '03', 'cat')
    """
    text = str(label)
    is_number = is_integer(label) or (text.removeprefix("-").isdecimal() and str(int(text)) == text)
    return int(label) if is_number else text


def _are_labels(values: Any) -> bool:
    is_array = hasattr(values, "__array__") and hasattr(values, "__len__")  # NumPy's, say
    is_listed = isinstance(values, Sequence) and not isinstance(values, str | bytes)
    return (is_listed or is_array) and all(
        is_integer(value) or (isinstance(value, str) and value != "") for value in values
    )


def _repeated_or_too_few(labels: Sequence[Label]) -> str | None:
    is_choice = len(set(map(as_label, labels))) == len(labels) >= 2
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


check_classes = Rule(
    "a list of labels, integers or names",
    _are_labels,
    _repeated_or_too_few,
    lambda labels: tuple(map(as_label, labels)),
    "Give them as they stand in the data, such as classes=[3, 8] or classes=['cat', 'dog'].",
)
_check_number = Rule("an integer", is_integer, remedy="Leave it out to take all.").or_none()
CHANNELS = ("gray", "rgb")
check_channels = choice(*CHANNELS)
check_validation = dataclasses.replace(
    number(0, 0.5, above=True), remedy="Give a share of the training images, such as 0.1."
)
ON_DISK = 'True, False or "auto"'
check_on_disk = Rule(
    ON_DISK,
    lambda value: check_flag.is_kind(value) or isinstance(value, str),
    lambda value: None if check_flag.is_kind(value) or value == "auto" else ON_DISK,
    lambda value: value if isinstance(value, str) else bool(value),
)
# Of the images that are taken. Whether the data has so many is not known yet.
SELECTION = {
    "classes": check_classes.or_none(),
    "n_train": _check_number,
    "n_test": _check_number,
    "channels": check_channels.or_none(),
    "validation": check_validation.or_none(),
    "seed": check_seed,
}
check_image_size = Rule(
    "an integer, a pair of integers",
    _is_size,
    _out_of_range,
    lambda size: tuple(map(int, _as_pair(size))),
    "Give pixels, such as image_size=14 or (14, 10).",
).or_none()
