"""`resqunn()`: a residual quanvolutional network; its controls are built alike."""

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from tfq_resqunn._utils.arguments import Rule, check_count, check_text, choice, integer, is_integer
from tfq_resqunn._utils.keras import Shape, keras
from tfq_resqunn.layers.base_quanv import BaseQuanv
from tfq_resqunn.layers.merging import check_merge, merging_layer
from tfq_resqunn.layers.pooling import ClassPooling
from tfq_resqunn.layers.quanv import Quanv1D, Quanv2D, Quanv3D
from tfq_resqunn.models.placement import MAX_LAYERS, Placement, Term, as_placement, show_term
from tfq_resqunn.models.shortcuts import apply_shortcut, check_shortcut

# By the number of sizes in the shape of an input, of which one counts channels.
QUANVS = {2: Quanv1D, 3: Quanv2D, 4: Quanv3D}


def _is_shape(value: Any) -> bool:
    if isinstance(value, tf.TensorShape):
        return value.rank is not None
    is_listed = isinstance(value, (tuple, list, np.ndarray))
    return is_listed and all(size is None or is_integer(size) for size in value)


_SHAPE = Rule("a shape of integers, such as (28, 28, 1)", _is_shape)


def resqunn(
    input_shape: Shape,
    n_classes: int,
    *,
    depth: int = 2,
    placement: str | Placement | None = None,
    head: str = "linear",
    shortcut: str = "pool",
    merge: str = "add",
    readout: str | None = None,
    name: str | None = "resqunn",
    **quanv: Any,
) -> keras.Model:
    """Builds a residual quanvolutional network (ResQuNN) for classification.

    `depth` quanvolutional layers, summed as `placement` says, then a head that ends in a softmax.
    The result is a plain Keras model, to be compiled and fitted as any other.

    Args:
        input_shape: Shape of one image, `(height, width, channels)`, whose layers are `Quanv2D`s.
            That of a sequence, `(steps, channels)`, makes them `Quanv1D`s, that of a volume,
            `(depth, height, width, channels)`, `Quanv3D`s.
        n_classes: Integer, number of classes.
        depth: Integer, number of quanvolutional layers.
        placement: Where residuals stand: text such as `"(X+O1)+O2"`, a `Placement`, or `None` for
            one around every layer.
        head: `"linear"`: `Flatten` and a `Dense` layer. `"none"`: a `ClassPooling`, which has no
            weights, so that whatever is learnt is learnt by the quanvolutional layers.
        shortcut: What brings the terms of a sum to one shape, where they differ: that of the term
            with the highest index. `"pool"`: an `AreaPooling`, which has no weights; it averages
            pixels down to the smaller grid, and repeats or averages channels. `"conv"`: the same
            for the grid, and a trained `Conv2D` of 1x1 pixels for the channels. `"none"`: nothing,
            so that the shapes must be equal.
        merge: What becomes of the terms of a sum: `"add"`, Keras' `Add`; `"average"`, their mean,
            which keeps pixels and outcomes from -1 to 1 in that range; `"rezero"`, their sum with a
            learned scale for each but the first, see `ReZero`.
        readout: `"pixels"`: outcomes go back onto the pixels of their patch, so that layers keep
            the shape of the image. `"channels"`: the outcomes of a patch become the channels of
            one pixel, so that the image shrinks. `None`: in each layer `"pixels"` where that is
            possible, which is where patches lie side by side and the observables of a circuit are
            as many as the pixels of a patch, or a multiple; else `"channels"`.
        name: Name of the model.
        **quanv: Further arguments of every quanvolution, as for `Quanv2D`.

    Returns:
        A `keras.Model` from `(batch, *input_shape)` to `(batch, n_classes)` probabilities. Its
        quanvolutional layers are named `quanv_1`, `quanv_2`, ..., what is on the way to a sum
        `shortcut_1`, `shortcut_2`, ...

    Raises:
        TypeError: If an argument is of the wrong type.
        ValueError: If the placement does not parse or names a layer that is not there, the terms
            of a sum differ in shape and there is no shortcut, the image becomes smaller than the
            kernel, head or shortcut is none of those above, or as `Quanv2D` and `ClassPooling`
            say.

    Example:
        >>> model = resqunn((8, 8, 1), 10, depth=2, placement="(X+O1)+O2")
        >>> model.count_params()  # two circuits of 4 angles, and a head of 64 * 10 + 10
        658
        >>> small = resqunn((8, 8, 1), 10, depth=1, encoder="dense_angle")  # 2 outcomes a patch
        >>> small.get_layer("quanv_1").output.shape == small.get_layer("shortcut_1").output.shape
        True

    Reference:
        Kashif, Shafique, *ResQuNNs* (2025), arXiv:2402.09146.
    """

    def layer(k: int, shape: Shape) -> keras.layers.Layer:
        return quanv_for(shape, readout, name=f"quanv_{k}", **quanv)

    check_shortcut(shortcut, quanv.get("data_format"))
    return residual_network(
        input_shape, n_classes, depth, placement, head, shortcut, merge, name, layer
    )


