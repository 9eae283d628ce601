"""What each backend with a name can do; knows neither Cirq nor TensorFlow.

What one cannot do is an error that names one that can.
"""

import dataclasses
from typing import Any

from tfq_resqunn._utils.tfq import check_tfq

BACKENDS = ("compiled", "noiseless", "noisy")


@dataclasses.dataclass(frozen=True)
class Demands:
    """What is asked of a backend, as far as `check_named` looks at it; see `Execution`."""

    backend: str
    noise: Any = None
    repetitions: int | None = None
    differentiator: Any = None
    who: str = "EncodedPQC"


def check_named(execution) -> None:
    """Finds out whether a backend with a name can do what is asked of it.

    Args:
        execution: A `Demands`, or an `Execution`.

    Raises:
        ImportError: If it needs TensorFlow Quantum, which is not there.
        ValueError: If it cannot, or if there is no such backend.
    """
    if execution.backend not in BACKENDS:
        raise ValueError(
            f"{execution.who}: `backend` must be one of {', '.join(map(repr, BACKENDS))}, or an "
            f"object of Cirq (a cirq.Sampler, or a simulator). Received {execution.backend!r}."
        )
    if execution.backend != "compiled":
        check_tfq(execution.backend, execution.who)
    _RULES[execution.backend](execution)


def _check_compiled(execution) -> None:
    if execution.differentiator is not None:
        raise ValueError(
            f"{execution.who}: `differentiator` is how TensorFlow Quantum differentiates; "
            "backend='compiled' has exact gradients of its own. Received "
            f"differentiator={execution.differentiator!r}. Drop it, or use backend='noiseless'."
        )


def _check_noiseless(execution) -> None:
    if execution.noise is not None:
        raise ValueError(
            f"{execution.who}: backend='noiseless' has no noise. Received noise="
            f"{str(execution.noise)!r}. Use backend='compiled' (exact), backend='noisy' with "
            "`repetitions` (trajectories), or backend=cirq.DensityMatrixSimulator()."
        )
    if execution.repetitions is not None:
        check_no_adjoint(execution, "with `repetitions`, outcomes are drawn")


def _check_noisy(execution) -> None:
    for argument, what in (("noise", "the channels"), ("repetitions", "how many trajectories")):
        if getattr(execution, argument) is None:
            raise ValueError(
                f"{execution.who}: backend='noisy' needs `noise` and `repetitions`: trajectories, "
                "in each of which every channel does one thing at random, and whose exact "
                f"expectation values are averaged. Received {argument}=None: name {what}. For "
                "expectation values without trajectories use backend='compiled'."
            )
    check_no_adjoint(execution, "trajectories are drawn")


def check_no_adjoint(execution, reason: str) -> None:
    """Refuses the adjoint method, for a reason."""
    if execution.differentiator == "adjoint":
        raise ValueError(
            f"{execution.who}: differentiator='adjoint' is for exact values from "
            f"backend='noiseless': {reason}. Received backend={execution.backend!r}, repetitions="
            f"{execution.repetitions}. Use differentiator='parameter_shift', or None, which is "
            "the same."
        )


_RULES = {"compiled": _check_compiled, "noiseless": _check_noiseless, "noisy": _check_noisy}
