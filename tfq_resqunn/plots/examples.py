"""Examples: some images of each class."""

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from tfq_resqunn._utils.arguments import check_picture, checked
from tfq_resqunn.plots.checks import check_images, check_labels, check_names

N_IMAGES = 8  # of each class, at most
MAX_CLASSES = 20


@checked(x=check_images, y=check_labels, classes=check_names, path=check_picture.or_none())
def examples_figure(
    x: Any,
    y: np.ndarray,
    classes: Sequence[int | str],
    path: str | os.PathLike | None = None,
) -> Figure:
    """Draws the first images of each class, a row a class.

    Of many classes, the first 20. Images of one channel are gray, those of three or four in colour;
    of others, the mean of the channels is drawn.

    Args:
        x: Images, `[n, rows, cols, channels]` in [0, 1]: an array, or `datasets.StoredImages`.
        y: The numbers of their classes, `[n]`.
        classes: What the classes are called.
        path: File to write the figure to; the suffix decides the format. Default: no file.

    Returns:
        The figure.

    Example:
        >>> from tfq_resqunn import datasets
        >>> data = datasets.load("digits", classes=[3, 8], n_train=20)
        >>> len(examples_figure(data.x_train, data.y_train, data.classes).axes)
        16
    """
    if len(y) != len(x):
        raise ValueError(
            "examples_figure: `y` must have a number for each image of `x`. Received "
            f"{len(y)} numbers for {len(x)} images."
        )
    classes = classes[:MAX_CLASSES]
    size = 0.8
    figure = Figure(figsize=(size * N_IMAGES + 1, size * len(classes)), dpi=150)
    panels = figure.subplots(len(classes), N_IMAGES, squeeze=False)
    for number, (name, row) in enumerate(zip(classes, panels, strict=True)):
        images = x[np.flatnonzero(y == number)[:N_IMAGES]]
        for axes in row:
            axes.set_axis_off()
        for axes, image in zip(row, images, strict=False):
            is_colour = image.shape[-1] in (3, 4)
            pixels = image if is_colour else image.mean(axis=-1)
            axes.imshow(pixels, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        row[0].text(
            -0.15, 0.5, str(name), ha="right", va="center", transform=row[0].transAxes,
            parse_math=False,
        )  # fmt: skip
    if path is not None:
        figure.savefig(path, bbox_inches="tight")
    return figure
