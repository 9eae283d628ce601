"""What a method is, whichever it is."""

from typing import Protocol

import tensorflow as tf


class NotOpen(Exception):
    """A method cannot compute this circuit; the text says why."""


class Method(Protocol):
    """A compiled circuit: a function from features and weights to expectations.

    Its class takes a `GateCircuit`, and raises `NotOpen` for one that it cannot compute. The
    function can be differentiated twice, by features and by weights, computes in the precision of
    its arguments, takes any number of patches, and runs eagerly, in graphs and under XLA.

    Attributes:
        flops: Multiplications and additions in a forward pass, for each patch and filter.
        flops_a_step: Those for each filter that are done once a step, whatever the number of
            patches.
        note: What it computes, for the table of a `Plan`.
    """

    flops: int
    flops_a_step: int
    note: str

    def __call__(self, features: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        """Maps features `[n_features, n]`, weights `[filters, n_weights]` to `[outputs, n]`.

        Outputs are counted filter by filter: there are `filters * n_observables`.
        """
