"""Parameters of gates that are no real numbers, which Cirq lets pass: text, and complex symbols."""

import math

import cirq
import sympy

from tfq_resqunn.circuits.checks.angles import Samples
from tfq_resqunn.circuits.checks.shown import shown
from tfq_resqunn.circuits.files.expressions import check_expression
from tfq_resqunn.circuits.free_symbols import expressions_in, texts_in
from tfq_resqunn.circuits.rewriting.decomposing import innermost, with_numbers

MAX_QUBITS = 8  # of a gate whose unitary is computed to find out


def check_parameters(op: cirq.Operation, numbers: Samples) -> None:
    """Refuses an operation that computes with text, or with complex values of real symbols.

    Gates may hold text as a name, and complex values as a phase. So whether the values are wrong is
    found out with `numbers` for symbols.
    """
    unreal = sorted((str(e) for e in expressions_in(op) if _is_complex(e)), key=len)
    if unreal and (_is_formula(op) or not _works(op, numbers)):
        raise ValueError(
            f"QuanvCircuit: `circuit` must have real angles. Received {unreal[0][:100]}, "
            f"which is complex for real symbols, in {shown(op)}. Leave out the imaginary unit."
        )
    if texts := sorted(_texts_as_numbers(op, _Strict(numbers.param_dict))):
        raise TypeError(
            "QuanvCircuit: `circuit` must have numbers or symbols as parameters of gates. Received "
            f"the text {', '.join(map(repr, texts))} in {shown(op)}. Use {_instead(texts)}."
        )


class _Strict(Samples):
    """Gives numbers for symbols, and NaN for text, which Cirq takes for a symbol's name."""

    def value_of(self, value: cirq.TParamVal, recursive: bool = True) -> cirq.TParamValComplex:
        return math.nan if isinstance(value, str) else super().value_of(value, recursive)


def _texts_as_numbers(op: cirq.Operation, numbers: Samples) -> set[str]:
    """Finds text where a gate has a number."""
    inner = op.untagged
    if isinstance(inner, cirq.CircuitOperation):  # whose resolver may have names
        parts = inner.circuit.all_operations()
        return set().union(*(_texts_as_numbers(part, numbers) for part in parts))
    if _is_formula(op):
        theta = innermost(op).gate._json_dict_()["theta"]
        return {theta} if isinstance(theta, str) else set()
    texts = texts_in(op)
    return set() if not texts or _works(op, numbers) else texts


def _is_formula(op: cirq.Operation) -> bool:
    """Tells whether text has its place in an operation, and sympy evaluates it for the unitary."""
    return isinstance(innermost(op).gate, cirq.BooleanHamiltonianGate)


def _works(op: cirq.Operation, numbers: Samples) -> bool:
    if len(op.qubits) > MAX_QUBITS:
        return True
    try:
        matrices = (cirq.unitary(part, default=None) for part in with_numbers(op, numbers))
        return all(matrix is None or cirq.is_unitary(matrix) for matrix in matrices)
    except (TypeError, ValueError):
        return False


def _is_complex(expression: sympy.Basic) -> bool:
    """Tells whether the imaginary unit makes an expression complex, at real symbols."""
    measure = check_expression(expression)
    value = complex(measure.value)
    return measure.imaginary and abs(value.imag) > 1e-9 * abs(value)


def _instead(texts: list[str]) -> str:
    """Says what to write in the place of text."""
    if len(texts) > 1:  # some may be names
        return "sympy.Symbol(...) where a symbol is meant"
    try:
        return repr(float(texts[0]))
    except ValueError:
        is_name = texts[0].isidentifier()
        return f"sympy.Symbol({texts[0]!r})" if is_name else "an expression of sympy's symbols"
