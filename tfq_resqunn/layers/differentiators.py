"""TensorFlow Quantum's differentiators as data, so that a layer can be saved with one."""

import tensorflow_quantum as tfq

_BY_NAME = {
    "adjoint": tfq.differentiators.Adjoint,
    "parameter_shift": tfq.differentiators.ParameterShift,
    "forward_difference": tfq.differentiators.ForwardDifference,
    "central_difference": tfq.differentiators.CentralDifference,
}


def get(identifier) -> tfq.differentiators.Differentiator | None:
    """Makes a differentiator of its own for a layer (one cannot serve two).

    Args:
        identifier: `None` (TensorFlow Quantum's choice), a name (`"adjoint"`,
            `"parameter_shift"`, `"forward_difference"`, `"central_difference"`), an instance,
            which is copied, or what `serialize` gave.
    """
    config = serialize(identifier)
    if isinstance(config, dict):
        return tfq.differentiators.LinearCombination(**config)
    return None if config is None else _BY_NAME[config]()


def differences(identifier) -> list[tuple[float, float]] | None:
    """Gives finite differences as pairs of a shift and its factor; of others, `None`.

    >>> [(round(s, 6), round(d)) for s, d in differences("central_difference")]
    [(-0.001, -500), (0.001, 500)]
    """
    differentiator = get(identifier)
    if not isinstance(differentiator, tfq.differentiators.LinearCombination):
        return None
    shifts, factors = differentiator.perturbations.numpy(), differentiator.weights.numpy()
    return [(float(s), float(d)) for s, d in zip(shifts, factors, strict=True)]


def serialize(identifier, who: str = "EncodedPQC") -> str | dict | None:
    """Gives what `get` takes, in a form that JSON can hold."""
    if identifier is None or isinstance(identifier, dict) or _is_name(identifier):
        return identifier
    if isinstance(identifier, tfq.differentiators.LinearCombination):
        # Finite differences are nothing but these; their own arguments they do not keep.
        return {
            "weights": identifier.weights.numpy().tolist(),
            "perturbations": identifier.perturbations.numpy().tolist(),
        }
    for name, cls in _BY_NAME.items():
        if type(identifier) is cls:
            return name
    names = ", ".join(map(repr, _BY_NAME))
    raise (ValueError if isinstance(identifier, str) else TypeError)(
        f"{who}: `differentiator` must be None, one of {names}, or an instance of one of "
        f"these of tfq.differentiators. Received {identifier!r}."
    )


def _is_name(identifier) -> bool:
    return isinstance(identifier, str) and identifier in _BY_NAME
