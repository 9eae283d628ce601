"""Cirq's classes that a file may hold, and what may stand in their fields.

Text stands only where a name or a label does: sooner or later Cirq hands text in the place of a
number to sympy, which evaluates it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import cirq
from cirq.protocols.json_serialization import factory_from_json

from tfq_resqunn.circuits.files.expressions import Measured
from tfq_resqunn.circuits.files.fields import (
    MANY_QUBITS,
    MAX_NAME_LENGTH,
    Field,
    Optional,
    amplitude,
    angle,
    boolean_formulas,
    control_values,
    either,
    entry,
    flag,
    gate,
    ignored,
    levels,
    matrix,
    nothing,
    number,
    of,
    operation,
    pair,
    place,
    probabilities,
    product_of_sums,
    qubit,
    qubit_count,
    qubits,
    several,
    sum_of_products,
    symbol_or_name,
    tag,
    text,
    whole,
)

Fields = Mapping[str, Field]

_PAULIS = (type(cirq.X), type(cirq.Y), type(cirq.Z))
_NAMES = several(text)
_NAME = Optional(text, null=True)
_KEY = Optional(of(cirq.MeasurementKey), null=True)
_COUNT = Optional(qubit_count, null=True)
_SHAPE = Optional(several(levels, MANY_QUBITS), null=True)
_PROBABILITY = Optional(number, null=True)
_CONTROL_VALUES = Optional(control_values, null=True)
_POWER: Fields = {"exponent": angle, "global_shift": Optional(number)}
_TABLEAU: Fields = {
    "n": qubit_count,
    "rs": several(flag),
    "xs": several(several(flag)),
    "zs": several(several(flag)),
    "initial_state": Optional(whole(0, 2**62)),
}


def gate_or_class(value):
    """A gate, or the name of a class of gates."""
    if isinstance(value, cirq.Gate):
        return value
    name = text(value)
    factory = factory_from_json(name) if name in TYPES else user_factory(name)
    if not isinstance(factory, type) or not issubclass(factory, cirq.Gate):
        raise ValueError(f"must be the name of a class of gates. Received {name[:100]!r}.")
    return factory


def user_factory(name: str):
    """Gives what a program has registered under a name with Cirq; `None` if nothing.

    What Cirq itself has registered, and is not in the table below, is nothing; of what vendors'
    packages have (`cirq_ionq`, say), gates are something.
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


def user_fields(value):
    """What a program's own class gets: data that no one could take for code."""
    match value:
        case str():
            if len(value) > MAX_NAME_LENGTH or not _WORDS.fullmatch(value) or _HUGE.search(value):
                raise ValueError(
                    "must hold no text that could be code, so only letters, digits, spaces and "
                    f"'_.:/@-', no number of hundreds of digits, and at most {MAX_NAME_LENGTH} "
                    f"characters. Received {value[:100]!r}."
                )
            return value
        case bool() | None:
            return value
        case int() | float():
            return number(value)
        case list():
            return [user_fields(v) for v in value]
        case dict():
            return {user_fields(k): user_fields(v) for k, v in value.items()}
    return value.expression if isinstance(value, Measured) else value


_WORDS = re.compile(r"[\w .:/@-]*")
_HUGE = re.compile(r"[\d.]_?[eE][+-]?[\d_]{4}")


