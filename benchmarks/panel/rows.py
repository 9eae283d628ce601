"""The rows of the panel: circuits, and how many of them a step computes."""

import dataclasses
import fnmatch
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.panel import circuits

MIXED, PURE, ADJOINT = "default.mixed", "default.qubit", "lightning.qubit"
TFQ = "TensorFlow Quantum"


@dataclasses.dataclass(frozen=True)
class Row:
    """Circuits of one kind, of which a training step computes many.

    Args:
        name: What `--rows` calls it.
        about: The circuit, in words.
        n_qubits: Each of them is measured: its Pauli Z is an output.
        gates: As in `circuits.py`, without noise.
        n_circuits: In a step, each with data of its own and all with the same weights.
        peers: Who is compared: PennyLane's devices, or `TFQ`.
        depolarizing: Strength of the channel after each gate, on each of its qubits.
    """

    name: str
    about: str
    n_qubits: int
    gates: circuits.Gates = dataclasses.field(repr=False)
    n_circuits: int
    peers: tuple[str, ...] = (PURE,)
    depolarizing: float = 0.0

    @property
    def noisy_gates(self) -> circuits.Gates:
        """The gates, with channels after them where there is noise."""
        if not self.depolarizing:
            return self.gates
        return circuits.with_depolarizing(self.gates, self.depolarizing)

    def arrays(self) -> dict[str, np.ndarray]:
        """Draws data `x`, weights `w`, and the gradient `up` of the loss by the outputs."""
        rng = np.random.default_rng(0)
        arrays = {
            "x": rng.random((self.n_circuits, circuits.n_symbols(self.gates, "x"))),
            "w": rng.uniform(0, 2 * np.pi, circuits.n_symbols(self.gates, "w")),
            "up": rng.standard_normal((self.n_circuits, self.n_qubits)),
        }
        return {name: array.astype(np.float32) for name, array in arrays.items()}


def _row(
    make: Callable, name: str, about: str, n: int, n_layers: int, n_circuits: int, **more: Any
) -> Row:
    return Row(name, about, n, make(n, n_layers), n_circuits, **more)


_PRODUCT = "angles, 3 layers of [rz ry rz, ring]"
_REUPLOADED = "3 times [angles, ry rz, ring]"
_IQP = "IQP, 3 layers of [rz ry rz, ring]"
_ENTANGLER = "angles, 3 layers of [rx, ring]"
_LARGE = {"peers": (PURE, ADJOINT)}

ROWS = (
    _row(circuits.product, "4-product", _PRODUCT, 4, 3, 6272),
    _row(circuits.reuploaded, "4-reuploaded", _REUPLOADED, 4, 3, 6272),
    _row(circuits.iqp, "4-iqp", _IQP, 4, 3, 6272),
    _row(
        circuits.product, "4-noise", f"{_PRODUCT}, depolarizing 0.01", 4, 3, 648,
        peers=(MIXED,), depolarizing=0.01,
    ),
    _row(circuits.qcnn, "8-qcnn", "angles, 2 layers of qcnn", 8, 2, 648),
    _row(circuits.product, "9-product-648", _PRODUCT, 9, 3, 648),
    _row(circuits.product, "9-product-2592", _PRODUCT, 9, 3, 2592),
    _row(circuits.product, "9-product-20736", _PRODUCT, 9, 3, 20736),
    _row(circuits.reuploaded, "9-reuploaded", _REUPLOADED, 9, 3, 648),
    _row(circuits.iqp, "9-iqp", _IQP, 9, 3, 648),
    _row(circuits.product, "16-product", _PRODUCT, 16, 3, 4, **_LARGE),
    _row(circuits.entangler, "16-entangler", _ENTANGLER, 16, 3, 4, peers=(PURE, ADJOINT, TFQ)),
)  # fmt: skip


def chosen(patterns: str, n_circuits: int | None = None) -> list[Row]:
    """Finds the rows that one of some patterns, with commas between them, names.

    Args:
        patterns: As of a shell: `"4-*,9-iqp"`. `"none"` is no row.
        n_circuits: In place of each row's own number.

    Raises:
        ValueError: If a pattern names no row; says which there are.
    """
    found = []
    for pattern in patterns.split(",") if patterns != "none" else ():
        named = [row for row in ROWS if fnmatch.fnmatchcase(row.name, pattern.strip())]
        if not named:
            names = ", ".join(row.name for row in ROWS)
            raise ValueError(f"{pattern.strip()!r} names no row. There are {names}; or none.")
        found += [row for row in named if row not in found]
    if n_circuits is None:
        return found
    return [dataclasses.replace(row, n_circuits=n_circuits) for row in found]
