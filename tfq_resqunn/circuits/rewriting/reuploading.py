"""Data re-uploading: encoder and ansatz in turns."""

import cirq

from tfq_resqunn._utils.arguments import check_size, checked
from tfq_resqunn.circuits.checks.arguments import check_circuit
from tfq_resqunn.circuits.free_symbols import symbols_of
from tfq_resqunn.circuits.rewriting.renaming import with_new_weights
from tfq_resqunn.circuits.symbols import in_order, weight_symbols


@checked(encoder=check_circuit, ansatz=check_circuit, n_uploads=check_size)
def reupload(
    encoder: cirq.AbstractCircuit, ansatz: cirq.AbstractCircuit, n_uploads: int
) -> cirq.Circuit:
    """Repeats encoder and ansatz, with the same data and new weights each time.

    A circuit that sees its data once is a short Fourier series of it; each further upload adds
    frequencies. Has `n_uploads` times the weights of the ansatz.

    Args:
        encoder: A circuit whose symbols take the data.
        ansatz: A circuit whose symbols are weights.
        n_uploads: How often. With 1 it is encoder and ansatz as they are.

    Returns:
        A `cirq.Circuit`. For `n_uploads > 1` its weights are `w_000`, `w_001`, ...: those of the
        first repetition (sorted by the names they had, `w_2` before `w_10`), then of the second,
        and so on.

    Raises:
        TypeError: If `n_uploads` is no integer.
        ValueError: If `n_uploads` is below 1, data has the name of a weight, or a weight cannot be
            renamed.

    Example:
        >>> from tfq_resqunn.circuits import angle_encoder, basic_entangler
        >>> print(reupload(angle_encoder(1), basic_entangler(1), 2))
        0: ───Ry(pi*x_000)───Rx(w_000)───Ry(pi*x_000)───Rx(w_001)───

    Reference:
        Perez-Salinas, Cervera-Lierta, Gil-Fuster, Latorre, *Data re-uploading for a universal
        quantum classifier* (2020), arXiv:1907.02085.
    """
    if n_uploads == 1:
        return encoder.unfreeze() + ansatz.unfreeze()
    new = [s.name for s in weight_symbols(n_uploads * len(symbols_of(ansatz)))]
    if taken := set(new) & {s.name for s in symbols_of(encoder)}:
        raise ValueError(
            f"reupload: the weights of {n_uploads} uploads are named {new[0]} ... {new[-1]}, so "
            f"the data must have other names. Received {', '.join(in_order(taken))} in the "
            "encoder. Rename it, to x_000 for example."
        )
    circuit = cirq.Circuit()
    for renamed in with_new_weights(ansatz, n_uploads):
        if kept := {s.name for s in symbols_of(renamed)} - set(new):
            raise ValueError(
                "reupload: each upload has weights of its own, so all symbols of the ansatz are "
                f"renamed. Received {', '.join(in_order(kept))}, in a gate that cannot be. Give it "
                "the method _resolve_parameters_, or _json_dict_ and _json_namespace_."
            )
        circuit += encoder.unfreeze() + renamed.unfreeze()
    return circuit
