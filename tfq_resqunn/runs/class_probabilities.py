"""What the outputs of a classifier mean: probabilities, or logits that become such."""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import expit, softmax

from tfq_resqunn._utils.keras import keras

AS_PROBABILITIES = ("softmax", "sigmoid")
Conversion = Callable[[np.ndarray], np.ndarray]  # of a model's outputs to probabilities


def to_probabilities(model: keras.Model, who: str) -> Conversion:
    """Gives a function from a model's outputs to the probability of each class.

    Whether the outputs are probabilities or logits is what the model's loss says, if it was
    compiled with a cross-entropy (`from_logits`). Otherwise its last layer says it: softmax and
    sigmoid give probabilities, a layer without activation gives logits. A single output stands for
    the second of two classes, which is chosen above a probability of 0.5 (a logit of 0).

    A subclassed model may not say the shape of its output; then the first outputs do, and only they
    can show that it is no classifier. `who` is whom an error names.

    Example:
        >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, "sigmoid")])
        >>> to_probabilities(model, "predict")(np.array([[0.25], [0.75]])).tolist()
        [[0.75, 0.25], [0.25, 0.75]]
    """
    if _said_shape(model, "output") is not None:
        return _converter(model, single_shape(model, "output", who), who)

    def convert(outputs: np.ndarray) -> np.ndarray:
        outputs = _only(outputs)
        if isinstance(outputs, np.ndarray):
            return _converter(model, (None, *outputs.shape[1:]), who)(outputs)
        raise ValueError(
            f"{who}: the model must have one output, an array.\nReceived a model whose outputs "
            f"are a {type(outputs).__name__} of {len(outputs)}.\nCall its own `predict`."
        )

    return convert


def _converter(model: keras.Model, shape: tuple[int | None, ...], who: str) -> Conversion:
    """Does what `to_probabilities` does, for outputs of a known shape."""
    if len(shape) != 2 or not shape[1]:
        raise ValueError(
            f"{who}: the model must give one number for each class: an output of shape "
            f"(None, n_classes).\nReceived a model with the output {shape}.\n"
            "Call its own `predict`."
        )
    loss, from_logits = _loss_of(model)
    activation = _last_activation(model)
    is_cross_entropy = loss.endswith("crossentropy")
    is_binary = loss.startswith("binary") if is_cross_entropy else activation == "sigmoid"
    if shape[1] == 1 and (activation == "softmax" or (is_cross_entropy and not is_binary)):
        raise ValueError(
            f"{who}: a model with a single output must end in a sigmoid (or in logits): the "
            "softmax of one number is always 1.\nReceived a model with one output for a softmax.\n"
            "Give it an output for each class, or a sigmoid and a binary cross-entropy."
        )
    if shape[1] > 1 and is_binary:
        raise ValueError(
            f"{who}: the model must give each image one of its classes.\nReceived a model of "
            f"{shape[1]} sigmoids, each of which decides for itself.\nCall its own `predict`."
        )
    if is_cross_entropy:
        are_logits = from_logits
    elif activation in AS_PROBABILITIES:
        are_logits = False
    elif activation == "linear" and not loss:
        are_logits = True
    else:
        raise ValueError(
            f"{who}: the outputs must be probabilities or logits of classes.\nReceived a model "
            f"that ends in {activation or 'a layer of another kind'} and was compiled with "
            f"{f'the loss {loss}' if loss else 'no loss'}.\nCompile it with a cross-entropy "
            "(from_logits=True for a last layer without activation), and save it again."
        )

    def convert(outputs: np.ndarray) -> np.ndarray:
        outputs = _only(outputs)
        if shape[1] == 1:
            second = expit(outputs) if are_logits else outputs
            return np.concatenate([1 - second, second], axis=1)
        return softmax(outputs, axis=1) if are_logits else outputs

    return convert


def single_shape(model: keras.Model, which: str, who: str) -> tuple[int | None, ...]:
    """Gives the shape of a model's one `"input"` or `"output"`, which must be known."""
    shape = _said_shape(model, which)
    if isinstance(shape, tuple) and all(n is None or isinstance(n, int) for n in shape):
        return shape
    raise ValueError(
        f"{who}: the model must have one {which} of a known shape.\nReceived a model with "
        f"{'none' if shape is None else f'the {which}s {shape}'}.\nCall its own `predict`."
    )


def _said_shape(model: keras.Model, which: str) -> object:
    """Gives what a model says of the shapes of its inputs or outputs, `None` where it does not."""
    try:
        return _only(getattr(model, f"{which}_shape"))
    except (AttributeError, RuntimeError, ValueError):  # built from no Input
        return None


def _only(values: Any) -> Any:
    """Takes what stands alone in a list or dictionary out of it."""
    listed = list(values.values()) if isinstance(values, dict) else values
    return listed[0] if isinstance(listed, list) and len(listed) == 1 else values


def _loss_of(model: keras.Model) -> tuple[str, bool]:
    """Gives the name of a model's loss in lower case, without `_`, and whether it takes logits."""
    loss = _only(getattr(model, "loss", None)) or ""
    from_logits = False
    if isinstance(loss, keras.losses.Loss):
        from_logits = bool(loss.get_config().get("from_logits", False))
        loss = type(loss)
    name = loss if isinstance(loss, str) else getattr(loss, "__name__", str(loss))
    return name.replace("_", "").lower(), from_logits


def _last_activation(model: keras.Model) -> str:
    """Gives the name of the activation that a model ends in; empty where it is not known."""
    layer = model
    while getattr(layer, "layers", None):
        layer = layer.layers[-1]
    if isinstance(layer, keras.layers.Softmax):
        return "softmax"
    return getattr(getattr(layer, "activation", None), "__name__", "")
