"""What each backend can do. What it cannot is an error that names one that can.

The rules of backends with a name are in `_utils/named_backends.py`, which needs no Cirq.
"""

import dataclasses
from typing import Any

import cirq

from tfq_resqunn._utils.named_backends import BACKENDS, check_named, check_no_adjoint


@dataclasses.dataclass(frozen=True)
class BackendArguments:
    """The arguments of `EncodedPQC` that concern what runs its circuits; `who` asks."""

    backend: Any = "compiled"
    differentiator: Any = None
    repetitions: int | None = None
    noise: Any = None
    max_circuits: int | None = None
    who: str = "EncodedPQC"


def check(execution: BackendArguments) -> None:
    """Raises a TypeError or ValueError if these arguments do not fit each other."""
    backend, who = execution.backend, execution.who
    if isinstance(backend, str):
        check_named(
            backend,
            noise=execution.noise,
            repetitions=execution.repetitions,
            differentiator=execution.differentiator,
            who=who,
        )
    elif isinstance(backend, (cirq.Sampler, cirq.SimulatesExpectationValues)):
        _check_cirq(execution)
    else:
        hint = f" Use {backend.__name__}()." if isinstance(backend, type) else ""
        raise TypeError(
            f"{who}: `backend` must be one of {', '.join(map(repr, BACKENDS))}, a cirq.Sampler "
            f"(such as a device), or a cirq.SimulatesExpectationValues. Received {backend!r}.{hint}"
        )
    is_sampled = isinstance(backend, cirq.Sampler) and execution.repetitions is not None
    if execution.max_circuits is not None and not is_sampled:
        raise ValueError(
            f"{who}: `max_circuits` is the most circuits that a device takes at once, for a "
            f"cirq.Sampler with `repetitions`. Received max_circuits={execution.max_circuits} for "
            f"backend={backend!r}, repetitions={execution.repetitions}. Drop it."
        )


def _check_cirq(execution: BackendArguments) -> None:
    backend, who = execution.backend, execution.who
    is_sampler = isinstance(backend, cirq.Sampler)
    computes = isinstance(backend, cirq.SimulatesExpectationValues)
    if execution.repetitions is None and not computes:
        raise ValueError(
            f"{who}: `repetitions` must say how many shots a cirq.Sampler takes of each circuit. "
            f"Received repetitions=None for {backend!r}. Use repetitions=1000, say; for exact "
            "values use backend='compiled', or a simulator such as cirq.Simulator()."
        )
    if execution.repetitions is not None and not is_sampler:
        raise ValueError(
            f"{who}: `repetitions` is for a cirq.Sampler. Received repetitions="
            f"{execution.repetitions} for {backend!r}, which computes expectation values and takes "
            "no shots. Drop it, or use backend='compiled' or cirq.Simulator()."
        )
    own = getattr(backend, "noise", None) not in (None, cirq.NO_NOISE)
    is_pure = isinstance(backend, cirq.SimulatesIntermediateStateVector)
    if execution.repetitions is None and is_pure and (own or execution.noise is not None):
        raise ValueError(
            f"{who}: {type(backend).__name__} holds state vectors, and with noise gives the "
            "expectation values of one random trajectory. Received noise, and repetitions=None. "
            "Use cirq.DensityMatrixSimulator() or backend='compiled', which are exact, or give "
            "`repetitions`."
        )
    reason = "it runs on TensorFlow Quantum's simulator and on no other"
    check_no_adjoint(backend, execution.repetitions, execution.differentiator, who, reason)
