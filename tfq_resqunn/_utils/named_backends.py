"""What each backend with a name can do; knows neither Cirq nor TensorFlow.

What one cannot do is an error, which names a backend that can.
"""

from tfq_resqunn._utils.tfq import check_tfq

BACKENDS = ("compiled", "noiseless", "noisy")


def check_named(
    backend: str,
    *,
    noise: object = None,
    repetitions: int | None = None,
    differentiator: str | dict | None = None,
    who: str = "EncodedPQC",
) -> None:
    """Raises a ValueError if a backend with a name cannot do what is asked of it.

    The arguments are those of `EncodedPQC`, with `differentiator` as files hold it; of `noise` only
    its text is needed. An ImportError, if TensorFlow Quantum is missing, comes last: arguments that
    do not fit are wrong on every machine.
    """
    if backend not in BACKENDS:
        raise ValueError(
            f"{who}: `backend` must be one of {', '.join(map(repr, BACKENDS))}, or an "
            f"object of Cirq (a cirq.Sampler, or a simulator). Received {backend!r}."
        )
    if backend == "compiled":
        if differentiator is not None:
            raise ValueError(
                f"{who}: `differentiator` is how TensorFlow Quantum differentiates; "
                "backend='compiled' has exact gradients of its own. Received "
                f"differentiator={differentiator!r}. Drop it, or use backend='noiseless'."
            )
        return
    if backend == "noiseless" and noise is not None:
        raise ValueError(
            f"{who}: backend='noiseless' has no noise. Received noise={str(noise)!r}. Use "
            "backend='compiled' (exact), backend='noisy' with `repetitions` (trajectories), or "
            "backend=cirq.DensityMatrixSimulator()."
        )
    if backend == "noisy" and (noise is None or repetitions is None):
        argument, what = (
            ("noise", "the channels") if noise is None else ("repetitions", "how many trajectories")
        )
        raise ValueError(
            f"{who}: backend='noisy' needs `noise` and `repetitions`: trajectories, in each of "
            "which every channel does one thing at random, and whose exact expectation values are "
            f"averaged. Received {argument}=None: name {what}. For expectation values without "
            "trajectories use backend='compiled'."
        )
    if repetitions is not None:
        drawn = "trajectories" if backend == "noisy" else "with `repetitions`, outcomes"
        check_no_adjoint(backend, repetitions, differentiator, who, f"{drawn} are drawn")
    check_tfq(backend, who)


def check_no_adjoint(
    backend: object, repetitions: int | None, differentiator: object, who: str, reason: str
) -> None:
    """Refuses the adjoint method, for a reason."""
    if differentiator == "adjoint":
        raise ValueError(
            f"{who}: differentiator='adjoint' is for exact values from backend='noiseless': "
            f"{reason}. Received backend={backend!r}, repetitions={repetitions}. Use "
            "differentiator='parameter_shift', or None, which is the same."
        )
