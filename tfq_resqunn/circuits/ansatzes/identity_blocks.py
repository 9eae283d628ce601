"""Ansatzes that can start as the identity: each block and its mirror image."""

import cirq

from tfq_resqunn._utils.arguments import check_size
from tfq_resqunn.circuits.checks.arguments import check_register
from tfq_resqunn.circuits.names import ANSATZES
from tfq_resqunn.circuits.rewriting.renaming import with_new_weights


@ANSATZES.register("identity_blocks")
def identity_blocks(
    n_qubits: int,
    n_layers: int = 1,
    *,
    ansatz: str | dict = "strongly_entangling",
    layers_per_block: int = 1,
) -> cirq.Circuit:
    """Another ansatz U(a), then the inverse of U(b), in blocks: the identity where a = b.

    Deep random circuits start on a barren plateau. With the Keras initializer `IdentityBlocks`,
    this one starts as the identity, whatever its depth, and the gradients are those of a single
    block. Training moves a and b apart. Has `n_layers * 2 * m` weights, where U has m.

    Args:
        n_qubits: Number of qubits (`cirq.LineQubit`s from 0).
        n_layers: Number of blocks, with new weights each.
        ansatz: Name of the ansatz U. To set its options, a dict of `name` and `config`, as
            `ANSATZES.serialize` makes of a `functools.partial`.
        layers_per_block: Layers of U.

    Returns:
        A `cirq.Circuit` with the symbols `w_000`, `w_001`, ...: by block; in a block those of
        U(a), then those of U(b), each sorted as in U.

    Raises:
        TypeError: If a count is no integer, or `ansatz` is neither a name nor a dict.
        ValueError: If a count is below 1, or there is no such ansatz.

    Example:
        >>> print(identity_blocks(2, ansatz="basic_entangler"))
        0: ───Rx(w_000)───@───@───Rx(-w_002)───
                          │   │
        1: ───Rx(w_001)───X───X───Rx(-w_003)───

    Reference:
        Grant, Wossnig, Ostaszewski, Benedetti, *An initialization strategy for addressing barren
        plateaus in parametrized quantum circuits* (2019), arXiv:1903.05076, figure 1.
    """
    qubits, n_layers = check_register(n_qubits, n_layers, "identity_blocks")
    depth = check_size(layers_per_block, "layers_per_block", "identity_blocks")
    if not isinstance(ansatz, (str, dict)):
        raise TypeError(
            "identity_blocks: `ansatz` must be a name, or a dict of name and config, so that "
            f"layers can be saved. Received {ansatz!r}. Pass ANSATZES.serialize(...) of a function "
            "or a functools.partial."
        )
    unitary = ANSATZES.get_for("identity_blocks", ansatz)(len(qubits), depth)
    circuit = cirq.Circuit()
    for half, copy in enumerate(with_new_weights(unitary, 2 * n_layers)):
        circuit += _inverse(copy) if half % 2 else copy
    return circuit


def _inverse(circuit: cirq.AbstractCircuit) -> cirq.Circuit:
    # From version 1.6 on, Cirq writes the inverse of CNOT as CNOT**-1. Here it stays CNOT.
    return cirq.inverse(circuit).map_operations(
        lambda op: inverse if (inverse := cirq.inverse(op)) == op else op
    )
