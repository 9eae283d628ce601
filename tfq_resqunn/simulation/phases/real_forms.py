"""Complex matrices `[..., d, d]` as real ones, `[..., 2 * d, 2 * d]`: their products are quicker.

Each function takes real and imaginary parts as arrays of a module, NumPy or TensorFlow.
"""

from collections.abc import Callable
from typing import Any

RealForm = Callable[[Any, Any, Any], Any]


def amplitude_by_amplitude(real: Any, imag: Any, module: Any) -> Any:
    """Writes matrices so that real and imaginary part of an amplitude stand together."""
    return _joined(real, imag, module, -1, -3)


def part_by_part(real: Any, imag: Any, module: Any) -> Any:
    """Writes matrices so that all real parts stand before all imaginary parts."""
    return _joined(real, imag, module, -2, -4)


def _joined(real: Any, imag: Any, module: Any, columns: int, rows: int) -> Any:
    of_real = module.stack([real, -imag], axis=columns)
    of_imag = module.stack([imag, real], axis=columns)
    both = module.stack([of_real, of_imag], axis=rows)
    side = 2 * real.shape[-1]
    return module.reshape(both, [*real.shape[:-2], side, side])
