"""What a method is, whichever it is, and what it costs."""

import dataclasses
from typing import Protocol

import tensorflow as tf


class NotOpen(Exception):
    """A method cannot compute this circuit; the text says why."""


# How much of each fits into a microsecond of a training step in float32, forward and back. Fitted
# to 45 measurements on two cores of a server (AVX-512), nearly all within a factor of two,
# without XLA, which Keras leaves out where there is no GPU.
PRODUCTS = 1.0e5
NUMBERS = 1.0e3
ONCE = 1.0e4
KERNELS = 0.1


@dataclasses.dataclass(frozen=True)
class Work:
    """What a method does in a forward pass, in the units that take time.

    Attributes:
        products: Multiplications and additions within matrix products, a patch and filter.
        numbers: What is written by all the rest, a patch and filter.
        once: Multiplications and additions for the weights alone, a step and filter.
        kernels: Operations of TensorFlow a step, of whatever size.
    """

    products: float = 0.0
    numbers: float = 0.0
    once: float = 0.0
    kernels: float = 0.0

    def parts(self, n_patches: int) -> tuple[float, float, float, float]:
        """Estimates, in microseconds, what each takes of a training step of so many patches.

        They are in the order of the attributes, for a patch and filter.
        """
        return (
            self.products / PRODUCTS,
            self.numbers / NUMBERS,
            self.once / ONCE / n_patches,
            self.kernels / KERNELS / n_patches,
        )

    def microseconds(self, n_patches: int) -> float:
        """Estimates what a patch and filter take of a training step of so many patches."""
        return sum(self.parts(n_patches))


class Method(Protocol):
    """A compiled circuit: a function from features and weights to expectations.

    Its class takes a `GateCircuit`, and raises `NotOpen` for one that it cannot compute. The
    function can be differentiated twice, by features and by weights, computes in the precision of
    its arguments, takes any number of patches, and runs eagerly, in graphs and under XLA.

    Attributes:
        work: What a forward pass takes.
        xla: Whether training steps on a CPU are as quick, or quicker, if XLA compiles them.
        note: What it computes, for the table of a `Plan`.
    """

    work: Work
    xla: bool
    note: str

    def __call__(self, features: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        """Maps features `[n_features, n]`, weights `[filters, n_weights]` to `[outputs, n]`.

        Outputs are counted filter by filter: there are `filters * n_observables`.
        """
