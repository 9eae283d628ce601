"""`Columns`: what all gates make of a Pauli letter on one qubit, as tensors with bonds.

Pulled back through a circuit, a Pauli string becomes a network of small tensors. A gate on one
qubit is a 4 x 4 matrix, from the letter after it to the letters before it. A gate on two qubits is
cut into two halves, one on each, joined by a bond of up to 16 values (4 for a CNOT). All tensors on
one qubit, multiplied, are its column: it depends on weights, and on no data.

Reference: Banuls, Hastings, Verstraete, Cirac, *Matrix product states for dynamical simulation of
infinite chains* (2009), arXiv:0904.1926, which contracts such networks across time as well.
"""

import dataclasses
import itertools
from collections.abc import Sequence

import numpy as np
import sympy
import tensorflow as tf
from tensorflow.python.eager.context import eager_mode

from tfq_resqunn.simulation.gates.circuit import GateCircuit
from tfq_resqunn.simulation.gates.gate import Operation
from tfq_resqunn.simulation.gates.harmonics import harmonics
from tfq_resqunn.simulation.protocols import NotOpen
from tfq_resqunn.simulation.tensors.exponents import Exponents
from tfq_resqunn.simulation.tensors.products import multiply
from tfq_resqunn.simulation.tensors.rows import Take
from tfq_resqunn.simulation.tensors.trigonometry import cos_sin

# Of more numbers (the slices, times the square of the values of all bonds between two qubits),
# finding the few that count takes many seconds.
MAX_NUMBERS = 2**13
# What a term is multiplied by: ("one", 0), or the cosine or sine of an exponent, by its number.
Angle = tuple[str, int]


@dataclasses.dataclass(frozen=True, eq=False)
class Factor:
    """A tensor on one qubit: a sum of constants, each times a cosine or sine of the weights.

    Attributes:
        terms: `[n_terms, bond, 4, 4]`: value of the bond, letter after the gate, letter before it.
        angles: For each term, what it is multiplied by.
        gate: Number of the gate on two qubits of which it is a half; `None` for a whole gate.
    """

    terms: np.ndarray
    angles: tuple[Angle, ...]
    gate: int | None = None


@dataclasses.dataclass(frozen=True)
class Bond:
    """What joins the two halves of a gate.

    Attributes:
        left: The first of the gate's qubits.
        right: The second.
        size: The number of values that are summed over.
    """

    left: int
    right: int
    size: int


