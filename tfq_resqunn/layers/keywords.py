"""Keyword arguments that no layer takes: an error with the name that may have been meant."""

import contextlib
import inspect
from collections.abc import Collection, Iterator

from tfq_resqunn._utils.keras import keras
from tfq_resqunn._utils.names import closest

# What other packages call an argument, where the names are not alike.
OTHER_NAMES = {"shots": "repetitions", "n_shots": "repetitions", "bias": "use_bias"}
# Those that Keras' base layer takes beside the ones in its signature, in one version or another.
OF_KERAS = (
    "activity_regularizer", "autocast", "batch_input_shape", "batch_size", "dtype", "dynamic",
    "experimental_autocast", "implementation", "input_dim", "input_dtype", "input_shape", "name",
    "trainable", "weights",
)  # fmt: skip
_ANY_NUMBER = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


@contextlib.contextmanager
def known_to(layer: keras.layers.Layer, keywords: Collection[str]) -> Iterator[None]:
    """Says of keywords that Keras refuses which arguments of the layer are like them.

    Within it, the keywords are handed to Keras' base layer, which has the last word: where it takes
    them, or has another complaint, nothing is changed.
    """
    try:
        yield
    except (TypeError, ValueError) as error:
        own = _arguments(type(layer))
        unknown = [name for name in keywords if name not in own and name not in OF_KERAS]
        if not unknown:
            raise
        name = unknown[0]
        other = OTHER_NAMES.get(name)
        close = other if other in own else closest(name, own)
        raise TypeError(
            f"{type(layer).__name__}: `{name}` is no argument of it, nor of Keras' layers. "
            + (f"Did you mean `{close}`?" if close else f"It has {', '.join(own)}.")
        ) from error


def _arguments(cls: type) -> list[str]:
    """Lists the arguments of a layer's class and of the classes that it is made from."""
    found: dict[str, None] = {}
    for base in cls.__mro__[: cls.__mro__.index(keras.layers.Layer)]:
        if "__init__" in vars(base):
            parameters = list(inspect.signature(vars(base)["__init__"]).parameters.values())
            found |= {p.name: None for p in parameters[1:] if p.kind not in _ANY_NUMBER}
    return list(found)
