"""Observables as text: sums of Pauli strings, such as `"X0*X1 - 0.5*Z2"`."""

import functools
import re

from tfq_resqunn.circuits.names import OBSERVABLES

Terms = tuple[tuple[float, tuple[tuple[str, int], ...]], ...]
MAX_SUM_LENGTH = 10_000  # characters of a sum
_TERM = re.compile(
    r"\s*(?P<sign>[+-]?)\s*(?P<number>[0-9]+\.?[0-9]*(?:[eE][+-]?[0-9]+)?|\.[0-9]+)?"
    r"(?P<paulis>(?:\s*\*?\s*[XYZ][0-9]+)*)\s*"
)


@functools.lru_cache(maxsize=1024)
def parse_sum(text: str, who: str) -> Terms:
    """Parses a sum into its terms: a coefficient, and Pauli letters with the numbers of qubits.

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
        sign, number, paulis = term["sign"], term["number"], term["paulis"].strip()
        begins_well = number or (paulis and paulis[0] != "*")
        if not begins_well or (terms and not sign):
            raise ValueError(f"{who}: {OBSERVABLES.unknown(text)}")
        letters = [(letter, int(i)) for letter, i in re.findall(r"([XYZ])([0-9]+)", paulis)]
        places = [i for _, i in letters]
        if twice := [i for i in places if places.count(i) > 1]:
            raise ValueError(
                f"{who}: each term of `observables` may name a qubit once, since a product of "
                f"Pauli operators on one qubit is another one, or 1. Received {text!r}, which "
                f"names qubit {twice[0]} twice."
            )
        terms.append((float(number or 1) * (-1 if sign == "-" else 1), tuple(letters)))
        at = term.end()
    return tuple(terms)
