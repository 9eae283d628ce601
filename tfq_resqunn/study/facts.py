"""What a report needs beside the results, read from the configurations of the runs."""

import json
import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Facts:
    """What the runs of a study say about themselves.

    Attributes:
        n_classes: Number of classes, or `None` where no run says it.
        image_shape: Of one image, `(height, width, channels)`, or `None`.
        versions: By package, the versions that the runs were made with; several where they differ.
        largest_share: Of one class among the test images, the largest of any run; `None` where no
            run says it.
    """

    n_classes: int | None = None
    image_shape: tuple[int, ...] | None = None
    versions: tuple[tuple[str, tuple[str, ...]], ...] = ()
    largest_share: float | None = None

    @property
    def chance(self) -> float | None:
        """Accuracy of always naming the most frequent class, or one of equally frequent ones."""
        if self.largest_share is not None:
            return self.largest_share
        return 1 / self.n_classes if self.n_classes else None


def read_facts(folder: str | os.PathLike) -> Facts:
    """Reads the `config.json` of every run in a study's folder.

    Raises:
        ValueError: If one cannot be read.
    """
    n_classes, image_shape, versions, shares = None, None, {}, []
    for path in sorted(Path(folder).glob("runs/*/config.json")):
        try:
            described = json.loads(path.read_text(encoding="utf-8"))
            n_classes, image_shape = len(described["classes"]), tuple(described["image_shape"])
            if "largest_share" in described:
                shares.append(float(described["largest_share"]))
            for package, version in described["versions"].items():
                versions.setdefault(package, set()).add(str(version))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise ValueError(
                f"read_facts: {path} must say `classes`, `image_shape` and `versions`. It cannot "
                f"be read: {error!r}. Remove that run's folder to have it made again."
            ) from error
    return Facts(
        n_classes,
        image_shape,
        tuple((k, tuple(sorted(v))) for k, v in versions.items()),
        max(shares, default=None),
    )
