"""What a method is, whichever it is."""

from typing import Protocol

import tensorflow as tf


class NotOpen(Exception):
    """A method cannot compute this circuit; the text says why."""


class Method(Protocol):
    """A compiled circuit: a function from features and weights to expectations.

    Attributes:
        flops: Multiplications and additions a patch and filter, in a forward pass.
        flops_a_step: Those a filter that are done once a step, for the weights.
        note: What it computes, for the table of a `Plan`.
    """

    flops: int
    flops_a_step: int
    note: str

    def __call__(self, features: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        """Maps features `[n_features, n]`, weights `[filters, n_weights]` to `[outputs, n]`.

        Outputs are counted filter by filter: there are `filters * n_observables`.
        """
