"""`Execution`: what runs the circuits of a layer, how often, with which noise."""

from __future__ import annotations

import contextlib
import contextvars
import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

from tfq_resqunn._utils.arguments import check_count
from tfq_resqunn._utils.named_backends import BACKENDS
from tfq_resqunn.backends import differentiators
from tfq_resqunn.backends.cirq_circuits import CirqCircuits
from tfq_resqunn.backends.programs import Programs
from tfq_resqunn.backends.rules import check
from tfq_resqunn.circuits import QuanvCircuit
from tfq_resqunn.circuits.noise.channels import Noise
from tfq_resqunn.simulation.plan import Plan, compile_circuit
from tfq_resqunn.simulation.shots import Sampled

__all__ = ["BACKENDS", "Execution", "Runner", "exchanged"]


@dataclasses.dataclass(frozen=True)
class Runner:
    """Runs a circuit.

    Attributes:
        run: Maps features `[n_features, n]` and weights `[filters, n_weights]` to outcomes
            `[filters * n_observables, n]`, differentiably.
        plan: How the compiled backend computes it; `None` for the others.
        supports_jit: Whether XLA can compile `run`.
    """

    run: Callable
    plan: Plan | None
    supports_jit: bool


@dataclasses.dataclass(frozen=True)
class Execution:
    """The arguments of a layer that concern what runs its circuits, checked.

    Args:
        backend: As for `EncodedPQC`, likewise all others.
        differentiator: `None`, a name, an instance, or what `get_config` gave.
        repetitions: `None`, or the number of shots (of trajectories, for `"noisy"`).
        noise: What `Noise.of` takes.
        max_circuits: `None`, or the most circuits that a device takes at once.
        who: Who asks, for messages.

    Raises:
        ImportError: If the backend needs TensorFlow Quantum, and that is not installed.
        TypeError: If an argument is of the wrong type.
        ValueError: If a backend cannot do what is asked; names one that can.

    Example:
        >>> Execution(noise={"depolarizing": 0.01}, repetitions=100).noise.strengths
        (('depolarizing', 0.01),)
        >>> Execution("noiseless", noise={"depolarizing": 0.01})
        Traceback (most recent call last):
        ValueError: EncodedPQC: backend='noiseless' has no noise. ...
    """

    backend: Any = "compiled"
    differentiator: Any = None
    repetitions: int | None = None
    noise: Any = None
    max_circuits: int | None = None
    who: str = "EncodedPQC"

    def __post_init__(self):
        if _is_elsewhere(self.backend):
            self._take_elsewhere()
            return
        repetitions = check_count.or_none()(self.repetitions, "repetitions", self.who)
        max_circuits = check_count.or_none()(self.max_circuits, "max_circuits", self.who)
        differentiator = differentiators.serialize(self.differentiator, self.who)
        noise = Noise.of(self.noise, self.who)
        self._set(self.backend, differentiator, repetitions, noise, max_circuits)
        check(self)

    def runner(self, circuit: QuanvCircuit) -> Runner:
        """Makes what runs `circuit`.

        Raises:
            ValueError: If the backend cannot take one of its gates.
        """
        if not isinstance(self.backend, str):
            return Runner(CirqCircuits(circuit, self), None, False)
        if self.backend != "compiled":
            return Runner(Programs(circuit, self), None, False)
        if self.repetitions is None:
            plan, run = compile_circuit(circuit, self.noise)
            return Runner(run, plan, True)
        sampled = Sampled(circuit, self.repetitions, self.noise)
        return Runner(sampled, sampled.plan, False)  # XLA draws no binomial numbers

    def get_config(self) -> dict:
        """Gives the arguments as JSON can hold them.

        Raises:
            ValueError: If the backend is an object of Cirq, which no file can hold.
        """
        if _elsewhere.get() is not None:
            return {
                "backend": _ELSEWHERE,
                "differentiator": None,
                "repetitions": None,
                "noise": None,
                "max_circuits": None,
            }
        if not isinstance(self.backend, str):
            raise ValueError(
                f"{self.who}: a layer is saved or copied with its `backend`, which must then be "
                f"one of {', '.join(map(repr, BACKENDS))}. Received {self.backend!r}, an object "
                "that no file can hold. Save the same weights on another backend, "
                "with_backend(model, 'compiled'), and after loading go back to this one with "
                "with_backend(model, simulator_or_device, ...)."
            )
        return {
            "backend": self.backend,
            "differentiator": self.differentiator,
            "repetitions": self.repetitions,
            "noise": None if self.noise is None else self.noise.get_config(),
            "max_circuits": self.max_circuits,
        }

    def _take_elsewhere(self) -> None:
        other, copied, _ = _elsewhere.get()
        copied.append(other)
        self._set(
            other.backend, other.differentiator, other.repetitions, other.noise, other.max_circuits
        )

    def _set(self, backend, differentiator, repetitions, noise, max_circuits) -> None:
        # The way in which a frozen dataclass puts its arguments into their usual form.
        object.__setattr__(self, "backend", backend)
        object.__setattr__(self, "differentiator", differentiator)
        object.__setattr__(self, "repetitions", repetitions)
        object.__setattr__(self, "noise", noise)
        object.__setattr__(self, "max_circuits", max_circuits)


# What a layer's configuration says in the place of a backend while it is being copied to another.
_ELSEWHERE = "tfq_resqunn.elsewhere"
_elsewhere: contextvars.ContextVar = contextvars.ContextVar("elsewhere", default=None)


@contextlib.contextmanager
def exchanged(execution: Execution, *, saved: bool = False) -> Iterator[list]:
    """Copies of layers that are made in here, through their configurations, run like this.

    A configuration can hold no simulator and no device, and wrappers and models pass nothing but
    configurations on to the layers inside them.

    Args:
        execution: How they run.
        saved: Whether configurations come from a file, and name the backend they were saved with.

    Yields:
        A list that gets an entry for each layer that was copied.
    """
    copied: list = []
    token = _elsewhere.set((execution, copied, saved))
    try:
        yield copied
    finally:
        _elsewhere.reset(token)


def _is_elsewhere(backend) -> bool:
    # A file may say so too, where nothing is being copied: then it is no backend.
    if _elsewhere.get() is None:
        return False
    *_, saved = _elsewhere.get()
    return saved or (isinstance(backend, str) and backend == _ELSEWHERE)
