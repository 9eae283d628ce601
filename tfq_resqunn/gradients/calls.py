"""Records the inputs and outputs of layers, wherever in a model they stand."""

import functools
import inspect
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from tfq_resqunn._utils.keras import keras


@contextmanager
def recorded_calls(layers: Iterable[keras.layers.Layer]) -> Iterator[dict[int, list[tuple]]]:
    """Gives a dictionary from a layer's id to the inputs and outputs of its calls so far.

    The layers themselves are listened to, not the model around them. Their `call` may take any
    arguments; the first is the input.
    """
    with ExitStack() as stack:
        calls: dict[int, list[tuple]] = {}
        for layer in layers:
            calls[id(layer)] = []
            own = vars(layer).get("call")  # of this object alone, and rarely there
            layer.call = _recording(layer.call, calls[id(layer)])
            if own is not None:
                stack.callback(setattr, layer, "call", own)
            stack.callback(delattr, layer, "call")  # comes first: the class's own shows again
        yield calls


def _recording(call: Callable, seen: list[tuple]) -> Callable:
    signature = inspect.signature(call)

    @functools.wraps(call)
    def call_and_record(*args: Any, **kwargs: Any) -> Any:
        outputs = call(*args, **kwargs)
        inputs = next(iter(signature.bind(*args, **kwargs).arguments.values()))
        seen.append((inputs, outputs))
        return outputs

    return call_and_record
