"""Curves: values over epochs."""

import os
from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from tfq_resqunn._utils.arguments import check_picture, checked
from tfq_resqunn.plots.checks import check_history
from tfq_resqunn.plots.style import TRAIN, VALIDATION, tidy


@checked(history=check_history, path=check_picture.or_none())
def training_curves(
    history: Mapping[str, Sequence[float]], path: str | os.PathLike | None = None
) -> Figure:
    """Draws loss and accuracy over the epochs, for training and validation.

    Args:
        history: What `model.fit` returns, or its attribute `history`: the values of each epoch
            under the names `loss`, `accuracy`, `val_loss` and `val_accuracy`. Those that are
            missing are left out; `loss` must be there.
        path: File to write the figure to; the suffix decides the format. Default: no file.

    Returns:
        The figure, a panel for each of the two quantities.

    Raises:
        TypeError: If `history` is neither.
        ValueError: If there is no `loss`, or it has no epoch.

    Example:
        >>> figure = training_curves({"loss": [1.2, 0.6], "accuracy": [0.5, 0.8]})
        >>> [axes.get_ylabel() for axes in figure.axes]
        ['Loss (cross-entropy)', 'Accuracy']
    """
    values = history
    if not len(values.get("loss", ())):
        raise ValueError(
            f"training_curves: `history` must hold the loss of at least one epoch.\n"
            f"Received the keys {', '.join(values) or '(none)'}.\n"
            f"Give it what model.fit(...) returned."
        )
    quantities = [name for name in ("loss", "accuracy") if name in values]
    figure = Figure(figsize=(4.2 * len(quantities), 3.2), dpi=150, layout="constrained")
    panels = figure.subplots(1, len(quantities), squeeze=False)[0]
    for axes, name in zip(panels, quantities, strict=True):
        for key, style in ((name, TRAIN), (f"val_{name}", VALIDATION)):
            if key in values:
                epochs = range(1, len(values[key]) + 1)
                marker = "o" if len(epochs) == 1 else None  # a line needs two points to be seen
                axes.plot(epochs, values[key], linewidth=1.8, marker=marker, **style)
        axes.set_xlabel("Epoch")
        axes.set_ylabel("Loss (cross-entropy)" if name == "loss" else name.capitalize())
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        tidy(axes)
    panels[0].legend(frameon=False)  # it holds for both
    if path is not None:
        figure.savefig(path)
    return figure
