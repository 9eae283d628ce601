"""`Noise`: what happens to qubits after each gate, and to what is read out."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TypeAlias

import cirq

from tfq_resqunn._utils.arguments import checked, instance, received
from tfq_resqunn.circuits.checks.arguments import check_circuit
from tfq_resqunn.circuits.files.reader import read_json
from tfq_resqunn.circuits.files.types import TYPES
from tfq_resqunn.circuits.files.writer import write_json
from tfq_resqunn.circuits.noise import strengths as by_name
from tfq_resqunn.circuits.rewriting.unrolling import unroll

_VIRTUAL = cirq.VirtualTag()
NoiseLike: TypeAlias = "Mapping | cirq.NoiseModel | Noise | None"


@dataclasses.dataclass(frozen=True)
class Noise:
    """Channels after each gate and errors of readout, or any `cirq.NoiseModel`.

    A channel acts on each qubit of a gate, after the gate. This holds for all gates of the circuit
    as it is written, also in the encoder and in subcircuits, before anything is decomposed for a
    simulator. Several channels act in the order of `strengths.NAMES`. Operations with a
    `cirq.VirtualTag` get no noise.

    Attributes:
        strengths: Pairs of a name and its strength in (0, 1]: `"depolarizing"` (probability that
            X, Y or Z strikes), `"amplitude_damping"`, `"phase_damping"` (rates gamma),
            `"bit_flip"`, `"phase_flip"` (probabilities), and `"readout_error"` (probability, at
            most 1/2, that the outcome of a measured qubit is read as the other one, whichever
            Pauli operator is measured. It stands at the circuit's end as the depolarizing channel
            of 3/2 of that probability, which has the same effect on every mean: a factor 1 - 2p).
        model: A `cirq.NoiseModel`, in the place of the channels.

    Example:
        >>> noise = Noise.of({"depolarizing": 0.01, "readout_error": 0.02})
        >>> q = cirq.LineQubit(0)
        >>> print(noise.apply(cirq.Circuit(cirq.H(q))))
        0: ───H───D(0.01)───D(0.03)───
    """

    strengths: by_name.Strengths = ()
    model: cirq.NoiseModel | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.strengths, tuple) or not all(
            isinstance(pair, tuple) and len(pair) == 2 for pair in self.strengths
        ):
            raise TypeError(
                "Noise: `strengths` must be a tuple of pairs of a name and a number. Received "
                f"{received(self.strengths)}. Use Noise.of({{'depolarizing': 0.01}})."
            )
        for name, strength in self.strengths:
            by_name.check_strength(name, strength, "Noise")
        instance(cirq.NoiseModel, "a cirq.NoiseModel").or_none()(self.model, "model", "Noise")

    @classmethod
    def of(cls, value: NoiseLike, who: str = "Noise") -> Noise | None:
        """Makes noise of what users pass.

        Args:
            value: `None`, a `dict` from names to strengths (those of 0 are left out), a
                `cirq.NoiseModel`, a `Noise`, or what `get_config` gave.
            who: Who asks, for messages.

        Returns:
            The noise, or `None` where there is none.

        Raises:
            TypeError: If `value` is none of these, or a strength is no number.
            ValueError: If a name is unknown, or a strength is out of range.
        """
        if value is None or isinstance(value, Noise):
            return value
        if isinstance(value, Mapping) and set(value) == {"cirq"}:
            value = read_json(value["cirq"], known=_KNOWN, who=who)
            if not isinstance(value, cirq.NoiseModel):
                raise ValueError(
                    f"{who}: `noise` must be a cirq.NoiseModel's JSON. Received that of a "
                    f"{type(value).__name__}."
                )
        if isinstance(value, cirq.NoiseModel):
            return None if value == cirq.NO_NOISE else cls(model=value)
        if not isinstance(value, Mapping):
            raise TypeError(
                f"{who}: `noise` must be a dict such as {{'depolarizing': 0.01}}, or a "
                f"cirq.NoiseModel. Received {value!r} of type {type(value).__name__}."
            )
        strengths = by_name.ordered(value, who)
        return cls(strengths) if strengths else None

    @checked(circuit=check_circuit)
    def apply(self, circuit: cirq.AbstractCircuit) -> cirq.Circuit:
        """Gives the circuit with the channels in it."""
        qubits = sorted(circuit.all_qubits())
        if self.model is not None:
            # Cirq's `with_noise` does the same, but misses a qubit whose subcircuit never runs.
            noisy = cirq.Circuit()
            for tree in self.model.noisy_moments(unroll(circuit), qubits):
                noisy += cirq.Circuit(tree)
            return noisy
        makers = by_name.CHANNELS
        channels = [getattr(cirq, makers[name])(p) for name, p in self.strengths if name in makers]
        noisy = cirq.Circuit()
        for moment in unroll(circuit):
            noisy.append(moment)
            struck = sorted(q for op in moment if _VIRTUAL not in op.tags for q in op.qubits)
            for channel in channels:
                noisy.append(cirq.Moment(channel.on_each(*struck)))
        if error := dict(self.strengths).get(by_name.READOUT_ERROR):
            noisy.append(cirq.Moment(cirq.depolarize(1.5 * error).on_each(*qubits)))
        return noisy

    def get_config(self) -> dict:
        """Gives the noise as JSON can hold it.

        Raises:
            TypeError: If the `cirq.NoiseModel` is one that Cirq cannot write.
        """
        if self.model is None:
            return dict(self.strengths)
        try:
            return {"cirq": write_json(self.model, who="Noise")}
        except (TypeError, ValueError) as error:
            raise TypeError(
                f"Noise: a {type(self.model).__name__} cannot be saved, since Cirq cannot write "
                f"it: {error}\nSave the model without noise, with_backend(model), or give the "
                "class `_json_dict_` and `_json_namespace_`."
            ) from error

    def __hash__(self) -> int:
        try:
            return hash((self.strengths, self.model))
        except TypeError:  # some of Cirq's models have no hash
            return hash((self.strengths, id(self.model)))

    def __str__(self) -> str:
        return by_name.as_text(self.strengths) if self.model is None else str(self.model)


# Noise models hold no subcircuits, so their files may not either.
_KNOWN = {name: fields for name, fields in TYPES.items() if name != "CircuitOperation"}
