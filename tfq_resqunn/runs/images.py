"""Images of the user's own, opened as a model takes them."""

import os

from tfq_resqunn.datasets.arguments import check_image_size
from tfq_resqunn.datasets.image_file import ImageFile
from tfq_resqunn.datasets.image_folder import ImageFolder, open_images
from tfq_resqunn.runs.class_probabilities import single_shape
from tfq_resqunn.runs.trained import Trained


def open_for(trained: Trained, path: str | os.PathLike) -> ImageFile | ImageFolder:
    """Open images for a trained model: pictures get the size and channels that it takes.

    They are resized if the images of the model's run were. Gray ones get three channels for a model
    that takes three; one that takes gray images refuses colours, unless its run turned them gray.
    """
    chosen = trained.config.image_size if trained.config else None
    size = check_image_size(chosen, "image_size", "load")
    n_channels = single_shape(trained.model, "input", trained.who)[-1]
    if trained.config and trained.config.channels:  # to which they are brought later
        n_channels = None
    images = open_images(path, size, n_channels)
    if images.labels is not None and isinstance(trained.classes[0], str):
        images.labels = images.labels.astype(str)  # which are numbers, if no other folder is there
    return images
