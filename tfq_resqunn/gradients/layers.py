"""The layers of a model, wrapped and nested ones too, and what goes through them."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager

from tfq_resqunn._keras import keras
from tfq_resqunn.circuits import QuanvCircuit
from tfq_resqunn.layers import EncodedPQC, Quanv2D


def layers_with_weights(parent, prefix: str = "") -> Iterator[tuple[str, keras.layers.Layer]]:
    """Yields each layer that owns weights, after its name with those of the layers around it."""
    for layer in _children(parent):
        name = prefix + layer.name
        if _children(layer):
            yield from layers_with_weights(layer, f"{name}/")
        elif layer.weights:
            yield name, layer


def circuit_of(layer) -> QuanvCircuit | None:
    """Gives the circuit that a layer runs, or `None` for a layer that runs none."""
    if isinstance(layer, EncodedPQC):
        return layer.circuit
    if isinstance(layer, Quanv2D) and layer.pqcs:
        return layer.pqcs[0].circuit  # the same for all groups
    return None


@contextmanager
def recorded_calls(layers: Iterable[keras.layers.Layer]) -> Iterator[dict]:
    """Gives a dictionary that collects, by layer, the input and output of its latest call.

    Works wherever a layer stands, since it listens to the layer and not to the model around it.
    """
    calls = {}
    with ExitStack() as stack:
        for layer in layers:
            layer.call = _recording(layer, calls)
            stack.callback(delattr, layer, "call")  # the class's own shows again
        yield calls


def _recording(layer, calls: dict):
    call = layer.call

    def call_and_record(inputs):
        outputs = call(inputs)
        calls[layer] = (inputs, outputs)
        return outputs

    return call_and_record


def _children(layer) -> list[keras.layers.Layer]:
    if isinstance(layer, keras.Model):
        return layer.layers
    if isinstance(layer, keras.layers.Wrapper):
        return [c for c in (layer.layer, getattr(layer, "shortcut", None)) if c is not None]
    return []
