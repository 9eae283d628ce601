"""Feature maps as figures."""

import os

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from tfq_resqunn._utils.arguments import check_picture, checked
from tfq_resqunn.plots.checks import check_maps

MAP, GAP = 1.2, 0.2  # inches: side of a feature map, margins
MAX_MAPS = 8  # channels of a layer that are drawn


@checked(inputs=check_maps, outputs=check_maps, path=check_picture.or_none())
def feature_maps_figure(
    inputs: np.ndarray, outputs: np.ndarray, path: str | os.PathLike | None = None
) -> Figure:
    """Draws what goes into a layer and what comes out: a row for each image, a column a channel.

    Images and outputs are `[n, rows, columns, channels]`; of more than eight channels the first
    eight are shown. The bars below say which values the greys stand for; the outputs' scale is
    symmetric, so zero is the middle grey.

    Args:
        inputs: Images.
        outputs: What a layer makes of them, `layer(inputs)`.
        path: File to write the figure to; the suffix decides the format. Default: no file.

    Returns:
        The figure.

    Raises:
        TypeError: If `inputs` or `outputs` are no images, or `path` is no path.
        ValueError: If there is no image, or not as many as outputs, or if `path` has no suffix of a
            picture.

    Example:
        >>> figure = feature_maps_figure(np.ones((2, 8, 8, 1)), np.zeros((2, 4, 4, 4)))
        >>> [text.get_text() for text in figure.axes[1].texts]
        ['output 0', 'output 1', 'output 2', 'output 3']
    """
    if len(inputs) != len(outputs):
        raise ValueError(
            "feature_maps_figure: `outputs` must be as many as `inputs`, a row for each image. "
            f"Received {len(outputs)} and {len(inputs)}. Give layer(inputs) as `outputs`."
        )
    limit = np.max(np.abs(outputs)) or 1.0
    groups = (
        ("input", inputs[..., :MAX_MAPS], np.min(inputs), np.max(inputs)),
        ("output", outputs[..., :MAX_MAPS], -limit, limit),
    )
    widths = [MAP * maps.shape[-1] for _, maps, _, _ in groups]
    lefts = (GAP, widths[0] + 3 * GAP)
    width, height = sum(widths) + 4 * GAP, MAP * len(inputs) + 4.5 * GAP
    figure = Figure(figsize=(width, height), dpi=100)

    def add_axes(left: float, bottom: float, wide: float, high: float) -> Axes:
        return figure.add_axes((left / width, bottom / height, wide / width, high / height))

    # One axes holds all maps of a group, placed by hand: many axes take a second to draw.
    panels = [
        add_axes(left, 3 * GAP, wide, MAP * len(inputs))
        for left, wide in zip(lefts, widths, strict=True)
    ]
    for left, wide, axes, group in zip(lefts, widths, panels, groups, strict=True):
        drawn = _draw_maps(axes, *group)
        bar = add_axes(left, 2 * GAP, wide, GAP / 2)
        low, high = drawn.get_clim()
        ticks = np.linspace(low, high, 3)
        figure.colorbar(drawn, cax=bar, orientation="horizontal", ticks=ticks, format="%.2g")
        bar.tick_params(labelsize=8)
    if path is not None:
        figure.savefig(path)
    return figure


def _draw_maps(axes: Axes, name: str, maps: np.ndarray, low: float, high: float) -> AxesImage:
    n, _, _, n_channels = maps.shape
    for k, c in np.ndindex(n, n_channels):
        around = (c + 0.03, c + 0.97, k + 0.97, k + 0.03)
        drawn = axes.imshow(maps[k, ..., c], cmap="gray", vmin=low, vmax=high, extent=around)
    for c in range(n_channels):
        title = name if n_channels == 1 else f"{name} {c}"
        axes.text(c + 0.5, -0.04, title, ha="center", va="bottom", fontsize=9)
    axes.set(xlim=(0, n_channels), ylim=(n, 0), aspect="auto")
    axes.set_axis_off()
    return drawn
