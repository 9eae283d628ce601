"""`QuanvCircuit`: encoder, ansatz and observables as one frozen value."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from typing import Any

import cirq
import sympy

from tfq_resqunn._utils.arguments import checked, choice, received
from tfq_resqunn._utils.names import did_you_mean, shortened
from tfq_resqunn.circuits.checks.angles import check_angles
from tfq_resqunn.circuits.checks.arguments import check_circuit
from tfq_resqunn.circuits.checks.operations import check_operations
from tfq_resqunn.circuits.files.fields import Optional, of, several, text
from tfq_resqunn.circuits.files.reader import read_json
from tfq_resqunn.circuits.files.writer import write_json
from tfq_resqunn.circuits.free_symbols import symbols_in, symbols_of
from tfq_resqunn.circuits.observables.sums import Observables, as_pauli_sums, describe
from tfq_resqunn.circuits.rewriting.unrolling import Length, distinct
from tfq_resqunn.circuits.svg import to_svg
from tfq_resqunn.circuits.symbols import DATA_PREFIX, in_order, listed, sorted_by

Symbols = Sequence[sympy.Symbol | str]
Sums = Sequence[cirq.PauliSum]


@cirq.value_equality
class QuanvCircuit:
    """A circuit with data symbols and weights, and what is measured at its end.

    Validated, immutable, hashable, equal by value, with an evaluable `repr` and JSON. Knows
    nothing of images or of TensorFlow.

    Args:
        circuit: A `cirq.Circuit` or `cirq.FrozenCircuit` of unitary operations on qubits (of any
            kind of qubit name), with sympy symbols. Any angle may be any sympy expression.
        observables: `"z"` (Pauli Z on each qubit), text such as `"Z0*Z1"`, one `cirq.PauliString`,
            `cirq.PauliSum` or Hermitian operation, or a sequence of them.
        inputs: The data symbols (symbols or names) in the order of the features. By default those
            whose names start with `x_`, sorted by name (`x_2` before `x_10`).
        weights: The trainable symbols (symbols or names) in the order of a layer's angles. By
            default all others, sorted likewise.

    Raises:
        TypeError: If an argument is of the wrong type.
        ValueError: If the circuit is not unitary or not on qubits, an input or a weight is not in
            it or is there twice, a symbol is neither, or an observable is not Hermitian or acts
            on another qubit.

    Example:
        >>> import cirq, sympy
        >>> q = cirq.LineQubit(0)
        >>> x, w = sympy.symbols("x_0 w_0")
        >>> circuit = QuanvCircuit(cirq.Circuit(cirq.ry(x)(q), cirq.rx(w)(q)))
        >>> print(circuit.diagram())
        0: ───Ry(x_0)───Rx(w_0)───
        data: x_0 | weights: w_0 | observables: Z(q(0))
        >>> eval(repr(circuit)) == circuit
        True
    """

    def __init__(
        self,
        circuit: cirq.AbstractCircuit,
        observables: Observables = "z",
        inputs: Symbols | None = None,
        weights: Symbols | None = None,
    ) -> None:
        self._circuit = check_circuit(circuit, "circuit", "QuanvCircuit").freeze()
        self._json: str | None = None  # written when first asked for
        Length().check(self._circuit)  # first, since all other checks visit every operation
        check_angles(self._circuit, "QuanvCircuit")
        operations = distinct(self._circuit)
        symbols = set().union(*map(symbols_in, operations))
        check_operations(operations, symbols)
        self._qubits = tuple(sorted(self._circuit.all_qubits()))
        if inputs is None:
            self._inputs = in_order(s for s in symbols if s.name.startswith(DATA_PREFIX))
        else:
            self._inputs = _as_symbols(inputs, "inputs", symbols)
        self._weights = _as_weights(weights, symbols - set(self._inputs))
        self._observables = as_pauli_sums(observables, self.qubits)

    @classmethod
    def from_parts(
        cls,
        encoder: cirq.AbstractCircuit,
        ansatz: cirq.AbstractCircuit,
        observables: Observables = "z",
    ) -> "QuanvCircuit":
        """Joins an encoder and an ansatz: all symbols of the one are data, of the other weights.

        Args:
            encoder: A `cirq.Circuit`; its symbols, sorted by name (`x_2` before `x_10`), take the
                features in order.
            ansatz: A `cirq.Circuit` on the same qubits.
            observables: As for `QuanvCircuit`.

        Raises:
            ValueError: If a symbol stands in both parts, or a part is not valid on its own.
        """
        check_circuit(encoder, "encoder", "QuanvCircuit")
        check_circuit(ansatz, "ansatz", "QuanvCircuit")
        data, weights = symbols_of(encoder), symbols_of(ansatz)
        if shared := data & weights:
            raise ValueError(
                "QuanvCircuit: a symbol is either data (in `encoder`) or a weight (in `ansatz`). "
                f"Received {shortened(in_order(shared))} in both. Rename it in one of them, or, "
                "for data re-uploading, pass one circuit and name its `inputs`."
            )
        circuit = encoder.unfreeze() + ansatz.unfreeze()
        return cls(circuit, observables, inputs=in_order(data))

    @property
    def circuit(self) -> cirq.FrozenCircuit:
        """The circuit as it was given."""
        return self._circuit

    @property
    def observables(self) -> tuple[cirq.PauliSum, ...]:
        """The observables, each of which gives one expectation value."""
        return self._observables

    @property
    def inputs(self) -> tuple[sympy.Symbol, ...]:
        """The data symbols, in the order of the features."""
        return self._inputs

    @property
    def weights(self) -> tuple[sympy.Symbol, ...]:
        """The trainable symbols, in the order of the angles of a layer."""
        return self._weights

    @property
    def qubits(self) -> tuple[cirq.Qid, ...]:
        """The qubits, sorted."""
        return self._qubits

    @checked(form=choice("text", "svg"))
    def diagram(self, form: str = "text") -> str:
        """Draws the circuit.

        Args:
            form: `"text"`, with symbols and observables listed below, or `"svg"`.

        Returns:
            The drawing: text, or the source of an SVG picture.
        """
        if form == "svg":
            return to_svg(self._circuit.to_text_diagram_drawer(transpose=False))
        legend = (
            f"data: {listed(self.inputs)}",
            f"weights: {listed(self.weights)}",
            f"observables: {', '.join(map(describe, self.observables))}",
        )
        return f"{self._circuit.to_text_diagram()}\n{' | '.join(legend)}"

    def to_json(self) -> str:
        """Writes the circuit as JSON text, which `from_json` reads.

        Raises:
            TypeError: If Cirq cannot write one of the gates.
            ValueError: If what is written would not be read back equal.
        """
        if self._json is None:
            # Only the parts are read back: to make another circuit would check all of it again.
            types = self._json_types(_values)
            expected = self._value_equality_values_()
            self._json = write_json(self, types, expected=expected, who="QuanvCircuit")
        return self._json

    @classmethod
    def from_json(cls, text: str) -> "QuanvCircuit":
        """Reads what `to_json` (or `cirq.to_json`) wrote. Nothing in the text is ever run.

        Args:
            text: JSON, from anywhere.

        Raises:
            ValueError: If it is no JSON, or holds anything but a circuit of Cirq's gates, with
                numbers and those expressions of sympy's that a circuit may have.

        >>> from tfq_resqunn.circuits import angle_encoder, basic_entangler
        >>> circuit = QuanvCircuit.from_parts(angle_encoder(3), basic_entangler(3))
        >>> QuanvCircuit.from_json(circuit.to_json()) == circuit
        True
        """
        value = read_json(text, cls._json_types(cls._from_json_dict_), who="QuanvCircuit")
        if not isinstance(value, cls):
            raise ValueError(
                "QuanvCircuit: the JSON must be a circuit's, as `to_json` writes it. Received "
                f"that of a {type(value).__name__}."
            )
        return value

    def _value_equality_values_(self) -> tuple:
        return _values(self._circuit, self._observables, self._inputs, self._weights)

    def __repr__(self) -> str:
        try:
            text = self.to_json()
        except (TypeError, ValueError):  # Cirq cannot write one of the gates
            text = ""
        if "srepr" in text:  # Cirq's own repr of such expressions cannot be evaluated
            return f"QuanvCircuit.from_json({text!r})"
        inputs, weights = (tuple(map(str, s)) for s in (self._inputs, self._weights))
        own_order = "" if weights == in_order(weights) else f", weights={weights!r}"
        return (
            f"QuanvCircuit(circuit={self._circuit!r}, "
            f"observables={list(self._observables)!r}, inputs={inputs!r}{own_order})"
        )

    def __str__(self) -> str:
        return self.diagram()

    def __reduce__(self) -> tuple[Callable, tuple]:
        # A PauliSum cannot be pickled, but its terms can.
        sums = [list(o) for o in self._observables]
        return _rebuilt, (self._circuit, sums, self._inputs, self._weights)

    def __copy__(self) -> "QuanvCircuit":
        return self  # nothing in it can be changed

    def __deepcopy__(self, memo: dict) -> "QuanvCircuit":
        return self

    def _repr_svg_(self) -> str:
        return self.diagram("svg")

    @classmethod
    def _json_namespace_(cls) -> str:
        return "tfq_resqunn"

    @classmethod
    def _json_types(cls, make: Callable) -> dict:
        fields = {
            "circuit": of(cirq.AbstractCircuit),
            "observables": several(of(cirq.PauliSum)),
            "inputs": several(text),
            "weights": Optional(several(text)),
        }
        return {f"{cls._json_namespace_()}.{cls.__name__}": (make, fields)}

    def _json_dict_(self) -> dict[str, Any]:
        return {
            "circuit": self._circuit,
            "observables": list(self._observables),
            "inputs": [s.name for s in self._inputs],
            "weights": [s.name for s in self._weights],
        }

    @classmethod
    def _from_json_dict_(
        cls, circuit: cirq.AbstractCircuit, observables: Sums, inputs: Symbols, **others: Any
    ) -> "QuanvCircuit":
        # Earlier versions did not write the weights, and sorted them as strings.
        weights = others.get("weights")
        with sorted_by("natural" if weights else "string"):
            return cls(circuit, observables, inputs, weights)


def _values(
    circuit: cirq.AbstractCircuit, observables: Sums, inputs: Symbols, weights: Symbols
) -> tuple:
    """Gives what two equal circuits have in common."""
    inputs, weights = (
        tuple(s if isinstance(s, sympy.Symbol) else sympy.Symbol(s) for s in symbols)
        for symbols in (inputs, weights)
    )
    sums = tuple(
        frozenset((frozenset(t.items()), complex(t.coefficient).real) for t in o)
        for o in observables
    )
    return circuit.freeze(), sums, inputs, weights


def _rebuilt(circuit: cirq.FrozenCircuit, sums: list[list], *symbols: Symbols) -> QuanvCircuit:
    observables = [cirq.PauliSum.from_pauli_strings(terms) for terms in sums]
    return QuanvCircuit(circuit, observables, *symbols)


def _as_weights(weights: Symbols | None, others: set[sympy.Symbol]) -> tuple[sympy.Symbol, ...]:
    if weights is None:
        return in_order(others)
    weights = _as_symbols(weights, "weights", others)
    if missing := others - set(weights):
        raise ValueError(
            "QuanvCircuit: `weights` must name all symbols of the circuit that are not `inputs`: "
            f"{shortened(in_order(others))}. Received {shortened(weights)}, without "
            f"{shortened(in_order(missing))}. Add these, or drop `weights`."
        )
    return weights


def _as_symbols(given: Symbols, argument: str, known: set) -> tuple[sympy.Symbol, ...]:
    # A set is refused, since it has no order in which a layer could give values to the symbols.
    unordered = isinstance(given, (str, sympy.Symbol, Mapping, Set))
    if unordered or not isinstance(given, Iterable):
        raise TypeError(
            f"QuanvCircuit: `{argument}` must be a sequence of symbols or names. "
            f"Received {given!r}. Use [{str(given)!r}]."
        )
    symbols = tuple(sympy.Symbol(s) if isinstance(s, str) else s for s in given)
    if wrong := [s for s in symbols if not isinstance(s, sympy.Symbol)]:
        raise TypeError(
            f"QuanvCircuit: `{argument}` must hold symbols or names. Received {received(wrong[0])}."
        )
    if missing := set(symbols) - known:
        which = {"inputs": ", which has", "weights": " that are not `inputs`:"}[argument]
        others, names = in_order(missing), list(map(str, in_order(known)))
        raise ValueError(
            f"QuanvCircuit: `{argument}` must be symbols of the circuit{which} {shortened(names)}. "
            f"Received {shortened(others)}, not among them.{did_you_mean(str(others[0]), names)}"
        )
    if twice := [s for s, n in Counter(symbols).items() if n > 1]:
        raise ValueError(
            f"QuanvCircuit: `{argument}` must name each symbol once. Received {shortened(twice)} "
            "more than once."
        )
    return symbols