def quanv_for(input_shape: Shape, readout: str | None, **arguments: Any) -> BaseQuanv:
    """Makes a layer; it chooses its readout by itself where the user does not."""
    make = QUANVS.get(len(input_shape) - 1, Quanv2D)  # whose error names the shapes there are
    if readout is not None:
        return make(readout=readout, **arguments)
    layer = make(**arguments)
    layer.choose_readout(input_shape)
    return layer


def residual_network(
    input_shape: Shape, n_classes: int, depth: int, placement: str | Placement | None, head: str,
    shortcut: str, merge: str, name: str | None,
    make_layer: Callable[[int, Shape], Callable[[tf.Tensor], tf.Tensor]],
) -> keras.Model:  # fmt: skip
    """Builds a network of layers that `make_layer` makes, by their number and their input's shape.

    The other arguments are those of `resqunn`.
    """
    n_classes = check_network(input_shape, n_classes, head, name)
    depth = integer(1, MAX_LAYERS)(depth, "depth", "resqunn")
    placement = as_placement(placement, depth)
    image = keras.Input(input_shape)
    flow = _Flow(image, shortcut, merge)
    for k in range(1, depth + 1):
        flow.terms[k] = _apply(make_layer, k, depth, flow.tensor(placement.feed(k - 1)))
    features = flow.tensor(placement.feed(depth))
    return keras.Model(image, add_head(head, n_classes, features), name=name)


def check_network(input_shape: Shape, n_classes: int, head: str, name: str | None) -> int:
    """Checks what networks have whatever their layers are; gives `n_classes`, of Python's own."""
    _SHAPE(input_shape, "input_shape", "resqunn")
    check_text.or_none()(name, "name", "resqunn")
    n_classes = check_count(n_classes, "n_classes", "resqunn")
    if n_classes < 2:
        raise ValueError(
            "resqunn: `n_classes` must be at least 2, one probability each (the softmax of one is "
            f"always 1). Received {n_classes}."
        )
    choice("linear", "none")(head, "head", "resqunn")
    return n_classes


def _apply(make_layer: Callable, k: int, depth: int, x: tf.Tensor) -> tf.Tensor:
    try:
        return make_layer(k, tuple(x.shape))(x)
    except ValueError as error:
        if k == 1:
            raise
        # The user knows the shape of the image, but hardly what the layers before made of it.
        raise ValueError(
            f"resqunn: layer {k} of {depth} cannot be built. It takes what the layers before it "
            f"give, of shape {tuple(x.shape)}.\n{error}"
        ) from error


def add_head(head: str, n_classes: int, features: tf.Tensor) -> tf.Tensor:
    """Puts a head that ends in a softmax on a network's last features."""
    if head == "none":
        means = ClassPooling(n_classes, name="pooling")(features)
        return keras.layers.Softmax(name="head")(means)
    features = keras.layers.Flatten(name="flatten")(features)
    return keras.layers.Dense(n_classes, activation="softmax", name="head")(features)


class _Flow:
    """The outputs that are there already, and the sums of them; each sum is made once."""

    def __init__(self, image: tf.Tensor, shortcut: str, merge: str) -> None:
        self.terms: dict[Term, tf.Tensor] = {0: image}
        self._merge = check_merge(merge, "merge", "resqunn")
        self._shortcut, self._n_shortcuts = shortcut, 0

    def tensor(self, term: Term) -> tf.Tensor:
        if isinstance(term, tuple) and term not in self.terms:
            parts = self._of_one_shape(term, [self.tensor(t) for t in term])
            number = sum(isinstance(t, tuple) for t in self.terms) + 1
            self.terms[term] = merging_layer(self._merge, f"sum_{number}")(parts)
        return self.terms[term]

    def _of_one_shape(self, term: tuple, parts: list[tf.Tensor]) -> list[tf.Tensor]:
        """Maps the terms of a sum to the shape of the last one, which has the highest index."""
        shapes = [tuple(part.shape) for part in parts]
        if len(set(shapes)) == 1:
            return parts
        if self._shortcut == "none":
            each = zip(map(show_term, term), shapes, strict=True)
            raise ValueError(
                f"resqunn: the terms of the sum {show_term(term)} in `placement` must have equal "
                "shapes under shortcut='none' (none is stretched).\nReceived "
                f"{', '.join(f'{t} of shape {s}' for t, s in each)}.\nUse shortcut='pool', or an "
                "encoder and observables whose outcomes are as many as a patch has pixels, with "
                "filters=1, and a kernel_size that divides the image or padding='same'."
            )
        for i, shape in enumerate(shapes):
            if shape != shapes[-1]:
                self._n_shortcuts += 1
                name = f"shortcut_{self._n_shortcuts}"
                parts[i] = apply_shortcut(self._shortcut, parts[i], shapes[-1], name)
        return parts
