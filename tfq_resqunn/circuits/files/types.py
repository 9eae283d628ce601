"""Cirq's classes that a file may hold, and what may stand in their fields.

To allow another gate, enter its class in `TYPES`, with a check of `fields.py` for each field of its
JSON. Text is allowed only where a name or a label stands: where Cirq expects a number, it sooner or
later hands text to sympy, which evaluates it.
"""

import re
from collections.abc import Callable, Mapping

import cirq
from cirq.protocols.json_serialization import factory_from_json

import tfq_resqunn.circuits.files.fields as f
from tfq_resqunn.circuits.files.expressions import Measured

Fields = Mapping[str, f.Field]

_PAULI = f.of(type(cirq.X), type(cirq.Y), type(cirq.Z))
_PAULIS = f.several(f.pair(f.qubit, _PAULI))
_NAMES = f.several(f.text)
_NAME = f.Optional(f.text, null=True)
_KEY = f.Optional(f.of(cirq.MeasurementKey), null=True)
_COUNT = f.Optional(f.qubit_count, null=True)
_SHAPE = f.Optional(f.several(f.levels, f.MANY_QUBITS), null=True)
_PROBABILITY = f.Optional(f.number, null=True)
_CONTROL_VALUES = f.Optional(f.control_values, null=True)
_POWER: Fields = {"exponent": f.angle, "global_shift": f.Optional(f.number)}
_TABLEAU: Fields = {
    "n": f.qubit_count,
    "rs": f.several(f.flag),
    "xs": f.several(f.several(f.flag)),
    "zs": f.several(f.several(f.flag)),
    "initial_state": f.Optional(f.whole(0, 2**62)),
}


def gate_or_class(value: object) -> cirq.Gate | type[cirq.Gate]:
    """A gate, or the name of a class of gates."""
    if isinstance(value, cirq.Gate):
        return value
    name = f.text(value)
    factory = factory_from_json(name) if name in TYPES else user_factory(name)
    if not isinstance(factory, type) or not issubclass(factory, cirq.Gate):
        raise ValueError(f"must be the name of a class of gates. Received {name[:100]!r}.")
    return factory


def user_factory(name: str) -> Callable | None:
    """Gives the class or function that a program has registered with Cirq under a name, or `None`.

    Cirq's own classes are made from the table below alone. Of those of vendors' packages, such as
    `cirq_ionq`, only gates are made.
    """
    try:
        factory = factory_from_json(name)
    except ValueError:
        return None
    package = str(getattr(factory, "__module__", "")).split(".")[0]
    is_gate = isinstance(factory, type) and issubclass(factory, cirq.Gate)
    if package in _SHIPPED or (package.startswith("cirq_") and not is_gate):
        return None
    return factory


_SHIPPED = ("cirq", "sympy", "pandas", "numpy", "builtins", "datetime")


def user_fields(value: object) -> object:
    """Checks what a program's own class is given: it must be data that nothing takes for code."""
    match value:
        case str():
            if len(value) > f.MAX_NAME_LENGTH or not _WORDS.fullmatch(value) or _HUGE.search(value):
                raise ValueError(
                    "must hold no text that could be code, so only letters, digits, spaces and "
                    f"'_.:/@-', no number of hundreds of digits, and at most {f.MAX_NAME_LENGTH} "
                    f"characters. Received {value[:100]!r}."
                )
            return value
        case bool() | None:
            return value
        case int() | float():
            return f.number(value)
        case list():
            return [user_fields(v) for v in value]
        case dict():
            return {user_fields(k): user_fields(v) for k, v in value.items()}
    return value.expression if isinstance(value, Measured) else value


_WORDS = re.compile(r"[\w .:/@-]*")
_HUGE = re.compile(r"[\d.]_?[eE][+-]?[\d_]{4}")


_TAGS: Fields = {"tags": f.Optional(f.several(f.tag))}
_TAGS_OF_MOMENTS = _TAGS if hasattr(cirq.Moment, "tags") else {}  # from Cirq 1.6 on

