"""Observables as text: sums of Pauli strings, such as `"X0*X1 - 0.5*Z2"`."""

import functools
import re

from tfq_resqunn.circuits.names import OBSERVABLES

MAX_SUM_LENGTH = 10_000  # characters of a sum
_TERM = re.compile(
    r"\s*(?P<sign>[+-]?)\s*(?P<number>[0-9]+\.?[0-9]*(?:[eE][+-]?[0-9]+)?|\.[0-9]+)?"
    r"(?P<paulis>(?:\s*\*?\s*[XYZ][0-9]+)*)\s*"
)


@functools.lru_cache(maxsize=1024)
def parse_sum(text: str, who: str) -> tuple[tuple[float, tuple[tuple[str, int], ...]], ...]:
    """Parses a sum into its terms: a coefficient, and Pauli letters with the numbers of qubits.

    Args:
        text: Such as `"X0*X1 - 0.5*Z2"`.
        who: Who asks, for messages.

    Raises:
        ValueError: If it is no sum, too long, or names a qubit twice in one term.

    Example:
        >>> parse_sum("X0*X1 - 0.5*Z2", "QuanvCircuit")
        ((1.0, (('X', 0), ('X', 1))), (-0.5, (('Z', 2),)))
    """
    if len(text) > MAX_SUM_LENGTH:
        raise ValueError(
            f"{who}: `observables` as text may have {MAX_SUM_LENGTH} characters. Received "
            f"{len(text)}, which begin with {text[:50]!r}. Pass a cirq.PauliSum."
        )
    terms, at = [], 0
    while at < len(text) or not terms:
        term = _TERM.match(text, at)
        assert term is not None  # the pattern also matches nothing
        bare = not term["number"] and not term["paulis"]
        if (
            bare
            or (terms and not term["sign"])
            or (term["paulis"].lstrip()[:1] == "*" and not term["number"])
        ):
            raise ValueError(f"{who}: {OBSERVABLES.unknown(text)}")
        letters = re.findall(r"([XYZ])([0-9]+)", term["paulis"])
        _check_once([int(i) for _, i in letters], text, who)
        coefficient = float(term["number"] or 1) * (-1 if term["sign"] == "-" else 1)
        terms.append((coefficient, tuple((letter, int(i)) for letter, i in letters)))
        at = term.end()
    return tuple(terms)


def _check_once(places: list[int], text: str, who: str) -> None:
    if twice := [i for i in dict.fromkeys(places) if places.count(i) > 1]:
        raise ValueError(
            f"{who}: each term of `observables` may name a qubit once, since a product of Pauli "
            f"operators on one qubit is another one, or none. Received {text!r}, which names qubit "
            f"{twice[0]} twice."
        )
