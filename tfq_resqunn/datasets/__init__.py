"""Image data sets, checked once here so that nothing after them has to."""

from typing import TYPE_CHECKING

from tfq_resqunn._utils import lazy

if TYPE_CHECKING:
    from tfq_resqunn.datasets.loading import Dataset as Dataset
    from tfq_resqunn.datasets.loading import load as load
    from tfq_resqunn.datasets.loading import load_images as load_images
    from tfq_resqunn.datasets.stored_images import StoredImages as StoredImages

_HOMES = {
    "tfq_resqunn.datasets.loading": ("Dataset", "load", "load_images"),
    "tfq_resqunn.datasets.stored_images": ("StoredImages",),
}
if not TYPE_CHECKING:  # type checkers would take every name for one that is there
    __getattr__, __dir__, __all__ = lazy.attach(__name__, _HOMES)
