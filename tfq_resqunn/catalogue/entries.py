"""The named encoders, ansatzes and observables, built for so many qubits."""

import dataclasses
import functools
import inspect
import re
from collections.abc import Callable, Sequence

import cirq

from tfq_resqunn._utils.arguments import check_size, check_text, checked
from tfq_resqunn.circuits import ENCODERS, OBSERVABLES, QuanvCircuit
from tfq_resqunn.circuits.free_symbols import symbols_of
from tfq_resqunn.circuits.names import find_names
from tfq_resqunn.circuits.observables.sums import as_pauli_sums
from tfq_resqunn.circuits.registry import Registry
from tfq_resqunn.circuits.rewriting.unrolling import unroll
from tfq_resqunn.circuits.symbols import in_order


@dataclasses.dataclass(frozen=True)
class Description:
    """Three parts of a docstring, each perhaps empty."""

    summary: str  # the first sentence
    text: str  # the paragraphs after that, up to the first section, without examples
    reference: str  # the section of that name, or `References`


_SECTION = re.compile(r"^(\w+):[ \t]*$", re.MULTILINE)


def describe(function: Callable) -> Description:
    """Reads the docstring of a function, or of what a `functools.partial` calls.

    A partial's own `__doc__`, if it has been given one, stands in the summary's place.

    Example:
        >>> from tfq_resqunn.circuits import ENCODERS
        >>> describe(ENCODERS.get("angle_rx")).summary
        "Encodes each value as the angle of one rotation on a qubit of its own. (rotation='rx')"
        >>> describe(lambda n: n)
        Description(summary='', text='', reference='')
    """
    options = {}
    own = ""
    while isinstance(function, functools.partial):
        own = own or vars(function).get("__doc__", "")
        options = {**function.keywords, **options}
        function = function.func
    before, *sections = _SECTION.split(inspect.getdoc(function) or "")
    named = dict(zip(sections[::2], sections[1::2], strict=True))
    summary, _, rest = before.strip().partition("\n\n")
    summary = " ".join((own or summary).split())
    if options and not own:
        summary += f" ({', '.join(f'{name}={value!r}' for name, value in options.items())})"
    paragraphs = [p for p in rest.strip().split("\n\n") if not p.startswith(">>>")]
    reference = " ".join((named.get("Reference") or named.get("References") or "").split())
    reference = re.sub(r"\*([^*\s][^*]*)\*", r"\1", reference)  # titles, in italics
    return Description(summary.strip(), "\n\n".join(paragraphs), reference)


@dataclasses.dataclass(frozen=True)
class Entry:
    """One named part, with its circuit or its observables, and what is known about it."""

    kind: str  # "encoder", "ansatz" or "observables"
    name: str
    description: Description
    circuit: cirq.FrozenCircuit | None = None  # of an encoder or an ansatz
    observables: tuple[cirq.PauliSum, ...] = ()
    problem: str | None = None  # why it cannot be built for this number of qubits
    # As the functions of these names in `tfq_resqunn` give them; `None` until `with_descriptors`.
    expressibility: float | None = None
    entangling_capability: float | None = None

    @property
    def n_qubits(self) -> int:
        """Qubits of the circuit."""
        return len(self.circuit.all_qubits()) if self.circuit else 0

    @property
    def n_symbols(self) -> int:
        """Values that an encoder takes, weights that an ansatz has."""
        return len(symbols_of(self.circuit))

    @property
    def depth(self) -> int:
        """Gates that must follow each other, however they are drawn."""
        return len(cirq.Circuit(unroll(self.circuit).all_operations()))

    @property
    def n_two_qubit_gates(self) -> int:
        """Gates on exactly two qubits."""
        return sum(len(op.qubits) == 2 for op in unroll(self.circuit).all_operations())


@checked(n_qubits=check_size, n_layers=check_size, kind=check_text.or_none())
def entries(
    names: Sequence[str] = (),
    kind: str | None = None,
    n_qubits: int = 4,
    n_layers: int = 1,
) -> tuple[Entry, ...]:
    """Lists the named parts of one kind, or of all, those that users have registered included.

    Ansatzes and observables are built for `n_qubits`, encoders for as many values.

    Example:
        >>> [entry] = entries(["basic_entangler"], n_qubits=3)
        >>> entry.n_symbols, entry.depth, entry.n_two_qubit_gates
        (3, 4, 3)
    """
    names, registries = find_names(names, kind)
    return tuple(
        _build(registry, name, n_qubits, n_layers)
        for registry in registries
        for name in registry
        if not names or name in names
    )


def with_descriptors(
    entry: Entry,
    n_samples: int = 5000,
    seed: int = 0,
    progress: Callable[[int], object] | None = None,
) -> Entry:
    """Gives an entry with its descriptors, if it has a circuit.

    `progress` is called with the number of samples that are new, `2 * n_samples` in all; at once
    for an entry without a circuit.
    """
    from tfq_resqunn.simulation import descriptors  # imports TensorFlow

    if entry.circuit is None:
        if progress is not None:
            progress(2 * n_samples)
        return entry
    inputs = symbols_of(entry.circuit) if entry.kind == ENCODERS.kind else ()
    circuit = QuanvCircuit(entry.circuit, inputs=in_order(inputs))
    options: dict = {"n_samples": n_samples, "seed": seed, "progress": progress}
    return dataclasses.replace(
        entry,
        expressibility=descriptors.expressibility(circuit, **options),
        entangling_capability=descriptors.entangling_capability(circuit, **options),
    )


def _build(registry: Registry, name: str, n_qubits: int, n_layers: int) -> Entry:
    function = registry.get(name)
    entry = Entry(registry.kind, name, describe(function))
    try:
        if registry is OBSERVABLES:
            sums = as_pauli_sums(name, cirq.LineQubit.range(n_qubits), name)
            return dataclasses.replace(entry, observables=sums)
        counts = (n_qubits,) if registry is ENCODERS else (n_qubits, n_layers)
        # Checks, as a layer would, what a user's own function has made.
        circuit = QuanvCircuit(function(*counts), inputs=()).circuit
        return dataclasses.replace(entry, circuit=circuit)
    except (TypeError, ValueError) as error:
        return dataclasses.replace(entry, problem=str(error))
