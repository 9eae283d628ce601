"""Where angles start: Keras initializers for weights of circuits."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tfq_resqunn._utils.arguments import check_count, check_seed
from tfq_resqunn._utils.keras import keras, register


@register
class IdentityBlocks(keras.initializers.Initializer):
    """Draws angles with which the ansatz `"identity_blocks"` starts as the identity.

    Each block of that ansatz is U(a), then the inverse of U(b). Here a is drawn uniformly from
    [0, 2 pi), anew for each block and each filter, and b is a copy of it. So the ansatz does
    nothing at the start, and however deep it is, the gradient by each weight is that of a single
    block: not a barren plateau. The gradients by a and by b are opposite, and training moves the
    two apart.

    The weights it fills have the shape `(filters, n_blocks * 2 * m)`, where U has m: by block,
    and in a block first a, then b.

    Args:
        n_blocks: Number of blocks: `n_layers` of the ansatz (times `n_uploads` where the data is
            uploaded repeatedly).
        seed: Of the random numbers, as for Keras' initializers.

    Raises:
        TypeError: If `n_blocks` is no integer.
        ValueError: If `n_blocks` is below 1, or does not fit the weights.

    Example:
        >>> angles = IdentityBlocks(n_blocks=2, seed=0)((1, 12))
        >>> blocks = np.reshape(angles, (2, 2, 3))
        >>> np.array_equal(blocks[:, 0], blocks[:, 1])
        True

    Reference:
        Grant, Wossnig, Ostaszewski, Benedetti, *An initialization strategy for addressing barren
        plateaus in parametrized quantum circuits* (2019), arXiv:1903.05076.
    """

    def __init__(self, n_blocks: int, seed: int | None = None) -> None:
        self.n_blocks = check_count(n_blocks, "n_blocks", "IdentityBlocks")
        self.seed = check_seed.or_none()(seed, "seed", "IdentityBlocks")
        self._uniform = keras.initializers.RandomUniform(0, 2 * np.pi, seed=seed)

    def __call__(self, shape: Sequence[int], dtype: Any = None, **kwargs: Any) -> tf.Tensor:
        *others, n_weights = tuple(shape)
        if n_weights % (2 * self.n_blocks):
            raise ValueError(
                "IdentityBlocks: `n_blocks` must be the number of blocks of the ansatz "
                f"'identity_blocks', each with two equal halves. Received n_blocks="
                f"{self.n_blocks}, and {n_weights} weights a filter, which is no multiple of "
                f"2 * {self.n_blocks}. Use ansatz='identity_blocks' with n_layers={self.n_blocks}."
            )
        half = n_weights // (2 * self.n_blocks)
        drawn = self._uniform((*others, self.n_blocks, 1, half), dtype=dtype, **kwargs)
        return tf.reshape(tf.repeat(drawn, 2, axis=-2), shape)

    def get_config(self) -> dict:
        return {"n_blocks": self.n_blocks, "seed": self._uniform.get_config()["seed"]}


def default_initializer(initializer: str | Callable | None) -> Callable:
    """Gives a Keras initializer; for `None`, one that is uniform in [0, 2 pi)."""
    if initializer is None:
        # A new one each time: under Keras 3, an initializer that is shared gives each layer the
        # same numbers.
        return keras.initializers.RandomUniform(0, 2 * np.pi)
    return keras.initializers.get(initializer)


def initializers_of_groups(
    initializer: Callable, groups: int, shape: tuple[int, int], dtype: str
) -> list[Callable]:
    """Gives each group its share of what an initializer draws for all `(filters, n_weights)`.

    Drawn at once: asked for each group anew, an initializer may give the same angles again.
    """
    if groups == 1:
        return [initializer]
    with tf.init_scope():
        return [_Drawn(rows) for rows in tf.split(initializer(shape, dtype=dtype), groups)]


class _Drawn(keras.initializers.Initializer):
    def __init__(self, values: tf.Tensor) -> None:
        self.values = values

    def __call__(self, shape: Sequence[int], dtype: Any = None, **_: Any) -> tf.Tensor:
        return tf.cast(self.values, dtype or self.values.dtype)
