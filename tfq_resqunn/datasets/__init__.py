"""Image data sets, checked once here so that nothing after them has to."""

from tfq_resqunn.datasets.loading import Dataset, load, load_images

__all__ = ["Dataset", "load", "load_images"]