GATES: dict[str, Fields] = {
    **dict.fromkeys(
        (
            "XXPowGate", "YYPowGate", "ZZPowGate", "YPowGate", "HPowGate", "CXPowGate",
            "CNotPowGate", "CZPowGate", "CCXPowGate", "CCNotPowGate", "CCZPowGate", "SwapPowGate",
            "ISwapPowGate", "_PauliX", "_PauliY", "_PauliZ",
        ),
        _POWER,
    ),
    **dict.fromkeys(("XPowGate", "ZPowGate"), {**_POWER, "dimension": Optional(levels)}),
    **dict.fromkeys(("Rx", "Ry", "Rz", "cirq.MSGate"), {"rads": angle}),
    **dict.fromkeys(
        ("PhasedXPowGate", "PhasedISwapPowGate"), {**_POWER, "phase_exponent": angle}
    ),
    "PhasedXZGate": dict.fromkeys(("x_exponent", "z_exponent", "axis_phase_exponent"), angle),
    "FSimGate": {"theta": angle, "phi": angle},
    "PhasedFSimGate": dict.fromkeys(("theta", "zeta", "chi", "gamma", "phi"), angle),
    "QasmUGate": dict.fromkeys(("theta", "phi", "lmda"), angle),
    "CSwapGate": {},
    "SycamoreGate": {},
    "IdentityGate": {
        "num_qubits": whole(1, MANY_QUBITS), "qid_shape": _SHAPE,
    },
    "MatrixGate": {
        "matrix": matrix, "qid_shape": _SHAPE, "name": _NAME,
    },
    "SingleQubitMatrixGate": {"matrix": matrix},
    "TwoQubitMatrixGate": {"matrix": matrix},
    "ControlledGate": {
        "sub_gate": gate,
        "num_controls": _COUNT,
        "control_values": _CONTROL_VALUES,
        "control_qid_shape": _SHAPE,
    },
    "ParallelGate": {"sub_gate": gate, "num_copies": qubit_count},
    **dict.fromkeys(
        ("DiagonalGate", "TwoQubitDiagonalGate", "ThreeQubitDiagonalGate"),
        {"diag_angles_radians": several(angle)},
    ),
    "QuantumFourierTransformGate": {
        "num_qubits": qubit_count, "without_reverse": Optional(flag),
    },
    "PhaseGradientGate": {"num_qubits": qubit_count, "exponent": angle},
    "QubitPermutationGate": {"permutation": several(qubit_count, 32)},
    "UniformSuperpositionGate": {"m_value": whole(1, 2**32), "num_qubits": qubit_count},
    "GlobalPhaseGate": {"coefficient": amplitude},
    "BooleanHamiltonianGate": {
        "parameter_names": several(text, 10), "boolean_strs": boolean_formulas, "theta": angle,
    },
    **dict.fromkeys(
        ("DensePauliString", "MutableDensePauliString"),
        {"pauli_mask": several(whole(0, 3), 1024), "coefficient": amplitude},
    ),
    "PauliStringPhasorGate": {
        "dense_pauli_string": of(cirq.DensePauliString),
        "exponent_neg": angle,
        "exponent_pos": angle,
    },
    "PauliInteractionGate": {
        "pauli0": of(*_PAULIS),
        "invert0": flag,
        "pauli1": of(*_PAULIS),
        "invert1": flag,
        "exponent": Optional(angle),
    },
    "CliffordGate": _TABLEAU,
    "SingleQubitCliffordGate": _TABLEAU,
    "WaitGate": {
        "duration": of(cirq.Duration),
        "num_qubits": _COUNT,
        "qid_shape": _SHAPE,
    },
    "_InverseCompositeGate": {"original": gate},
    # In what is exported to devices; a QuanvCircuit has none.
    "MeasurementGate": {
        "num_qubits": whole(1, MANY_QUBITS),
        "key": either(text, of(cirq.MeasurementKey)),
        "invert_mask": several(flag, MANY_QUBITS),
        "qid_shape": _SHAPE,
        "confusion_map": Optional(several(pair(several(place), matrix))),
    },
}  # fmt: skip

CHANNELS: dict[str, Fields] = {
    "AmplitudeDampingChannel": {"gamma": number},
    "AsymmetricDepolarizingChannel": {"error_probabilities": probabilities},
    "BitFlipChannel": {"p": _PROBABILITY},
    "DepolarizingChannel": {"p": number, "n_qubits": Optional(whole(1, 4))},
    "GeneralizedAmplitudeDampingChannel": {"p": number, "gamma": number},
    "KrausChannel": {"_kraus_ops": several(matrix), "_key": _KEY},
    "MixedUnitaryChannel": {
        "_mixture": several(pair(number, matrix)), "_key": _KEY,
    },
    "PhaseDampingChannel": {"gamma": number},
    "PhaseFlipChannel": {"p": _PROBABILITY},
    "RandomGateChannel": {"sub_gate": gate, "probability": number},
    "ResetChannel": {"dimension": Optional(levels)},
}  # fmt: skip


