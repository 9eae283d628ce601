"""MedMNIST's data sets by name: which there are, and which can be read; knows no NumPy."""

import importlib.util

IMAGE_SETS = (
    "pathmnist", "dermamnist", "octmnist", "pneumoniamnist", "retinamnist", "breastmnist",
    "bloodmnist", "tissuemnist", "organamnist", "organcmnist", "organsmnist",
)  # fmt: skip
VOLUMES = (
    "organmnist3d", "nodulemnist3d", "adrenalmnist3d", "fracturemnist3d", "vesselmnist3d",
    "synapsemnist3d",
)  # fmt: skip
SEVERAL_LABELS = ("chestmnist",)
PACKAGE = "medmnist"


def is_medmnist(name: str, who: str) -> bool:
    """Tells whether a name is that of one of MedMNIST's data sets, which can then be read.

    It raises a ValueError for those that are no images with one label each, and an ImportError
    without the package `medmnist`, which knows where to download them.
    """
    if name in (*VOLUMES, *SEVERAL_LABELS):
        received = "has volumes of 28 x 28 x 28"
        remedy = "Train a model with Quanv3D on its file in Python, or choose"
        if name in SEVERAL_LABELS:
            received = "has 14 labels, none or several of which hold for an image"
            remedy = "Train on one of them as labels in a file of your own, or choose"
        raise ValueError(
            f"{who}: `name` must be a data set of images with one label each.\n"
            f'Received "{name}" of MedMNIST, which {received}.\n'
            f"{remedy} one of {', '.join(IMAGE_SETS)}."
        )
    if name not in IMAGE_SETS:
        return False
    if importlib.util.find_spec(PACKAGE) is None:
        raise ImportError(
            f"{who}: `name` must be one of MedMNIST's data sets only where its package, {PACKAGE}, "
            f'is installed.\nReceived "{name}", and it is not.\nInstall it: pip install {PACKAGE} '
            "(--no-deps leaves out PyTorch, which is not needed here); or download "
            f"{name}.npz from https://medmnist.com, and name the file."
        )
    return True
