"""Reads the JSON of circuits, whoever wrote it, and makes nothing but circuits of it.

Each object is made here, from fields that were checked one by one. Cirq's own reader is not used,
since it passes on whatever it finds.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

import cirq
import sympy
from cirq.protocols.json_serialization import factory_from_json

from tfq_resqunn.circuits.files import expressions
from tfq_resqunn.circuits.files.expression_kinds import CONSTANTS
from tfq_resqunn.circuits.files.expressions import Measured
from tfq_resqunn.circuits.files.fields import MAX_QUBITS, Optional, check_formulas
from tfq_resqunn.circuits.files.srepr import read_srepr
from tfq_resqunn.circuits.files.types import TYPES, Fields, user_factory, user_fields
from tfq_resqunn.circuits.rewriting.unrolling import Length

EXPRESSION = "tfq_resqunn.expression"

MAX_JSON_LENGTH = 2**27  # characters
# Each level of an expression is two of JSON. The others are for the gates and circuits around it.
MAX_DEPTH = 2 * expressions.MAX_DEPTH + 120
MAX_EFFORT = 60.0  # seconds that sympy may take over all expressions

# Classes that a caller allows beyond Cirq's: by name, the function that makes one, and its fields.
Types = Mapping[str, tuple[Callable, Fields]]
Place = tuple[str | int, ...]  # where a value stands: the names and numbers that lead to it

RULE = (
    "A file may hold circuits of Cirq's gates, channels, qubits and sums of Pauli strings, "
    "numbers, expressions of sympy's, and text where a name stands"
)


def read_json(
    text: str,
    types: Types | None = None,
    *,
    names: Mapping[str, str] | None = None,
    known: Mapping[str, Fields] = TYPES,
    who: str = "read_json",
) -> Any:
    """Reads what `write_json` wrote, or refuses it.

    It may hold the classes of `known`, which are Cirq's, and those of `types`. `names` has new
    names for symbols, by their old ones.
    """
    if not isinstance(text, str):
        raise TypeError(f"{who}: JSON must be text. Received {type(text).__name__}.")
    if len(text) > MAX_JSON_LENGTH:
        raise ValueError(
            f"{who}: the JSON may have {MAX_JSON_LENGTH} characters. Received {len(text)}."
        )
    try:
        value = _Reader(types or {}, names or {}, known).read(_parsed(text), ())
    except _Refused as error:
        raise ValueError(f"{who}: {error}") from None
    except RecursionError:
        raise ValueError(f"{who}: the JSON is nested too deep.") from None
    return value.expression if isinstance(value, Measured) else value


def _parsed(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except _Refused:
        raise
    except ValueError as error:
        is_syntax = isinstance(error, json.JSONDecodeError)
        reason = error if is_syntax else "a whole number of thousands of digits stands in it"
        raise _Refused(
            "a circuit's file must be JSON, as `to_json` writes it. Received "
            f"{text[:40]!r}: {reason}."
        ) from None


class _Refused(ValueError):
    """What a file may not hold, and where it stands."""


def _refuse_constant(name: str) -> NoReturn:
    raise _Refused(f"{RULE}. Received {name}, which is no finite number.")


class _Reader:
    def __init__(self, types: Types, names: Mapping[str, str], known: Mapping[str, Fields]) -> None:
        self._types = types
        self._known = known
        self._names = names
        self._effort = 0.0
        self._values: dict[int, Any] = {}  # of `_share`
        self._length = Length()

    def read(self, node: Any, path: Place) -> Any:
        if len(path) > MAX_DEPTH:
            raise _Refused(f"the JSON may be nested {MAX_DEPTH} deep. It is more.")
        if isinstance(node, list):
            return [self.read(n, (*path, i)) for i, n in enumerate(node)]
        if not isinstance(node, dict):
            return node
        if "cirq_type" not in node:
            return {k: self.read(n, (*path, k)) for k, n in node.items()}
        name = node["cirq_type"]
        if not isinstance(name, str):
            raise _Refused(f"{_at(path)} has a `cirq_type` that is no text.")
        fields = {k: self.read(n, (*path, k)) for k, n in node.items() if k != "cirq_type"}
        if name in self._types:
            return self._make_callers(name, fields, path)
        try:
            return self._make(name, fields, path)
        except _Refused:
            raise
        except RecursionError:
            raise _Refused(f"{_at(path)} is nested too deep.") from None
        except Exception as error:  # Cirq and sympy have many ways to say that data do not fit
            raise _Refused(f"{_at(path)} cannot be a {name[:100]}: {str(error)[:500]}") from error

    def _make(self, name: str, fields: dict, path: Place) -> Any:
        if name.startswith("sympy.") or name == EXPRESSION:
            return self._make_expression(name, fields)
        if name in _SHARING:
            return self._share(name, fields)
        if name not in self._known:
            return self._make_users(name, fields, path)
        checked = self._checked(name, self._known[name], fields, path)
        if name == "complex":
            return complex(**checked)
        if name == "CircuitOperation":
            self._length.check(checked["circuit"], checked["repetitions"])
        elif name == "BooleanHamiltonianGate":
            check_formulas(checked)
        factory = factory_from_json(name)
        made = getattr(factory, "_from_json_dict_", factory)(**checked)
        is_large = isinstance(made, cirq.Gate) and cirq.num_qubits(made) > MAX_QUBITS
        if is_large and not isinstance(made, _OF_MANY_QUBITS):
            raise ValueError(f"a gate may act on {MAX_QUBITS} qubits. This acts on more.")
        if isinstance(made, cirq.AbstractCircuit):
            self._length.check(made)
        return made

    def _make_expression(self, name: str, fields: dict) -> Measured:
        made = _expression(name, fields, self._names)
        parts = fields.get("args", [])
        self._effort += made.measure.effort - sum(p.measure.effort for p in parts)
        if self._effort > MAX_EFFORT:
            raise ValueError(
                f"the expressions of a file may take {MAX_EFFORT:g} seconds of sympy's time."
            )
        return made

    def _make_callers(self, name: str, fields: dict, path: Place) -> Any:
        make, known = self._types[name]
        checked = self._checked(name, known, fields, path)
        try:
            return make(**checked)
        except ValueError:
            raise  # it says what is wrong in its own words
        except Exception as error:
            raise _Refused(f"{_at(path)} cannot be a {name}: {repr(error)[:500]}") from error

    def _make_users(self, name: str, fields: dict, path: Place) -> Any:
        factory = user_factory(name)
        if factory is None:
            raise _Refused(f"{RULE}. Received {name[:100]!r} {_at(path)}, which is none of these.")
        checked = {k: user_fields(v) for k, v in fields.items()}
        if hasattr(factory, "_from_json_dict_"):
            return factory._from_json_dict_(cirq_type=name, **checked)
        return factory(**checked)

    def _checked(self, name: str, known: Fields, fields: dict, path: Place) -> dict[str, Any]:
        for field in fields:
            if field not in known:
                raise _Refused(f"{_at(path)}, a {name}, has no `{str(field)[:100]}`.")
        checked = {}
        for field, check in known.items():
            if field in fields:
                try:
                    checked[field] = check(fields[field])
                except ValueError as error:
                    raise _Refused(f"{RULE}. {_at((*path, field))} {error}") from None
            elif not isinstance(check, Optional):
                raise _Refused(f"{_at(path)}, a {name}, must have `{field}`.")
        return checked

    def _share(self, name: str, fields: dict) -> Any:
        """Keeps a value that other places of the file refer to, or gives one that was kept."""
        if name == "_ContextualSerialization":
            return fields["object_dag"][-1]
        key = fields["key"]
        if isinstance(key, bool) or not isinstance(key, int) or key < 0:
            raise ValueError("its key must be a whole number.")
        if name in ("VAL", "_SerializedContext"):
            self._values[key] = fields["val" if name == "VAL" else "obj"]
        elif key not in self._values:
            raise ValueError("it refers to what does not stand before it.")
        return self._values[key]


# Cirq writes the first two, and wrote the others up to version 1.4.
_SHARING = ("VAL", "REF", "_SerializedContext", "_SerializedKey", "_ContextualSerialization")
_OF_MANY_QUBITS = (
    cirq.IdentityGate,
    cirq.MeasurementGate,
    cirq.DensePauliString,
    cirq.PauliStringPhasorGate,
)


def _expression(name: str, fields: dict, names: Mapping[str, str]) -> Measured:
    kind = name.removeprefix("sympy.")
    match kind, fields:
        case _, {"srepr": text, **rest} if name == EXPRESSION and set(rest) <= {"evaluate"}:
            return read_srepr(text, rest.get("evaluate", True) is not False, names)
        case "Symbol", {"name": text, **rest} if not rest:
            return expressions.symbol(text, names)
        case "Integer", {"i": i, **rest} if not rest:
            return expressions.rational(i)
        case "Rational", {"p": p, "q": q, **rest} if not rest:
            return expressions.rational(p, q)
        case "Float", {"approx": float() | int() as x, **rest} if not rest and abs(x) < 1e300:
            return expressions.measured(sympy.Float(float(x)))
        case (("pi" | "E" | "EulerGamma"), {**rest}) if not rest:
            return expressions.measured(CONSTANTS[kind])
        case _, {"args": [*parts], **rest} if not rest and all(
            isinstance(p, Measured) for p in parts
        ):
            return expressions.combine(kind, parts)
    raise ValueError(
        f"an expression may hold {expressions.ALLOWED}, each argument an expression itself; text "
        "may stand only for a symbol's name."
    )


def _at(path: Place) -> str:
    steps = "".join(f"[{p}]" if isinstance(p, int) else f".{str(p)[:50]}" for p in path)
    return f"at {steps.lstrip('.')[-200:]}" if steps else "at the top"
