"""`Parts`: encoder, ansatz and observables as users pass them, to be built into a circuit."""

import dataclasses
import functools
import warnings
from collections.abc import Iterable
from typing import Any, TypeAlias, TypeGuard

import cirq

from tfq_resqunn._utils.arguments import check_count
from tfq_resqunn._utils.names import shortened
from tfq_resqunn.circuits.circuit import QuanvCircuit
from tfq_resqunn.circuits.files.reader import read_json
from tfq_resqunn.circuits.files.writer import write_json
from tfq_resqunn.circuits.free_symbols import symbols_of
from tfq_resqunn.circuits.names import ANSATZES, ENCODERS, OBSERVABLES
from tfq_resqunn.circuits.observables import sums
from tfq_resqunn.circuits.registry import Identifier, Registry
from tfq_resqunn.circuits.rewriting.reuploading import reupload
from tfq_resqunn.circuits.symbols import DATA_PREFIX, ORDERS, in_order, sorted_by

Part: TypeAlias = Identifier | cirq.AbstractCircuit  # an encoder or an ansatz


@dataclasses.dataclass(frozen=True, eq=False)
class Parts:
    """What a circuit is made of, before the number of features is known.

    Takes what `Quanv2D` takes under these names. Beside a `circuit`, all other parts are `None`.

    >>> Parts("angle", "basic_entangler", n_layers=3).build(2).weights
    (w_000, w_001, w_002, w_003, w_004, w_005)
    """

    encoder: Any = None
    ansatz: Any = None
    n_layers: int | None = None
    n_uploads: int | None = None
    observables: Any = None
    circuit: QuanvCircuit | None = None
    symbol_order: str | None = None
    who: str = "QuanvCircuit"

    def __post_init__(self) -> None:
        if self.circuit is not None:
            self._check_circuit()
            return
        values = {
            "encoder": _check_part(_or(self.encoder, "angle"), ENCODERS, self.who),
            "ansatz": _check_part(_or(self.ansatz, "basic_entangler"), ANSATZES, self.who),
            "n_uploads": check_count(_or(self.n_uploads, 1), "n_uploads", self.who),
            "observables": _check_observables(_or(self.observables, "z"), self.who),
            "symbol_order": _check_order(_or(self.symbol_order, ORDERS[0]), self.who),
        }
        if self.symbol_order is None:  # nothing saved, which has one, and which was meant as it is
            self._look_for_data(values["ansatz"])
        if not _is_circuit(values["ansatz"]):
            values["n_layers"] = check_count(_or(self.n_layers, 1), "n_layers", self.who)
        elif self.n_layers is not None:
            raise ValueError(
                f"{self.who}: `n_layers` counts the layers of a named ansatz. Received "
                f"n_layers={self.n_layers} beside a circuit, which is used as it is. Drop it, or "
                "repeat encoder and ansatz with `n_uploads`."
            )
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def build(self, n_features: int) -> QuanvCircuit:
        """Builds the circuit for this many features, unless the parts do not fit each other.

        If one part is the user's own circuit, a named part is put on that circuit's qubits.
        """
        if self.circuit is not None:
            return self.circuit
        with sorted_by(_or(self.symbol_order, ORDERS[0])):
            return self._join(n_features)

    def _join(self, n_features: int) -> QuanvCircuit:
        encoder, ansatz = self.encoder, self.ansatz
        if not _is_circuit(encoder):
            encoder = _made(ENCODERS, encoder, self.who, n_features)
            if _is_circuit(ansatz):
                encoder = _move(encoder, ansatz.all_qubits(), "ansatz", self.who)
        if not _is_circuit(ansatz):
            qubits = encoder.all_qubits()
            ansatz = _made(ANSATZES, ansatz, self.who, len(qubits), self.n_layers)
            ansatz = _move(ansatz, qubits, "encoder", self.who)
        once = QuanvCircuit.from_parts(encoder, ansatz, self.observables)
        if self.n_uploads == 1:
            return once
        assert self.n_uploads is not None  # as it is where there is no `circuit`
        repeated = reupload(encoder, ansatz, self.n_uploads)
        return QuanvCircuit(repeated, self.observables, once.inputs)

    def get_config(self) -> dict:
        """Gives the arguments as JSON can hold them."""
        return {
            "encoder": self._part_config("encoder", ENCODERS),
            "ansatz": self._part_config("ansatz", ANSATZES),
            "n_layers": self.n_layers,
            "n_uploads": self.n_uploads,
            "observables": _to_config(self.observables, OBSERVABLES),
            "circuit": None if self.circuit is None else self.circuit.to_json(),
            "symbol_order": self.symbol_order,
        }

    def _part_config(self, name: str, registry: Registry) -> Any:
        text = self._texts.get(name)
        return _to_config(getattr(self, name), registry) if text is None else {"cirq": text}

    @functools.cached_property
    def _texts(self) -> dict[str, str]:
        """Those of encoder and ansatz that are circuits, as JSON. They are frozen: once will do."""
        parts = {"encoder": self.encoder, "ansatz": self.ansatz}
        return {name: write_json(part) for name, part in parts.items() if _is_circuit(part)}

    @classmethod
    def from_config(cls, config: dict, who: str = "QuanvCircuit") -> "Parts":
        """Reads what `get_config` gave, and ignores other keys."""
        parts = {name: _from_config(config.get(name), who) for name in PART_NAMES}
        for registry in (ENCODERS, ANSATZES, OBSERVABLES):
            _check_registered(parts[registry.kind], registry, who)
        if parts["circuit"] is not None:
            parts["circuit"] = QuanvCircuit.from_json(parts["circuit"])
        elif "symbol_order" not in config:
            parts["symbol_order"] = "string"  # the only order of earlier versions
        return cls(**parts, who=who)

    def _look_for_data(self, ansatz: Part) -> None:
        """Warns where weights have names that data has elsewhere."""
        weights = symbols_of(ansatz) if _is_circuit(ansatz) else ()
        if data := in_order(s for s in weights if s.name.startswith(DATA_PREFIX)):
            warnings.warn(
                f"{self.who}: all symbols of an `ansatz` are weights. Received one with "
                f"{shortened(data)}, which will be trained, though data symbols begin with "
                f"{DATA_PREFIX}. Rename them if they are weights; if they are data, pass encoder "
                "and ansatz together, circuit=QuanvCircuit(...).",
                stacklevel=2,
            )

    def _check_circuit(self) -> None:
        if not isinstance(self.circuit, QuanvCircuit):
            raise TypeError(
                f"{self.who}: `circuit` must be a QuanvCircuit. Received "
                f"{type(self.circuit).__name__}. Use QuanvCircuit(circuit), or pass the parts "
                "as `encoder` and `ansatz`."
            )
        given = [n for n in PART_NAMES if n != "circuit" and getattr(self, n) is not None]
        if given:
            raise ValueError(
                f"{self.who}: `circuit` stands for encoder, ansatz and observables at once. "
                f"Received {', '.join(f'`{n}`' for n in given)} beside it. Drop one or the other."
            )


