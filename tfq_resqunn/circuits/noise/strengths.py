"""The kinds of noise by name, and how strong each may be. This module does not need Cirq."""

from collections.abc import Mapping

from tfq_resqunn._utils.arguments import is_number

# The channels after each gate, with the functions of Cirq's that make them. A strength is a
# probability, or for damping the rate gamma of one gate's duration.
CHANNELS = {
    "depolarizing": "depolarize",
    "amplitude_damping": "amplitude_damp",
    "phase_damping": "phase_damp",
    "bit_flip": "bit_flip",
    "phase_flip": "phase_flip",
}
READOUT_ERROR = "readout_error"
NAMES = (*CHANNELS, READOUT_ERROR)
Strengths = tuple[tuple[str, float], ...]


def ordered(strengths: Mapping[str, float], who: str) -> Strengths:
    """Checks strengths, and gives those above 0 as pairs of name and strength, ordered as `NAMES`.

    >>> ordered({"readout_error": 0.02, "bit_flip": 0, "depolarizing": 0.01}, "Noise")
    (('depolarizing', 0.01), ('readout_error', 0.02))
    """
    checked = {name: check_strength(name, value, who) for name, value in strengths.items()}
    return tuple((name, checked[name]) for name in NAMES if checked.get(name))


def check_strength(name: str, strength: float, who: str) -> float:
    """Gives the strength of one kind of noise as a float; raises where it is none."""
    if not isinstance(name, str) or name not in NAMES:
        raise ValueError(
            f"{who}: `noise` must name some of {', '.join(map(repr, NAMES))}. Received {name!r}."
        )
    if not is_number(strength):
        raise TypeError(f"{who}: `noise[{name!r}]` must be a number. Received {strength!r}.")
    highest = 0.5 if name == READOUT_ERROR else 1.0
    if not 0 <= strength <= highest:
        raise ValueError(
            f"{who}: `noise[{name!r}]` must lie between 0 and {highest:g}. Received {strength}."
        )
    return float(strength)


def as_text(strengths: Strengths) -> str:
    """Writes strengths for people: `"depolarizing 0.01, readout_error 0.02"`."""
    return ", ".join(f"{name} {strength:g}" for name, strength in strengths)
