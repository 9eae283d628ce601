"""What tells the images of a study from others, so that all of its runs have the same."""

import hashlib
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tfq_resqunn._utils.arguments import is_number

if TYPE_CHECKING:
    from tfq_resqunn.datasets import Dataset

# Means that are closer than this are equal but for rounding, which differs between processors where
# images are resized. One image of ten thousand that is replaced moves them farther.
ROUNDING = 1e-6


@dataclass(frozen=True)
class Images:
    """The images and labels of a data set, in short.

    Args:
        labels: A hash of the labels, and of the shape of the images.
        means: Of the pixels of each class, for training, then testing, then validation.

    Raises:
        ValueError: If the values are not such as `of` gives.
    """

    labels: str
    means: tuple[float, ...]

    def __post_init__(self) -> None:
        if not isinstance(self.labels, str) or not all(map(is_number, self.means)):
            raise ValueError("`images` must have labels and means")
        object.__setattr__(self, "means", tuple(self.means))

    @classmethod
    def of(cls, data: "Dataset") -> "Images":
        """Looks at the images of a data set."""
        import numpy as np  # commands that load no data do without

        from tfq_resqunn.datasets import StoredImages

        labels, means = hashlib.sha256(repr(data.classes).encode()), []
        for x, y in ((data.x_train, data.y_train), (data.x_test, data.y_test),
                     (data.x_val, data.y_val)):  # fmt: skip
            if x is not None and y is not None:
                labels.update(f"{x.shape}".encode())
                labels.update(y.astype("<i8").tobytes())
                parts = x.parts() if isinstance(x, StoredImages) else [x]
                of_each = np.concatenate([part.mean(axis=(1, 2, 3), dtype=float) for part in parts])
                n = data.n_classes
                counts = np.maximum(np.bincount(y, minlength=n), 1)
                means += (np.bincount(y, of_each, minlength=n) / counts).tolist()
        return cls(labels.hexdigest(), tuple(means))

    def is_like(self, other: "Images") -> bool:
        """Tells whether another data set has the same images, but for rounding."""
        if (self.labels, len(self.means)) != (other.labels, len(other.means)):
            return False
        return all(
            math.isclose(mine, theirs, rel_tol=0, abs_tol=ROUNDING)
            for mine, theirs in zip(self.means, other.means, strict=True)
        )