TYPES: dict[str, Fields] = {
    # Gates.
    **dict.fromkeys(
        (
            "XXPowGate", "YYPowGate", "ZZPowGate", "YPowGate", "HPowGate", "CXPowGate",
            "CNotPowGate", "CZPowGate", "CCXPowGate", "CCNotPowGate", "CCZPowGate", "SwapPowGate",
            "ISwapPowGate", "_PauliX", "_PauliY", "_PauliZ",
        ),
        _POWER,
    ),
    **dict.fromkeys(("XPowGate", "ZPowGate"), {**_POWER, "dimension": f.Optional(f.levels)}),
    **dict.fromkeys(("Rx", "Ry", "Rz", "cirq.MSGate"), {"rads": f.angle}),
    **dict.fromkeys(
        ("PhasedXPowGate", "PhasedISwapPowGate"), {**_POWER, "phase_exponent": f.angle}
    ),
    "PhasedXZGate": dict.fromkeys(("x_exponent", "z_exponent", "axis_phase_exponent"), f.angle),
    "FSimGate": {"theta": f.angle, "phi": f.angle},
    "PhasedFSimGate": dict.fromkeys(("theta", "zeta", "chi", "gamma", "phi"), f.angle),
    "QasmUGate": dict.fromkeys(("theta", "phi", "lmda"), f.angle),
    "CSwapGate": {},
    "SycamoreGate": {},
    "IdentityGate": {"num_qubits": f.whole(1, f.MANY_QUBITS), "qid_shape": _SHAPE},
    "MatrixGate": {"matrix": f.matrix, "qid_shape": _SHAPE, "name": _NAME},
    "SingleQubitMatrixGate": {"matrix": f.matrix},
    "TwoQubitMatrixGate": {"matrix": f.matrix},
    "ControlledGate": {
        "sub_gate": f.gate,
        "num_controls": _COUNT,
        "control_values": _CONTROL_VALUES,
        "control_qid_shape": _SHAPE,
    },
    "ParallelGate": {"sub_gate": f.gate, "num_copies": f.qubit_count},
    **dict.fromkeys(
        ("DiagonalGate", "TwoQubitDiagonalGate", "ThreeQubitDiagonalGate"),
        {"diag_angles_radians": f.several(f.angle)},
    ),
    "QuantumFourierTransformGate": {
        "num_qubits": f.qubit_count, "without_reverse": f.Optional(f.flag)
    },
    "PhaseGradientGate": {"num_qubits": f.qubit_count, "exponent": f.angle},
    "QubitPermutationGate": {"permutation": f.several(f.qubit_count, 32)},
    "UniformSuperpositionGate": {"m_value": f.whole(1, 2**32), "num_qubits": f.qubit_count},
    "GlobalPhaseGate": {"coefficient": f.amplitude},
    "BooleanHamiltonianGate": {
        "parameter_names": f.several(f.text, 10),
        "boolean_strs": f.boolean_formulas,
        "theta": f.angle,
    },
    **dict.fromkeys(
        ("DensePauliString", "MutableDensePauliString"),
        {"pauli_mask": f.several(f.whole(0, 3), 1024), "coefficient": f.amplitude},
    ),
    "PauliStringPhasorGate": {
        "dense_pauli_string": f.of(cirq.DensePauliString),
        "exponent_neg": f.angle,
        "exponent_pos": f.angle,
    },
    "PauliInteractionGate": {
        **dict.fromkeys(("pauli0", "pauli1"), _PAULI),
        **dict.fromkeys(("invert0", "invert1"), f.flag),
        "exponent": f.Optional(f.angle),
    },
    "CliffordGate": _TABLEAU,
    "SingleQubitCliffordGate": _TABLEAU,
    "WaitGate": {"duration": f.of(cirq.Duration), "num_qubits": _COUNT, "qid_shape": _SHAPE},
    "_InverseCompositeGate": {"original": f.gate},
    # Stands in what is exported to devices. A QuanvCircuit has none.
    "MeasurementGate": {
        "num_qubits": f.whole(1, f.MANY_QUBITS),
        "key": f.either(f.text, f.of(cirq.MeasurementKey)),
        "invert_mask": f.several(f.flag, f.MANY_QUBITS),
        "qid_shape": _SHAPE,
        "confusion_map": f.Optional(f.several(f.pair(f.several(f.place), f.matrix))),
    },
    # Channels.
    "AmplitudeDampingChannel": {"gamma": f.number},
    "AsymmetricDepolarizingChannel": {"error_probabilities": f.probabilities},
    "BitFlipChannel": {"p": _PROBABILITY},
    "DepolarizingChannel": {"p": f.number, "n_qubits": f.Optional(f.whole(1, 4))},
    "GeneralizedAmplitudeDampingChannel": {"p": f.number, "gamma": f.number},
    "KrausChannel": {"_kraus_ops": f.several(f.matrix), "_key": _KEY},
    "MixedUnitaryChannel": {"_mixture": f.several(f.pair(f.number, f.matrix)), "_key": _KEY},
    "PhaseDampingChannel": {"gamma": f.number},
    "PhaseFlipChannel": {"p": _PROBABILITY},
    "RandomGateChannel": {"sub_gate": f.gate, "probability": f.number},
    "ResetChannel": {"dimension": f.Optional(f.levels)},
    # Operations.
    "GateOperation": {"gate": f.gate, "qubits": f.qubits},
    "ControlledOperation": {
        "controls": f.qubits, "sub_operation": f.operation, "control_values": _CONTROL_VALUES
    },
    "TaggedOperation": {"sub_operation": f.operation, "tags": f.several(f.tag, 1000)},
    "SingleQubitPauliStringGateOperation": {"pauli": _PAULI, "qubit": f.qubit},
    "PauliString": {"qubit_pauli_map": _PAULIS, "coefficient": f.amplitude},
    "PauliStringPhasor": {
        "pauli_string": f.of(cirq.PauliString),
        "qubits": f.Optional(f.qubits, null=True),
        "exponent_neg": f.angle,
        "exponent_pos": f.angle,
    },
    "CircuitOperation": {
        "circuit": f.of(cirq.FrozenCircuit),
        "repetitions": f.whole(-100_000, 100_000),
        "qubit_map": f.several(f.pair(f.qubit, f.qubit)),
        "measurement_key_map": lambda v: {f.text(k): f.text(n) for k, n in f.of(dict)(v).items()},
        "param_resolver": f.of(cirq.ParamResolver),
        "repetition_ids": f.Optional(_NAMES, null=True),
        "parent_path": f.Optional(_NAMES),
        "use_repetition_ids": f.Optional(f.flag),
        "repeat_until": f.Optional(f.nothing),
    },
    "IdentityOperation": {"qubits": f.qubits},
    "GlobalPhaseOperation": {"coefficient": f.amplitude},
    "ParallelGateOperation": {"gate": f.gate, "qubits": f.qubits},
    # Qubits.
    "LineQubit": {"x": f.place},
    "LineQid": {"x": f.place, "dimension": f.levels},
    "GridQubit": {"row": f.place, "col": f.place},
    "GridQid": {"row": f.place, "col": f.place, "dimension": f.levels},
    "NamedQubit": {"name": f.text},
    "NamedQid": {"name": f.text, "dimension": f.levels},
    "_QubitAsQid": {"qubit": f.qubit, "dimension": f.levels},
    # Circuits.
    "Moment": {"operations": f.several(f.operation), **_TAGS_OF_MOMENTS},
    **dict.fromkeys(
        ("Circuit", "FrozenCircuit"),
        # Older versions of Cirq wrote a device, which no version needs.
        {"moments": f.several(f.of(cirq.Moment)), "device": f.Optional(lambda _: None), **_TAGS},
    ),
    # What these are made of, and sums of Pauli strings.
    "PauliSum": {"items": f.several(f.pair(_PAULIS, f.entry))},
    "ProductOfSums": {"data": f.product_of_sums},
    "SumOfProducts": {"data": f.sum_of_products, "name": _NAME},
    "CliffordTableau": _TABLEAU,
    "Duration": {"picos": f.angle},
    "MeasurementKey": {"name": f.text, "path": f.Optional(_NAMES)},
    "ParamResolver": {"param_dict": f.several(f.pair(f.symbol_or_name, f.angle))},
    "VirtualTag": {},
    "RoutingSwapTag": {},
    "PhysicalZTag": {},
    "_UnconstrainedDevice": {},
    "complex": {"real": f.number, "imag": f.number},
    # Noise.
    "_NoNoiseModel": {},
    "ConstantQubitNoiseModel": {"qubit_noise_gate": f.gate, "prepend": f.Optional(f.flag)},
    "InsertionNoiseModel": {
        "ops_added": f.several(f.pair(f.of(cirq.OpIdentifier), f.operation)),
        "prepend": f.flag,
        "require_physical_tag": f.flag,
    },
    "OpIdentifier": {"gate_type": gate_or_class, "qubits": f.qubits},
}  # fmt: skip