class Columns:
    """The columns of all qubits.

    Bonds that reach far are not carried along the qubits. Instead the network is computed for each
    of their values, a slice, and the slices are summed.

    Attributes:
        bonds: The bond of each gate on two qubits, by its number.
        n_slices: Values of all sliced bonds together.
        likeness: For each qubit, what its column has in common with others that are the same but
            for the values of their weights.
    """

    def __init__(
        self,
        circuit: GateCircuit,
        starts: Sequence[Sequence[int]],
        letters: Sequence[Sequence[int]],
    ):
        self._starts, self._letters, n_qubits = starts, letters, circuit.n_qubits
        angles = Angles()
        self._columns: list[list[Factor]] = [[] for _ in range(n_qubits)]
        self.bonds: dict[int, Bond] = {}
        for number, gate in reversed(list(enumerate(circuit.gates))):
            if len(gate.qubits) > 2:
                raise NotOpen(f"a gate acts on {len(gate.qubits)} qubits, more than two")
            terms, own = angles.terms_of(gate)
            if len(gate.qubits) == 1:
                self._columns[gate.qubits[0]].append(Factor(terms[:, None], own))
                continue
            halves = _halves(terms)
            left, right = sorted(gate.qubits)
            self.bonds[number] = Bond(left, right, halves[0].shape[1])
            for q, half in zip(gate.qubits, halves, strict=True):
                factor = Factor(half, own if len(half) == len(own) else own[:1], number)
                self._columns[q].append(factor)
        self._numbers = angles.numbers
        self._exponents = Exponents(angles.exponents, circuit.weights)
        self._sliced = _choose_slices(self.bonds, n_qubits)
        values = list(itertools.product(*(range(self.bonds[g].size) for g in self._sliced)))
        self.n_slices = len(values)
        self._values = dict(zip(self._sliced, zip(*values, strict=True), strict=True))
        self.likeness = [self._likeness(q) for q in range(n_qubits)]
        self._groups: dict[tuple, list[int]] = {}
        for q in range(n_qubits):
            self._groups.setdefault(self._kind(q), []).append(q)

    def _kind(self, q: int) -> tuple:
        # What columns that are computed together have in common.
        factors = ((f.terms.shape, self._side(f, q)) for f in self._columns[q])
        return (len(self._starts[q]), len(self._letters[q]), *factors)

    def _side(self, factor: Factor, q: int) -> str:
        if factor.gate is None:
            return "none"
        if factor.gate in self._sliced:
            return "sliced"
        return "right" if self.bonds[factor.gate].left == q else "left"

    def bonds_of(self, q: int, side: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Gives the bonds that are carried past one side of a qubit, `"left"` or `"right"`.

        First the size of each, in the order of their gates; then their numbers in that order, of
        those that end at the qubit before those that pass it.
        """
        cut = q if side == "left" else q + 1
        bonds = [
            b for g, b in sorted(self.bonds.items())
            if g not in self._sliced and b.left < cut <= b.right
        ]  # fmt: skip
        own = [i for i, b in enumerate(bonds) if q in (b.left, b.right)]
        passing = [i for i in range(len(bonds)) if i not in own]
        return tuple(b.size for b in bonds), (*own, *passing)

    def n_passing(self, q: int) -> int:
        """Gives the number of bonds that pass a qubit."""
        own = sum(1 for f in self._columns[q] if self._side(f, q) == "left")
        return len(self.bonds_of(q, "left")[0]) - own

    def _likeness(self, q: int) -> tuple:
        angles: dict[Angle, int] = {}
        factors = tuple(
            (
                f.terms.tobytes(),
                f.terms.shape,
                self._side(f, q),
                f.gate if f.gate in self._sliced else None,
                tuple(angles.setdefault(a, len(angles)) for a in f.angles),
            )
            for f in self._columns[q]
        )
        bonds = self.bonds_of(q, "left"), self.bonds_of(q, "right")
        return tuple(self._starts[q]), tuple(self._letters[q]), factors, bonds

    def sample(self, q: int, n: int, rng: np.random.Generator) -> np.ndarray:
        """Gives a column for weights drawn at random, with the bonds that pass it.

        It is `[slices or 1, n, starts, left, right, letters]`, bonds in the order of their gates.
        """
        with eager_mode():  # a layer may be built while a graph is
            exponents = tf.constant(rng.uniform(0, 2, (self._exponents.n_rows, n)))
            angles = tf.concat([tf.ones([1, n], exponents.dtype), *cos_sin(exponents)], axis=0)
            column = self._contract([q], angles).numpy()[0]
        sizes, orders = zip(*(self.bonds_of(q, side) for side in ("left", "right")), strict=True)
        inner = [[own[i] for i in order] for own, order in zip(sizes, orders, strict=True)]
        n_passing = _product(sizes[0]) // column.shape[3]
        column = np.einsum("...lra,pq->...lprqa", column, np.eye(n_passing))
        outer = column.shape[:3]
        column = column.reshape(*outer, *inner[0], *inner[1], column.shape[-1])
        from_left = 3 + np.argsort(orders[0])
        from_right = 3 + len(inner[0]) + np.argsort(orders[1])
        axes = [int(i) for i in (0, 1, 2, *from_left, *from_right, column.ndim - 1)]
        column = column.transpose(axes)
        return column.reshape(*outer, _product(sizes[0]), _product(sizes[1]), -1)

    def angles(self, weights: tf.Tensor) -> tf.Tensor:
        """Maps weights `[n_weights, filters]` to 1 and the cosines and sines, `[n, filters]`."""
        one = tf.ones([1, weights.shape[1]], weights.dtype)
        return tf.concat([one, *cos_sin(self._exponents(weights))], axis=0)

    def __call__(self, angles: tf.Tensor) -> list[tuple[list[int], tf.Tensor]]:
        """Maps angles `[n_angles, filters]` to the columns of each kind, after their qubits.

        These are `[qubits, slices or 1, filters, starts, left, right, letters]`.
        """
        return [(qubits, self._contract(qubits, angles)) for qubits in self._groups.values()]

    def _contract(self, qubits: list[int], angles: tf.Tensor) -> tf.Tensor:
        first, n = qubits[0], len(qubits)
        n_starts, n_letters = len(self._starts[first]), len(self._letters[first])
        starts = np.array([np.eye(4)[list(self._starts[q])] for q in qubits])
        x = tf.constant(starts[:, None, None], angles.dtype)
        filters, slices, sizes = angles.shape[1], 1, []
        sides: dict[str, list[tuple[int, int]]] = {"left": [], "right": []}
        for place, factor in enumerate(self._columns[first]):
            side, bond = self._side(factor, first), factor.terms.shape[1]
            matrices = self._matrices([self._columns[q][place] for q in qubits], angles)
            if side == "sliced":
                slices = self.n_slices
            x = multiply(x, matrices)
            if side in sides:
                x = tf.reshape(x, [n, slices, -1, n_starts * _product(sizes) * bond, 4])
                sides[side].append((factor.gate or 0, len(sizes)))
                sizes.append(bond)
        which = np.array([np.eye(4)[:, list(self._letters[q])] for q in qubits])
        x = multiply(x, tf.constant(which[:, None, None], x.dtype))
        x = tf.reshape(x, [n, slices, -1, n_starts, *sizes, n_letters])
        left, right = ([i for _, i in sorted(sides[side])] for side in ("left", "right"))
        x = tf.transpose(x, [0, 1, 2, 3, *(4 + i for i in (*left, *right)), 4 + len(sizes)])
        n_left, n_right = (_product([sizes[i] for i in own]) for own in (left, right))
        x = tf.reshape(x, [n, slices, -1, n_starts, n_left, n_right, n_letters])
        if x.shape[2] != filters:  # nothing in it depends on the weights
            x = tf.tile(x, [1, 1, filters, 1, 1, 1, 1])
        return x

    def _matrices(self, factors: list[Factor], angles: tf.Tensor) -> tf.Tensor:
        """Gives one factor of each column, `[columns, slices or 1, filters or 1, 4, bond * 4]`."""
        terms = np.array([f.terms for f in factors])
        n, n_terms, bond = terms.shape[:3]
        if n_terms == 1:
            matrices = tf.constant(terms, angles.dtype)  # [columns, filters or 1, bond, 4, 4]
        else:
            own = Take([self._numbers[a] for f in factors for a in f.angles])(angles)
            chosen = tf.transpose(tf.reshape(own, [n, n_terms, -1]), [0, 2, 1])
            flat = tf.constant(terms.reshape(n, n_terms, -1), angles.dtype)
            matrices = tf.reshape(tf.matmul(chosen, flat), [n, -1, bond, 4, 4])
        if factors[0].gate in self._sliced:
            values = np.array([self._values[f.gate] for f in factors if f.gate is not None])
            matrices = tf.gather(matrices, values, axis=2, batch_dims=1)
            return tf.transpose(matrices, [0, 2, 1, 3, 4])
        matrices = tf.transpose(matrices, [0, 1, 3, 2, 4])
        return tf.reshape(matrices, [n, 1, -1, 4, bond * 4])


class Angles:
    """The cosines and sines of the weights that a circuit needs, as they are met."""

    def __init__(self) -> None:
        self._places: dict[sympy.Expr, int] = {}

    @property
    def exponents(self) -> list[sympy.Expr]:
        """In half turns, those of which a cosine and a sine are needed."""
        return list(self._places)

    @property
    def numbers(self) -> dict[Angle, int]:
        """The place of each among 1, all cosines, and all sines."""
        n = len(self._places)
        cosines = {("cosine", i): 1 + i for i in range(n)}
        sines = {("sine", i): 1 + n + i for i in range(n)}
        return {("one", 0): 0, **cosines, **sines}

    def terms_of(self, gate: Operation) -> tuple[np.ndarray, tuple[Angle, ...]]:
        """Gives `[n_terms, 4**k, 4**k]`, from letters after a gate to those before, with angles."""
        (_, constant, _), *varying = harmonics(gate)
        terms, angles = [constant.T], [("one", 0)]
        for delta, even, odd in varying:
            exponent = sympy.sympify(gate.exponent) * sympy.Float(delta)
            place = self._places.setdefault(exponent, len(self._places))
            terms += [even.T, odd.T]
            angles += [("cosine", place), ("sine", place)]
        return np.array(terms), tuple(angles)


def _halves(terms: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cuts a gate on two qubits: `[n_terms, 16, 16]` to two of `[n_terms or 1, bond, 4, 4]`.

    One half is constant. The sum over the bond of the halves' products is the gate.
    """
    n = len(terms)
    # [n_terms, (after, before) on the first qubit, (after, before) on the second]
    cut = terms.reshape(n, 4, 4, 4, 4).transpose(0, 1, 3, 2, 4).reshape(n, 16, 16)
    first = _basis(cut.transpose(1, 0, 2).reshape(16, -1))
    second = _basis(cut.transpose(2, 0, 1).reshape(16, -1))
    if first.shape[1] <= second.shape[1]:
        halves = first.T[None], first.T @ cut
    else:
        halves = (cut @ second).transpose(0, 2, 1), second.T[None]
    one, other = (half.reshape(len(half), -1, 4, 4) for half in halves)
    return one, other


def _basis(matrix: np.ndarray) -> np.ndarray:
    vectors, sizes, _ = np.linalg.svd(matrix, full_matrices=False)
    return vectors[:, sizes > 1e-10 * sizes[0]]


def _choose_slices(bonds: dict[int, Bond], n_qubits: int) -> list[int]:
    """Chooses the gates that are sliced: those that reach far, as long as it saves work."""
    sliced: list[int] = []

    def cost(sliced: list[int]) -> float:
        carried = np.ones(n_qubits)
        for gate, bond in bonds.items():
            if gate not in sliced:
                carried[bond.left : bond.right] *= float(bond.size)
        return _product([bonds[g].size for g in sliced]) * float(np.sum(carried**2))

    far = [gate for gate, bond in bonds.items() if bond.right - bond.left > 1]
    for gate in sorted(far, key=lambda g: bonds[g].left - bonds[g].right):
        if cost([*sliced, gate]) < cost(sliced):
            sliced.append(gate)
    n_slices = _product([bonds[g].size for g in sliced])
    carried = [
        _product([b.size for g, b in bonds.items() if g not in sliced and b.left < cut <= b.right])
        for cut in range(1, n_qubits)
    ]
    n_numbers = n_slices * max(carried, default=1) ** 2
    if n_numbers > MAX_NUMBERS:
        raise NotOpen(
            f"{n_slices} slices x {max(carried, default=1)}**2 values of the bonds are more than "
            f"{MAX_NUMBERS}"
        )
    return sliced


def _product(sizes: Sequence[int]) -> int:
    return int(np.prod(sizes, dtype=object))
