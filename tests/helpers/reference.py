"""The slow truth: Cirq's simulator in plain loops, written without the package's own arithmetic."""

import cirq
import numpy as np
import pytest

from tfq_resqunn._utils.tfq import HAS_TFQ, import_tfq

tfq = import_tfq()

needs_tfq = pytest.mark.skipif(not HAS_TFQ, reason="TensorFlow Quantum is not installed")
# Those that are exact, and need no other argument.
BACKENDS = ("compiled", "noiseless") if HAS_TFQ else ("compiled",)
# The same, and a simulator of Cirq's.
EXACT = [*BACKENDS, pytest.param(cirq.Simulator(), id="cirq")]


def expectations(circuit, features, weights):
    """Gives [n, n_observables] for features [n, n_features] and one vector of weights."""
    simulator = cirq.Simulator(dtype=np.complex128)
    angles = {s.name: float(v) for s, v in zip(circuit.weights, weights, strict=True)}
    rows = []
    for x in np.asarray(features, dtype=np.float64):
        data = {s.name: float(v) for s, v in zip(circuit.inputs, x, strict=True)}
        resolved = cirq.resolve_parameters(circuit.circuit.unfreeze(), {**angles, **data})
        rows.append(
            simulator.simulate_expectation_values(
                resolved, list(circuit.observables), qubit_order=list(circuit.qubits)
            )
        )
    return np.real(rows)


def quanvolve(
    images, circuit, weights, *, kernel, strides, dilation=(1, 1), padding="valid", groups=1,
    readout="channels", expectations=expectations,
):  # fmt: skip
    """Slides over channels-last images; weights is [filters, n_weights].

    `expectations` says what a window gives; another truth than Cirq's may be quicker.
    """
    (kh, kw), (sh, sw), (dh, dw) = kernel, strides, dilation
    batch, height, width, channels = images.shape
    reach_h, reach_w = dh * (kh - 1) + 1, dw * (kw - 1) + 1
    top = left = 0
    if padding == "same":
        rows, columns = int(np.ceil(height / sh)), int(np.ceil(width / sw))
        need_h = max((rows - 1) * sh + reach_h - height, 0)
        need_w = max((columns - 1) * sw + reach_w - width, 0)
        top, left = need_h // 2, need_w // 2
        around = [(0, 0), (top, need_h - top), (left, need_w - left), (0, 0)]
        padded = np.pad(images, around)
    else:
        rows, columns = (height - reach_h) // sh + 1, (width - reach_w) // sw + 1
        padded = images
    filters, n_obs = len(weights), len(circuit.observables)
    per_group, out = channels // groups, np.full((batch, rows, columns, filters * n_obs), np.nan)
    for f in range(filters):
        g = f // (filters // groups)
        for b, i, j in np.ndindex(batch, rows, columns):
            window = padded[b, i * sh : i * sh + reach_h : dh, j * sw : j * sw + reach_w : dw, :]
            values = window[:, :, g * per_group : (g + 1) * per_group].reshape(1, -1)
            out[b, i, j, f * n_obs : (f + 1) * n_obs] = expectations(circuit, values, weights[f])
    if readout == "channels":
        return out
    per_pixel = n_obs // (kh * kw)
    pixels = np.full((batch, rows * kh, columns * kw, filters * per_pixel), np.nan)
    for b, i, j, f, a, c in np.ndindex(batch, rows, columns, filters, kh, kw):
        start = f * n_obs + (a * kw + c) * per_pixel
        pixels[b, i * kh + a, j * kw + c, f * per_pixel : (f + 1) * per_pixel] = out[
            b, i, j, start : start + per_pixel
        ]
    return pixels[:, top : top + height, left : left + width] if padding == "same" else pixels
