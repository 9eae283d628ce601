"""Networks of the same shape as `resqunn`'s without what is asked for: control experiments."""

import math
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tfq_resqunn._utils.arguments import choice
from tfq_resqunn._utils.keras import Shape, keras
from tfq_resqunn.circuits.rewriting.unentangling import without_entanglement
from tfq_resqunn.layers.base_quanv import BaseQuanv
from tfq_resqunn.layers.surrogate import SURROGATES
from tfq_resqunn.layers.twin import PixelReadout, conv_twin
from tfq_resqunn.models.names import CONTROLS
from tfq_resqunn.models.networks import add_head, check_network, quanv_for, residual_network
from tfq_resqunn.models.placement import Placement
from tfq_resqunn.models.shortcuts import check_shortcut

Make = Callable[[tf.Tensor], tf.Tensor]


def control(
    kind: str,
    input_shape: Shape,
    n_classes: int,
    *,
    depth: int = 2,
    placement: str | Placement | None = None,
    head: str = "linear",
    shortcut: str = "pool",
    merge: str = "add",
    readout: str | None = None,
    name: str | None = None,
    **quanv: Any,
) -> keras.Model:
    """Builds a network of the shapes of `resqunn`'s, with something else in each circuit's place.

    Args:
        kind: What each quanvolution is replaced by:

            - `"unentangled"`: the same circuit without its gates on several qubits.
            - `"surrogate"`: a free linear map on the circuit's own features, see `Surrogate2D`. It
              can be every function that the circuit can be.
            - `"classical"`: a convolution with as many outputs; what `classical_twin` builds.
            - `"small"`: a convolution with as many filters as the layer's output has channels, and
              without a bias, whose outputs are repeated on all pixels of a patch (or, under
              `readout="channels"`, for all observables). With the defaults it has as many weights
              as the circuit, four.
            - `"shortcuts"`: zeros, so that what is left are the residuals' paths.
            - `"pixels"`: nothing; the head is on the image itself, and there are no residuals.
        input_shape: As for `resqunn`, likewise all others.
        n_classes: Integer, number of classes.
        depth: As for `resqunn`.
        placement: As for `resqunn`.
        head: As for `resqunn`.
        shortcut: As for `resqunn`.
        merge: As for `resqunn`.
        readout: As for `resqunn`.
        name: Name of the model. Default: the kind.
        **quanv: As for `resqunn`.

    Returns:
        A `keras.Model` from `(batch, *input_shape)` to `(batch, n_classes)` probabilities.

    Raises:
        TypeError: As `resqunn` does.
        ValueError: If there is no such control, or none of this circuit, or as `resqunn` does.

    Example:
        >>> {kind: control(kind, (8, 8, 1), 10, depth=1).count_params() for kind in CONTROLS}
        {'unentangled': 654, 'surrogate': 974, 'classical': 670, 'small': 654, 'shortcuts': 666, \
'pixels': 650}
    """
    choice(*CONTROLS)(kind, "kind", "control")
    name = kind if name is None else name
    check_shortcut(shortcut, quanv.get("data_format"))
    if kind == "pixels":
        n_classes = check_network(input_shape, n_classes, head, name)
        image = keras.Input(input_shape)
        return keras.Model(image, add_head(head, n_classes, image), name=name)

    def layer(k: int, shape: Shape) -> Make:
        return _MAKERS[kind](quanv_for(shape, readout, **quanv), shape, k)

    return residual_network(
        input_shape, n_classes, depth, placement, head, shortcut, merge, name, layer
    )


def classical_twin(
    input_shape: Shape,
    n_classes: int,
    *,
    depth: int = 2,
    placement: str | Placement | None = None,
    head: str = "linear",
    shortcut: str = "pool",
    merge: str = "add",
    readout: str | None = None,
    name: str | None = "classical_twin",
    activation: str | Callable[[tf.Tensor], tf.Tensor] | None = None,
    **quanv: Any,
) -> keras.Model:
    """Builds `resqunn` with a convolution in each quanvolution's place, all shapes the same.

    Args:
        input_shape: As for `resqunn`.
        n_classes: As for `resqunn`.
        depth: As for `resqunn`.
        placement: As for `resqunn`.
        head: As for `resqunn`.
        shortcut: As for `resqunn`.
        merge: As for `resqunn`.
        readout: As for `resqunn`.
        name: Name of the model.
        activation: Keras activation after each convolution. `None` is linear; `"tanh"` has the
            range of an expectation value.
        **quanv: As for `resqunn`. `input_gradient` and `trainable` mean the same here; what
            concerns circuits only decides how many outputs a patch has.

    Returns:
        A `keras.Model`; its convolutions are named `conv_1`, `conv_2`, ...

    Example:
        >>> from tfq_resqunn import resqunn
        >>> quantum, classical = resqunn((8, 8, 1), 10), classical_twin((8, 8, 1), 10)
        >>> classical.output_shape == quantum.output_shape
        True
    """

    def layer(k: int, shape: Shape) -> keras.layers.Layer:
        replaced = quanv_for(shape, readout, **quanv)
        return conv_twin(replaced, shape, activation=activation, name=f"conv_{k}")

    check_shortcut(shortcut, quanv.get("data_format"))
    return residual_network(
        input_shape, n_classes, depth, placement, head, shortcut, merge, name, layer
    )


# --- what stands in a quanvolution's place -----------------------------------------------------


def _unentangled(quanv: BaseQuanv, shape: Shape, k: int) -> Make:
    quanv.build(shape)
    circuit = without_entanglement(quanv.circuit)
    parts = {"encoder": None, "ansatz": None, "n_layers": None, "n_uploads": None}
    config = {**quanv.get_config(), **parts, "observables": None, "symbol_order": None}
    return type(quanv).from_config({**config, "circuit": circuit.to_json(), "name": f"quanv_{k}"})


def _surrogate(quanv: BaseQuanv, shape: Shape, k: int) -> Make:
    config = {**quanv.get_config(), "name": f"surrogate_{k}"}
    del config["initializer"]  # of angles
    return SURROGATES[quanv.rank].from_config(config)


def _classical(quanv: BaseQuanv, shape: Shape, k: int) -> Make:
    return conv_twin(quanv, shape, name=f"conv_{k}")


def _small(quanv: BaseQuanv, shape: Shape, k: int) -> Make:
    n_outputs = quanv.compute_output_shape(shape)[-1]
    if quanv.readout == "pixels":
        n_pixels = math.prod(quanv.kernel_size)
        conv = conv_twin(quanv, shape, filters=n_outputs, use_bias=False)
        return PixelReadout(conv.layer, copies=n_pixels, name=f"conv_{k}")
    conv = conv_twin(quanv, shape, filters=quanv.filters, use_bias=False, name=f"conv_{k}")
    if n_outputs == quanv.filters:
        return conv
    copies = keras.layers.Concatenate(name=f"copies_{k}")
    return lambda x: copies([conv(x)] * (n_outputs // quanv.filters))


def _shortcuts(quanv: BaseQuanv, shape: Shape, k: int) -> Make:
    nothing = {"kernel_initializer": "zeros", "use_bias": False, "trainable": False}
    return conv_twin(quanv, shape, name=f"zeros_{k}", **nothing)


_MAKERS = {
    "unentangled": _unentangled,
    "surrogate": _surrogate,
    "classical": _classical,
    "small": _small,
    "shortcuts": _shortcuts,
}
