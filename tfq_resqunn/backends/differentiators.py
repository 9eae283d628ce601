"""How gradients are taken where they are not exact, as data that a file can hold.

A differentiator is a name, or a finite difference: the factors and the shifts of a linear
combination, as TensorFlow Quantum has them.
"""

from collections.abc import Mapping
from typing import Any

from tfq_resqunn._utils.arguments import is_finite, is_number, received
from tfq_resqunn._utils.tfq import import_tfq

tfq = import_tfq()

Serialized = str | dict[str, list[float]] | None

NAMES = ("adjoint", "parameter_shift", "forward_difference", "central_difference")
# TensorFlow Quantum's defaults: a grid of 0.001, the lowest order.
_DIFFERENCES = {
    "forward_difference": {"weights": [-1000.0, 1000.0], "perturbations": [0.0, 0.001]},
    "central_difference": {"weights": [-500.0, 500.0], "perturbations": [-0.001, 0.001]},
}


def serialize(identifier: object, who: str = "EncodedPQC") -> Serialized:
    """Gives a differentiator in the form that files hold.

    It can be `None` (the backend's choice), one of `NAMES`, an instance of one of these
    `tfq.differentiators`, or what this function gave. Anything else is an error that says so.
    """
    if identifier is None or (isinstance(identifier, str) and identifier in NAMES):
        return identifier
    if isinstance(identifier, Mapping):
        return _checked_difference(identifier, who)
    if tfq is not None:
        if isinstance(identifier, tfq.differentiators.LinearCombination):
            # Finite differences are nothing but these; their own arguments they do not keep.
            parts = {"weights": identifier.weights, "perturbations": identifier.perturbations}
            return {name: part.numpy().tolist() for name, part in parts.items()}
        for name in ("adjoint", "parameter_shift"):
            if type(identifier) is type(tfq_differentiator(name)):
                return name
    raise (ValueError if isinstance(identifier, str) else TypeError)(
        f"{who}: `differentiator` must be None, one of {', '.join(map(repr, NAMES))}, or an "
        f"instance of one of these of tfq.differentiators. Received {identifier!r}."
    )


def differences(serialized: Serialized) -> list[tuple[float, float]] | None:
    """Gives finite differences as pairs of a shift and its factor; of others, `None`.

    >>> differences("central_difference")
    [(-0.001, -500.0), (0.001, 500.0)]
    """
    config = _DIFFERENCES.get(serialized) if isinstance(serialized, str) else serialized
    if config is None:
        return None
    return list(zip(config["perturbations"], config["weights"], strict=True))


def tfq_differentiator(serialized: Serialized) -> Any:
    """Makes TensorFlow Quantum's own differentiator, a new one, since one cannot serve two."""
    if isinstance(serialized, dict):
        return tfq.differentiators.LinearCombination(**serialized)
    makers = {
        "adjoint": tfq.differentiators.Adjoint,
        "parameter_shift": tfq.differentiators.ParameterShift,
        "forward_difference": tfq.differentiators.ForwardDifference,
        "central_difference": tfq.differentiators.CentralDifference,
    }
    return None if serialized is None else makers[serialized]()


def _checked_difference(config: Mapping, who: str) -> dict[str, list[float]]:
    """Checks a finite difference that comes from a file."""
    if set(config) != {"weights", "perturbations"} or not all(map(_are_numbers, config.values())):
        raise ValueError(
            f"{who}: `differentiator`, as a dict, must be a finite difference, "
            "{'weights': [...], 'perturbations': [...]}, of finite numbers. "
            f"Received {received(config)}."
        )
    weights, shifts = (list(map(float, config[name])) for name in ("weights", "perturbations"))
    if not 2 <= len(weights) == len(shifts) == len(set(shifts)):
        raise ValueError(
            f"{who}: `differentiator` must have at least two perturbations, none of them twice, "
            f"and a weight for each. Received {len(shifts)} perturbations, "
            f"{len(set(shifts))} of them different, and {len(weights)} weights."
        )
    return {"weights": weights, "perturbations": shifts}


def _are_numbers(values: object) -> bool:
    return isinstance(values, list | tuple) and all(is_number(v) and is_finite(v) for v in values)
