"""`Execution`: what runs the circuits of a layer, how often, with which noise."""

from __future__ import annotations

import contextlib
import contextvars
import dataclasses
from collections.abc import Callable, Iterator

import tensorflow as tf

from tfq_resqunn._utils.arguments import check_count
from tfq_resqunn._utils.named_backends import BACKENDS
from tfq_resqunn.backends import differentiators
from tfq_resqunn.backends.cirq_circuits import CirqCircuits
from tfq_resqunn.backends.programs import Programs
from tfq_resqunn.backends.rules import BackendArguments, check
from tfq_resqunn.circuits import QuanvCircuit
from tfq_resqunn.circuits.noise.channels import Noise
from tfq_resqunn.simulation.plan import Plan, compile_circuit
from tfq_resqunn.simulation.shots import Sampled


@dataclasses.dataclass(frozen=True)
class Runner:
    """Runs a circuit.

    Attributes:
        run: Maps features `[n_features, n]` and weights `[filters, n_weights]` to outcomes
            `[filters * n_observables, n]`, differentiably.
        plan: How the compiled backend computes it; `None` for the others.
        supports_jit: Whether XLA should compile `run`: where it cannot, or would make it slower,
            Keras is told so.
    """

    run: Callable
    plan: Plan | None
    supports_jit: bool


@dataclasses.dataclass(frozen=True)
class Execution(BackendArguments):
    """The arguments of `EncodedPQC` that concern what runs its circuits, checked.

    A differentiator may also be what `get_config` gave. If a backend cannot do what is asked, a
    `ValueError` names one that can. If it needs TensorFlow Quantum, and that is not installed, it
    is an `ImportError`.

    >>> Execution(noise={"depolarizing": 0.01}, repetitions=100).noise.strengths
    (('depolarizing', 0.01),)
    >>> Execution("noiseless", noise={"depolarizing": 0.01})
    Traceback (most recent call last):
    ValueError: EncodedPQC: backend='noiseless' has no noise. ...
    """

    def __post_init__(self) -> None:
        other, copied, saved = _elsewhere.get() or (None, [], False)
        # A file may say `_ELSEWHERE` too, where nothing is being copied: then it is no backend.
        is_marked = isinstance(self.backend, str) and self.backend == _ELSEWHERE
        # Through `vars`, a frozen dataclass can put its arguments into their usual form.
        if other is not None and (saved or is_marked):
            copied.append(other)
            vars(self).update(vars(other), who=self.who)
            return
        vars(self).update(
            repetitions=check_count.or_none()(self.repetitions, "repetitions", self.who),
            max_circuits=check_count.or_none()(self.max_circuits, "max_circuits", self.who),
            differentiator=differentiators.serialize(self.differentiator, self.who),
            noise=Noise.of(self.noise, self.who),
        )
        check(self)

    def runner(self, circuit: QuanvCircuit) -> Runner:
        """Makes what runs `circuit`; a `ValueError` if the backend cannot take one of its gates."""
        if not isinstance(self.backend, str):
            return Runner(CirqCircuits(circuit, self), None, False)
        if self.backend != "compiled":
            return Runner(Programs(circuit, self), None, False)
        if self.repetitions is None:
            plan, run = compile_circuit(circuit, self.noise)
            return Runner(run, plan, run.method.xla or bool(tf.config.get_visible_devices("GPU")))
        sampled = Sampled(circuit, self.repetitions, self.noise)
        return Runner(sampled, sampled.plan, False)  # XLA draws no binomial numbers

    def get_config(self) -> dict:
        """Gives the arguments as JSON can hold them, unless the backend is an object of Cirq."""
        config = {
            "backend": self.backend,
            "differentiator": self.differentiator,
            "repetitions": self.repetitions,
            "noise": None if self.noise is None else self.noise.get_config(),
            "max_circuits": self.max_circuits,
        }
        if _elsewhere.get() is not None:
            return {**dict.fromkeys(config), "backend": _ELSEWHERE}
        if not isinstance(self.backend, str):
            raise ValueError(
                f"{self.who}: a layer is saved or copied with its `backend`, which must then be "
                f"one of {', '.join(map(repr, BACKENDS))}. Received {self.backend!r}, an object "
                "that no file can hold. Save the same weights on another backend, "
                "with_backend(model, 'compiled'), and after loading go back to this one with "
                "with_backend(model, simulator_or_device, ...)."
            )
        return config


# What a layer's configuration says in the place of a backend while it is being copied to another.
_ELSEWHERE = "tfq_resqunn.elsewhere"
_elsewhere: contextvars.ContextVar = contextvars.ContextVar("elsewhere", default=None)


@contextlib.contextmanager
def exchanged(execution: Execution, *, saved: bool = False) -> Iterator[list[Execution]]:
    """While this is active, layers that are made from a configuration run circuits in this way.

    A configuration cannot hold a simulator or a device, and wrappers and models pass nothing but
    configurations on to the layers inside them. `saved` says that the configurations come from a
    file: they then name the backend the layers were saved with. The list that this yields gets an
    entry for each layer that was made.
    """
    copied: list[Execution] = []
    token = _elsewhere.set((execution, copied, saved))
    try:
        yield copied
    finally:
        _elsewhere.reset(token)