PART_NAMES = tuple(f.name for f in dataclasses.fields(Parts) if f.name != "who")


def _made(registry: Registry, part: Identifier, who: str, *counts: int | None) -> cirq.Circuit:
    circuit = registry.get(part)(*counts)
    if not _is_circuit(circuit) or not symbols_of(circuit):
        raise ValueError(
            f"{who}: the {registry.kind} registered as {registry.serialize(part)!r} must return a "
            f"cirq.Circuit with symbols. Received {circuit!r} from it."
        )
    return circuit


def _or(value: Any, default: Any) -> Any:
    return default if value is None else value


def _is_circuit(part: object) -> TypeGuard[cirq.AbstractCircuit]:
    return isinstance(part, cirq.AbstractCircuit)


def _check_part(part: Part, registry: Registry, who: str) -> Part:
    kind = registry.kind
    if not _is_circuit(part):
        if not isinstance(part, (str, dict)) and not callable(part):
            names = ", ".join(map(repr, registry))
            raise TypeError(
                f"{who}: `{kind}` must be a name ({names}) or a cirq.Circuit. "
                f"Received {part!r} of type {type(part).__name__}."
            )
        found = registry.get_for(who, part)
        return part if isinstance(part, str) else found
    if not symbols_of(part):
        symbols = {"encoder": "data symbols", "ansatz": "weights"}[kind]
        raise ValueError(
            f"{who}: `{kind}` must have {symbols}. Received a circuit without any sympy symbol. "
            f"Put symbols into its gates, for example cirq.ry(sympy.Symbol('a'))(qubit)."
        )
    # Checks the gates now instead of when the first images arrive.
    QuanvCircuit(part, inputs=())
    return part.freeze()