OPERATIONS: dict[str, Fields] = {
    "GateOperation": {"gate": gate, "qubits": qubits},
    "ControlledOperation": {
        "controls": qubits,
        "sub_operation": operation,
        "control_values": _CONTROL_VALUES,
    },
    "TaggedOperation": {"sub_operation": operation, "tags": several(tag, 1000)},
    "SingleQubitPauliStringGateOperation": {"pauli": of(*_PAULIS), "qubit": qubit},
    "PauliString": {
        "qubit_pauli_map": several(pair(qubit, of(*_PAULIS))), "coefficient": amplitude,
    },
    "PauliStringPhasor": {
        "pauli_string": of(cirq.PauliString),
        "qubits": Optional(qubits, null=True),
        "exponent_neg": angle,
        "exponent_pos": angle,
    },
    "CircuitOperation": {
        "circuit": of(cirq.FrozenCircuit),
        "repetitions": whole(-100_000, 100_000),
        "qubit_map": several(pair(qubit, qubit)),
        "measurement_key_map": lambda v: {text(k): text(n) for k, n in of(dict)(v).items()},
        "param_resolver": of(cirq.ParamResolver),
        "repetition_ids": Optional(_NAMES, null=True),
        "parent_path": Optional(_NAMES),
        "use_repetition_ids": Optional(flag),
        "repeat_until": Optional(nothing),
    },
    "IdentityOperation": {"qubits": qubits},
    "GlobalPhaseOperation": {"coefficient": amplitude},
    "ParallelGateOperation": {"gate": gate, "qubits": qubits},
}  # fmt: skip

QUBITS: dict[str, Fields] = {
    "LineQubit": {"x": place},
    "LineQid": {"x": place, "dimension": levels},
    "GridQubit": {"row": place, "col": place},
    "GridQid": {"row": place, "col": place, "dimension": levels},
    "NamedQubit": {"name": text},
    "NamedQid": {"name": text, "dimension": levels},
    "_QubitAsQid": {"qubit": qubit, "dimension": levels},
}

# Moments have tags from Cirq 1.6 on.
_MOMENTS_TAGS: Fields = {"tags": Optional(several(tag))} if hasattr(cirq.Moment, "tags") else {}
CIRCUITS: dict[str, Fields] = {
    "Moment": {"operations": several(operation), **_MOMENTS_TAGS},
    **dict.fromkeys(
        ("Circuit", "FrozenCircuit"),
        {
            "moments": several(of(cirq.Moment)),
            "tags": Optional(several(tag)),
            "device": Optional(ignored),
        },
    ),
}

PARTS: dict[str, Fields] = {
    "PauliSum": {"items": several(pair(several(pair(qubit, of(*_PAULIS))), entry))},
    "ProductOfSums": {"data": product_of_sums},
    "SumOfProducts": {"data": sum_of_products, "name": _NAME},
    "CliffordTableau": _TABLEAU,
    "Duration": {"picos": angle},
    "MeasurementKey": {"name": text, "path": Optional(_NAMES)},
    "ParamResolver": {"param_dict": several(pair(symbol_or_name, angle))},
    "VirtualTag": {},
    "RoutingSwapTag": {},
    "PhysicalZTag": {},
    "_UnconstrainedDevice": {},
    "complex": {"real": number, "imag": number},
}

NOISE: dict[str, Fields] = {
    "_NoNoiseModel": {},
    "ConstantQubitNoiseModel": {"qubit_noise_gate": gate, "prepend": Optional(flag)},
    "InsertionNoiseModel": {
        "ops_added": several(pair(of(cirq.OpIdentifier), operation)),
        "prepend": flag,
        "require_physical_tag": flag,
    },
    "OpIdentifier": {"gate_type": gate_or_class, "qubits": qubits},
}

TYPES: dict[str, Fields] = {
    **GATES, **CHANNELS, **OPERATIONS, **QUBITS, **CIRCUITS, **PARTS, **NOISE,
}  # fmt: skip
