"""What a classifier's probabilities are worth where accuracy alone misleads."""

import warnings

import numpy as np
from sklearn.metrics import balanced_accuracy_score, roc_auc_score


def balanced_accuracy(y: np.ndarray, probabilities: np.ndarray) -> float:
    """Mean over the classes of the fraction of their images that is recognized.

    It is the accuracy if all classes have equally many images, and 1 / n_classes for guessing.

    Args:
        y: The numbers of the images' classes, `[n]`.
        probabilities: Of each class, `[n, n_classes]`.

    Example:
        >>> y, always_first = np.array([0, 0, 0, 1]), np.array([[0.9, 0.1]] * 4)
        >>> balanced_accuracy(y, always_first)  # the accuracy is 0.75
        0.5
    """
    with warnings.catch_warnings():  # of classes without an image, which have no part in the mean
        warnings.filterwarnings("ignore", "y_pred contains classes not in y_true")
        return float(balanced_accuracy_score(y, probabilities.argmax(axis=1)))


def area_under_curve(y: np.ndarray, probabilities: np.ndarray) -> float:
    """Mean over the classes of the area under the curve (AUC) of each against all others.

    It is the probability that an image of the class gets a higher probability for it than one of
    another class: 0.5 for guessing, 1 at best. Classes without an image, or with all of them, are
    left out; where none remains, or probabilities are not finite, it is NaN.

    Args:
        y: The numbers of the images' classes, `[n]`.
        probabilities: Of each class, `[n, n_classes]`.

    Example:
        >>> area_under_curve(np.array([0, 1]), np.array([[0.6, 0.4], [0.5, 0.5]]))
        1.0
    """
    if not np.isfinite(probabilities).all():
        return np.nan
    areas = [
        roc_auc_score(y == k, column)
        for k, column in enumerate(probabilities.T)
        if 0 < np.count_nonzero(y == k) < len(y)
    ]
    return float(np.mean(areas)) if areas else np.nan
