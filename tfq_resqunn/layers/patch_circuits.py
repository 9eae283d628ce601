"""`PatchCircuits`: from what a user calls a circuit to one that takes a patch's values."""

from tfq_resqunn.circuits.circuit import QuanvCircuit
from tfq_resqunn.circuits.parts import Parts
from tfq_resqunn.layers.geometry import Geometry


class PatchCircuits:
    """The circuits of a layer, by the number of channels; each is built once.

    How many values a patch has is known when the first images come, or someone asks for an output
    shape. To assemble a circuit takes long compared with that question.

    Args:
        parts: The circuit's parts, as far as they are known without the number of values.
        geometry: Tells how many values a patch has.

    Example:
        >>> circuits = PatchCircuits(Parts("angle", "basic_entangler"), Geometry(kernel_size=2))
        >>> len(circuits.of(channels=1).inputs), len(circuits.of(channels=3).inputs)
        (4, 12)
    """

    def __init__(self, parts: Parts, geometry: Geometry):
        self._parts = parts
        self._geometry = geometry
        self._built: dict[int, QuanvCircuit] = {}

    def of(self, channels: int) -> QuanvCircuit:
        """Gives the circuit for images with so many channels.

        Raises:
            ValueError: If the parts do not fit each other, or the patches.
        """
        if channels not in self._built:
            circuit = self._parts.build(self._geometry.n_values(channels))
            self._check_values(circuit, channels)
            self._check_observables(circuit)
            self._built[channels] = circuit
        return self._built[channels]

    def laid_out(self, geometry: Geometry) -> "PatchCircuits":
        """Gives the same circuits for another readout, without building any of them again."""
        circuits = PatchCircuits(self._parts, geometry)
        circuits._built = self._built
        return circuits

    def _check_values(self, circuit, channels) -> None:
        n_values = self._geometry.n_values(channels)
        if len(circuit.inputs) == n_values:
            return
        groups, s = self._geometry.groups, "" if channels == 1 else "s"
        per_group = "" if groups == 1 else f" / {groups} groups"
        argument, remedy = "encoder", 'Use encoder="angle", or change `kernel_size`.'
        if self._parts.circuit is not None:
            argument = "circuit"
            remedy = "Change the circuit, its `inputs`, or `kernel_size`."
        raise ValueError(
            f"{self._geometry.who}: `{argument}` must take {n_values} values per patch "
            f"(kernel_size={self._geometry.kernel_size} x {channels} channel{s}{per_group}).\n"
            f"Received a circuit with {len(circuit.inputs)} data symbols "
            f"({', '.join(map(str, circuit.inputs))}).\n"
            f"{remedy}"
        )

    def _check_observables(self, circuit) -> None:
        n_outcomes, (rows, columns) = len(circuit.observables), self._geometry.kernel_size
        if self._geometry.readout == "pixels" and n_outcomes % (rows * columns):
            raise ValueError(
                f"{self._geometry.who}: readout='pixels' needs as many observables as a patch has "
                f"pixels ({rows} * {columns} = {rows * columns}), or a multiple. Received "
                f"{n_outcomes}. Use observables='z' with one value per qubit, or "
                "readout='channels'."
            )
