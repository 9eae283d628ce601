"""`PatchCircuits`: from what a user calls a circuit to one that takes a patch's values."""

from tfq_resqunn._utils.names import shortened
from tfq_resqunn.circuits.circuit import QuanvCircuit
from tfq_resqunn.circuits.parts import Parts
from tfq_resqunn.circuits.symbols import DATA_PREFIX
from tfq_resqunn.layers.geometry import Geometry


class PatchCircuits:
    """The circuits that a layer makes of its parts, one for each number of channels.

    How many values a patch has is known when the first images come, or someone asks for an output
    shape. Each circuit is built once, since that takes long compared with such a question.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._built: dict[int, QuanvCircuit] = {}

    def of(self, channels: int, geometry: Geometry) -> QuanvCircuit:
        """Gives the circuit for images with so many channels, whose patches lie like this.

        Between two calls, nothing of a layer's geometry may change but the readout.
        """
        if channels not in self._built:
            circuit = self._parts.build(geometry.n_values(channels))
            self._check_values(circuit, channels, geometry)
            self._built[channels] = circuit
        if geometry.readout == "pixels":
            _check_observables(self._built[channels], geometry)
        return self._built[channels]

    def _check_values(self, circuit: QuanvCircuit, channels: int, geometry: Geometry) -> None:
        n_values = geometry.n_values(channels)
        if len(circuit.inputs) == n_values:
            return
        s = "" if channels == 1 else "s"
        per_group = "" if geometry.groups == 1 else f" / {geometry.groups} groups"
        argument, remedy = "encoder", 'Use encoder="angle", or change `kernel_size`.'
        if self._parts.circuit is not None:
            argument, remedy = "circuit", "Change the circuit, its `inputs`, or `kernel_size`."
            if not circuit.inputs and not circuit.weights:
                remedy = (
                    "The circuit has no symbols at all: were they bound to numbers? Leave "
                    f"{DATA_PREFIX}0, {DATA_PREFIX}1, ... unbound."
                )
            elif not circuit.inputs:
                remedy = (
                    f"Data symbols begin with {DATA_PREFIX}; of yours none does "
                    f"({shortened(circuit.weights)}). Rename them, or name them: "
                    "QuanvCircuit(..., inputs=[...])."
                )
        raise ValueError(
            f"{geometry.who}: `{argument}` must take {n_values} values per patch "
            f"(kernel_size={geometry.kernel_size} x {channels} channel{s}{per_group}).\n"
            f"Received a circuit with {len(circuit.inputs)} data symbols "
            f"({shortened(circuit.inputs)}).\n{remedy}"
        )


def _check_observables(circuit: QuanvCircuit, geometry: Geometry) -> None:
    n_outcomes, n_pixels = len(circuit.observables), geometry.n_pixels
    if n_outcomes % n_pixels:
        product = " * ".join(map(str, geometry.kernel_size))
        product += f" = {n_pixels}" if geometry.rank > 1 else ""
        raise ValueError(
            f"{geometry.who}: readout='pixels' needs as many observables as a patch has pixels "
            f"({product}), or a multiple. Received {n_outcomes}. Use observables='z' with one "
            "value per qubit, or readout='channels'."
        )
