"""Classical surrogates of quanvolutions: free linear maps on the features that circuits have."""

import math
from typing import Any, NoReturn

import tensorflow as tf

from tfq_resqunn._utils.keras import keras, register
from tfq_resqunn.circuits import QuanvCircuit
from tfq_resqunn.layers.base_quanv import BaseQuanv
from tfq_resqunn.layers.geometry import Sizes
from tfq_resqunn.layers.initializers import initializers_of_groups
from tfq_resqunn.layers.quanv import Quanv1D, Quanv2D, Quanv3D
from tfq_resqunn.simulation.spectrum import spectrum
from tfq_resqunn.simulation.tensors.rows import all_products
from tfq_resqunn.simulation.tensors.trigonometry import cosine, sine

MAX_FEATURES = 20_000
Frequencies = tuple[tuple[float, ...], ...]  # above 0, of each value


class FourierMap(keras.layers.Layer):
    """A linear map on products of cosines and sines of the values of a patch.

    Args:
        circuit: The `QuanvCircuit` whose features these are.
        filters: Integer, number of maps.
        initializer: Keras initializer of the map.
        regularizer: Keras regularizer of the map, or `None`.
        constraint: Keras constraint of the map, or `None`.
        input_gradient: Whether gradients pass to the inputs.
        **kwargs: Of `keras.layers.Layer`.
    """

    def __init__(
        self,
        circuit: QuanvCircuit,
        *,
        filters: int = 1,
        initializer: Any = "glorot_uniform",
        regularizer: Any = None,
        constraint: Any = None,
        input_gradient: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.circuit = circuit
        self.input_gradient = input_gradient
        self._frequencies = spectrum(circuit)
        n_outputs = filters * len(circuit.observables)
        self._cut = best_cut(self._frequencies, n_outputs)
        self.kernel = self.add_weight(
            name="kernel",
            shape=(n_outputs, count_features(self._frequencies)),
            initializer=initializer,
            regularizer=regularizer,
            constraint=constraint,
            trainable=True,
        )

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        return tf.transpose(self.expectations(tf.transpose(inputs)))

    def expectations(self, values: tf.Tensor) -> tf.Tensor:
        """Gives what a call does, with samples along the last axis.

        From values `[n_values, n]` it makes outputs `[filters * n_observables, n]`. A feature is a
        product of one of the first values and one of the others. The kernel is multiplied by the
        latter, and the results, weighted by the former, are added up.
        """
        if not self.input_gradient:
            values = tf.stop_gradient(values)
        kernel = tf.convert_to_tensor(self.kernel)
        values = tf.cast(values, kernel.dtype)
        cut, frequencies = self._cut, self._frequencies
        others = fourier_features(values[cut:], frequencies[cut:])
        sums = tf.matmul(tf.reshape(kernel, [-1, others.shape[0]]), others)
        if cut == 0:
            return sums
        first = fourier_features(values[:cut], frequencies[:cut])
        sums = tf.reshape(sums, [kernel.shape[0], first.shape[0], -1])
        return tf.reduce_sum(sums * first, axis=1)


def count_features(frequencies: Frequencies) -> int:
    """Counts the products of 1, cosines and sines; a ValueError if they are too many."""
    n_features = math.prod(1 + 2 * len(of_one) for of_one in frequencies)
    if n_features > MAX_FEATURES:
        raise ValueError(
            f"A surrogate may have up to {MAX_FEATURES:,} features. Received a circuit with "
            f"{n_features:,}: the product over its {len(frequencies)} data symbols of 1 + 2 times "
            "their frequencies. Use a smaller kernel_size or fewer uploads."
        )
    return n_features


def best_cut(frequencies: Frequencies, n_outputs: int) -> int:
    """Tells how many values come first, so that the fewest numbers are computed for each patch.

    Example:
        >>> best_cut(((1.0,),) * 4, n_outputs=1)  # 9 + 9 numbers, not 81
        2
        >>> best_cut(((1.0,),) * 4, n_outputs=4)  # 27 + 4 * 3, not 9 + 4 * 9
        1
    """
    sizes = [1 + 2 * len(of_one) for of_one in frequencies]

    def numbers(cut: int) -> int:
        return math.prod(sizes[cut:]) + n_outputs * math.prod(sizes[:cut])

    return min(range(len(sizes)), key=numbers)


def fourier_features(values: tf.Tensor, frequencies: Frequencies) -> tf.Tensor:
    """Gives all products of 1, cos(f x) or sin(f x) over values x, with each value's frequencies f.

    From `[n_values, n]` it makes `[n_features, n]`, the last value's functions varying first.

    Example:
        >>> x = tf.constant([[0.0], [3.0]])
        >>> fourier_features(x, ((1.0,), (1.0,))).shape[0]  # 1, cos and sin of each
        9
    """
    rows = tf.split(values, len(frequencies))
    waves = [
        [wave(f / math.pi * row) for wave in (cosine, sine) for f in of_one]
        for row, of_one in zip(rows, frequencies, strict=True)
    ]
    return all_products(tf.ones_like(rows[0]), waves)


class _Surrogate(BaseQuanv):
    """What surrogates of all ranks have in common."""

    def __init__(
        self,
        filters: int = 1,
        kernel_size: Sizes = 2,
        *,
        initializer: str | keras.initializers.Initializer = "glorot_uniform",
        **kwargs: Any,
    ) -> None:
        super().__init__(filters, kernel_size, initializer=initializer, **kwargs)

    @property
    def plan(self) -> None:
        """`None`, since no circuit is run."""
        return None

    @property
    def angles(self) -> NoReturn:
        """Raises an AttributeError, since a surrogate has none."""
        raise AttributeError(
            f"{type(self).__name__}: `angles` are what a quanvolution has; a surrogate has a "
            "linear map. See `get_weights()`."
        )

    def set_angles(self, angles: Any) -> None:
        """Raises the AttributeError that `angles` raises."""
        self.angles  # noqa: B018 - which raises it

    def _make_pqcs(self, circuit: QuanvCircuit) -> list:
        n_outputs = self.filters * len(circuit.observables)
        shape = (n_outputs, count_features(spectrum(circuit)))
        shares = initializers_of_groups(self.initializer, self.groups, shape, self.variable_dtype)
        return [
            FourierMap(
                circuit,
                filters=self.filters // self.groups,
                initializer=share,
                regularizer=self.regularizer,
                constraint=self.constraint,
                input_gradient=self.input_gradient,
                trainable=self.trainable,
                dtype=self.dtype_policy,
                name=f"map_{i}",
            )
            for i, share in enumerate(shares)
        ]


@register
class Surrogate2D(_Surrogate, Quanv2D):
    """The classical surrogate of a `Quanv2D`: every function that its circuit can be, and more.

    An expectation value is a sum of products of cosines and sines of the values of a patch, whose
    frequencies the encoder decides; the angles of the ansatz decide their coefficients, of which
    they reach some. Here the coefficients are free: a linear map, trained as that of a `Conv2D`.
    What this layer cannot learn, no choice of angles can.

    Args:
        filters: As for `Quanv2D`, likewise all others. The encoder decides the features, the
            observables and filters how many outputs there are. What concerns angles, and what runs
            a circuit, has no effect.
        kernel_size: As for `Quanv2D`.
        initializer: Keras initializer of the map.
        **kwargs: As for `Quanv2D`.

    Input shape:
        As for `Quanv2D`.

    Output shape:
        As for `Quanv2D`. The values may leave [-1, 1].

    Raises:
        TypeError: As `Quanv2D` does.
        ValueError: If the encoder is none of rotations by multiples of single values, or has too
            many features, or as `Quanv2D` does.

    Example:
        >>> import numpy as np
        >>> layer = Surrogate2D(kernel_size=2)
        >>> tuple(layer(np.ones((1, 8, 8, 1))).shape)
        (1, 4, 4, 4)
        >>> [weights.shape for weights in layer.get_weights()]  # 3 functions of each of 4 values
        [(4, 81)]

    Reference:
        Schreiber, Eisert, Meyer, *Classical surrogates for quantum learning models* (2023),
        arXiv:2206.11740.
    """


@register
class Surrogate1D(_Surrogate, Quanv1D):
    """The classical surrogate of a `Quanv1D`; see `Surrogate2D`."""


@register
class Surrogate3D(_Surrogate, Quanv3D):
    """The classical surrogate of a `Quanv3D`; see `Surrogate2D`."""


SURROGATES = {1: Surrogate1D, 2: Surrogate2D, 3: Surrogate3D}  # by rank
