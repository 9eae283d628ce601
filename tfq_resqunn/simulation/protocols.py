"""What the parts of a simulation are to each other, whatever is behind them."""

from typing import Any, Protocol

import tensorflow as tf


class NotOpen(Exception):
    """A method cannot compute this circuit; the text says why."""


class Method(Protocol):
    """A compiled circuit: a function from features and weights to expectations."""

    @property
    def flops(self) -> int:
        """Multiplications and additions a patch and filter, in a forward pass."""

    @property
    def flops_a_step(self) -> int:
        """Multiplications and additions a filter that are done once a step, for the weights."""

    @property
    def note(self) -> str:
        """What it computes, for the table of a `Plan`."""

    def __call__(self, features: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        """Maps features `[n_features, n]`, weights `[filters, n_weights]` to `[outputs, n]`.

        Outputs are counted filter by filter: there are `filters * n_observables`.
        """


class Coefficients(Protocol):
    """A tensor that depends on the weights alone, computed once a step."""

    @property
    def flops(self) -> int:
        """Multiplications and additions a filter."""

    def __call__(self, weights: tf.Tensor) -> tf.Tensor:
        """Maps weights `[n_weights, filters]` to `[*shape, filters]`."""


class Step(Protocol):
    """One step of a state vector's simulation, on states `[2**n_qubits, filters, n]`.

    Attributes:
        place: Its number among the steps of its kind.
    """

    place: int

    @property
    def qubits(self) -> set[int]:
        """The qubits on which it acts."""

    @property
    def kind(self) -> str | None:
        """What its matrix depends on, which has a gradient; `None` where it is constant."""

    @property
    def flops(self) -> int:
        """Multiplications and additions for each amplitude."""

    def matrix(self, own: Any) -> Any:
        """Makes its matrix, in a form of its own, of what is given at its place."""

    def apply(self, state: tf.Tensor, matrix: Any) -> tf.Tensor:
        """Gives the state after the step."""

    def undo(self, state: tf.Tensor, matrix: Any) -> tf.Tensor:
        """Gives the state before the step."""

    def slope(self, state: tf.Tensor, dual: tf.Tensor, before: tf.Tensor) -> tf.Tensor:
        """Gives the derivative of the sum `<dual|state>` by what is given at its place."""
