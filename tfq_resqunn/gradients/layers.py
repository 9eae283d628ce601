"""Finds a model's layers, however deep: in nested models, wrappers and layers of the user's."""

from collections.abc import Iterator, Sequence

from tfq_resqunn._utils.keras import keras
from tfq_resqunn.circuits import QuanvCircuit
from tfq_resqunn.layers import EncodedPQC
from tfq_resqunn.layers.base_quanv import BaseQuanv

CIRCUIT_LAYERS = (EncodedPQC, BaseQuanv)
# A layer, after its name in the model.
NamedLayer = tuple[str, keras.layers.Layer]
NamedLayers = Sequence[NamedLayer]


def layers_with_weights(parent: keras.layers.Layer) -> Iterator[NamedLayer]:
    """Yields each layer that owns weights, with its name: `outer/inner` for a layer in another.

    A layer that runs circuits comes as one, without the layers in it. So do layers of Keras' that
    consist of others, such as `LSTM`. A layer that is used several times comes once.
    """
    if _without_parts(parent, parent.weights):
        yield parent.name, parent
    yield from _walk(parent, "", set())


def own_trainable_weights(layer: keras.layers.Layer) -> list:
    """Gives the trainable weights of a layer, without those of the layers in it."""
    return _without_parts(layer, layer.trainable_weights)


def circuit_of(layer: keras.layers.Layer) -> QuanvCircuit | None:
    """Gives the circuit that a layer runs, or `None` for a layer that runs none."""
    if isinstance(layer, EncodedPQC) or (isinstance(layer, BaseQuanv) and layer.built):
        return layer.circuit
    return None


def _walk(parent: keras.layers.Layer, prefix: str, seen: set[int]) -> Iterator[NamedLayer]:
    for layer in _parts(parent):
        if id(layer) in seen:
            continue
        seen.add(id(layer))
        name = prefix + layer.name
        if _without_parts(layer, layer.weights):
            yield name, layer
        yield from _walk(layer, f"{name}/", seen)


def _without_parts(layer: keras.layers.Layer, weights: list) -> list:
    of_parts = {id(weight) for part in _parts(layer) for weight in part.weights}
    return [weight for weight in weights if id(weight) not in of_parts]


def _parts(layer: keras.layers.Layer) -> list[keras.layers.Layer]:
    """Gives the layers within a layer that `layers_with_weights` yields by themselves."""
    if isinstance(layer, CIRCUIT_LAYERS):
        return []
    tracked = _tracked(layer)
    is_of_keras = type(layer).__module__.split(".")[0] in ("keras", "tf_keras")
    if isinstance(layer, (keras.Model, keras.layers.Wrapper)) or not is_of_keras:
        return tracked
    return tracked if any(map(_runs_circuits, tracked)) else []


def _tracked(layer: keras.layers.Layer) -> list[keras.layers.Layer]:
    """Gives the layers that Keras tracks in a layer, in lists and dictionaries too."""
    tracked = layer._flatten_layers(include_self=False, recursive=False)
    # To Keras 2, metrics are layers.
    return [part for part in tracked if not isinstance(part, keras.metrics.Metric)]


def _runs_circuits(layer: keras.layers.Layer) -> bool:
    return isinstance(layer, CIRCUIT_LAYERS) or any(map(_runs_circuits, _tracked(layer)))