def _check_observables(observables: sums.Observables, who: str) -> str | list:
    items = sums.list_observables(observables, who)
    if isinstance(observables, str):
        return observables
    if not items:
        sums.as_pauli_sums(items, (), who)  # says so
    checked: list = []
    for item in items:
        if isinstance(item, str):
            checked.append(item)
        elif isinstance(item, dict) or sums.is_function(item):
            checked.append(OBSERVABLES.get_for(who, item))
        else:
            checked += sums.as_pauli_sums(item, None, who)
    return checked


def _check_order(order: str, who: str) -> str:
    if not isinstance(order, str) or order not in ORDERS:
        raise ValueError(
            f"{who}: `symbol_order` must be 'natural' (x_2 before x_10) or 'string' (as earlier "
            f"versions sorted). Received {order!r}."
        )
    return order


def _to_config(part: Any, registry: Registry) -> Any:
    if isinstance(part, list):
        return [_to_config(p, registry) for p in part]
    if part is None or isinstance(part, str):
        return part
    if callable(part) and not _is_circuit(part) and not isinstance(part, cirq.PauliSum):
        return registry.serialize(part)
    return {"cirq": write_json(part)}


def _from_config(value: Any, who: str) -> Any:
    if isinstance(value, dict) and set(value) == {"cirq"}:
        return read_json(value["cirq"], who=who)
    if isinstance(value, (list, tuple)):
        return [_from_config(v, who) for v in value]
    return value


def _check_registered(part: Any, registry: Registry, who: str) -> None:
    for item in part if isinstance(part, list) else [part]:
        name = item.get("name") if isinstance(item, dict) else item
        if isinstance(name, str) and name not in registry and not _is_sum(name, registry):
            raise ValueError(
                f"{who}: `{registry.kind}` was saved under the name {name[:100]!r}, which is not "
                f"registered here. Call {registry.constant}.register({name[:100]!r}, function), of "
                "tfq_resqunn.circuits, before you load it."
            )


def _is_sum(text: str, registry: Registry) -> bool:
    """Tells whether text is a sum of Pauli strings, such as `"Z0*Z1"`."""
    try:
        return registry is OBSERVABLES and bool(sums.list_observables(text, ""))
    except ValueError:
        return False


def _move(part: cirq.Circuit, qubits: Iterable[cirq.Qid], where: str, who: str) -> cirq.Circuit:
    own, qubits = sorted(part.all_qubits()), sorted(qubits)
    if len(own) != len(qubits):
        raise ValueError(
            f"{who}: a named circuit on {len(own)} qubits cannot be joined to `{where}`, which "
            f"has {len(qubits)} ({', '.join(map(str, qubits))}). Give both parts as circuits, or "
            "change the number of qubits."
        )
    return part.transform_qubits(dict(zip(own, qubits, strict=True)))
