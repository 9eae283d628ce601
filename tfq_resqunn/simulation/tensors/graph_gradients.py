"""Graphs hold their gradients themselves, so that both can go.

TensorFlow gives each gradient that `tf.custom_gradient` makes in a graph a name, and holds it by
that name, in a table, until the process ends. The gradient holds its graph, and that holds all
constants and variables in it. So a program that trains one model after the other would grow.
"""

import contextlib
import threading
import weakref
from collections.abc import Iterator
from typing import Any

import tensorflow as tf
from tensorflow.python.framework import ops

# Graphs with such gradients, each with the number of its operations that have been looked at.
_graphs: weakref.WeakKeyDictionary[tf.Graph, int] = weakref.WeakKeyDictionary()
_lock = threading.Lock()
_HELD = "_tfq_resqunn_gradients"  # the attribute of a graph that holds them, by their names


def held_by_graphs(op: tf.Operation | None = None) -> None:
    """Has graphs, and no longer TensorFlow's table, hold their gradients.

    To be called where operations are added to a graph: with the one that has a gradient, where it
    is known, which is then held at once. When a graph is new, those before it get all of theirs:
    also those of a Keras optimizer, which come late, and of which one is enough to keep a graph.
    """
    if tf.executing_eagerly():
        return
    graph = ops.get_default_graph()
    with _lock:
        if op is not None:
            _hold(graph, op)
        if graph in _graphs:
            return
        _graphs[graph] = 0
        for each in list(_graphs):
            operations = each.get_operations()
            new, _graphs[each] = operations[_graphs[each] :], len(operations)
            for op in new:
                _hold(each, op)


@contextlib.contextmanager
def forgotten_gradients() -> Iterator[None]:
    """Has TensorFlow's table lose the gradients that are made meanwhile.

    For models that nobody uses afterwards, of which not even a layer is ours, so that no graph of
    theirs is known here.
    """
    before = set(ops.gradient_registry.list())
    try:
        yield
    finally:
        table = getattr(ops.gradient_registry, "_registry", {})
        for name in set(ops.gradient_registry.list()) - before:
            if name.startswith("CustomGradient-"):
                table.pop(name, None)


def _hold(graph: tf.Graph, op: tf.Operation) -> None:
    """Has a graph hold the gradient of one of its operations, if `tf.custom_gradient` made it."""
    if op.type != "IdentityN" or "_gradient_op_type" not in op.node_def.attr:
        return
    name, held = op.get_attr("_gradient_op_type").decode(), getattr(graph, _HELD, {})
    try:
        table = ops.gradient_registry._registry
        entry = table[name]
        gradient = entry["type"]
    except (AttributeError, KeyError, TypeError):
        return  # a TensorFlow that keeps its gradients elsewhere; it may hold them
    if name in held:
        return
    # The graph holds the gradient, which holds the graph: a circle that Python finds.
    setattr(graph, _HELD, {**held, name: gradient})
    reference = weakref.ref(gradient)

    def called(*arguments: Any) -> Any:
        gradient = reference()
        assert gradient is not None  # its graph, which asks for it, is there
        return gradient(*arguments)

    entry["type"] = called
    weakref.finalize(graph, table.pop, name, None).atexit = False
