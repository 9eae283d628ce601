"""`with_backend`: the same model, its circuits run by something else."""

import os
import warnings
from pathlib import Path
from typing import Any

import tensorflow as tf

from tfq_resqunn._utils.keras import keras
from tfq_resqunn.backends.execution import Execution, exchanged
from tfq_resqunn.circuits.noise.channels import NoiseLike
from tfq_resqunn.layers.checks import check_model_or_layer
from tfq_resqunn.layers.pqc import Backend
from tfq_resqunn.models import optimizers
from tfq_resqunn.models.keras_file import read_model

KERAS = ("keras.", "tf_keras.")  # how the modules of its own layers begin


def with_backend(
    model: keras.layers.Layer | str | os.PathLike,
    backend: Backend = "compiled",
    *,
    differentiator: Any = None,
    repetitions: int | None = None,
    noise: NoiseLike = None,
    max_circuits: int | None = None,
) -> keras.Model:
    """Copies a model; the circuits of all its layers run on another backend.

    Train exactly and fast, then see what noise, finite shots or a device make of it:

    >>> import cirq, numpy as np, tfq_resqunn as rq
    >>> model = rq.resqunn((4, 4, 1), 2, depth=1, encoder="angle")
    >>> sampled = with_backend(model, cirq.Simulator(), repetitions=100)
    >>> sampled.predict(np.zeros((3, 4, 4, 1)), verbose=0).shape
    (3, 2)

    Args:
        model: Keras model (`Sequential`, functional, or subclassed with a `get_config`) or layer
            that holds an `EncodedPQC` or a quanvolution, however deep; it is left as it is. Or the
            path of a `.keras` file with such a model, which may have been saved with a backend
            that this system does not have.
        backend: As for `EncodedPQC`. Nothing is taken over from the model's own backend, nor from
            the arguments below that it was given.
        differentiator: As for `EncodedPQC`.
        repetitions: As for `EncodedPQC`.
        noise: As for `EncodedPQC`.
        max_circuits: As for `EncodedPQC`.

    Returns:
        A copy whose layers have the same names, with weights of its own that have the same values.
        If `model` is compiled, so is the copy, with a copy of the optimizer and its state; with
        XLA only if the new backend allows it.

    Raises:
        FileNotFoundError: If `model` is a path, and no file.
        ImportError: If the backend needs TensorFlow Quantum, and that is not installed.
        TypeError: If `model` is no Keras layer, or an argument is of the wrong type.
        ValueError: If no layer of the model runs circuits, the model cannot be copied, the file
            names code that the program has not registered or cannot be read, or the backend
            cannot do what is asked.
    """
    execution = Execution(backend, differentiator, repetitions, noise, max_circuits, "with_backend")
    if isinstance(model, (str, os.PathLike)):
        return _loaded(Path(model), execution)
    check_model_or_layer(model, "model", "with_backend")
    with exchanged(execution) as exchanges:
        copy = _copied(model)
    _check_exchanged(exchanges, repr(model.name))
    if model.built:
        if not copy.built:
            raise ValueError(
                f"with_backend: the copy of {model.name!r} must have weights as soon as it is "
                f"made. A {type(model).__name__} makes them at its first call. Give its class a "
                "`build(input_shape)` that builds the layers in it."
            )
        copy.set_weights(model.get_weights())
    if getattr(model, "compiled", getattr(model, "_is_compiled", False)):
        _compile(copy, model)
    return copy


def _loaded(path: Path, execution: Execution) -> keras.Model:
    """Loads a model with another backend than it was saved with."""
    if path.suffix != ".keras" or not path.is_file():
        raise (ValueError if path.is_file() else FileNotFoundError)(
            "with_backend: `model`, as a path, must be that of a .keras file. Received "
            f"{str(path)!r}, which is {'another file' if path.is_file() else 'no file'}."
        )
    with exchanged(execution, saved=True) as exchanges:
        model = read_model(path, "model", "with_backend")
    _check_exchanged(exchanges, str(path))
    if getattr(model, "jit_compile", False) and not _supports_jit(model):
        model.jit_compile = False  # which Keras 3 has done by itself
    return model


def _check_exchanged(exchanges: list, which: str) -> None:
    if not exchanges:
        raise ValueError(
            "with_backend: `model` must hold a layer that runs circuits, an EncodedPQC or a "
            f"quanvolution. Received {which}, which holds none that its configuration names."
        )


def _copied(model: keras.layers.Layer) -> keras.layers.Layer:
    """Copies a layer through its configuration, with all that stands in it."""
    try:
        with warnings.catch_warnings():
            # Keras warns that loading a lambda from a file is unsafe; here there is no file.
            warnings.filterwarnings("ignore", message=".*`lambda`")
            config = keras.utils.serialize_keras_object(model)
        config.pop("compile_config", None)
        # Layers whose classes are not Keras' need not be registered with it.
        classes = {type(layer).__name__: type(layer) for layer in model._flatten_layers()}
        own = {n: c for n, c in classes.items() if not c.__module__.startswith(KERAS)}
        with keras.utils.custom_object_scope(own):
            return keras.utils.deserialize_keras_object(config, safe_mode=False)
    except (NotImplementedError, TypeError) as error:
        raise ValueError(
            f"with_backend: `model` is copied through its configuration, and {model.name!r} (a "
            f"{type(model).__name__}) cannot be: {error}\nGive its class a get_config and a "
            "from_config that name the layers in it, as for saving it as a .keras file."
        ) from error


def _compile(copy: keras.Model, model: keras.Model) -> None:
    # The arguments as they were given; in a configuration, functions would have to be registered.
    arguments = tf.nest.map_structure(_own_copy, dict(model._compile_config.config))
    arguments["optimizer"] = _own_copy(model.optimizer)
    if arguments.get("jit_compile") is True and not _supports_jit(copy):
        arguments["jit_compile"] = False
    copy.compile(**arguments)
    optimizers.copy_state(copy.optimizer, model.optimizer, copy.trainable_variables)


def _supports_jit(model: keras.Model) -> bool:
    return all(getattr(layer, "supports_jit", True) for layer in model._flatten_layers())


def _own_copy(value: Any) -> Any:
    """Copies what has a state."""
    if optimizers.is_optimizer(value):
        return optimizers.copied(value)
    if isinstance(value, keras.metrics.Metric):
        return type(value).from_config(value.get_config())
    return value
