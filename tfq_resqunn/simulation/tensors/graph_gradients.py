"""Graphs hold their gradients themselves, so that both can go.

TensorFlow gives each gradient that `tf.custom_gradient` makes in a graph a name, and holds it by
that name, in a table, until the process ends. The gradient holds its graph, and that holds all
constants and variables in it. So a program that trains one model after the other would grow.
"""

import threading
import weakref
from typing import Any

import tensorflow as tf
from tensorflow.python.framework import ops

# Graphs with such gradients, each with the number of its operations that have been looked at.
_graphs: weakref.WeakKeyDictionary[tf.Graph, int] = weakref.WeakKeyDictionary()
_lock = threading.Lock()


def held_by_graphs() -> None:
    """Has graphs, and no longer TensorFlow's table, hold their gradients.

    To be called where operations are added to a graph. When a graph is new, those before it get
    their gradients, and thereby all of them: also those of a Keras optimizer, which come late, and
    of which one is enough to keep a graph.
    """
    if tf.executing_eagerly():
        return
    with _lock:
        graph = ops.get_default_graph()
        if graph in _graphs:
            return
        _graphs[graph] = 0
        for each in list(_graphs):
            operations = each.get_operations()
            new, _graphs[each] = operations[_graphs[each] :], len(operations)
            for op in new:
                if op.type == "IdentityN" and "_gradient_op_type" in op.node_def.attr:
                    _hold(each, op.get_attr("_gradient_op_type").decode())


def _hold(graph: tf.Graph, name: str) -> None:
    """Has a graph hold one of its gradients, by its name."""
    try:
        table = ops.gradient_registry._registry
        entry = table[name]
        gradient = entry["type"]
    except (AttributeError, KeyError, TypeError):
        return  # a TensorFlow that keeps its gradients elsewhere; it may hold them
    # The graph holds the gradient, which holds the graph: a circle that Python finds.
    graph._tfq_resqunn_gradients = [*getattr(graph, "_tfq_resqunn_gradients", []), gradient]
    reference = weakref.ref(gradient)

    def called(*arguments: Any) -> Any:
        gradient = reference()
        assert gradient is not None  # its graph, which asks for it, is there
        return gradient(*arguments)

    entry["type"] = called
    weakref.finalize(graph, table.pop, name, None).atexit = False
