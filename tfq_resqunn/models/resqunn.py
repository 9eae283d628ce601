"""`resqunn()`: a residual quanvolutional network, and its classical twin."""

from collections.abc import Callable

from tfq_resqunn._keras import keras
from tfq_resqunn.arguments import check_count
from tfq_resqunn.layers.pooling import ClassPooling
from tfq_resqunn.layers.quanv2d import Quanv2D
from tfq_resqunn.layers.twin import conv_twin
from tfq_resqunn.models.placement import Placement, as_placement, show_term

HEADS = ("linear", "none")


def resqunn(
    input_shape, n_classes, *, depth=2, placement=None, head="linear", name="resqunn", **quanv2d
) -> keras.Model:
    """Builds a residual quanvolutional network (ResQuNN) for classification.

    `depth` quanvolutional layers, summed as `placement` says, then a head that ends in a softmax.
    The result is a plain Keras model, to be compiled and fitted as any other.

    Args:
        input_shape: Shape of one image, `(height, width, channels)`.
        n_classes: Integer, number of classes.
        depth: Integer, number of quanvolutional layers.
        placement: Where residuals stand: text such as `"(X+O1)+O2"`, a `Placement`, or `None` for
            one around every layer.
        head: `"linear"`: `Flatten` and a `Dense` layer. `"none"`: a `ClassPooling`, which has no
            weights, so that whatever is learnt is learnt by the quanvolutional layers.
        name: Name of the model.
        **quanv2d: Arguments of every `Quanv2D`, here with `readout="pixels"` as the default, so
            that layers keep the shape of the image and can be summed.

    Returns:
        A `keras.Model` from `(batch, *input_shape)` to `(batch, n_classes)` probabilities. Its
        quanvolutional layers are named `quanv_1`, `quanv_2`, ...

    Raises:
        TypeError: If an argument is of the wrong type.
        ValueError: If the placement does not parse or names a layer that is not there, the terms
            of a sum differ in shape, the head is none of the two, or as `Quanv2D` and
            `ClassPooling` say.

    Example:
        >>> model = resqunn((8, 8, 1), 10, depth=2, placement="(X+O1)+O2")
        >>> model.count_params()  # two circuits of 4 angles, and a head of 64 * 10 + 10
        658

    Reference:
        Kashif, Shafique, *ResQuNNs* (2025), arXiv:2402.09146.
    """
    quanv2d = {"readout": "pixels", **quanv2d}

    def quanv(k, shape):
        return Quanv2D(name=f"quanv_{k}", **quanv2d)

    return _residual_network(input_shape, n_classes, depth, placement, head, name, quanv)


def classical_twin(
    input_shape,
    n_classes,
    *,
    depth=2,
    placement=None,
    head="linear",
    name="classical_twin",
    activation=None,
    **quanv2d,
) -> keras.Model:
    """Builds `resqunn` with a `Conv2D` in each quanvolution's place, all shapes the same.

    Args:
        input_shape: As for `resqunn`.
        n_classes: As for `resqunn`.
        depth: As for `resqunn`.
        placement: As for `resqunn`.
        head: As for `resqunn`.
        name: Name of the model.
        activation: Keras activation after each convolution. `None` is linear; `"tanh"` has the
            range of an expectation value.
        **quanv2d: As for `resqunn`. `input_gradient` and `trainable` mean the same here; what
            concerns circuits only decides how many outputs a patch has.

    Returns:
        A `keras.Model`; its convolutions are named `conv_1`, `conv_2`, ...

    Example:
        >>> quantum, classical = resqunn((8, 8, 1), 10), classical_twin((8, 8, 1), 10)
        >>> classical.output_shape == quantum.output_shape
        True
    """
    quanv2d = {"readout": "pixels", **quanv2d}

    def conv(k, shape):
        return conv_twin(Quanv2D(**quanv2d), shape, activation=activation, name=f"conv_{k}")

    return _residual_network(input_shape, n_classes, depth, placement, head, name, conv)


def _residual_network(
    input_shape, n_classes, depth, placement, head, name, make_layer: Callable
) -> keras.Model:
    depth = check_count(depth, "depth", "resqunn")
    n_classes = check_count(n_classes, "n_classes", "resqunn")
    if n_classes < 2:
        raise ValueError(
            "resqunn: `n_classes` must be at least 2, one probability each (the softmax of one is "
            f"always 1). Received {n_classes}."
        )
    if head not in HEADS:
        raise ValueError(
            f"resqunn: `head` must be one of {', '.join(map(repr, HEADS))}. Received {head!r}."
        )
    placement = as_placement(placement, depth)
    image = keras.Input(input_shape)
    flow = _Flow(placement, image)
    for k in range(1, depth + 1):
        x = flow.after(k - 1)
        flow.terms[k] = make_layer(k, tuple(x.shape))(x)
    return keras.Model(image, _add_head(head, n_classes, flow.after(depth)), name=name)


def _add_head(head: str, n_classes: int, features):
    if head == "none":
        means = ClassPooling(n_classes, name="pooling")(features)
        return keras.layers.Softmax(name="head")(means)
    features = keras.layers.Flatten(name="flatten")(features)
    return keras.layers.Dense(n_classes, activation="softmax", name="head")(features)


class _Flow:
    """The outputs that are there already, and the sums of them; each sum is made once."""

    def __init__(self, placement: Placement, image):
        self.placement = placement
        self.terms = {0: image}

    def after(self, k: int):
        return self._tensor(self.placement.feed(k))

    def _tensor(self, term):
        if term not in self.terms:
            parts = [self._tensor(t) for t in term]
            shapes = [tuple(p.shape) for p in parts]
            if len(set(shapes)) > 1:
                each = ", ".join(
                    f"{show_term(t)} of shape {s}" for t, s in zip(term, shapes, strict=True)
                )
                raise ValueError(
                    f"resqunn: the terms of the sum {show_term(term)} in `placement` must have "
                    f"equal shapes (none is stretched).\nReceived {each}.\nUse filters=1 and "
                    "readout='pixels', with a kernel_size that divides the image or "
                    "padding='same'."
                )
            number = sum(isinstance(t, tuple) for t in self.terms) + 1
            self.terms[term] = keras.layers.Add(name=f"sum_{number}")(parts)
        return self.terms[term]
