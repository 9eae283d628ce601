"""The arguments of `load`, checked."""

from collections.abc import Sequence

from tfq_resqunn._utils.arguments import MAX_SIZE, check_seed, is_integer


def check_arguments(classes, n_train, n_test, seed) -> None:
    """Checks numbers and classes."""
    for argument, value in (("n_train", n_train), ("n_test", n_test), ("seed", seed)):
        optional = argument != "seed"
        if not (is_integer(value) or (optional and value is None)):
            expected = "an integer or None" if optional else "an integer"
            raise TypeError(
                f"load: `{argument}` must be {expected}.\nReceived {value!r} "
                f"({type(value).__name__}).\nGive a whole number, such as {argument}=100."
            )
    check_seed(seed, "seed", "load")
    if classes is None:
        return
    if isinstance(classes, str) or not _is_listed(classes):
        raise TypeError(
            f"load: `classes` must be a sequence of labels or None.\nReceived {classes!r} "
            f"({type(classes).__name__}).\nGive the labels in a list, such as classes=[3, 8]."
        )
    if not all(is_integer(label) for label in classes):
        raise TypeError(
            f"load: `classes` must be made of integers.\nReceived {list(classes)!r}.\n"
            f"Give the labels as they stand in the data, such as classes=[3, 8]."
        )
    if len(set(classes)) != len(classes) or len(classes) < 2:
        raise ValueError(
            f"load: `classes` must name at least two different labels, each once.\n"
            f"Received {list(classes)!r}.\nName more labels, or leave out the repeated ones."
        )


def _is_listed(values) -> bool:
    is_array = hasattr(values, "__array__") and hasattr(values, "__len__")  # NumPy's, say
    return isinstance(values, Sequence) or is_array


def parse_image_size(image_size) -> tuple[int, int] | None:
    """Gives `(rows, cols)`, or `None` where the size is to stay."""
    if image_size is None:
        return None
    size = (image_size, image_size) if is_integer(image_size) else image_size
    is_pair = isinstance(size, tuple | list) and len(size) == 2 and all(map(is_integer, size))
    if not is_pair:
        raise TypeError(
            f"load: `image_size` must be an integer, a pair of integers or None.\n"
            f"Received {image_size!r}.\nGive pixels, such as image_size=14 or (14, 10)."
        )
    if not 1 <= min(size) <= max(size) <= MAX_SIZE:
        limit = "at least 1 pixel" if min(size) < 1 else f"at most {MAX_SIZE} pixels"
        raise ValueError(
            f"load: `image_size` must be {limit} in each direction.\n"
            f"Received {image_size!r}.\nGive positive numbers, such as image_size=14."
        )
    return int(size[0]), int(size[1])
