"""Where the outcomes of a network's layers go, if the user does not say."""

from tfq_resqunn.circuits.parts import PART_NAMES, Parts
from tfq_resqunn.layers.geometry import GEOMETRY_NAMES, Geometry
from tfq_resqunn.layers.patch_circuits import PatchCircuits


def chosen_readout(input_shape, quanv2d: dict) -> str:
    """Gives `"pixels"` where a patch's outcomes fill its pixels evenly, else `"channels"`.

    Decided without making a layer, which would draw from Keras' random numbers.

    Args:
        input_shape: Shape of the layer's input, batch axis first.
        quanv2d: Arguments of the `Quanv2D`, without `readout`.

    Example:
        >>> chosen_readout((None, 8, 8, 1), {"encoder": "angle"})  # 4 outcomes on 2 x 2 pixels
        'pixels'
        >>> chosen_readout((None, 8, 8, 1), {"encoder": "dense_angle"})  # 2 outcomes
        'channels'
    """
    given = {"kernel_size": 2, **quanv2d}
    geometry = Geometry(**{name: given[name] for name in GEOMETRY_NAMES if name in given})
    if not geometry.grid.tiles:
        return "channels"
    parts = Parts(**{name: given.get(name) for name in PART_NAMES}, who="Quanv2D")
    circuit = PatchCircuits(parts, geometry).of(geometry.channels(input_shape))
    return "channels" if len(circuit.observables) % geometry.grid.n_pixels else "pixels"
